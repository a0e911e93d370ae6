"""MockFile: stamps and their truth, or a catalogue alone, written as they are made, for their number is known."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.fits import cards as fitscards
from skycnn.fits.bytecopy import write_all
from skycnn.fits.newtable import NewTable
from skycnn.fits.output import Output, compression_of
from skycnn.fits.provenance import Record
from skycnn.fits.stamplayout.stampheader import head
from skycnn.schema import Column
from skycnn.stamps.stampfile.stampcolumns import StampColumns, words

Array = NDArray[Any]

TRUE = "_TRUE"
"""Behind the name of a column of drawn truth."""

DRAWN = "NDRAWN"
"""Card of the table: candidates that the rows were selected from."""


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


class MockFile:
    """A file of mocks in the making; made by `create`."""

    def __init__(self, fd: int, layout: Layout, record: Record) -> None:
        self._fd, self._layout, self._done = fd, layout, 0
        self._table = layout.table(record)
        self._start = layout._pixels(layout.rows)
        write_all(fd, layout.first(), 0)

    @classmethod
    @contextmanager
    def create(cls, output: Output, layout: Layout, record: Record) -> "Iterator[MockFile]":
        """Yield the file; on a clean end it takes its name, whole or not at all.

        Raises
        ------
        NoSpaceError
            When the disk cannot hold it.
        RunError
            When it cannot take its place.
        """
        size = layout.size(record)
        output.check_space(size)
        with output.create(None, compression_of(output.label)) as fd:
            yield cls(fd, layout, record)

    def write(self, values: Mapping[str, Array], pixels: Array | None) -> None:
        """Write the next rows: their values by column, and their stamps (n, band, y, x)."""
        n = len(next(iter(values.values())))
        if not n:
            return
        if pixels is not None:
            write_all(self._fd, np.ascontiguousarray(pixels, ">f4").data, self._layout._pixels(self._done))
        at = self._start + self._table.head_bytes + self._done * self._table.row_bytes
        write_all(self._fd, self._table.pack(values, n).data, at)
        self._done += n

    def finish(self, drawn: int) -> None:
        """Write the table's header: all rows are there, selected from so many candidates."""
        if self._done != self._layout.rows:
            raise ValueError(f"{self._done} rows of {self._layout.rows}")
        self._table.tell(DRAWN, drawn)
        write_all(self._fd, self._table.head(), self._start)
        os.ftruncate(self._fd, self._start + self._table.head_bytes + self._table.data_bytes)


def columns_of(
    bands: Sequence[str], truth: Sequence[Column], *, stamps: bool, aperture: bool = True, measured: bool = True
) -> tuple[Column, ...]:
    """Return the columns of a file of mocks.

    Parameters
    ----------
    bands : sequence of str
    truth : sequence of Column
        What is drawn; their names get ``_TRUE``.
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
