"""WorstRows: the rows whose answers are furthest from the truth, with their names and stamps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import schema
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import imagekind
from skycnn.inputs.available import InputOptions
from skycnn.metrics import scaled_error
from skycnn.scoring import idcolumn
from skycnn.scoring.scoredrows import ScoredRows

Array = NDArray[Any]

MOST = 24


@dataclass(frozen=True)
class WorstRow:
    """A row whose answer is far from the truth.

    Parameters
    ----------
    name : str
        What its catalogue calls it; ``row 7`` where it has no name.
    file : str
        The catalogue.
    number : int
        Of the row there, from 0.
    truth, value : float
    low, high : float
        Ends of the 68 % interval, NaN where there is none.
    error : float
        How far off, see `errors`.
    flag : int or None
    pixels : array (band, y, x) or None
        Its stamp.
    bands : tuple of str
        Of the stamp.
    """

    name: str
    file: str
    number: int
    truth: float
    value: float
    low: float
    high: float
    error: float
    flag: int | None = None
    pixels: Array | None = None
    bands: tuple[str, ...] = ()

    def words(self, task_flags: Iterable[schema.Bit]) -> tuple[str, ...]:
        """Return the meanings of its flag."""
        return () if self.flag is None else schema.decode(self.flag, task_flags)


def errors(kind: str, value: Array, truth: Array) -> Array:
    """Return how far answers are off, (n,): of redshifts dz/(1+z), else value less truth; NaN where unanswered."""
    return scaled_error(value, truth) if kind == "redshift" else np.asarray(value, np.float64) - truth


def find(
    catalogue: Catalogue, kind: str, answer: str, rows: ScoredRows, bands: Sequence[str] = (), side: int | None = None
) -> list[WorstRow]:
    """Return the worst rows of one catalogue, at most `MOST`, the worst first; unanswered ones are not among them.

    Parameters
    ----------
    catalogue : Catalogue
    kind, answer : str
        Kind of answer and its column.
    rows : ScoredRows
        Of this catalogue, with ``numbers``.
    bands : sequence of str
        Of the stamps; empty for all that they have.
    side : int, optional
        Pixels along an edge of a stamp; left out, as the file has them.
    """
    judged = rows.judged[answer]
    error = errors(kind, judged.value, rows.truth)
    far = np.where(np.isnan(error), -1.0, np.abs(error))
    chosen = np.argsort(-far, kind="stable")[:MOST]
    chosen = chosen[far[chosen] >= 0]
    if not len(chosen) or rows.numbers is None:
        return []
    numbers = [int(number) for number in rows.numbers[chosen]]
    nothing = np.full(len(rows.truth), np.nan)
    low, high = (nothing if end is None else end for end in (judged.low, judged.high))
    names, (shown, stamps) = _names(catalogue, numbers), _stamps(catalogue, numbers, bands, side)
    return [
        WorstRow(
            names[k],
            catalogue.label,
            numbers[k],
            float(rows.truth[at]),
            float(judged.value[at]),
            float(low[at]),
            float(high[at]),
            float(error[at]),
            None if rows.flags is None else int(rows.flags[at]),
            stamps[k],
            shown,
        )
        for k, at in enumerate(chosen.tolist())
    ]


def merged(*parts: Sequence[WorstRow]) -> list[WorstRow]:
    """Return the worst of several catalogues' worst rows."""
    return sorted((row for part in parts for row in part), key=lambda row: -abs(row.error))[:MOST]


def _names(catalogue: Catalogue, numbers: Sequence[int]) -> list[str]:
    column = idcolumn.find(catalogue.columns)
    if column is None:
        return [f"row {number}" for number in numbers]
    found = []
    for number in numbers:
        (_, values), *_ = catalogue.chunks([column.name], (number, number + 1))
        found.append(str(values.exact(column.name).names()[0]).strip() or f"row {number}")
    return found


def _stamps(
    catalogue: Catalogue, numbers: Sequence[int], bands: Sequence[str], side: int | None
) -> tuple[tuple[str, ...], list[Array | None]]:
    """Return bands and stamps (band, y, x) of rows; None for all where the file holds no stamps."""
    source = imagekind.opened(catalogue, InputOptions())
    nothing: list[Array | None] = [None] * len(numbers)
    if source is None or source.side is None:
        return (), nothing
    shown = tuple(band for band in bands if band in source.bands) or source.bands
    side = min(side or source.side, source.side)
    for k, number in enumerate(numbers):
        values = catalogue.read(source.columns, (number, number + 1)) if source.columns else {}
        for batch in source.batches(number, values, np.ones(1, bool), bands=shown, side=side):
            nothing[k] = batch.pixels[0].astype(np.float32)
    return shown, nothing
