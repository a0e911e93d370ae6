"""Choice: which installed model answers for a task, and why."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from skycnn.errors import BandError, InputError
from skycnn.network.model import Card, installed, known, locate, read_card

Candidates = list[tuple[Path, Card]]

ORDER = ("flux", "image-fast", "image", "hybrid")
SHARE = 0.6
"""Smallest share of a model's bands that must be present for it to be chosen without ``--model``."""
FEWEST = 2
"""Bands without which there is no colour and no answer, of a model that has as many."""


@dataclass(frozen=True)
class Choice:
    """A model file, its card, and the reason in words."""

    path: Path
    card: Card
    reason: str


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
            raise InputError(f"{card.name} is a model for task {card.task!r}, not {task!r}", hint=f"--task {card.task}")
        return [(path, card)]
    mine = [(path, card) for path, card in ((path, read_card(path)) for path in installed()) if card.task == task]
    if not mine:
        raise InputError(f"no model is installed for task {task!r}", hint=f"Train one: skycnn train. {known()}")
    return mine


def find(
    task: str,
    models: Candidates,
    present: Callable[[Card], Iterable[str]],
    survey: str | None = None,
    *,
    pinned: bool = False,
) -> Choice:
    """Choose the model that answers.

    The survey comes first, then the share of the model's bands that are present, their number, then
    hybrid > image > image-fast > flux.

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
    pinned : bool
        Whether the user named the model; then it answers from two bands up, whatever the survey.

    Raises
    ------
    InputError
        When no model fits, or several fit alike.
    """
    if pinned:
        return _pinned(*models[0], present)
    fit = [(path, card) for path, card in models if survey is None or card.survey == survey]
    if not fit:
        others = ", ".join(f"{card.name} ({card.survey or 'survey unknown'})" for _, card in models)
        raise InputError(f"no {task} model was trained for survey {survey!r}: {others}", hint="--model NAME pins one.")
    ranked = _ranked(fit, present)
    best = ranked[0]
    if best[0][0] < SHARE:
        lines = "; ".join(f"{card.name} has {_share(card, bands)}" for _, _, card, bands in ranked)
        raise InputError(
            f"too few bands for any {task} model: {lines}", hint=f"--model {best[2].name} goes on with them."
        )
    if len(ranked) > 1 and ranked[1][0] == best[0]:
        tie = ", ".join(card.name for rank, _, card, _ in ranked if rank == best[0])
        raise InputError(f"several {task} models fit alike: {tie}", hint="--model NAME pins one.")
    _, path, card, bands = best
    where = f"survey {survey}, " if survey else ""
    return Choice(path, card, f"{where}{_share(card, bands)}")


def _pinned(path: Path, card: Card, present: Callable[[Card], Iterable[str]]) -> Choice:
    bands = tuple(present(card))
    if len(bands) < fewest(card):
        needs = "two of its bands" if fewest(card) > 1 else "its band"
        raise InputError(f"{card.name} needs {needs} ({' '.join(card.bands)}); found: {' '.join(bands) or 'none'}")
    return Choice(path, card, f"--model, {_share(card, bands)}")


Ranked = tuple[tuple[float, int, int], Path, Card, tuple[str, ...]]


def _ranked(cards: Candidates, present: Callable[[Card], Iterable[str]]) -> list[Ranked]:
    ranked: list[Ranked] = []
    refusals: list[InputError] = []
    for path, card in cards:
        try:
            bands = tuple(present(card))
        except InputError as error:
            refusals.append(error)
            continue
        kind = ORDER.index(card.network) if card.network in ORDER else -1
        ranked.append(((len(bands) / max(len(card.bands), 1), len(bands), kind), path, card, bands))
    if not ranked:
        raise min(refusals, key=lambda refusal: isinstance(refusal, BandError))  # the model that was meant tells more
    return sorted(ranked, key=lambda entry: entry[0], reverse=True)


def _share(card: Card, bands: tuple[str, ...]) -> str:
    missing = [band for band in card.bands if band not in bands]
    return f"{len(bands)} of its {len(card.bands)} bands" + (f", without {' '.join(missing)}" if missing else "")
