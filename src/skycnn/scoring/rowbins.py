"""RowBins: what ``score --by`` sorts rows by - a column, or what the answers and the photometry tell - and its bins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.scoring.scoredrows import ScoredRows

Array = NDArray[Any]

By = tuple[str, float | None, float | None, int | None]

FILE = "file"
WORDS = ("width", "z", "mag", FILE)
"""The width of the answer's 68 % interval; the answer; the magnitude in the band seen best; the file in which a row
stands. Columns so named win."""
BINS, MOST = 5, 1000
"""Where their number is not named, and at most."""
CATEGORIES = 20
"""Values of text, or whole numbers, up to which a column is taken for kinds of rows rather than a quantity."""
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
    names : tuple of str
        Of the bins, where each is a kind of rows; then values are its number.
    """

    label: str
    values: Array
    edges: Array
    names: tuple[str, ...] = ()


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
        count = int(numbers[-1]) if numbers else None
        ends = (float(numbers[0]), float(numbers[1])) if len(numbers) == 3 else None
        sound = (
            len(numbers) != 2
            and (ends is None or -1e300 < ends[0] < ends[1] < 1e300)
            and 1 <= (BINS if count is None else count) <= MOST
        )
    except ValueError:
        count, sound = None, False
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
    by : (str, float or None, float or None, int or None)
        A column or one of `WORDS`, the ends and the number of bins; without ends all bins hold as many rows. Without
        a number, text and a few whole numbers are a kind of rows each.
    rows : ScoredRows
    answer : str
        The column of answers.
    bands : sequence of str
        Of the fluxes in ``rows.inputs``.

    Raises
    ------
    InputError
        When there is nothing to sort by, or too many words.
    """
    name, low, high, number = by
    count = number or BINS
    if rows.by is not None:
        label, values = name, rows.by
    else:
        label, values = _told(name, rows, answer, bands)
    if values.dtype.kind == "U":
        return _kinds(label, values, number is None)
    known = values[np.isfinite(values)]
    held = np.unique(known)
    if rows.by is not None and number is None and 0 < len(held) <= CATEGORIES and (held == np.rint(held)).all():
        code = np.where(np.isfinite(values), np.searchsorted(held, values), np.nan)
        return _named(label, code, [f"{value:.0f}" for value in held])
    if low is not None and high is not None:
        return RowBins(label, values, np.linspace(low, high, count + 1))
    return equal(label, values, count)


def equal(label: str, values: Array, count: int = BINS) -> RowBins:
    """Return bins of as many rows each; values (n,) are NaN where a row is in none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return RowBins(label, values, np.empty(0))
    edges = np.unique(np.quantile(known, np.linspace(0, 1, count + 1)))
    return RowBins(label, values, edges if len(edges) > 1 else np.repeat(edges, 2))


def told(word: str, rows: ScoredRows, answer: str, bands: Sequence[str], count: int = BINS) -> RowBins:
    """Return bins of as many rows each of what one of `WORDS` means.

    Raises
    ------
    InputError
        When it is not known of these rows.
    """
    return equal(*_told(word, rows, answer, bands), count)


def _kinds(label: str, words: Array, whole: bool) -> RowBins:
    """Return a bin for each word; a row without one is in none."""
    stripped = np.char.strip(words)
    held, code = np.unique(stripped, return_inverse=True)
    named = [str(word) for word in held if word]
    if not whole or len(named) > CATEGORIES:
        held_words = f"text, of {len(named)} different words"
        hint = "--by NAME without bins" if not whole else "Sort by another column, or leave rows out with --where."
        raise InputError(f"--by {label} is {held_words}", expected=f"at most {CATEGORIES}, and no bins", hint=hint)
    first = len(held) - len(named)  # the empty word is the first
    return _named(label, np.where(code >= first, code - float(first), np.nan), named)


def _named(label: str, code: Array, names: Sequence[str]) -> RowBins:
    return RowBins(label, code, np.arange(len(names) + 1) - 0.5 if names else np.empty(0), tuple(names))


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
