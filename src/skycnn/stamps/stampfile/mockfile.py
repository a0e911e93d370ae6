"""MockFile: stamps and their truth, or a catalogue alone, written as they are made, for their number is known."""

import hashlib
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.files import safefile
from skycnn.files.journal import Journal, unfinished
from skycnn.fits import cards as fitscards
from skycnn.fits.bytecopy import copy_range, write_all
from skycnn.fits.newtable import NewTable
from skycnn.fits.output import Output, compression_of
from skycnn.fits.provenance import Record
from skycnn.fits.stamplayout.stampheader import head
from skycnn.fits.tablebytes import read_into
from skycnn.schema import Column
from skycnn.stamps.stampfile.partialfile import PartialFile
from skycnn.stamps.stampfile.stampcolumns import StampColumns, words

Array = NDArray[Any]

TRUE = "_TRUE"
"""Behind the name of a column of drawn truth."""

DRAWN = "NDRAWN"
"""Card of the table: candidates that the rows were selected from."""

_BLOCK = struct.Struct("<QQ32s")
"""What the journal tells of a block: its rows, the candidate after its last one, SHA-256 of its bytes."""


@dataclass(frozen=True)
class Layout:
    """What a file of mocks holds.

    Parameters
    ----------
    rows : int
    bands : tuple of str
    columns : tuple of Column
    side : int
        Pixels along an edge of the stamps; 0 for a catalogue without them.
    facts : mapping of str to value
        Cards of both headers: PIXSCALE, SURVEY, ...; None is left out. BUNIT, of the pixels, goes to the first alone:
        a table may not have it (FITS 4.0, section 4.4.2.5).
    """

    rows: int
    bands: tuple[str, ...]
    columns: tuple[Column, ...]
    side: int
    facts: Mapping[str, fitscards.Value]

    def first(self) -> bytes:
        """Return the header of the primary."""
        if self.side:
            return head(self.rows, self.bands, self.side, self.facts)
        return fitscards.primary()

    def table(self, record: Record) -> NewTable:
        """Return the table, no row of it yet."""
        facts = {name: value for name, value in self.facts.items() if name != "BUNIT"}
        facts |= {"BANDS": " ".join(self.bands), DRAWN: self.rows}
        history = record.lines()
        return NewTable(self.columns, self.rows, "CATALOGUE", facts, history, record.time.rstrip("Z"))

    def size(self, record: Record) -> int:
        """Return the bytes of the file."""
        table = self.table(record)
        return self._pixels(self.rows) + table.head_bytes + table.data_bytes

    def _pixels(self, rows: int) -> int:
        """Return where the pixels of a row begin; of the row after the last, where the table does."""
        end = len(self.first()) + 4 * len(self.bands) * self.side**2 * rows
        return end if rows < self.rows else fitscards.padded(end)


@dataclass(frozen=True)
class HeldBlock:
    """A block that a killed run has written: values by column (n,), stamps (n, band, y, x), the candidate after it."""

    values: Mapping[str, Array]
    pixels: Array | None
    end: int


class MockFile:
    """A file of mocks in the making; a context manager that leaves nothing if it ends without `finish`.

    Blocks are written one after the other. Those of a run that was killed are taken over, if the same run is asked for.

    Parameters
    ----------
    output : Output
        Its lock is held.
    layout : Layout
    record : Record
    identity : mapping, optional
        Plain JSON on which the rows depend: that of the killed run must be equal.

    Attributes
    ----------
    discarded : bool
        Whether the journal of another run was discarded.

    Raises
    ------
    NoSpaceError
        When the disk cannot hold the file.
    """

    def __init__(
        self, output: Output, layout: Layout, record: Record, identity: Mapping[str, Any] | None = None
    ) -> None:
        self._output, self._layout, self._done, self._blocks = output, layout, 0, 0
        self._table = layout.table(record)
        self._start = layout._pixels(layout.rows)
        self._direct = not output.standard and not compression_of(output.label)
        size, path = layout.size(record), output.partial_path
        output.check_space(size - min(PartialFile.reserved(path), size) + (0 if self._direct else size))
        key = {
            **(identity or {}),
            "head": hashlib.sha256(layout.first()).hexdigest(),
            "table": [self._table.head_bytes, [column.name for column in layout.columns]],
        }
        with safefile.writing(output.label):
            self._journal = Journal(output.journal_path, key, _BLOCK.size)
            self.discarded = self._journal.discarded
            try:
                row_bytes, fresh = 4 * len(layout.bands) * layout.side**2, not self._journal.resumed
                mode = 0o666 if output.existing is None else 0o600
                self._partial = PartialFile(path, layout.first(), row_bytes, size, fresh=fresh, mode=mode)
            except BaseException:
                self._journal.close(remove=True)
                raise

    def held(self) -> Iterator[HeldBlock]:
        """Yield the blocks that a killed run has written, before the first is written now; `write` goes on after them.

        One of which the disk has not got every byte, as after a power cut, ends them.
        """
        while True:
            try:
                n, end, digest = _BLOCK.unpack(self._journal.rows(self._blocks, self._blocks + 1).tobytes())
            except KeyError:
                return
            layout = self._layout
            pixels = np.empty((n, len(layout.bands), layout.side, layout.side), ">f4") if layout.side else None
            rows = np.empty((n, self._table.row_bytes), np.uint8)
            if pixels is not None and n:
                read_into(self._partial.fd, pixels.view(np.uint8), layout._pixels(self._done), self._output.label)
            if n:
                read_into(self._partial.fd, rows, self._place(), self._output.label)
            if _digest(pixels, rows) != digest:
                return
            self._table.add(rows)
            self._done, self._blocks = self._done + n, self._blocks + 1
            yield HeldBlock(self._table.unpack(rows), None if pixels is None else pixels.astype(np.float32), end)

    def write(self, values: Mapping[str, Array], pixels: Array | None, end: int) -> None:
        """Write the next block: values by column, stamps (n, band, y, x), and the candidate after its last one."""
        n = len(next(iter(values.values())))
        rows = self._table.pack(values, n)
        stamps = None if pixels is None else np.ascontiguousarray(pixels, ">f4")
        with safefile.writing(self._output.label):
            if stamps is not None and n:
                write_all(self._partial.fd, stamps.data, self._layout._pixels(self._done))
            if n:
                write_all(self._partial.fd, rows.data, self._place())
            digest = _digest(stamps, rows)
            told = np.frombuffer(_BLOCK.pack(n, end, digest), np.uint8)
            self._journal.put(self._blocks, digest, told[None])
        self._done, self._blocks = self._done + n, self._blocks + 1

    def _place(self) -> int:
        """Return where the next row of the table begins."""
        return self._start + self._table.head_bytes + self._done * self._table.row_bytes

    def finish(self, drawn: int) -> None:
        """Give the file its name, whole or not at all: all rows are there, selected from so many candidates.

        Raises
        ------
        RunError
            When it cannot take its place.
        """
        if self._done != self._layout.rows:
            raise ValueError(f"{self._done} rows of {self._layout.rows}")
        self._table.tell(DRAWN, drawn)
        output, fd, end = self._output, self._partial.fd, self._start + self._table.head_bytes + self._table.data_bytes
        with safefile.writing(output.label):
            write_all(fd, self._table.head(), self._start)
            os.ftruncate(fd, end)
        if self._direct:
            output.adopt(fd, str(self._partial.path))
            return
        with output.create(None, compression_of(output.label)) as target:
            copy_range(fd, target, 0, 0, end, output.label)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        remove = not unfinished(error)
        self._partial.close(remove=remove)
        self._journal.close(remove=remove)


def _digest(pixels: Array | None, rows: Array) -> bytes:
    total = hashlib.sha256(b"" if pixels is None else pixels.data)
    total.update(rows.data)
    return total.digest()


def columns_of(
    bands: Sequence[str],
    truth: Sequence[Column],
    catalogue: Sequence[Column] = (),
    *,
    stamps: bool,
    aperture: bool = True,
    measured: bool = True,
) -> tuple[Column, ...]:
    """Return the columns of a file of mocks.

    Parameters
    ----------
    bands : sequence of str
    truth : sequence of Column
        What is drawn; their names get ``_TRUE``.
    catalogue : sequence of Column
        What a catalogue has beside it.
    stamps : bool
        Whether the rows have stamps, and so a place in them and a flag.
    aperture : bool
        Whether fluxes are measured in an aperture, else as the survey's catalogue has them.
    measured : bool
        Whether there are any but the true ones.
    """
    flux, modelled = "phot.flux.density", "phot.flux.density;meta.modelled"
    kind = "flux in the aperture in" if aperture else "flux as the survey's catalogue has it in"
    spelled = [(word, band.replace("'", "")) for band, word in zip(bands, words(bands), strict=True)]
    found = [
        Column("ID", "i4", "", "meta.id;meta.main", "number of the row, from 1", "I10"),
        Column("GROUP", "i4", "", "meta.id.parent", "candidate that was drawn; copies share it", "I10"),
        *(replace(column, name=f"{column.name}{TRUE}") for column in truth),
        *catalogue,
        *(
            Column(f"FLUX_{word}{TRUE}", "f4", "uJy", modelled, f"flux of all light in {band}", "G12.5")
            for word, band in spelled
        ),
    ]
    for word, band in spelled if measured else ():
        found += [
            Column(f"FLUX_{word}", "f4", "uJy", flux, f"{kind} {band}", "G12.5"),
            Column(f"FLUXERR_{word}", "f4", "uJy", f"stat.error;{flux}", f"error of FLUX_{word}", "G12.5"),
        ]
    if aperture and measured:
        found.append(Column("APERTURE", "f4", "arcsec", "phys.angSize", "radius of the aperture of all bands", "F8.4"))
    names = tuple(column.name for column in found)
    return (*found, *(StampColumns(tuple(bands), names, False).columns if stamps else ()))
