"""TrainingRows: the rows of a catalogue that a network is trained, chosen and judged with, as they are asked for."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from skycnn import survey
from skycnn.errors import InputError
from skycnn.files.pixelstore import PixelStore
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import kinds, labelled, trainingfeed
from skycnn.inputs.available import InputOptions
from skycnn.inputs.feed import Feed
from skycnn.network import groups
from skycnn.network.card import Card
from skycnn.network.division import divide
from skycnn.network.model import Model
from skycnn.network.trainingset import SEEN, TrainingSet
from skycnn.photometry.fluxes import presents
from skycnn.task import Network, Task


@dataclass(frozen=True, kw_only=True)
class Asked(InputOptions):
    """What rows and columns are asked for; the command line's options bear the same names."""

    truth: str | None = None
    hdu: str | None = None
    bands: tuple[str, ...] = ()
    rows: tuple[int, int | None] | None = None
    split: str | None = None
    group: str | None = None
    dereddened: str = "unknown"


@dataclass(frozen=True)
class TrainingRows:
    """The rows at hand, and where they come from.

    Parameters
    ----------
    sample : TrainingSet or None
        None where stamps were left unread.
    known : ndarray
        Truths of the rows that training looks at; of all where there is no sample.
    feed : Feed
    source, truth, survey : str
        Names of the table, of its column of truths, and of the survey.
    left_out : mapping of str to int
        Rows by the reason why they are not among these.
    """

    sample: TrainingSet | None
    known: np.ndarray
    feed: Feed
    source: str
    truth: str
    survey: str
    left_out: Mapping[str, int]


def read(
    text: str,
    task: Task,
    network: Network,
    options: Asked,
    parents: Sequence[Model],
    scratch: str,
    say: Callable[[str], None],
    *,
    unread: bool = False,
) -> TrainingRows:
    """Read a catalogue's rows and divide them.

    Parameters
    ----------
    text : str
        ``cat.fits``, ``cat.fits[EXT]``, ``cat.fits.gz``, ``-``.
    task : Task
    network : Network
        To be trained.
    options : Asked
    parents : sequence of Model
        That training begins with.
    scratch : str
        Folder for stamps that do not fit into memory.
    say : callable
        Receives notes.
    unread : bool
        Leave stamps where they are; then no row has a side.

    Raises
    ------
    InputError
        Bad input, too few rows, a group on two sides, or rows to test with that a parent has seen.
    """
    cards = [parent.card for parent in parents]
    if cards and options.bands and tuple(options.bands) != tuple(cards[0].bands):
        what = f"{cards[0].name} takes bands {' '.join(cards[0].bands)}, not {' '.join(options.bands)}"
        raise InputError(what, hint="Leave --bands out, or train without --init.")
    first, looks = cards[0] if cards else None, next((card for card in cards if card.stamp is not None), None)
    mine = survey.own(options.survey)
    task_truth = next(iter(task.truths.values()))
    bounds = (task_truth.low, task_truth.high)
    asked = (mine.name if mine else options.survey or "").lower()
    if asked and mine is None and not (options.bands or options.photometry.band or options.images_named or parents):
        survey.load(asked)  # of one that does not ship the bands must be named

    def holds(columns: Any, _: Any) -> bool:
        names = {column.name.casefold() for column in columns}
        wanted = [options.truth] if options.truth else list(task_truth.names)
        bands = first.bands if first else options.bands
        if not bands and (given := survey.known(asked, mine)) is not None:
            bands = given.bands
        told = any(name.casefold() in names for name in wanted)
        return told and (
            "flux" not in network.inputs or presents(columns, bands or trainingfeed.BANDS, options.photometry)
        )

    with Catalogue.open(text, options.hdu, holds) as catalogue, ExitStack() as stack:
        whose = labelled.survey_of(catalogue, asked or (first.survey if first else None))
        truth = labelled.truth_column(catalogue, options.truth, task_truth.names)
        card = Card(
            name=first.name if first else "--bands" if options.bands else "the network",
            task=task.name,
            network="",
            inputs=network.inputs,
            bands=first.bands if first else options.bands,
            survey=whose,
            dereddened=options.dereddened,
            pixel_scale=looks.pixel_scale if looks else None,
            stamp=looks.stamp if looks else None,
            sample={"pixel_unit": looks.pixel_unit if looks else None},
        )
        feed = trainingfeed.feed(task, catalogue, card, options, options.rows, mine)
        if feed.stamps is not None:
            stack.enter_context(feed.stamps)
        feed.check(catalogue, options.rows)
        if unread and feed.stamps is not None:
            told, left = labelled.truths(catalogue, truth, bounds, options.rows)
            return TrainingRows(None, told, feed, os.path.basename(catalogue.label), truth, whose, left)
        found = labelled.read(
            catalogue,
            feed,
            truth,
            bounds=bounds,
            group=options.group,
            split=options.split,
            rows=options.rows,
            scratch=scratch,
        )
        feed.check_unchanged()
        label = catalogue.label
    division = divide(
        groups.row_hashes(*found.inputs.values()),
        found.number,
        None if found.group is None else (str(options.group), found.group),
        None if found.split is None else (str(options.split), found.split),
    )
    for parent in parents:
        if SEEN in parent.tensors:
            parent_kinds = kinds.find(task, parent.card.inputs, parent.card.name)
            tensors = {name for kind in parent_kinds for name in kind.tensors}
            theirs = [content for name, content in found.inputs.items() if name in tensors]
            division.check_parent(parent.tensors[SEEN], parent.card.name, groups.row_hashes(*theirs))
    sample = TrainingSet(found.inputs, found.truth, division)
    sample.check(label, found.left_out)
    for stamps in (value for value in found.inputs.values() if isinstance(value, PixelStore)):
        say(f"stamps: {stamps.nbytes / 1e9:.2f} GB, {stamps.where}")
    for note in (*feed.notes, *(f"warning: {text}" for text in feed.warnings())):
        say(note)
    return TrainingRows(sample, sample.truth[sample.seen], feed, os.path.basename(label), truth, whose, found.left_out)
