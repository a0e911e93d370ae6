"""PixelStore: stamps to train on - few in memory, many in a scratch file, which the system caches as it has room."""

import os
import tempfile
import weakref
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import NoSpaceError, RunError
from skycnn.files.safefile import scratch, writing

Array = NDArray[Any]

SHARE = 0.5
"""Of the free memory; the rest is left to networks, batches and the system."""
HELD = 256 << 20
"""Bytes of stamps that are held in memory: reading a batch from a file takes a hundredth of what a network does."""
MEMORY = Path("/proc/meminfo")
ELSEWHERE = "It lies beside the model: --out FILE puts both on another disk, --rows A:B makes it smaller."


def memory_left(meminfo: Path = MEMORY) -> int:
    """Return the bytes of memory that programs may still take; practically no limit where it is unknown."""
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return 1 << 62
    words = next((line.split() for line in lines if line.startswith("MemAvailable:")), [])
    return int(words[1]) * 1024 if len(words) > 1 else 1 << 62


class ScratchPixels:
    """Stamps in a file of their own, float32 (m, band, y, x), read and not mapped: what is read is the reader's memory.

    Parameters
    ----------
    fd : int
        Descriptor of the file, which has room for all; it is duplicated.
    shape : tuple of int
    """

    itemsize = 4

    def __init__(self, fd: int, shape: tuple[int, ...]) -> None:
        self.fd, self.shape = os.dup(fd), shape
        weakref.finalize(self, os.close, self.fd)
        self._row = self.itemsize * int(np.prod(shape[1:]))

    def __getitem__(self, rows: Array) -> Array:
        """Return the pixels of some rows, by number; rows that follow one another are read at once."""
        found = np.empty((len(rows), *self.shape[1:]), np.float32)
        ends = [*(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)]
        for first, end in zip([0, *ends], ends, strict=False):
            view, at = found[first:end].reshape(-1).view(np.uint8).data, int(rows[first]) * self._row if end else 0
            while view:
                got = os.preadv(self.fd, [view], at)
                if not got:
                    raise RunError("a scratch file of stamps was cut short", hint="Run again.")
                view, at = view[got:], at + got
        return found

    def __setitem__(self, rows: slice, pixels: Array) -> None:
        """Write the pixels of rows that follow one another."""
        view = np.ascontiguousarray(pixels, np.float32).reshape(-1).view(np.uint8).data
        at = rows.start * self._row
        while view:
            done = os.pwrite(self.fd, view, at)
            view, at = view[done:], at + done


class PixelStore:
    """Stamps, float32 (n, band, y, x), read by batches of rows.

    Parameters
    ----------
    pixels : array (m, band, y, x) or ScratchPixels
        In memory, or in a file.
    rows : array (n,)
        Places of the store's rows among them.
    """

    def __init__(self, pixels: Array | ScratchPixels, rows: Array) -> None:
        self.pixels, self.rows = pixels, np.asarray(rows, np.int64)

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, bands, pixels, pixels."""
        return (len(self.rows), *self.pixels.shape[1:])

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return len(self.rows) * int(np.prod(self.pixels.shape[1:])) * self.pixels.itemsize

    @property
    def where(self) -> str:
        """Where the pixels are, in words."""
        return "in a scratch file" if isinstance(self.pixels, ScratchPixels) else "in memory"

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def __getitem__(self, rows: slice | Array) -> Array:
        """Return a copy of the pixels of some rows, in memory."""
        return np.asarray(self.pixels[self.rows[rows]])

    def take(self, rows: Array) -> Self:
        """Return a store of some rows that shares the pixels."""
        return type(self)(self.pixels, self.rows[rows])


class Writer:
    """Collects stamps for a store.

    Parameters
    ----------
    most : int
        Rows at most; memory is taken only for those added.
    folder : str, optional
        Of the scratch file, which is unlinked: it vanishes with the process. Default the system's.
    room : int, optional
        Bytes of memory to use at most; default HELD, or SHARE of what is free where that is less.
    """

    def __init__(self, most: int, folder: str | None = None, room: int | None = None) -> None:
        self._most, self._folder, self._room = most, folder, room
        self._pixels: Array | ScratchPixels | None = None
        self._count = 0

    def add(self, pixels: Array) -> None:
        """Add the stamps (n, band, y, x) of some rows.

        Raises
        ------
        NoSpaceError, RunError
            When there is no room in the scratch file's folder, or no file can be made there.
        """
        if self._pixels is None:
            self._pixels = self._allocated(pixels.shape[1:])
        self._pixels[self._count : self._count + len(pixels)] = pixels
        self._count += len(pixels)

    def _allocated(self, shape: tuple[int, ...]) -> Array | ScratchPixels:
        whole = (self._most, *shape)
        size, free = 4 * int(np.prod(whole)), SHARE * memory_left()
        if size <= (min(HELD, free) if self._room is None else self._room):
            return np.empty(whole, np.float32)
        label = f"a scratch file for {size / 1e9:.1f} GB of stamps in {self._folder or tempfile.gettempdir()}"
        try:
            with writing(label, ELSEWHERE), scratch(self._folder) as file:
                os.posix_fallocate(file.fileno(), 0, size)  # a full disk is an error here and not in the middle
                return ScratchPixels(file.fileno(), whole)
        except NoSpaceError:
            if self._room is not None or size > free:
                raise
            return np.empty(whole, np.float32)

    def store(self, order: Array) -> PixelStore:
        """Return a store of the rows added, in the order of these places (n,)."""
        empty = np.empty((0, 1, 1, 1), np.float32)
        return PixelStore(empty if self._pixels is None else self._pixels, order)
