"""Answering: which model answers a catalogue, and what it is fed; for all verbs that ask a model."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from skycnn import survey, tasks
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.source import Spec
from skycnn.fits.tablecolumn import TableColumn
from skycnn.inputs import feed as feeds
from skycnn.inputs import imagekind, kinds
from skycnn.inputs.available import Available, InputOptions, survey_of
from skycnn.inputs.feed import Feed
from skycnn.network import choice, model
from skycnn.network.answer import Answerer
from skycnn.network.card import Card
from skycnn.network.choice import Candidates, Choice
from skycnn.photometry import fluxes
from skycnn.task import Task


@dataclass(frozen=True, kw_only=True)
class Request(InputOptions):
    """What is asked of a model; the command line's options bear the same names.

    Parameters
    ----------
    task : str
    model : str, optional
        Name or file; left out, the best match answers.
    rows : (int, int or None), optional
    device : str, optional
    batch : int, optional
        See `network.answer.Answerer`.
    """

    task: str
    model: str | None = None
    rows: tuple[int, int | None] | None = None
    device: str | None = None
    batch: int | None = None


@dataclass(frozen=True)
class Answering:
    """All that is settled before the first row is answered.

    Parameters
    ----------
    spec : Spec
        The catalogue as typed.
    task : Task
    catalogue : Catalogue
    available : Available
        What catalogue, images and user have to give.
    choice : Choice
    feed : Feed
    answerer : Answerer
    notes : tuple of str
        Models left out and assumptions, a line each.
    warnings : tuple of str
        What may be wrong with the input.
    """

    spec: Spec
    task: Task
    catalogue: Catalogue
    available: Available
    choice: Choice
    feed: Feed
    answerer: Answerer
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def opened(
    stack: ExitStack,
    spec: Spec,
    request: Request,
    *,
    pdf: bool = False,
    extensible: bool = True,
    scratch: str | None = None,
    decompress: bool = False,
) -> Answering:
    """Open a catalogue, choose the model that answers it, and find its input.

    Parameters
    ----------
    stack : ExitStack
        Closes catalogue and stamps.
    spec : Spec
        The catalogue.
    request : Request
    pdf : bool
        Whether the whole posterior is wanted.
    extensible : bool
        Whether the table must take further columns.
    scratch, decompress
        See `Catalogue.open`.

    Raises
    ------
    InputError
        When no model fits, or what is named cannot be used.
    """
    task, user_survey = tasks.load(request.task), survey.own(request.survey)
    candidates = choice.candidates(task.name, request.model)
    if request.model is not None:  # said of the model before a table is chosen by what it takes
        kinds.find(task, candidates[0][1].inputs, candidates[0][1].name)
    takes_images = any(card.takes_images for _, card in candidates)
    catalogue = stack.enter_context(
        Catalogue.open(
            spec,
            holds=lambda columns, _: max(_holds(task, card, columns, request) for _, card in candidates),
            scratch=scratch,
            decompress=decompress,
        )
    )
    if extensible:
        catalogue.check_extensible()
    survey_name = survey_of(catalogue, user_survey.name if user_survey else request.survey)
    stamps = imagekind.opened(catalogue, request, request.rows) if takes_images else None
    if stamps is not None:
        stack.enter_context(stamps)
    else:
        _check_no_images(request, candidates)
    available = Available(catalogue, request, stamps, survey_name, user_survey)
    chosen = find(task, candidates, available, pinned=request.model is not None)
    left = _left_out(chosen, available) if stamps is not None and request.model is None else ()
    feeds.check_options(task, chosen.card, available)
    feed = feeds.find(task, chosen.card, available)
    answerer = Answerer(task, model.read(chosen.path), request.device, request.batch, pdf=pdf)
    warnings = tuple(feed.check(catalogue, request.rows))
    return Answering(spec, task, catalogue, available, chosen, feed, answerer, (*left, *feed.notes), warnings)


def _holds(task: Task, card: Card, columns: Sequence[TableColumn], request: Request) -> int:
    """Return 2 where a table has the input of a model, 1 where it only seems to, as without errors; else 0."""
    if kinds.presents(task, card, columns, request):
        return 2
    return int(card.takes_fluxes and fluxes.seen(columns, card.bands, request.photometry) >= fluxes.FEWEST)


def find(task: Task, candidates: Candidates, available: Available, *, pinned: bool = False) -> Choice:
    """Return which of the candidates answers for what there is.

    Raises
    ------
    InputError
        When none does, or several would.
    """
    native = set[str]()

    def bands(card: Card) -> tuple[str, ...]:
        feed = feeds.find(task, card, available)
        if feed.photometry is not None and feed.photometry.native:
            native.add(card.survey)
        return feed.bands

    def near(card: Card) -> int:
        held = []
        if card.takes_fluxes:
            held.append(fluxes.seen(available.catalogue.columns, card.bands, available.options.photometry))
        if card.takes_images:
            held.append(len(set(card.bands) & set(available.stamps.bands)) if available.stamps is not None else 0)
        return min(held, default=0)

    return choice.find(
        task.name,
        candidates,
        bands,
        available.survey,
        rank=task.rank,
        pinned=pinned,
        near=near,
        native=lambda card: card.survey in native,
    )


def _check_no_images(request: Request, candidates: Candidates) -> None:
    """See that nothing is said of images where none are taken."""
    if request.stamps is None:
        return
    if (request.stamps.given or request.stamps.pixel_unit) and request.model is not None:
        name = candidates[0][1].name
        raise InputError(f"{name} takes no images", hint="Leave --model out, or what is said of images.")
    if request.stamps.given:
        raise InputError(f"no model for task {request.task} takes images", hint="Leave --images and --stamps out.")


def _left_out(chosen: Choice, available: Available) -> tuple[str, ...]:
    """Return, where there are stamps, why models of better kinds do not answer.

    Raises
    ------
    InputError
        When the user named images and the model chosen takes none.
    """
    card = chosen.card
    if card.takes_images:
        return tuple(entry.note for entry in chosen.left)
    why = [entry for entry in chosen.left if entry.card.takes_images]
    none = f"no {card.task} model of images was trained for survey {available.survey!r}"
    if available.options.images_named:
        error = why[0].error if why else InputError(none)
        rest = f"Without --images and --stamps {card.name} answers."
        raise InputError(
            f"the images named cannot be used: {error.what}",
            value=error.value,
            expected=error.expected,
            hint=f"{error.hint} {rest}" if error.hint else rest,
        )
    return tuple(entry.note for entry in why) or (f"the stamps are not used: {none}",)
