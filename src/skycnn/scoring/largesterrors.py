"""LargestErrors: which rows have the answers farthest from the truth."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError, counted
from skycnn.fits.catalogue import CHUNK, Catalogue
from skycnn.inputs.answering import Answering
from skycnn.inputs.rowselection import RowSelection
from skycnn.inputs.work import answered
from skycnn.photometry.fields import Field
from skycnn.scoring.origin import recorded
from skycnn.scoring.worstrows import errors
from skycnn.task import Truth

Array = NDArray[Any]


@dataclass(frozen=True)
class KnownTruth:
    """The truth of one column of answers in a catalogue.

    Parameters
    ----------
    value : str
        The task's name of the answer.
    kind : str
        See `Posterior.kinds`.
    field : Field
    bounds : Truth
        Any other truth is null.
    """

    value: str
    kind: str
    field: Field
    bounds: Truth

    def read(self, catalogue: Catalogue, numbers: Array) -> Array:
        """Return the truths (n,) of rows by their numbers, ascending; NaN where there is none."""
        name, found = self.field.column.name, np.full(len(numbers), np.nan)
        selection = RowSelection(0, catalogue.rows, np.asarray(numbers, np.int64))
        for chunk in selection.chunks(catalogue, [name], CHUNK):
            truth = np.asarray(self.field.of(chunk.values or {}), np.float64)[chunk.run]
            place = np.searchsorted(numbers, (chunk.first, chunk.first + len(chunk.run)))
            found[slice(*place)] = np.where(np.isfinite(truth) & self.bounds.holds(truth), truth, np.nan)
        return found

    def errors(self, value: Array, truth: Array) -> Array:
        """Return how far answers are from truths (n,), of redshifts in units of 1 + z; NaN where one is missing."""
        return np.abs(errors(self.kind, np.asarray(value, np.float64), truth))


def find(
    ready: Answering,
    truth: KnownTruth,
    selection: RowSelection,
    n: int,
    column: str,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Array, str]:
    """Return the numbers of the n worst of the selected rows, the worst first, and where their answers come from.

    The answers that stand in the catalogue are taken where the same model wrote them, else they are computed.

    Parameters
    ----------
    ready : Answering
    truth : KnownTruth
    selection : RowSelection
    n : int
    column : str
        Of the answers that ``predict`` would have written.
    say : callable
        Receives a line where answers are computed, which may take long.

    Raises
    ------
    InputError
        When no row has an answer and a truth.
    """
    record = recorded(ready.catalogue, ready.task.name, column)
    standing = ready.catalogue.has(column)
    same = record is not None and record.verb == "predict" and record.model_sha256 == ready.choice.card.sha256
    if standing is not None and standing.numeric and same:
        parts, words = _standing(ready.catalogue, standing.name, selection), f"by {standing.name} as it stands"
    else:
        say(f"the answers to {counted(len(selection), 'row')} are computed, to find the worst")
        parts, words = _computed(ready, truth.value, selection), f"by {truth.value}, computed now"
    worst, largest = np.empty(0, np.int64), np.empty(0)
    for numbers, values in parts:
        new = truth.errors(values, truth.read(ready.catalogue, numbers))
        known = np.isfinite(new)
        worst, largest = np.concatenate([worst, numbers[known]]), np.concatenate([largest, new[known]])
        order = np.lexsort((worst, -largest))[:n]
        worst, largest = worst[order], largest[order]
    if not len(worst):
        what = f"{ready.catalogue.label}: no row selected has an answer and a truth in {truth.field.name}"
        raise InputError(what, hint=f"Is {truth.field.name} the truth? --truth COLUMN")
    return worst, words


def _standing(catalogue: Catalogue, name: str, selection: RowSelection) -> Iterator[tuple[Array, Array]]:
    for chunk in selection.chunks(catalogue, [name], CHUNK):
        rows = np.flatnonzero(chunk.run)
        yield chunk.first + rows, np.asarray((chunk.values or {})[name], np.float64)[rows]


def _computed(ready: Answering, value: str, selection: RowSelection) -> Iterator[tuple[Array, Array]]:
    feed, place = ready.feed, [column.name for column in ready.answerer.columns].index(value)
    step = (feed.stamps.chunk if feed.stamps is not None else None) or CHUNK
    with closing(answered(feed, ready.answerer, selection.chunks(ready.catalogue, feed.columns, step))) as done:
        for work in done:
            if work.piece is None:
                continue
            rows = work.piece.rows
            order = np.flatnonzero(work.chunk.run[rows])
            order = order[np.argsort(rows[order])]
            yield work.chunk.first + rows[order], work.answers[place][order]
