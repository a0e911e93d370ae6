"""ConditionTerms: what a condition is made of, and what each part is for rows of a table.

An operand has a value a row, a test holds or does not. A null (NaN, TNULL) differs from everything: ``!=`` holds on it,
no other comparison does; bits and sums of nulls are null.
"""

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

COMPARISONS: dict[str, Callable[..., Array]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
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
        return ExactValues(held.values & mask.values, _either(held.null, mask.null))


@dataclass(frozen=True)
class Comparison:
    """Two operands compared.

    Parameters
    ----------
    sign : str
        A key of `COMPARISONS`.
    left, right : Operand
        Both numbers or both text; one of them has a value a row.
    """

    sign: str
    left: "Operand"
    right: "Operand"

    def holds(self, chunk: Chunk) -> NDArray[np.bool_]:
        """Return the rows on which it holds, bool (n,)."""
        left, right = self.left.of(chunk), self.right.of(chunk)
        with np.errstate(invalid="ignore"):
            rows = np.asarray(COMPARISONS[self.sign](left.values, right.values), bool)
        null = _either(left.null, right.null)
        if null is not None:
            rows[null] = self.sign == "!="
        return rows


@dataclass(frozen=True)
class Member:
    """An operand that is one of several constants.

    Parameters
    ----------
    operand : Operand
    values : sequence of int, float or bytes
    """

    operand: "Operand"
    values: Sequence[int | float | bytes]

    def holds(self, chunk: Chunk) -> NDArray[np.bool_]:
        """Return the rows on which it is, bool (n,)."""
        held, listed = self.operand.of(chunk), list(self.values)
        if held.values.dtype.kind == "O":
            known = set(listed)
            rows = np.array([value in known for value in held.values.tolist()], bool)
        else:
            if held.values.dtype.kind in "iu":
                ends = np.iinfo(held.values.dtype)
                listed = [v for v in listed if isinstance(v, int) and ends.min <= v <= ends.max]
            rows = np.isin(held.values, np.array(listed, held.values.dtype if held.values.dtype.kind != "S" else None))
        if held.null is not None:
            rows[held.null] = False
        return rows


@dataclass(frozen=True)
class Not:
    """A test turned around."""

    test: "Test"

    def holds(self, chunk: Chunk) -> NDArray[np.bool_]:
        """Return the rows on which the test does not hold, bool (n,)."""
        return ~self.test.holds(chunk)


@dataclass(frozen=True)
class Joined:
    """Tests of which all hold, or any.

    Parameters
    ----------
    tests : sequence of Test
    every : bool
        Whether all must hold.
    """

    tests: "Sequence[Test]"
    every: bool

    def holds(self, chunk: Chunk) -> NDArray[np.bool_]:
        """Return the rows on which they do, bool (n,)."""
        rows = self.tests[0].holds(chunk)
        for test in self.tests[1:]:
            rows = rows & test.holds(chunk) if self.every else rows | test.holds(chunk)
        return rows


Operand = Constant | Column | Sum | Bits
"""What has a value a row: ``of`` returns those of a chunk's rows (n,), or one for all."""

Test = Comparison | Member | Not | Joined
"""What holds on a row or does not: ``holds`` returns bool (n,) of a chunk's rows."""


def _either(one: Array | None, other: Array | None) -> Array | None:
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
    found = np.zeros(len(values), np.uint64)
    for i in np.flatnonzero(~null):
        number = values[i]
        if not (-(2**63) <= number < 2**64 and int(number) == number):
            what = f"{column.label}: column '{column.field.name}' holds a number that has no bits"
            raise InputError(what, value=float(number), expected="whole numbers of 64 bits")
        found[i] = int(number) % 2**64
    return ExactValues(found, null)
