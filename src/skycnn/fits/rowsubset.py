"""RowSubset: some rows of a table as a table of their own, in an unlinked temporary file."""

import os
from collections.abc import Iterator

import numpy as np

from skycnn import interrupt
from skycnn.files.safefile import kept, scratch, writing
from skycnn.fits import cards as fitscards
from skycnn.fits.bytecopy import copy_summed, write_all
from skycnn.fits.catalogue import READ_BYTES, Catalogue
from skycnn.fits.checksum import Checksum
from skycnn.fits.newheader import NewColumns, new_cards, seal
from skycnn.fits.source import Source
from skycnn.fits.splice import write_primary
from skycnn.fits.tablebytes import read_into, scan


def subset(catalogue: Catalogue, numbers: np.ndarray, folder: str | None = None) -> Catalogue:
    """Return a catalogue of some rows, their bytes as they are, and the whole heap.

    Parameters
    ----------
    catalogue : Catalogue
    numbers : ndarray
        Of the rows, int64 (n,), in the order wanted.
    folder : str, optional
        For the temporary file; default the system's.

    Raises
    ------
    ChangedError
        When the catalogue is shorter than it was.
    """
    fd, unit = catalogue.plain
    cards = new_cards(unit, NewColumns(()), catalogue.label, len(numbers))
    with kept(scratch(folder)) as file, writing(f"a temporary copy of rows of {catalogue.label}"):
        target, total = file.fileno(), Checksum()
        start = write_primary(target)
        at = data = start + len(fitscards.assemble(cards))
        for block in _blocks(catalogue, numbers):
            write_all(target, block.data, at)
            total.add(block)
            at += block.nbytes
        end = unit.data + unit.row_bytes * unit.rows
        heap = unit.size - unit.row_bytes * unit.rows
        copy_summed(fd, target, end, at, heap, catalogue.label, [total])
        at += heap
        write_all(target, bytes(fitscards.padded(at - data) - (at - data)), at)
        seal(cards, total.value, "")
        write_all(target, fitscards.assemble(cards), start)
        units = scan(target, os.fstat(target).st_size, catalogue.label)
        found = Catalogue(Source(catalogue.source.spec, None, file, None, ""), units, units[1])
    found.label = catalogue.label
    return found


def _blocks(catalogue: Catalogue, numbers: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the bytes of the rows, uint8 (n, row_bytes), a few megabytes at a time."""
    fd, unit = catalogue.plain
    step = max(1, READ_BYTES // max(unit.row_bytes, 1))
    for first in range(0, len(numbers), step):
        interrupt.check()
        some = numbers[first : first + step]
        block = np.empty((len(some), unit.row_bytes), np.uint8)
        starts = np.flatnonzero(np.diff(some, prepend=-2) != 1).tolist()  # of rows that follow one another
        for begin, end in zip(starts, [*starts[1:], len(some)], strict=True):
            read_into(fd, block[begin:end], unit.data + int(some[begin]) * unit.row_bytes, catalogue.label)
        yield block
