"""PixelStore: stamps to train on - in memory where they fit, else in a scratch file."""

import os
import tempfile
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.files.safefile import scratch, writing

Array = NDArray[Any]

SHARE = 0.5
"""Of the free memory; the rest is left to networks, batches and the system."""
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


class PixelStore:
    """Stamps, float32 (n, band, y, x), read by batches of rows.

    Parameters
    ----------
    pixels : array (m, band, y, x)
        In memory, or mapped from a file.
    rows : array (n,)
        Places of the store's rows among them.
    """

    def __init__(self, pixels: Array, rows: Array) -> None:
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
        return "in a scratch file" if isinstance(self.pixels, np.memmap) else "in memory"

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
        Bytes of memory to use at most; default SHARE of what is free.
    """

    def __init__(self, most: int, folder: str | None = None, room: int | None = None) -> None:
        self._most, self._folder, self._room = most, folder, room
        self._pixels: Array | None = None
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

    def _allocated(self, shape: tuple[int, ...]) -> Array:
        whole = (self._most, *shape)
        size = 4 * int(np.prod(whole))
        room = SHARE * memory_left() if self._room is None else self._room
        if size <= room:
            return np.empty(whole, np.float32)
        label = f"a scratch file for {size / 1e9:.1f} GB of stamps in {self._folder or tempfile.gettempdir()}"
        with writing(label, ELSEWHERE), scratch(self._folder) as file:
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk is an error here and would be a SIGBUS later
            return np.memmap(file, np.float32, "r+", shape=whole)

    def store(self, order: Array) -> PixelStore:
        """Return a store of the rows added, in the order of these places (n,)."""
        empty = np.empty((0, 1, 1, 1), np.float32)
        return PixelStore(empty if self._pixels is None else self._pixels, order)
