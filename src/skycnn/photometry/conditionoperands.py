"""ConditionOperands: what has a value a row in a condition: constants, columns, sums and bits; NaN or null for none."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits.exactvalues import ExactValues
from skycnn.photometry import numbertext
from skycnn.photometry.fields import Field

Array = NDArray[Any]
Chunk = Mapping[str, Array]

BITS, WIDTHS = 64, {"L": 1, "X": 1, "B": 8, "I": 16, "J": 32}
"""Bits of the widest integer, and of the narrower ones by the letter of TFORM."""

SUMS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


@dataclass(frozen=True)
class Constant:
    """A number, or the bytes of a text."""

    value: int | float | bytes

    def of(self, chunk: Chunk) -> ExactValues:
        """Return the one value."""
        return ExactValues(self.value)  # type: ignore[arg-type]  # a scalar compares as an array does


@dataclass(frozen=True)
class Column:
    """A column, or an element of one.

    Parameters
    ----------
    field : Field
    label : str
        Names the table in messages.
    digits : bool
        Whether text is read as numbers, null where blank.
    """

    field: Field
    label: str
    digits: bool = False

    @property
    def text(self) -> bool:
        """Whether its values are text."""
        return self.field.text and not self.digits

    @property
    def width(self) -> int:
        """The bits that its numbers have."""
        stored = self.field.column
        width = WIDTHS.get(stored.code, BITS)
        signed = (0, -128) if stored.code == "B" else (0, 1 << (width - 1))  # TZERO of integers without and with a sign
        return width if stored.scale == 1 and stored.zero in signed else BITS

    def of(self, chunk: Chunk) -> ExactValues:
        """Return the values without loss.

        Raises
        ------
        InputError
            When text is to be a number and is none.
        """
        held = self.field.exact(chunk)
        if held.values.dtype.kind == "b":
            return ExactValues(held.values.view(np.uint8))  # NumPy compares no truth values with large numbers
        return ExactValues(self._numbers(held.values)) if self.digits else held

    def _numbers(self, texts: Array) -> Array:
        distinct, code = np.unique(texts, return_inverse=True)
        found = np.empty(len(distinct), object)
        for i, text in enumerate(distinct.tolist()):
            word = text.decode("utf-8", "replace").strip()
            number = np.nan if word.lower() in ("", "nan") else numbertext.read(word)
            if number is None:
                what = f"{self.label}: column '{self.field.name}' holds text, compared with a number"
                raise InputError(what, value=word, hint=f"Write text in quotes: {self.field.name} == '{word}'.")
            found[i] = number
        return np.asarray(found[code.reshape(-1)])


@dataclass(frozen=True)
class Sum:
    """Operands added, subtracted, multiplied or divided from left to right, as float64; NaN for null.

    Parameters
    ----------
    first : Operand
    steps : sequence of str and Operand
        A key of `SUMS` and what follows it.
    """

    first: "Operand"
    steps: "Sequence[tuple[str, Operand]]"

    def of(self, chunk: Chunk) -> ExactValues:
        """Return the values, float64."""
        total = _floats(self.first.of(chunk))
        with np.errstate(all="ignore"):
            for sign, operand in self.steps:
                total = SUMS[sign](total, _floats(operand.of(chunk)))
        return ExactValues(total)


@dataclass(frozen=True)
class Bits:
    """The bits of a column that a mask has too.

    Parameters
    ----------
    column : Column
    mask : int or Column
        Below 2**64.
    """

    column: Column
    mask: "int | Column"

    def of(self, chunk: Chunk) -> ExactValues:
        """Return them as uint64.

        Raises
        ------
        InputError
            When the column holds a number that is not whole.
        """
        held = _whole(self.column, chunk)
        if isinstance(self.mask, int):
            return ExactValues(held.values & np.uint64(self.mask), held.null)
        mask = _whole(self.mask, chunk)
        return ExactValues(held.values & mask.values, either(held.null, mask.null))


Operand = Constant | Column | Sum | Bits
"""What has a value a row: ``of`` returns those of a chunk's rows (n,), or one for all."""


def is_text(operand: Operand) -> bool:
    """Whether an operand is text."""
    return operand.text if isinstance(operand, Column) else isinstance(getattr(operand, "value", None), bytes)


def rounded(operand: Operand, other: Operand) -> Operand:
    """Return a number as a column of float32 beside it holds it: 99.9 in such a column is 99.9000015."""
    single = isinstance(other, Column) and other.field.column.code == "E" and (other.field.column.scale == 1)
    if not single or not isinstance(operand, Constant) or isinstance(operand.value, bytes):
        return operand
    with np.errstate(over="ignore"):
        return Constant(float(np.float32(operand.value)))


def either(one: Array | None, other: Array | None) -> Array | None:
    """Return where one or the other is null, bool (n,); None for nowhere."""
    if one is None or other is None:
        return one if other is None else other
    return np.asarray(one | other)


def _floats(held: ExactValues) -> Array:
    values = np.asarray(held.values, np.float64)
    return values if held.null is None else np.where(held.null, np.nan, values)


def _whole(column: Column, chunk: Chunk) -> ExactValues:
    """Return a column's values as uint64, negative ones by their two's complement, and where they are null.

    Raises
    ------
    InputError
        When one is not whole, or needs more than 64 bits.
    """
    held = column.of(chunk)
    values = held.values
    if values.dtype.kind in "biu":
        return ExactValues(values if values.dtype == np.uint64 else values.astype(np.int64).view(np.uint64), held.null)
    null = np.asarray(values != values) if held.null is None else held.null
    known = np.where(null, 0, values)
    with np.errstate(invalid="ignore"):
        fit = np.asarray((known % 1 == 0) & (known >= -(2**63)) & (known < 2**64), bool)
    if not fit.all():
        what = f"{column.label}: column '{column.field.name}' holds a number that has no bits"
        raise InputError(what, value=float(known[~fit][0]), expected="whole numbers of 64 bits")
    found = np.zeros(len(known), np.uint64)
    high = np.asarray(known >= 2**63, bool)
    found[high], found[~high] = known[high].astype(np.uint64), known[~high].astype(np.int64).view(np.uint64)
    return ExactValues(found, null)
