"""StampFile: stamps and their catalogue written as a stream, rows in any order."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from skycnn.files import safefile
from skycnn.files.journal import Journal, unfinished
from skycnn.fits import cards as fitscards
from skycnn.fits.bytecopy import copy_range
from skycnn.fits.catalogue import CHUNK, Catalogue
from skycnn.fits.newheader import MOST_FIELDS, NewColumns, new_cards, width
from skycnn.fits.newheader import packed as packed_columns
from skycnn.fits.output import Output, compression_of
from skycnn.fits.provenance import Record
from skycnn.fits.splice import splice_table
from skycnn.fits.stamplayout.compressedcube import write_compressed
from skycnn.fits.stamplayout.stampheader import head, named
from skycnn.schema import Column
from skycnn.stamps.stampfile import stampcolumns
from skycnn.stamps.stampfile.partialfile import PartialFile, sums
from skycnn.stamps.stampfile.stampcolumns import StampColumns
from skycnn.stamps.stamps import Array, Batch

ADDED_BYTES = 1 << 16
"""Estimate of the cards added to the catalogue."""


class StampFile:
    """A stamp file being written; a context manager that leaves nothing if it ends without ``finish``.

    Usage::

        with output.locked(wait):
            output.prepare(resume=True)
            with Catalogue.open(spec) as catalogue, StampFile(output, catalogue, ...) as file:
                for first, digest, n in ...:
                    if not file.held(first, n, digest):
                        for batch in stamps.batches(first, ...):
                            file.write(first, batch)
                        file.done(first, n, digest, rests, flags)
                file.finish(record)

    Parameters
    ----------
    output : Output
        A file (not in place) or standard output.
    catalogue : Catalogue
        Copied into the file.
    rows : (int, int), optional
        Only these, half open; default all.
    bands : sequence of str
        In the order of the planes.
    side : int
        Pixels along an edge.
    facts : mapping of str to value, optional
        Cards of the header: PIXSCALE, BUNIT, SURVEY, ...; None values are left out.
    compress : str, optional
        ``rice`` or ``gzip``.
    identity : mapping, optional
        Plain JSON that must be equal for a run to resume a killed one.
    used : sequence of str
        Columns of the catalogue that are read.
    more : sequence of Column
        Written before the stamps' own.

    Attributes
    ----------
    discarded : bool
        Whether the journal of another run was discarded.
    resumed : int
        Rows taken over from a killed run so far.

    Raises
    ------
    InputError
        When the table cannot take the new columns.
    NoSpaceError
        When the disk cannot hold the file.
    """

    def __init__(
        self,
        output: Output,
        catalogue: Catalogue,
        *,
        rows: tuple[int, int | None] | None = None,
        bands: Sequence[str],
        side: int,
        facts: Mapping[str, Any] | None = None,
        compress: str | None = None,
        identity: Mapping[str, Any] | None = None,
        used: Sequence[str] = (),
        more: Sequence[Column] = (),
    ) -> None:
        self._output, self._catalogue, self._compress = output, catalogue, compress
        self._more, self._more_bytes = tuple(more), sum(map(width, more))
        start, end = rows or (0, None)
        end = catalogue.rows if end is None else min(end, catalogue.rows)
        self._first, self._n = start, max(end - start, 0)
        self._bands, self._side = tuple(bands), side
        few, many = (StampColumns(self._bands, catalogue.names, each) for each in (False, len(self._bands) > 1))
        added = NewColumns((*more, *few.columns), used=tuple(used))
        new_cards(catalogue.plain[1], added, catalogue.label)  # refuses before the first write
        self._room = len(catalogue.columns) + len(more) + len(many.columns) <= MOST_FIELDS
        self._head = head(self._n, self._bands, side, facts or {})
        row_bytes = 4 * len(self._bands) * side * side
        self._end = len(self._head) + fitscards.padded(row_bytes * self._n)
        size = self._end + table_bytes(catalogue, self._n, len(self._bands), self._more_bytes)
        direct = not compress and not output.standard and not compression_of(output.label)
        path = output.partial_path
        needed = size - min(PartialFile.reserved(path), size) + (0 if direct else size)
        output.check_space(needed)
        self._direct, self.resumed = direct, 0
        self._sums, self._written = np.zeros(self._n, np.uint64), np.zeros(self._n, np.bool_)
        key = {**(identity or {}), "head": hashlib.sha256(self._head).hexdigest(), "rows": [start, end]}
        self._split = 16 * len(self._bands)
        self._width = self._split + 12 + self._more_bytes
        with safefile.writing(output.label):
            self._journal = Journal(output.journal_path, key, self._width)
            self.discarded = self._journal.discarded
            try:
                fresh = not self._journal.resumed
                mode = 0o666 if output.existing is None else 0o600
                self._partial = PartialFile(path, self._head, row_bytes, size, fresh=fresh, mode=mode)
            except BaseException:
                self._journal.close(remove=True)
                raise

    def held(self, first: int, n: int, digest: bytes) -> bool:
        """Whether these rows are finished from the same input, and their pixels on disk."""
        if not self._journal.holds(first, n, digest):
            return False
        at = first - self._first
        if not np.array_equal(self._partial.sums(at, at + n), self._unpacked(first, first + n)[2]):
            return False
        self.resumed += n
        return True

    def write(self, first: int, batch: Batch) -> None:
        """Write a batch of a chunk; ``first`` is the number of the chunk's first row in the catalogue."""
        if not len(batch.rows):
            return
        pixels = np.ascontiguousarray(batch.pixels, ">f4")
        if pixels.shape[1:] != (len(self._bands), self._side, self._side):
            raise ValueError(f"stamps of shape {pixels.shape[1:]}")
        self._put(np.asarray(batch.rows) + (first - self._first), pixels.reshape(len(pixels), -1).view(np.uint8))

    def _put(self, places: Array, blocks: Array) -> None:
        with safefile.writing(self._output.label):
            self._partial.write(places, blocks)
        self._sums[places] = sums(blocks)
        self._written[places] = True

    def done(
        self, first: int, n: int, digest: bytes, rests: Array, flags: Array, more: Mapping[str, Array] | None = None
    ) -> None:
        """Mark n rows as finished; rows not written become NaN.

        Parameters
        ----------
        first, n : int
        digest : bytes
            SHA-256 of their input, for ``held`` of a resumed run.
        rests, flags : array (n, band, 2), (n,)
        more : mapping of str to array (n,), optional
            The values of the further columns.
        """
        at = first - self._first
        empty = at + np.flatnonzero(~self._written[at : at + n])
        step = max(1, (4 << 20) // self._partial.row_bytes) if len(empty) else 1
        for i in range(0, len(empty), step):
            rows = empty[i : i + step]
            nothing = np.full((len(rows), self._partial.row_bytes // 4), np.nan, ">f4")
            self._put(rows, nothing.view(np.uint8))
        packed = np.empty((n, self._width), np.uint8)
        split, after = self._split, self._split + self._more_bytes
        packed[:, :split] = np.ascontiguousarray(rests, "<f8").reshape(n, -1).view(np.uint8)
        packed[:, split:after] = packed_columns(self._more, dict(more or {}), n)
        packed[:, -12:-8] = np.ascontiguousarray(flags, "<i4")[:, None].view(np.uint8)
        packed[:, -8:] = self._sums[at : at + n, None].astype("<u8").view(np.uint8)
        with safefile.writing(self._output.label):
            self._journal.put(first, digest, packed)

    def flags(self, first: int, n: int) -> Array:
        """Return the flags of finished rows, int32 (n,)."""
        return self._unpacked(first, first + n)[1]

    def further(self, first: int, n: int) -> Array:
        """Return the packed values of the further columns of finished rows, uint8 (n, width)."""
        return np.asarray(self._journal.rows(first, first + n)[:, self._split : self._split + self._more_bytes])

    def _unpacked(self, first: int, end: int) -> tuple[Array, Array, Array]:
        """Return rests (n, band, 2), flags (n,) and sums (n,) of finished rows."""
        rows = self._journal.rows(first, end)
        rests = np.ascontiguousarray(rows[:, : self._split]).view("<f8").reshape(len(rows), len(self._bands), 2)
        flags = np.ascontiguousarray(rows[:, -12:-8]).view("<i4")[:, 0]
        return rests, flags, np.ascontiguousarray(rows[:, -8:]).view("<u8")[:, 0]

    def finish(self, record: Record) -> list[str]:
        """Append the catalogue and rename the file; return warnings about the catalogue's checksums.

        Raises
        ------
        RunError
            When the output cannot be replaced; it is unchanged.
        """
        output, source = self._output, self._catalogue.source
        if self._direct:
            with safefile.writing(output.label):
                end, warnings = self._append(self._partial.fd, self._end, record)
                os.ftruncate(self._partial.fd, end)
            source.check_unchanged()
            output.adopt(self._partial.fd, str(self._partial.path))
            return warnings
        with output.create(None, compression_of(output.label)) as fd:
            _, warnings = self._append(fd, self._images_to(fd), record)
            source.check_unchanged()
        return warnings

    def _images_to(self, target: int) -> int:
        """Copy the stamps to another file, compressed if requested; return the offset after them."""
        if self._compress is None:
            copy_range(self._partial.fd, target, 0, 0, self._end, self._output.label)
            return self._end
        size = (self._n, len(self._bands), self._side)

        def read(first: int, end: int) -> Array:
            blocks = [block.copy() for block in self._partial.read(first, end)]
            return np.concatenate(blocks).view(">f4").reshape(-1, *size[1:], self._side)

        cards = [self._head[at : at + fitscards.CARD] for at in range(0, len(self._head), fitscards.CARD)]
        last = next(i for i, card in enumerate(cards) if card.startswith(b"END "))
        return write_compressed(target, cards[:last], size, read, self._compress)

    def _append(self, target: int, start: int, record: Record) -> tuple[int, list[str]]:
        """Write the catalogue with the new columns at an offset; return the offset after it, and warnings."""
        fd, unit = self._catalogue.plain
        end = self._first + self._n
        parts = (self._unpacked(at, min(at + CHUNK, end))[0] for at in range(self._first, end, CHUNK))
        each = any(map(stampcolumns.differ, parts))
        added = StampColumns(self._bands, self._catalogue.names, each and self._room)
        part = f", rows {self._first}:{end} of it" if self._n != self._catalogue.rows else ""
        origin = f"the table was {(unit.name or 'nameless')[:30]!r}{part}"
        lines = (origin.encode("ascii", "replace").decode(), *record.lines())
        new = NewColumns((*self._more, *added.columns), history=lines, stamp=record.time.rstrip("Z"))
        cards = named(new_cards(unit, new, self._catalogue.label, self._n), "CATALOGUE")

        def rows(first: int, last: int) -> Array:
            own = added.packed(*self._unpacked(first, last)[:2])
            if not self._more:
                return own
            return np.hstack([self.further(first, last - first), own])

        take = (self._first, end)
        after, warnings = splice_table(fd, unit, target, start, cards, new, rows, self._catalogue.label, take=take)
        if each and not self._room:
            warnings.append(
                f"{self._catalogue.label} has no room for DX and DY of each band: those of the first band are written, "
                "and in others the object lies up to a pixel off them"
            )
        return after, warnings

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        remove = not unfinished(error)
        self._partial.close(remove=remove)
        self._journal.close(remove=remove)


def table_bytes(catalogue: Catalogue, rows: int, bands: int, more: int = 0) -> int:
    """Return the most bytes that so many rows of a catalogue take in a stamp file, with ``more`` in each."""
    unit = catalogue.plain[1]
    heap = unit.size - unit.row_bytes * unit.rows
    return (
        unit.data - unit.start + ADDED_BYTES + fitscards.padded((unit.row_bytes + 16 * bands + 20 + more) * rows + heap)
    )
