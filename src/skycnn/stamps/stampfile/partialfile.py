"""PartialFile: a header and rows of equal length, written in any order; the file becomes the output."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

import numpy as np

from skycnn.files import safefile, workingfile
from skycnn.fits.bytecopy import write_all
from skycnn.fits.tablebytes import read_into
from skycnn.stamps.stamps import Array

RUN = 1000
"""Most rows a system call; Linux takes 1024 pieces."""
READ_BYTES = 4 << 20


class PartialFile:
    """A file of full length from the start, so that space cannot run out half-way.

    Parameters
    ----------
    path : str or None
        ``.NAME.skycnn-partial``; None for an unlinked temporary file (standard output cannot resume).
    head : bytes
        Bytes before the rows.
    row_bytes : int
        Bytes a row, a multiple of 4.
    size : int
        Bytes to reserve for the whole file, including what follows the rows.
    fresh : bool
        Whether what an earlier run left is thrown away, as a file that is not ours always is.
    mode : int
        Permissions of a new file, before the umask.
    """

    def __init__(
        self, path: str | None, head: bytes, row_bytes: int, size: int, *, fresh: bool, mode: int = 0o666
    ) -> None:
        self.path, self.row_bytes, self._data = path, row_bytes, len(head)
        self._file: IO[bytes]
        if path is None:
            self._file = safefile.scratch()
        else:
            fd = workingfile.opened(path, mode=mode, fresh=fresh, shared=bool(mode & 0o022))
            self._file = os.fdopen(fd, "r+b", buffering=0)
        try:
            self._reserve(size)
            write_all(self.fd, head, 0)
        except BaseException:
            self.close(remove=True)
            raise

    def _reserve(self, size: int) -> None:
        os.ftruncate(self.fd, size)  # a killed run may have left bytes after the rows
        with suppress(AttributeError):
            try:
                os.posix_fallocate(self.fd, 0, size)
            except OSError as error:
                if error.errno in safefile.NO_SPACE:
                    raise

    @property
    def fd(self) -> int:
        """Descriptor, for reading and writing."""
        return self._file.fileno()

    @staticmethod
    def reserved(path: str | None) -> int:
        """Return the bytes on disk already held by an earlier run's file."""
        with suppress(FileNotFoundError):
            return os.stat(path).st_blocks * 512 if path is not None else 0
        return 0

    def write(self, rows: Array, blocks: Array) -> None:
        """Write rows: their numbers, integers (n,), and their bytes, uint8 (n, row_bytes), contiguous."""
        order = np.argsort(rows, kind="stable")
        numbers = rows[order]
        starts = np.flatnonzero(np.diff(numbers, prepend=-2) != 1).tolist()
        if len(starts) == len(rows):  # no neighbours: write each alone
            self._write_apart((self._data + numbers * self.row_bytes).tolist(), blocks, order.tolist())
            return
        for begin, end in zip(starts, [*starts[1:], len(order)], strict=True):
            for at in range(begin, end, RUN):
                self._write_run(int(numbers[at]), blocks, order[at : min(at + RUN, end)].tolist())

    def _write_apart(self, offsets: list[int], blocks: Array, places: list[int]) -> None:
        fd, size, pwrite = self.fd, self.row_bytes, os.pwrite
        view = blocks.data.cast("B") if blocks.flags.c_contiguous else None
        for offset, place in zip(offsets, places, strict=True):
            block = blocks[place].data if view is None else view[place * size : (place + 1) * size]
            if pwrite(fd, block, offset) != size:  # a short write
                write_all(fd, block, offset)

    def _write_run(self, row: int, blocks: Array, places: list[int]) -> None:
        """Write blocks from anywhere in memory one after the other."""
        offset = self._data + row * self.row_bytes
        if places == list(range(places[0], places[0] + len(places))):
            write_all(self.fd, blocks[places[0] : places[0] + len(places)].data, offset)
            return
        done = os.pwritev(self.fd, [blocks[place] for place in places], offset)
        whole = done // self.row_bytes
        for i, place in enumerate(places[whole:], whole):  # after a short write: one by one
            write_all(self.fd, blocks[place].data, offset + i * self.row_bytes)

    def read(self, first: int, end: int) -> Iterator[Array]:
        """Yield the bytes of rows first..end, uint8 (n, row_bytes), some megabytes at a time, in one reused buffer."""
        step = max(1, READ_BYTES // max(self.row_bytes, 1))
        buffer = np.empty((min(step, end - first), self.row_bytes), np.uint8)
        for at in range(first, end, step):
            part = buffer[: min(step, end - at)]
            read_into(self.fd, part, self._data + at * self.row_bytes, "the partial stamp file")
            yield part

    def sums(self, first: int, end: int) -> Array:
        """Return the sums of rows first..end as on disk, uint64 (end - first,)."""
        return np.concatenate([np.empty(0, np.uint64), *map(sums, self.read(first, end))])

    def close(self, *, remove: bool) -> None:
        """Close the file, and remove it unless a run may resume from it."""
        if remove and self.path is not None:
            with suppress(FileNotFoundError):
                os.unlink(self.path)
        self._file.close()


def sums(blocks: Array) -> Array:
    """Return the sum of each row's words, uint64 (n,): a fast check for blocks that never reached the disk."""
    words = blocks.view("<u8" if blocks.shape[1] % 8 == 0 else "<u4")
    return np.asarray(words.sum(axis=1, dtype=np.uint64))
