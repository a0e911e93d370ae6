"""NewTable: a binary table from scratch - its header, and its rows as bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skycnn.fits import cards as fitscards
from skycnn.fits.checksum import Checksum
from skycnn.fits.newheader import NewColumns, new_cards, packed, seal, width
from skycnn.fits.tablebytes import Hdu
from skycnn.schema import Column


class NewTable:
    """A table whose header is known before its rows; rows are packed in order, and `head` follows the last.

    Parameters
    ----------
    columns : sequence of Column
    rows : int
    name : str
        EXTNAME.
    facts : mapping of str to value
        Cards of the header; None is left out.
    history : sequence of str
        HISTORY lines, 72 characters at most.
    stamp : str
        UTC time for the checksum cards' comments.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        rows: int,
        name: str,
        facts: Mapping[str, fitscards.Value],
        history: Sequence[str] = (),
        stamp: str = "",
    ) -> None:
        self.columns, self.rows, self._stamp = tuple(columns), rows, stamp
        self.row_bytes = sum(width(column) for column in columns)
        empty = [
            *fitscards.table(0, rows, 0),
            fitscards.make("EXTNAME", name),
            *(card for key, value in facts.items() if value is not None for card in fitscards.entry(key, value)),
            fitscards.make("CHECKSUM", "0" * 16),
            fitscards.make("DATASUM", "0"),
        ]
        unit = Hdu(1, 0, 0, 0, 0, tuple(empty), fitscards.values(empty))
        self._cards = new_cards(unit, NewColumns(self.columns, history=tuple(history)), name)
        self._sum = Checksum()

    @property
    def head_bytes(self) -> int:
        """Length of the header."""
        return len(fitscards.assemble(self._cards))

    @property
    def data_bytes(self) -> int:
        """Length of the rows and their padding."""
        return fitscards.padded(self.row_bytes * self.rows)

    def pack(self, values: Mapping[str, "np.ndarray[Any, Any]"], n: int) -> "np.ndarray[Any, Any]":
        """Return the bytes of the next n rows, uint8 (n, row_bytes), from their values by column."""
        block = packed(self.columns, dict(values), n)
        self.add(block)
        return block

    def add(self, block: "np.ndarray[Any, Any]") -> None:
        """Take note of the next rows, packed by an earlier run."""
        self._sum.add(block)

    def unpack(self, block: "np.ndarray[Any, Any]") -> "dict[str, np.ndarray[Any, Any]]":
        """Return the values by column of packed rows, uint8 (n, row_bytes)."""
        values, at = {}, 0
        for column in self.columns:
            field = np.ascontiguousarray(block[:, at : at + width(column)]).view(f">{column.dtype}")
            values[column.name] = field.astype(column.dtype)[:, 0] if column.width == 1 else field.astype(column.dtype)
            at += width(column)
        return values

    def tell(self, name: str, content: fitscards.Value) -> None:
        """Change one of the facts, which the header must have."""
        place = fitscards.find(self._cards, name)
        if place is None:
            raise KeyError(name)
        self._cards[place] = fitscards.replaced(self._cards[place], content)

    def head(self) -> bytes:
        """Return the header, with the checksums of the rows packed so far."""
        cards = list(self._cards)
        seal(cards, self._sum.value, self._stamp)
        return fitscards.assemble(cards)
