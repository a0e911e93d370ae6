"""Choice: which installed model answers for a task, and why."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from skycnn.errors import BandError, InputError
from skycnn.network.model import Card, installed, known, locate, read_card

Candidates = list[tuple[Path, Card]]
Rank = Callable[[str], int]
Near = Callable[[Card], int]

SHARE = 0.6
"""Smallest share of a model's bands that must be present for it to be chosen without ``--model``."""
FEWEST = 2
"""Bands without which there is no colour and no answer, of a model that has as many."""


@dataclass(frozen=True)
class LeftOut:
    """A model of a better kind than the chosen one, and the error that tells why it does not answer."""

    card: Card
    error: InputError

    @property
    def note(self) -> str:
        """The reason in one line."""
        error = self.error
        reason = str(InputError(error.what, value=error.value, expected=error.expected))
        return f"{self.card.name} left out: {reason.removeprefix(self.card.name).lstrip()}"


@dataclass(frozen=True)
class Choice:
    """A model file, its card, the reason in words, and models of better kinds that were left out, the best first."""

    path: Path
    card: Card
    reason: str
    left: tuple[LeftOut, ...] = ()


def fewest(card: Card) -> int:
    """Return how many bands a model needs to answer."""
    return min(FEWEST, len(card.bands))


def candidates(task: str, name: str | None = None) -> Candidates:
    """Return the models of a task, or the one that ``--model`` names, with their cards.

    Raises
    ------
    InputError
        When there is none, or the one named is for another task.
    """
    if name is not None:
        path = locate(name)
        card = read_card(path)
        if card.task != task:
            raise InputError(f"{path} is a model for task {card.task!r}, not {task!r}", hint=f"--task {card.task}")
        return [(path, card)]
    matching = [(path, card) for path, card in ((path, read_card(path)) for path in installed()) if card.task == task]
    if not matching:
        raise InputError(f"no model is installed for task {task!r}", hint=f"Train one: skycnn train. {known()}")
    return matching


def find(
    task: str,
    models: Candidates,
    present: Callable[[Card], Iterable[str]],
    survey: str | None = None,
    *,
    rank: Rank = lambda _: 0,
    pinned: bool = False,
    near: Near = lambda _: 0,
    native: Callable[[Card], bool] = lambda _: False,
) -> Choice:
    """Choose the model that answers.

    The survey comes first, then the share of the model's bands that are present, their number, then the rank of its
    network. A model that would come first but for something wrong with its input does not leave the answer to another
    survey's: what is wrong is told.

    Parameters
    ----------
    task : str
        Name of the task.
    models : list of (Path, Card)
        See ``candidates``.
    present : callable
        ``present(card)`` returns which of the model's bands the inputs offer; it may raise InputError.
    survey : str, optional
        Of the catalogue, where it is known.
    rank : callable
        ``rank(network)`` of a network's name, the highest answers; see `task.Task.rank`.
    pinned : bool
        Whether the user named the model; then it answers from two bands up, whatever the survey.
    near : callable
        ``near(card)`` returns how many of the model's bands the inputs seem to offer, whatever is wrong with them.
    native : callable
        ``native(card)`` returns, after ``present(card)``, whether the inputs tell by their names that they are of the
        model's survey; that comes before a larger share.

    Raises
    ------
    InputError
        When no model fits, or several fit alike.
    """
    if pinned:
        return _pinned(*models[0], present)
    fit = [(path, card) for path, card in models if survey is None or card.survey == survey]
    fit = fit or [(path, card) for path, card in models if survey in card.surveys]  # adapted to it
    if not fit:
        others = ", ".join(f"{card.name} ({card.survey or 'survey unknown'})" for _, card in models)
        nearest = max((card for _, card in models), key=lambda card: _place(card, near(card), rank))
        hint = f"--model {nearest.name} answers nevertheless, with a warning."
        if nearest.survey:
            hint += f" If the filters are those of {nearest.survey}: --survey {nearest.survey}"
        raise InputError(f"no {task} model was trained for survey {survey!r}: {others}", hint=hint)
    ranked, refused = _ranked(fit, present, rank, near)

    def order(entry: Ranked) -> tuple[bool, Place]:
        return entry[0][0] >= SHARE and native(entry[2]), entry[0]

    ranked.sort(key=order, reverse=True)
    best = ranked[0]
    meant = max(refused, key=lambda entry: entry[0][:2], default=None)
    if meant is not None and meant[0][:2] > best[0][:2] and not order(best)[0]:
        raise meant[1].error
    if best[0][0] < SHARE:
        lines = "; ".join(f"{card.name} has {_share(card, bands)}" for _, _, card, bands in ranked)
        raise InputError(
            f"too few bands for any {task} model: {lines}", hint=f"--model {best[2].name} goes on with them."
        )
    if len(ranked) > 1 and order(ranked[1]) == order(best):
        raise _tie(task, [entry[1:3] for entry in ranked if order(entry) == order(best)])
    _, path, card, bands = best
    where = f"survey {survey}, " if survey else ""
    lower = [LeftOut(other, _behind(other, held, card, bands)) for _, _, other, held in ranked[1:]]
    left = [entry for entry in (*(entry for _, entry in refused), *lower) if _better(entry.card, card, rank)]
    left.sort(key=lambda entry: (entry.card.survey == card.survey, rank(entry.card.network)), reverse=True)
    return Choice(path, card, f"{where}{_share(card, bands)}", tuple(left))


def _pinned(path: Path, card: Card, present: Callable[[Card], Iterable[str]]) -> Choice:
    bands = tuple(present(card))
    if len(bands) < fewest(card):
        needs = "two of its bands" if fewest(card) > 1 else "its band"
        raise InputError(f"{card.name} needs {needs} ({' '.join(card.bands)}); found: {' '.join(bands) or 'none'}")
    return Choice(path, card, f"--model, {_share(card, bands)}")


Place = tuple[float, int, int]
Ranked = tuple[Place, Path, Card, tuple[str, ...]]


def _place(card: Card, bands: int, rank: Rank) -> Place:
    """Return the place of a model of which so many bands are there; the highest answers."""
    return bands / len(card.bands) if card.bands else 1.0, bands, rank(card.network)


def _ranked(
    cards: Candidates, present: Callable[[Card], Iterable[str]], rank: Rank, near: Near
) -> tuple[list[Ranked], list[tuple[Place, LeftOut]]]:
    """Return the models that the inputs have something for, the best first, and those that were refused."""
    ranked: list[Ranked] = []
    refused: list[tuple[Place, LeftOut]] = []
    for path, card in cards:
        try:
            bands = tuple(present(card))
        except InputError as error:
            seen = 0 if isinstance(error, BandError) else near(card)
            refused.append((_place(card, seen, rank), LeftOut(card, error)))
            continue
        ranked.append((_place(card, len(bands), rank), path, card, bands))
    if not ranked:  # the model that was meant tells more; of none found, the one that needs least

        def meant(entry: tuple[Place, LeftOut]) -> tuple[bool, bool, bool, Place, int]:
            place, left = entry
            other = isinstance(left.error, BandError)
            place = _place(left.card, near(left.card), rank) if other else place
            seen = place[1] > 0
            return seen and not other, seen, not other, (*place[:2], -len(left.card.bands)), place[2]

        raise max(refused, key=meant)[1].error
    return ranked, refused


def _better(card: Card, chosen: Card, rank: Rank) -> bool:
    """Return whether a model's network is a better one, or takes images where the chosen one takes none."""
    return rank(card.network) > rank(chosen.network) or (card.takes_images and not chosen.takes_images)


def _behind(card: Card, bands: tuple[str, ...], chosen: Card, held: tuple[str, ...]) -> InputError:
    what = f"{card.name} has {_share(card, bands)}; {chosen.name} has {len(held)} of {len(chosen.bands)}"
    return InputError(what, hint=f"--model {card.name} takes them.")


def _tie(task: str, models: Candidates) -> InputError:
    """Return the error of models that fit alike; where a name does not tell them apart, their files do."""
    names = [card.name for _, card in models]
    if len(set(names)) == len(names):
        return InputError(f"several {task} models fit alike: {', '.join(names)}", hint="--model NAME pins one.")
    files = ", ".join(f"{card.name} ({path})" for path, card in models)
    return InputError(f"several {task} models fit alike: {files}", hint="--model FILE pins one.")


def _share(card: Card, bands: tuple[str, ...]) -> str:
    if not card.bands:
        return "all its input"
    missing = [band for band in card.bands if band not in bands]
    return f"{len(bands)} of its {len(card.bands)} bands" + (f", without {' '.join(missing)}" if missing else "")
