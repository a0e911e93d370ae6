"""Catalogue: a FITS table, read in chunks of rows and never held in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from types import TracebackType
from typing import IO, Self

import numpy as np

from skycnn import interrupt
from skycnn.errors import InputError, counted
from skycnn.files import memory
from skycnn.files.safefile import kept
from skycnn.fits import cards as fitscards
from skycnn.fits import provenance
from skycnn.fits.asciitable import binary_from_ascii
from skycnn.fits.columnvalues import ColumnValues
from skycnn.fits.compressedtable import binary_from_compressed, decompressed
from skycnn.fits.fitsfile import open_fits
from skycnn.fits.source import Source, Spec, parse
from skycnn.fits.tablebytes import Hdu, check_tail, heap_gap, read_into, scan
from skycnn.fits.tablechoice import Holds, choose, listing
from skycnn.fits.tablecolumn import TableColumn, layout

CHUNK = 32768
"""Rows a chunk; chunks begin at its multiples, whatever rows are asked for."""
READ_BYTES = 4 << 20
"""Bytes of whole rows read at a time."""
COPIES = 5
"""Of a column's bytes in memory while it is read: as stored, as values, as text of four bytes a letter."""


class Catalogue:
    """A table of a FITS file, open for reading.

    Parameters
    ----------
    source : Source
        The open file.
    units : list of Hdu
        Its header-data units.
    unit : Hdu
        The table.
    decompress : bool
        Turn a tile-compressed table into a plain one, so that it can be extended.

    Attributes
    ----------
    label : str
        How messages call the table: ``cat.fits[1]``.
    columns : tuple of TableColumn
    rows : int
    row_bytes : int
    header, primary : mapping
        Keyword to value of the table's header and the primary's.
    encoding : str
        As stored: ``table``, ``ascii`` or ``compressed table``.
    """

    def __init__(self, source: Source, units: list[Hdu], unit: Hdu, *, decompress: bool = False) -> None:
        self.source, self.units, self.unit = source, units, unit
        self.label = f"{source.label}[{unit.name or unit.number}]"
        self.header, self.primary = unit.header, units[0].header
        self.encoding = unit.kind
        heap_gap(unit, self.label)
        if decompress and unit.kind == "compressed table":
            self.source, self.units, self.unit = decompressed(source, unit, self.label)
            source, unit = self.source, self.unit
        self._fd, self._table = source.fd, unit
        self._scratch: IO[bytes] | None = None
        if unit.kind != "table":
            make = binary_from_ascii if unit.kind == "ascii" else binary_from_compressed
            with kept(make(source.fd, unit, self.label)) as self._scratch:
                self._fd = self._scratch.fileno()
                self._table = scan(self._fd, self._scratch.seek(0, 2), self.label)[1]
                layout(self._table.header, self.label)
        self.columns = layout(self._table.header, self.label)
        heap_gap(self._table, self.label)
        self.rows, self.row_bytes = self._table.rows, self._table.row_bytes

    @classmethod
    def open(
        cls,
        text: str | Spec,
        hdu: str | None = None,
        holds: Holds | None = None,
        scratch: str | None = None,
        *,
        decompress: bool = False,
    ) -> Self:
        """Open the table named in ``text``, else the only one that ``holds`` the columns needed.

        Parameters
        ----------
        text : str or Spec
            ``cat.fits``, ``cat.fits[EXT]``, ``cat.fits#EXT``, ``cat.fits.gz``, ``-``.
        hdu : str, optional
            Number or EXTNAME of the table.
        holds : callable, optional
            ``holds(columns, header)`` says whether a table has the columns needed.
        scratch : str, optional
            Folder for a temporary uncompressed copy.
        decompress : bool
            As of the class.

        Raises
        ------
        InputError
            When the file is no FITS, or holds no such table, or several.
        """
        source, units = open_fits(text if isinstance(text, Spec) else parse(text, hdu), scratch)
        try:
            return cls(source, units, choose(units, source, holds), decompress=decompress)
        except BaseException:
            source.file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self.source.file.close()
        if self._scratch is not None:
            self._scratch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def check_extensible(self) -> None:
        """See that columns can be added.

        Raises
        ------
        InputError
            For ASCII and tile-compressed tables, and where there are bytes behind the rows outside any HDU.
        """
        stem = self.source.label.removesuffix(".fits")
        if self.unit.kind == "ascii":
            raise InputError(
                f"{self.label} is an ASCII table, which is read but never extended",
                hint=f"Make a binary one: stilts tcopy in={self.source.label} out={stem}_binary.fits",
            )
        if self.unit.kind == "compressed table":
            raise InputError(
                f"{self.label} is a tile-compressed table", hint="--decompress writes it back as a plain one."
            )
        check_tail(self._fd, self._table, self.source.size, self.label)

    @property
    def plain(self) -> tuple[int, Hdu]:
        """Descriptor and HDU of the plain binary table: in the file, or in a temporary one where it was encoded."""
        return self._fd, self._table

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def seed(self) -> object:
        """The card SEED of mocks; None without one. Groups of two seeds are different objects, whatever their names."""
        return self.header.get("SEED", self.primary.get("SEED"))

    def has(self, name: str) -> TableColumn | None:
        """Return the column of this name, in the same case if there is one, else in another; None without one."""
        exact = [column for column in self.columns if column.name == name]
        loose = [column for column in self.columns if column.name.casefold() == name.casefold()]
        return next(iter(exact or loose), None)

    def column(self, name: str) -> TableColumn:
        """Return the column of this name.

        Raises
        ------
        InputError
            When there is none; the hint lists the names.
        """
        column = self.has(name)
        if column is None:
            close = get_close_matches(name, self.names, 1, 0.6)
            hint = f"Did you mean {close[0]}? " if close else ""
            raise InputError(f"{self.label} has no column {name!r}", hint=f"{hint}It has: {listing(self.names)}")
        return column

    def number(self, name: str) -> TableColumn:
        """Return the column of this name, which must hold one number a row.

        Raises
        ------
        InputError
            When it holds text, logicals or a vector.
        """
        column = self.column(name)
        if not column.numeric:
            raise self._unfit(column, "one number a row")
        return column

    def single(self, name: str) -> TableColumn:
        """Return the column of this name, which must hold one value a row.

        Raises
        ------
        InputError
            When it holds a vector, or arrays of varying length.
        """
        column = self.column(name)
        if not column.single:
            raise self._unfit(column, "one number or text a row")
        return column

    def _unfit(self, column: TableColumn, expected: str) -> InputError:
        return InputError(f"{self.label}: column {column.name!r} is {column.form}", expected=expected)

    def span(self, rows: tuple[int, int | None] | None) -> tuple[int, int]:
        """Return first and end of the rows of ``--rows``, by default all.

        Raises
        ------
        InputError
            When it begins beyond the last row.
        """
        start, end = rows or (0, None)
        if rows is not None and start >= max(self.rows, 1):
            raise InputError(f"--rows begins at {start}, and {self.label} has {counted(self.rows, 'row')}")
        return start, self.rows if end is None else min(end, self.rows)

    def packing(self, names: Sequence[str]) -> tuple[TableColumn, ...]:
        """Return these columns as laid out in the rows of `packed_chunks`: one after the other."""
        offset, packed = 0, []
        for name in names:
            packed.append(replace(self.column(name), offset=offset))
            offset += packed[-1].width
        return tuple(packed)

    def packed_chunks(
        self, names: Sequence[str], rows: tuple[int, int] | None = None, size: int | None = None
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the number of the first row, and the stored bytes of some columns in a new array, uint8 (n, width).

        Chunks begin at multiples of ``size``, default CHUNK. Wide rows cost no memory: they are read by READ_BYTES.

        Raises
        ------
        InputError
            When a chunk of these columns, or one row, is larger than memory.
        """
        sources = [self.column(name) for name in names]
        targets = self.packing(names)
        size = size or CHUNK
        start, end = rows or (0, self.rows)
        if start >= end:
            return
        self._check_memory(names, min(size, end - start))
        memory.check(self.row_bytes, f"{self.label}: a row")
        step = max(1, READ_BYTES // max(self.row_bytes, 1))
        block = np.empty((min(step, size), self.row_bytes), np.uint8)
        for first in range(start - start % size, min(end, self.rows), size):
            begin, last = max(first, start), min(first + size, end, self.rows)
            out = np.empty((last - begin, sum(column.width for column in targets)), np.uint8)
            for at in range(begin, last, len(block)):
                interrupt.check()
                part = block[: min(len(block), last - at)]
                read_into(self._fd, part, self._table.data + at * self.row_bytes, self.label)
                for source, target in zip(sources, targets, strict=True):
                    place = slice(target.offset, target.offset + target.width)
                    out[at - begin : at - begin + len(part), place] = part[
                        :, source.offset : source.offset + source.width
                    ]
            yield begin, out

    def chunks(
        self, names: Sequence[str], rows: tuple[int, int] | None = None, size: int | None = None
    ) -> Iterator[tuple[int, ColumnValues]]:
        """Yield the number of the first row, and physical values by name; see `TableColumn.values`."""
        columns = self.packing(names)
        for first, packed in self.packed_chunks(names, rows, size):
            yield first, ColumnValues(names, columns, packed)

    def read(self, names: Sequence[str], rows: tuple[int, int] | None = None) -> dict[str, np.ndarray]:
        """Return the physical values of whole columns by name.

        Raises
        ------
        InputError
            When they are larger than memory.
        """
        columns = self.packing(names)
        self._check_memory(names, rows[1] - rows[0] if rows else self.rows)
        empty = np.empty((0, sum(column.width for column in columns)), np.uint8)
        parts = [packed for _, packed in self.packed_chunks(names, rows)] or [empty]
        return {
            name: np.concatenate([column.values(part) for part in parts])
            for name, column in zip(names, columns, strict=True)
        }

    def _check_memory(self, names: Sequence[str], rows: int) -> None:
        width = sum(self.column(name).width for name in names)
        memory.check(COPIES * rows * width, f"{self.label}: reading {counted(rows, 'row')} of {listing(names)}")

    def records(self) -> list[provenance.Record]:
        """Return the records of earlier runs in the table's HISTORY, oldest first."""
        lines = (card[8:].decode("latin-1") for card in self.unit.cards if fitscards.keyword(card) == "HISTORY")
        return provenance.parse(lines)

    def answered(self) -> frozenset[str]:
        """Return the columns that earlier runs of ``predict`` wrote, in lower case: answers, and no truths."""
        runs = (record for record in self.records() if record.verb == "predict")
        return frozenset(name.lower() for record in runs for name in record.columns)
