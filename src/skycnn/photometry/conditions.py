"""Conditions on catalogue columns, ``FLAGS != 0 and CLASS == 'STAR'``: parsed, never evaluated as code."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.photometry.conditiongrammar import ConditionGrammar
from skycnn.photometry.conditionterms import Test
from skycnn.photometry.conditionwords import ConditionWords
from skycnn.photometry.fields import Field, Fields

BitNames = Mapping[str, Mapping[str, int]]
"""Of columns, the numbers of bits, from 0, by their names."""

LONGEST = 100_000
"""Letters of a condition at most: some thousand ids in a list, as many as a shell passes on."""

PAGE = (
    ("A != 0, A", "The column A is not 0; == != < <= > >= compare, and 0 < A < 1 does both."),
    ("A > 1 and B == 0 or not C", "Tests are joined by and, or, not and brackets; && || ! say the same."),
    (
        "A & 2, A & (2 | 4), A & B",
        "& before a whole number tests bits, of which one or more must be set: before anything is compared, so that "
        "A & 2 != 0 and (A & 2) != 0 are one. & before anything else is and: A != 0 & B > 1. The bits that two columns "
        "share are (A & B) != 0.",
    ),
    (
        "A.BRIGHT, A & (BRIGHT | MEDIUM)",
        "Bits by the names in the survey's file, counted from 0: BRIGHT = 1 under [bits.A].",
    ),
    (
        "A == 'PSF'",
        "Text stands in single quotes, or in double quotes if no column is called so; trailing blanks do not count, "
        "capital letters do. < and > go by the alphabet.",
    ),
    ("A in (1, 2), A not in ('PSF', 'REX')", "One of several numbers or texts; none of them."),
    ("A - B > 0.5, F / E >= 5", "+ - * / reckon with float64: whole numbers from 2**53 on are rounded by it."),
    (
        '`mag-r` > 20, "flux r" < 1, V[2]',
        "A name that may be read in another way stands in backquotes or double quotes, all others do without. V[2] is "
        "an element of a vector or of bits (X), counted from 0. Capital letters matter only where two columns differ "
        "by them alone.",
    ),
    (
        "A == 39627788403084385",
        "Whole numbers are exact, also beside TNULL, TSCAL, TZERO, and so are digits in a column of text; 0x1F and 1e3 "
        "are whole. Beside a column of float32 a number is rounded as the column is: A == 99.9 holds.",
    ),
    (
        "A != A",
        "A null (NaN, TNULL, blank text read as a number) differs from everything: on it A != 0 and A hold, A > 0 and "
        "A == 0 do not; bits and sums of nulls are null. A != A holds on nulls alone.",
    ),
)
"""The page on conditions: what to type, and what it means."""


@dataclass(frozen=True)
class Condition:
    """A condition on the rows of a table.

    Parameters
    ----------
    test : Test
    fields : tuple of Field
        What it reads.
    text : str
        As typed.
    """

    test: Test
    fields: tuple[Field, ...]
    text: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that it reads."""
        return tuple(dict.fromkeys(field.column.name for field in self.fields))

    def holds(self, chunk: Mapping[str, NDArray[np.generic]]) -> NDArray[np.bool_]:
        """Return the rows that meet it, bool (n,).

        Parameters
        ----------
        chunk : mapping of str to array
            `columns` by name, each of n rows; a `ColumnValues` has integers without loss.

        Raises
        ------
        InputError
            When text in a column is no number though it is compared with one, or a number with a point has its bits
            tested.
        """
        return self.test.holds(chunk)


def parse(text: str, fields: Fields, option: str = "--bad", bits: BitNames | None = None) -> Condition:
    """Return the condition of a text.

    Parameters
    ----------
    text : str
        See `PAGE`.
    fields : Fields
        Of the table.
    option : str
        What stands before the condition on the command line, for messages: ``--bad``, ``--mask-band g=``.
    bits : mapping of str to mapping of str to int, optional
        Of columns, the numbers of bits by their names.

    Raises
    ------
    InputError
        When it cannot be read, names a column that is not there, or compares text with numbers.
    """
    if len(text) > LONGEST:
        raise InputError(f"{option.rstrip('=')} is too long", value=len(text), expected=f"{LONGEST} letters at most")
    words = ConditionWords(text, fields, option, bits or {})
    test = ConditionGrammar(words).read()
    return Condition(test, tuple(words.read), text.strip())
