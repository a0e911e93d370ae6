"""Conditions on catalogue columns, ``FLAGS != 0 and CLASS == 'STAR'``: parsed, never evaluated as code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.photometry.conditiongrammar import ConditionGrammar
from skycnn.photometry.conditionterms import Test
from skycnn.photometry.conditionwords import ConditionWords
from skycnn.photometry.fields import Field, Fields

BitNames = Mapping[str, Mapping[str, int]]
"""Of columns, ``*`` in their names for any letters, the numbers of bits, from 0, by their names."""

LONGEST = 100_000
"""Letters of a condition at most: some thousand ids in a list, as many as a shell passes on."""

PAGE = (
    ("A != 0; A", "The column A is not 0. == != < <= > >= compare."),
    ("A > 1 and B == 0 or not C; 0 < A < 1", "Tests are joined by and, or, not and brackets; && || ! say the same."),
    (
        "A & 2; A & (2 | 4); (A & B) != 0",
        "& before a whole number tests bits: one or more of them are set. It binds first: A & 2 != 0 is (A & 2) != 0. "
        "Before anything else & is and: A != 0 & B > 1. Bits that two columns share need the brackets.",
    ),
    (
        "A.BRIGHT; A & (BRIGHT | MEDIUM)",
        "Bits by name, where the file of --survey lists them, counted from 0: BRIGHT = 1 under [bits.A].",
    ),
    (
        "A == 'PSF'; A < 'M'",
        "Text stands in single quotes, or in double quotes if no column is called so. Trailing blanks do not count; "
        "upper and lower case differ.",
    ),
    ("A in (1, 2); A not in ('PSF', 'REX')", "One of several numbers or texts; none of them."),
    ("A - B > 0.5; F / E >= 5", "+ - * / calculate in float64: whole numbers beyond 2**53 are rounded by them alone."),
    (
        '`mag-r` > 20; "flux r" < 1; V[2] > 0',
        "A name that could be read in another way stands in backquotes or double quotes; others need none. V[2] is an "
        "element of a vector or of bits (X), counted from 0. Case matters only where two names differ by it alone.",
    ),
    (
        "A == 39627788403084385",
        "Whole numbers are exact, also beside TNULL, TSCAL and TZERO, and so are digits in a column of text. 0x1F and "
        "1e3 are whole. Beside a column of float32 a number is rounded to float32: A == 99.9 finds what was written "
        "as 99.9.",
    ),
    (
        "A != A",
        "Only nulls (NaN, TNULL) differ from themselves. A null differs from every number: on it A and A != 0 hold, "
        "A > 0 and A == 0 do not. Bits and sums of nulls are null, and so is blank text compared with a number.",
    ),
)
"""The page on conditions: what to type, several examples parted by semicolons, and what it means."""


@dataclass(frozen=True)
class Condition:
    """A condition on the rows of a table.

    Parameters
    ----------
    test : Test
    fields : tuple of Field
        What it reads.
    bits : mapping of str to int
        The named bits that it tests: ``COLUMN.NAME``.
    text : str
        As typed.
    """

    test: Test
    fields: tuple[Field, ...]
    bits: Mapping[str, int]
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


def facts(conditions: Iterable[Condition]) -> dict[str, dict[str, int]]:
    """Return what conditions depend on besides the table, plain JSON: ``bits``, where they test any by name."""
    bits = {name: bit for condition in conditions for name, bit in condition.bits.items()}
    return {"bits": dict(sorted(bits.items()))} if bits else {}


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
    words = ConditionWords(text, replace(fields, needs=f"{option.split()[0]} needs it"), option, bits or {})
    test = ConditionGrammar(words).read()
    return Condition(test, tuple(words.read), words.used, text.strip())
