"""ExactValues: a column's values without loss: integers that stay integers beside nulls, text as it is stored."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class ExactValues:
    """Values of some rows.

    Parameters
    ----------
    values : array (n, ...)
        Truth values, int64, uint64, floats (NaN for null), bytes of text without trailing blanks, or objects: Python's
        integers, where neither int64 nor uint64 holds them all.
    null : array (n, ...) or None
        Where an integer is null, bool; None where none is.
    """

    values: Array
    null: Array | None = None

    def __getitem__(self, key: Any) -> "ExactValues":
        return ExactValues(self.values[key], None if self.null is None else self.null[key])

    @classmethod
    def of(cls, values: Array) -> "ExactValues":
        """Return values that are exact as they are; text as bytes."""
        return cls(np.char.encode(np.char.rstrip(values, " "), "utf-8") if values.dtype.kind == "U" else values)

    def item(self, row: int) -> Any:
        """Return one row's value as Python's bool, int, float or str; None where it is null."""
        if self.null is not None and self.null[row]:
            return None
        value = self.values[row : row + 1].tolist()[0]
        return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value

    def names(self) -> Array:
        """Return them as text (n,), blank where null; 5.0 is named as 5 is."""
        if self.values.dtype.kind == "S":
            return np.char.decode(self.values, "utf-8", "backslashreplace")
        if self.values.dtype.kind == "f":
            distinct, code = np.unique(self.values, return_inverse=True)
            return np.array([_name(number) for number in distinct.tolist()], str)[code.reshape(-1)]
        named = self.values.astype(str)
        return named if self.null is None else np.where(self.null, "", named)


def scaled(stored: Array, scale: int, zero: int, null: int | None) -> ExactValues:
    """Return ``stored * scale + zero``, exact.

    Parameters
    ----------
    stored : array (n, ...)
        Integers.
    scale, zero : int
        Whole TSCAL and TZERO, of any size.
    null : int or None
        TNULL.
    """
    blank = None if null is None else stored == null
    if blank is not None and not blank.any():
        blank = None
    known = stored if blank is None else stored[~blank]
    ends = [int(end) * scale + zero for end in (known.min(), known.max())] if known.size else [0]
    least, most = min(ends), max(ends)
    if not -(2**63) <= least <= most < 2**64 or (least < 0 and most >= 2**63):
        return ExactValues(stored.astype(object) * scale + zero, blank)
    # sums and products modulo 2**64 are right where the result fits
    whole = stored.astype(np.int64).view(np.uint64) * np.uint64(scale % 2**64) + np.uint64(zero % 2**64)
    return ExactValues(whole if most >= 2**63 else whole.view(np.int64), blank)


def _name(number: float) -> str:
    return "" if np.isnan(number) else str(int(number) if float(number).is_integer() else number)
