"""TrainingRows: the rows of a catalogue that a network is trained, chosen, calibrated and judged with."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skycnn import survey
from skycnn.errors import InputError
from skycnn.files.pixelstore import PixelStore
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import kinds, labelled, trainingfeed
from skycnn.inputs.available import InputOptions
from skycnn.inputs.feed import Feed
from skycnn.inputs.labelled import Labelled
from skycnn.inputs.rowdivision import RowDivision
from skycnn.network import groups
from skycnn.network.card import Card
from skycnn.network.model import Model
from skycnn.network.secondsample import SecondSample
from skycnn.network.trainingset import SEEN, TrainingSet
from skycnn.photometry.fluxes import presents
from skycnn.task import Network, Task

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class TrainingRequest(InputOptions):
    """Rows and columns to train with; the command line's options bear the same names.

    Attributes
    ----------
    truth : tuple of str
        ``COLUMN`` or ``ANSWER=COLUMN``.
    group : str, optional
        The column or the file that names groups, or cells of the sky; None: the catalogue's own where there is one,
        empty: none.
    split : str, optional
        The column that names sides; ``random``: rows on their own.
    adapt : str, optional
        A second catalogue, whose truths are not read.
    """

    truth: tuple[str, ...] = ()
    hdu: str | None = None
    bands: tuple[str, ...] = ()
    rows: tuple[int, int | None] | None = None
    split: str | None = None
    group: str | None = None
    adapt: str | None = None
    dereddened: str = "unknown"


@dataclass(frozen=True)
class TrainingRows:
    """The rows at hand, and where they come from.

    Parameters
    ----------
    sample : TrainingSet or None
        None where stamps were left unread.
    known : ndarray
        Truths (n, truths) of the rows that training looks at; of all where there is no sample.
    feed : Feed
    source, table, survey : str
        Names of the catalogue's file and table and of the survey, and the table's number in the file.
    truths : mapping of str to (str or None)
        By column of answers, the column of the catalogue; None where it has none.
    left_out : mapping of str to int
        Rows by the reason why they are not among these.
    facts : mapping
        How the rows were divided and what the mocks were made with, for a model's card.
    labelled : Labelled or None
    adapt : SecondSample or None
        Rows without truths to adapt to.
    """

    sample: TrainingSet | None
    known: np.ndarray
    feed: Feed
    source: str
    table: str
    survey: str
    truths: Mapping[str, str | None]
    left_out: Mapping[str, int]
    facts: Mapping[str, Any]
    labelled: Labelled | None = None
    adapt: SecondSample | None = None

    @property
    def truth(self) -> str:
        """The columns of truths, in words."""
        return ", ".join(name for name in self.truths.values() if name is not None)


def read(
    text: str,
    task: Task,
    network: Network,
    request: TrainingRequest,
    parents: Sequence[Model],
    scratch: str,
    say: Say,
    *,
    unread: bool = False,
    unlabelled: bool = False,
    folds: bool = False,
) -> TrainingRows:
    """Read a catalogue's rows and divide them.

    Parameters
    ----------
    text : str
        ``cat.fits``, ``cat.fits[EXT]``, ``cat.fits.gz``, ``-``.
    task : Task
    network : Network
        To be trained.
    request : TrainingRequest
    parents : sequence of Model
        That training begins with.
    scratch : str
        Folder for temporary files: an uncompressed catalogue, stamps that do not fit into memory.
    say : callable
        Receives notes.
    unread : bool
        Leave stamps where they are; then no row has a side.
    unlabelled : bool
        Whether rows without any truth are read too.
    folds : bool
        Whether the rows will be divided into folds: then their sides need not suffice.

    Raises
    ------
    InputError
        Bad input, too few rows, a group on two sides, or rows to test with that a parent has seen.
    """
    with _opened(text, task, network, request, parents, scratch) as (catalogue, feed, own, survey_name):
        named = labelled.truth_columns(catalogue, request.truth, task.truths)
        columns = {name: task.truths[answer] for answer, name in named.items() if name is not None}
        absent = [answer for answer, name in named.items() if name is None]
        if absent:
            what = f"no truth of {', '.join(absent)} in {catalogue.label}: it is not trained"
            say(f"{what}; --truth {absent[0]}=COLUMN names it")
        radec = request.stamps.radec if request.stamps is not None else None
        sides = RowDivision.find(catalogue, request.group, request.split, say, radec)
        group, split = sides.columns
        source = os.path.basename(catalogue.label)
        facts = sides.facts() | {"options": _said(catalogue, "OPTIONS")}
        facts |= {"backgrounds": behind} if (behind := _said(catalogue, "BACKGRND")) else {}
        base = (feed, source, str(catalogue.unit.number), survey_name, named)
        if unread and feed.stamps is not None:
            known, left = labelled.known_truths(catalogue, columns, request.rows)
            return TrainingRows(None, _aligned(known, named), *base, left, facts)
        found = labelled.read(
            catalogue,
            feed,
            columns,
            unlabelled=unlabelled,
            group=group,
            split=split,
            rows=request.rows,
            scratch=scratch,
        )
        feed.check_unchanged()
        label = catalogue.label
        adapt = _second(task, request, catalogue, feed, own, scratch, group) if request.adapt else None
    truth = _aligned(found.truth, named)
    division, note = sides.divided(found, np.isfinite(truth).any(axis=1), say)
    for parent in parents:
        if SEEN in parent.tensors:
            parent_kinds = kinds.find(task, parent.card.inputs, parent.card.name)
            names = {name for kind in parent_kinds for name in kind.tensors}
            theirs = [content for name, content in found.inputs.items() if name in names]
            division.check_parent(parent.tensors[SEEN], parent.card.name, groups.row_hashes(*theirs))
    sample = TrainingSet(found.inputs, truth, division, found.number)
    if not folds:
        sample.check(label, found.left_out)
    for stamps in (value for value in found.inputs.values() if isinstance(value, PixelStore)):
        say(f"stamps: {stamps.nbytes / 1e9:.2f} GB, {stamps.where}")
    doubts = feed.photometry.warnings if feed.photometry is not None else ()
    for line in (*feed.notes, *(f"warning: {text}" for text in (*doubts, *feed.warnings()))):
        say(line)
    return TrainingRows(sample, sample.trained, *base, found.left_out, facts | note, found, adapt)


@contextmanager
def _opened(
    text: str, task: Task, network: Network, request: TrainingRequest, parents: Sequence[Model], scratch: str
) -> Iterator[tuple[Catalogue, Feed, survey.Survey | None, str]]:
    """Yield the catalogue, what feeds the network, the user's survey and the survey's name."""
    cards = [parent.card for parent in parents]
    if cards and request.bands and tuple(request.bands) != tuple(cards[0].bands):
        what = f"{cards[0].name} takes bands {' '.join(cards[0].bands)}, not {' '.join(request.bands)}"
        raise InputError(what, hint="Leave --bands out, or train without --init.")
    first, looks = cards[0] if cards else None, next((card for card in cards if card.stamp is not None), None)
    own = survey.own(request.survey)
    requested = (own.name if own else request.survey or "").lower()
    if requested and own is None and not (request.bands or request.photometry.band or request.images_named or parents):
        survey.load(requested)  # of one that does not ship the bands must be named
    wanted = list(labelled.parse(request.truth, task.truths).values())
    wanted = wanted or [name for truth in task.truths.values() for name in truth.names]

    def holds(columns: Any, _: Any) -> bool:
        names = {column.name.casefold() for column in columns}
        bands = first.bands if first else request.bands
        if not bands and (given := survey.known(requested, own)) is not None:
            bands = given.bands
        return any(name.casefold() in names for name in wanted) and (
            "flux" not in network.inputs or presents(columns, bands or survey.BANDS, request.photometry)
        )

    with Catalogue.open(text, request.hdu, holds, scratch) as catalogue, ExitStack() as stack:
        survey_name = labelled.survey_of(catalogue, requested or (first.survey if first else None))
        card = Card(
            name=first.name if first else "--bands" if request.bands else "the network",
            task=task.name,
            network="",
            inputs=network.inputs,
            bands=first.bands if first else request.bands,
            survey=survey_name,
            dereddened=request.dereddened,
            pixel_scale=looks.pixel_scale if looks else None,
            stamp=looks.stamp if looks else None,
            sample={"pixel_unit": looks.pixel_unit if looks else None},
        )
        feed = trainingfeed.feed(task, catalogue, card, request, request.rows, own)
        if feed.stamps is not None:
            stack.enter_context(feed.stamps)
        feed.check(catalogue, request.rows)
        yield catalogue, feed, own, survey_name


def _second(
    task: Task,
    request: TrainingRequest,
    first: Catalogue,
    feed: Feed,
    own: survey.Survey | None,
    scratch: str,
    group: str | None,
) -> SecondSample:
    """Return the rows of the catalogue to adapt to, with the same inputs; no truth is read."""
    scale, unit = (feed.stamps.pixel_scale, feed.stamps.pixel_unit) if feed.stamps else (None, None)
    card = replace(feed.card, name="the network", survey="", pixel_scale=scale, sample={"pixel_unit": unit})
    options = InputOptions(photometry=request.photometry, input=request.input)
    with Catalogue.open(str(request.adapt), scratch=scratch) as catalogue:
        second = trainingfeed.feed(task, catalogue, card, options, None, own)
        with second.stamps or ExitStack():
            second.check(catalogue, None)
            named = group is not None and catalogue.has(group) is not None and not _drawn_apart(first, catalogue)
            found = labelled.read(
                catalogue, second, {}, unlabelled=True, group=group if named else None, scratch=scratch
            )
            second.check_unchanged()
            names = os.path.basename(catalogue.label), labelled.survey_of(catalogue, None)
    return SecondSample.of(found.inputs, found.group, *names)


def _drawn_apart(first: Catalogue, second: Catalogue) -> bool:
    """Return whether two catalogues are mocks of different seeds: then groups of one name are different objects."""
    return None not in (first.seed, second.seed) and first.seed != second.seed


def _aligned(truth: np.ndarray, named: Mapping[str, str | None]) -> np.ndarray:
    """Return truths (n, truths) of all answers, NaN where the catalogue has no column of one."""
    whole = np.full((len(truth), len(named)), np.nan)
    whole[:, [name is not None for name in named.values()]] = truth
    return whole


def _said(catalogue: Catalogue, name: str) -> dict[str, Any]:
    """Return what a card of mocks tells as JSON: what was set, what they lie on; see `simulate.recipe.Recipe.facts`."""
    try:
        found = json.loads(str(catalogue.header.get(name, "{}")))
    except (ValueError, RecursionError):
        return {}  # somebody else's card
    return found if isinstance(found, dict) else {}
