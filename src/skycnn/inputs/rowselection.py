"""RowSelection: which rows of a catalogue are looked at - a range of them, those that meet a condition, or a list."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.fits.catalogue import Catalogue
from skycnn.fits.columnvalues import ColumnValues
from skycnn.fits.extension import Chunk
from skycnn.fits.tablecolumn import meaning
from skycnn.photometry import conditions
from skycnn.photometry.conditions import BitNames
from skycnn.photometry.fields import Fields

Array = NDArray[Any]


@dataclass(frozen=True)
class RowSelection:
    """Rows of a catalogue, in its order.

    Parameters
    ----------
    first, end : int
        Range of rows, half open.
    numbers : array (n,), optional
        Those selected, int64, ascending; left out, all of the range.
    """

    first: int
    end: int
    numbers: Array | None = None

    def __len__(self) -> int:
        return max(0, self.end - self.first) if self.numbers is None else len(self.numbers)

    @classmethod
    def find(cls, catalogue: Catalogue, rows: tuple[int, int | None] | None, where: str | None, bits: BitNames) -> Self:
        """Return the rows of ``--rows`` that meet ``--where``; the columns of the condition are read once.

        Raises
        ------
        InputError
            When the range begins beyond the last row, or the condition cannot be read.
        """
        first, end = catalogue.span(rows)
        if where is None:
            return cls(first, end)
        fields = Fields(catalogue.columns, catalogue.label, "--where needs it")
        condition = conditions.parse(where, fields, "--where", bits)
        found = [
            at + np.flatnonzero(condition.holds(values))
            for at, values in catalogue.chunks(condition.columns, (first, end))
        ]
        return cls(first, end, np.concatenate([np.empty(0, np.int64), *found]))

    def of(self, numbers: Array) -> "RowSelection":
        """Return rows by their numbers, in any order."""
        return replace(self, numbers=np.sort(np.asarray(numbers, np.int64)))

    def head(self, n: int) -> Array:
        """Return the numbers of the first n rows, int64."""
        if self.numbers is not None:
            return self.numbers[:n]
        return np.arange(self.first, min(self.end, self.first + n), dtype=np.int64)

    def within(self, first: int, end: int) -> Array:
        """Return the numbers of the rows from ``first`` to ``end``, half open, int64."""
        if self.numbers is not None:
            return np.asarray(self.numbers[slice(*np.searchsorted(self.numbers, (first, end)))])
        return np.arange(max(first, self.first), max(first, self.first, min(end, self.end)), dtype=np.int64)

    @property
    def span(self) -> tuple[int, int] | None:
        """First and end of the rows where they follow one another, else None."""
        if self.numbers is None:
            return self.first, max(self.first, self.end)
        n = len(self.numbers)
        if not n or self.numbers[-1] - self.numbers[0] == n - 1:
            return (int(self.numbers[0]), int(self.numbers[-1]) + 1) if n else (self.first, self.first)
        return None

    def chunks(self, catalogue: Catalogue, names: Sequence[str], step: int) -> Iterator[Chunk]:
        """Yield the rows to be answered, with the values of some columns; parts of the table without any are not read.

        Parameters
        ----------
        catalogue : Catalogue
        names : sequence of str
            Columns to read.
        step : int
            Rows of a chunk; they begin at its multiples.
        """
        layout = catalogue.packing(names)
        told = meaning(layout)
        for begin in range(self.first - self.first % step, self.end, step):
            wanted = self.within(begin, begin + step)
            if not len(wanted):
                continue
            for first, packed in catalogue.packed_chunks(names, (begin, min(begin + step, catalogue.rows)), step):
                n = len(packed)
                run, none = np.zeros(n, bool), np.zeros(n, bool)
                run[wanted - first] = True
                values = ColumnValues(names, layout, packed)
                digest = hashlib.sha256(told + packed.tobytes() + run.tobytes()).digest()
                yield Chunk(first, values, np.empty((n, 0), np.uint8), run, none, digest, held=False)
