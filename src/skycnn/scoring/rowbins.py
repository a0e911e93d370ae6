"""RowBins: what ``score --by`` sorts rows by - a column, or what the answers and the photometry tell - and its bins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.scoring.scoredrows import ScoredRows

Array = NDArray[Any]

By = tuple[str, float | None, float | None, int]

WORDS = ("width", "z", "mag")
"""The width of the answer's 68 % interval; the answer; the magnitude in the band seen best. Columns so named win."""
BINS, MOST = 5, 1000
"""Where their number is not named, and at most."""
ZERO_POINT = 23.9
"""AB magnitude of 1 microjansky."""


@dataclass(frozen=True)
class RowBins:
    """Rows sorted into bins.

    Parameters
    ----------
    label : str
        What they are sorted by.
    values : array (n,)
        NaN where a row is in no bin.
    edges : array (bins + 1,)
        Increasing; empty where no row has a value.
    """

    label: str
    values: Array
    edges: Array


def parse(text: str) -> By:
    """Read ``COLUMN``, ``COLUMN:N`` or ``COLUMN:LO:HI:N``.

    Raises
    ------
    InputError
        When it is anything else.
    """
    column, *numbers = text.rsplit(":", 3) if text.count(":") > 2 else text.split(":")
    ends: tuple[float, float] | None = None
    try:
        count = int(numbers[-1]) if numbers else BINS
        ends = (float(numbers[0]), float(numbers[1])) if len(numbers) == 3 else None
        sound = len(numbers) != 2 and (ends is None or -1e300 < ends[0] < ends[1] < 1e300) and 1 <= count <= MOST
    except ValueError:
        count, sound = BINS, False
    if not (column and sound):
        raise InputError(
            f"--by {text} is not understood",
            expected="COLUMN, COLUMN:N or COLUMN:LO:HI:N",
            hint="For example --by MAG_I:18:24:6, or --by width",
        )
    return column, *(ends or (None, None)), count


def find(by: By, rows: ScoredRows, answer: str, bands: Sequence[str]) -> RowBins:
    """Return the bins of some rows.

    Parameters
    ----------
    by : (str, float or None, float or None, int)
        A column or one of `WORDS`, the ends and the number of bins; without ends all bins hold as many rows.
    rows : ScoredRows
    answer : str
        The column of answers.
    bands : sequence of str
        Of the fluxes in ``rows.inputs``.

    Raises
    ------
    InputError
        When there is nothing to sort by.
    """
    name, low, high, count = by
    if rows.by is not None:
        label, values = name, rows.by
    else:
        label, values = _told(name, rows, answer, bands)
    known = values[np.isfinite(values)]
    if low is not None and high is not None:
        return RowBins(label, values, np.linspace(low, high, count + 1))
    if not len(known):
        return RowBins(label, values, np.empty(0))
    edges = np.unique(np.quantile(known, np.linspace(0, 1, count + 1)))
    return RowBins(label, values, edges if len(edges) > 1 else np.repeat(edges, 2))


def _told(name: str, rows: ScoredRows, answer: str, bands: Sequence[str]) -> tuple[str, Array]:
    """Return what one of the words means of some rows, and its values."""
    judged = rows.judged[answer]
    if name == "z":
        return answer, judged.value
    if name == "width":
        if judged.low is None or judged.high is None:
            raise InputError(
                f"--by width: {answer} has no interval beside it", hint=f"Write {answer}_LO and {answer}_HI."
            )
        return f"width of {answer}", judged.high - judged.low
    flux, error = rows.inputs.get("flux"), rows.inputs.get("error")
    if flux is None or error is None or not np.isfinite(flux).any():
        raise InputError("--by mag: no photometry was found", hint="Name a column of magnitudes: --by MAG_I")
    with np.errstate(all="ignore"):
        ratio = np.asarray(flux, np.float64) / error
    best = int(np.argmax(np.median(np.where(np.isfinite(ratio), ratio, 0.0), axis=0)))
    bright = np.where(flux[:, best] > 0, flux[:, best], np.nan)
    return f"magnitude in {bands[best]}", ZERO_POINT - 2.5 * np.log10(bright)
