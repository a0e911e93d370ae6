"""Fields: the columns of a table by the names a user types: looked up, checked, suggested."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits import columnvalues
from skycnn.fits.exactvalues import ExactValues
from skycnn.fits.tablecolumn import TableColumn

ELEMENT = re.compile(r"(.+)\[(\d+)\]")
SHOWN = 40
"""Columns listed in an error message."""


@dataclass(frozen=True)
class Field:
    """One number a row: a column, or one element of a vector column.

    Parameters
    ----------
    column : TableColumn
        The column.
    index : int, optional
        Element of a vector column, from 0.
    """

    column: TableColumn
    index: int | None = None

    @property
    def name(self) -> str:
        """The name in messages."""
        return self.column.name if self.index is None else f"{self.column.name}[{self.index}]"

    @property
    def numeric(self) -> bool:
        """Whether a row holds one number."""
        return self.column.numeric if self.index is None else self.column.code in "BIJKED"

    @property
    def flag(self) -> bool:
        """Whether a row holds one number or one truth value."""
        return self.numeric or (self.column.code in "LX" and (self.column.repeat == 1 or self.index is not None))

    @property
    def text(self) -> bool:
        """Whether a row holds text."""
        return self.column.code == "A" and self.index is None

    def of(self, chunk: Mapping[str, NDArray[np.generic]]) -> NDArray[np.generic]:
        """Return its values (n,) from columns by name."""
        return self._element(ExactValues(chunk[self.column.name])).values

    def exact(self, chunk: Mapping[str, NDArray[np.generic]]) -> ExactValues:
        """Return its values (n,) without loss, see `ExactValues`."""
        return self._element(columnvalues.exact(chunk, self.column.name))

    def _element(self, held: ExactValues) -> ExactValues:
        if self.column.code == "X":  # the first bit is the highest of the first byte
            octet, bit = divmod(self.index or 0, 8)
            octets = held.values if held.values.ndim > 1 else held.values[:, None]
            return ExactValues(octets[:, octet] >> (7 - bit) & 1)
        return held if self.index is None else held[:, self.index]


@dataclass(frozen=True)
class Fields:
    """The fields of one table.

    Parameters
    ----------
    columns : sequence of TableColumn
        In any order.
    label : str
        Names the table in messages: ``cat.fits[1]``.
    needs : str
        For messages: ``photoz-sdss-flux needs u g r i z``.
    """

    columns: Sequence[TableColumn]
    label: str
    needs: str

    def __post_init__(self) -> None:
        exact = {c.name: c for c in reversed(self.columns)}
        folded: dict[str, list[TableColumn]] = {}
        for column in exact.values():
            folded.setdefault(column.name.lower(), []).append(column)
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "_folded", folded)

    def get(self, name: str) -> Field | None:
        """Return the field of this name, else the only one ignoring case, else None."""
        exact: dict[str, TableColumn] = self.__dict__["_exact"]
        folded: dict[str, list[TableColumn]] = self.__dict__["_folded"]
        if name in exact:
            return Field(exact[name])
        matches = folded.get(name.lower(), [])
        if len(matches) == 1:
            return Field(matches[0])
        element = ELEMENT.fullmatch(name)
        vector = self.get(element[1]) if element else None
        if vector is None or element is None or vector.index is not None or int(element[2]) >= vector.column.repeat:
            return None
        return Field(vector.column, int(element[2]))

    def require(self, name: str, typed: str, flag: bool = False, text: bool = False) -> Field:
        """Return the field named by an option.

        Parameters
        ----------
        name : str
            The column, or ``COLUMN[2]`` for an element of a vector, from 0.
        typed : str
            The option, for the hint: ``--band u=COLUMN``.
        flag, text : bool
            Whether truth values and text are allowed.

        Raises
        ------
        InputError
            When it is absent, or not one number a row.
        """
        field = self.get(name)
        if field is None:
            close = get_close_matches(name.lower(), list(self.__dict__["_folded"]), 1)
            meant = f"Did you mean {self.__dict__['_folded'][close[0]][0].name}? " if close else ""
            raise InputError(
                f"{self.label} has no column '{name}'; {self.needs}",
                hint=f"{meant}Name it with {typed}. It has: {self.listing()}",
            )
        return field if text and field.text else self.checked(field, typed, flag)

    def checked(self, field: Field, typed: str, flag: bool = False) -> Field:
        """Return the field if it is one number a row, else raise `InputError`."""
        if field.numeric or (flag and field.flag):
            return field
        column = field.column
        if column.code in ("BIJKEDLX" if flag else "BIJKED") and column.repeat > 1 and field.index is None:
            kind = {"L": "truth values", "X": "bits"}.get(column.code, "numbers")
            held = f"{column.repeat} {kind} a row"
            hint = f"Name one element, counted from 0: {typed.replace('COLUMN', f'{column.name}[0]')}."
        else:
            held, hint = f"{_content(column)} ({column.form})", f"Name a column of numbers with {typed}."
        raise InputError(f"{self.label}: column '{field.name}' holds {held}, not one number", hint=hint)

    def listing(self) -> str:
        """Return the first `SHOWN` names."""
        names = ", ".join(c.name for c in self.columns[:SHOWN]) or "no columns"
        return names + (f", ... ({len(self.columns) - SHOWN} more)" if len(self.columns) > SHOWN else "")


def _content(column: TableColumn) -> str:
    kinds = {"A": "text", "L": "truth values", "X": "bits", "C": "complex numbers", "M": "complex numbers"}
    return "a variable-length array" if column.code in "PQ" else kinds.get(column.code, "nothing")
