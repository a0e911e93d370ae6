"""Conditions on catalogue columns, ``FLAGS != 0 & CLASS_STAR > 0.9``: parsed, never evaluated as code."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.photometry.fields import Field

OPERATORS: dict[str, Callable[..., NDArray[np.bool_]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
TERM = re.compile(r"\s*(?P<column>[^<>=!&|]+?)\s*(?:(?P<sign>==|!=|<=|>=|<|>)\s*(?P<number>[^\s<>=!&|]+)\s*)?")


@dataclass(frozen=True)
class Term:
    """One comparison of a column with a number.

    Parameters
    ----------
    column : str
        As typed.
    sign : str
        A key of `OPERATORS`.
    number : int or float
        Integers stay integers, so that 64-bit ids compare exactly.
    """

    column: str
    sign: str
    number: int | float


@dataclass(frozen=True)
class Condition:
    """A condition on rows: all terms hold.

    Parameters
    ----------
    terms : tuple of Term
    text : str
        As typed.
    """

    terms: tuple[Term, ...]
    text: str

    def holds(self, chunk: Mapping[str, NDArray[np.generic]], fields: Mapping[str, Field]) -> NDArray[np.bool_]:
        """Return the rows that meet it, bool (n,).

        Parameters
        ----------
        chunk : mapping of str to array
            Columns by name, each of n rows.
        fields : mapping of str to Field
            Of the terms, by the column as typed.

        Notes
        -----
        A null (NaN) differs from every number: ``FLAG != 0`` holds on it, ``FLAG > 0`` does not.
        """
        rows = np.ones(len(next(iter(chunk.values()))), bool)
        for term in self.terms:
            rows &= OPERATORS[term.sign](fields[term.column].of(chunk), term.number)
        return rows


def parse(text: str, option: str = "--bad") -> Condition:
    """Return the condition of a text.

    Parameters
    ----------
    text : str
        ``COLUMN OP NUMBER``, several joined by ``&``; OP is one of ``== != < <= > >=``. A column alone means
        ``COLUMN != 0``.
    option : str
        Names the option in messages.

    Raises
    ------
    InputError
        When the text is anything else.
    """
    terms = []
    for part in re.split(r"&&?", text):
        match = TERM.fullmatch(part)
        if match is None:
            raise _unreadable(text, option)
        number = _number(match["number"] or "0")
        if number is None:
            raise _unreadable(text, option)
        terms.append(Term(match["column"], match["sign"] or "!=", number))
    return Condition(tuple(terms), text.strip())


def _number(text: str) -> int | float | None:
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return None if np.isnan(number) else number


def _unreadable(text: str, option: str) -> InputError:
    return InputError(
        f"{option} cannot be read",
        value=text,
        expected="COLUMN OP NUMBER with OP one of == != < <= > >=, joined by &",
        hint=f"For example {option} 'FLAGS != 0'.",
    )
