"""ConditionTerms: what holds on a row or does not: comparisons, lists, and how they are joined.

A null (NaN, TNULL) differs from everything: ``!=`` holds on it, no other comparison does.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skycnn.photometry.conditionoperands import Array, Chunk, Operand, either

COMPARISONS: dict[str, Callable[..., Array]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


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
    left: Operand
    right: Operand

    def holds(self, chunk: Chunk) -> NDArray[np.bool_]:
        """Return the rows on which it holds, bool (n,)."""
        left, right = self.left.of(chunk), self.right.of(chunk)
        with np.errstate(invalid="ignore"):
            rows = np.asarray(COMPARISONS[self.sign](left.values, right.values), bool)
        null = either(left.null, right.null)
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

    operand: Operand
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


Test = Comparison | Member | Not | Joined
"""What holds on a row or does not: ``holds`` returns bool (n,) of a chunk's rows."""
