"""Journal: the finished row ranges of a run, kept beside the output so that a killed run resumes."""

import json
import os
import struct
import zlib
from bisect import bisect_left, bisect_right
from contextlib import suppress
from typing import IO

import numpy as np

from skycnn.errors import Interrupted
from skycnn.files import workingfile
from skycnn.files.safefile import scratch
from skycnn.interrupt import check

READ_BYTES = 4 << 20
MAGIC = b"skycnn journal 1\n"
_RECORD = struct.Struct("<QI32sI")  # first row, rows, sha256 of the input bytes, crc32 of these and the payload


def unfinished(error: BaseException | None) -> bool:
    """Return whether a run that ended so leaves its working files, so that the same command goes on from them."""
    return isinstance(error, (Interrupted, KeyboardInterrupt))


class Journal:
    """Packed answers of finished row ranges, in a file under the output's lock; one that is not ours is not read.

    Parameters
    ----------
    path : str or None
        ``.NAME.skycnn-journal``; None for an unlinked temporary file: a run to standard output cannot resume.
    key : dict
        Model, options, columns, rows: a journal with another key is discarded.
    width : int
        Bytes a row.
    """

    def __init__(self, path: str | None, key: dict[str, object], width: int) -> None:
        self.path, self.width = path, width
        self.discarded = False
        self._places: dict[int, tuple[int, bytes, int]] = {}
        self._starts: list[int] = []
        head = MAGIC + json.dumps(key, sort_keys=True).encode() + b"\n"
        self._file: IO[bytes]
        if path is None:
            self._file = scratch()
        else:
            self._file = os.fdopen(workingfile.opened(path), "r+b", buffering=0)
        try:
            self._begin(head)
        except BaseException:
            self.close(remove=True)
            raise
        self.resumed = sum(n for n, _, _ in self._places.values())
        """Rows that were finished when the journal was opened."""

    def _begin(self, head: bytes) -> None:
        fd = self._file.fileno()
        size = os.fstat(fd).st_size
        if size and os.pread(fd, len(head), 0) == head:
            self._end = self._index(len(head), size)
        else:
            self.discarded = size > 0
            self._end = 0
            os.ftruncate(fd, 0)
            self._append(head)

    def _index(self, at: int, size: int) -> int:
        """Index the records from offset ``at``; a torn one at the end, from a power cut, is cut off."""
        fd = self._file.fileno()
        while at + _RECORD.size <= size:
            first, n, digest, told = _RECORD.unpack(os.pread(fd, _RECORD.size, at))
            end = at + _RECORD.size + n * self.width
            if end > size or n == 0:
                break
            if self._sum(first, n, digest, at + _RECORD.size, end) != told:
                break
            self._keep(first, n, digest, at + _RECORD.size)
            at = end
        os.ftruncate(fd, at)
        return at

    def _sum(self, first: int, n: int, digest: bytes, at: int, end: int) -> int:
        """Return the crc32 of a record whose payload is the bytes at..end, of which few are held at a time."""
        total = _crc(first, n, digest, b"")
        for start in range(at, end, READ_BYTES):
            check()
            total = zlib.crc32(os.pread(self._file.fileno(), min(READ_BYTES, end - start), start), total)
        return total

    def _keep(self, first: int, n: int, digest: bytes, place: int) -> None:
        """Index a range; it takes the place of those that it overlaps."""
        begin, end = bisect_left(self._starts, first), bisect_left(self._starts, first + n)
        if begin and self._starts[begin - 1] + self._places[self._starts[begin - 1]][0] > first:
            begin -= 1
        for start in self._starts[begin:end]:
            del self._places[start]
        self._starts[begin:end] = [first]
        self._places[first] = (n, digest, place)

    def holds(self, first: int, n: int, digest: bytes) -> bool:
        """Whether these rows are finished, from input of this SHA-256."""
        place = self._places.get(first)
        return place is not None and place[:2] == (n, digest)

    def put(self, first: int, digest: bytes, rows: "np.ndarray") -> None:
        """Add a finished range: packed rows, uint8 (n, width)."""
        payload = rows.tobytes()
        record = _RECORD.pack(first, len(rows), digest, _crc(first, len(rows), digest, payload)) + payload
        place = self._end + _RECORD.size
        self._append(record)
        self._keep(first, len(rows), digest, place)

    def _append(self, content: bytes) -> None:
        done = 0
        while done < len(content):
            done += os.pwrite(self._file.fileno(), content[done:], self._end + done)
        self._end += done

    def rows(self, first: int, end: int) -> "np.ndarray":
        """Return the packed bytes of rows first..end, uint8 (end - first, width); they must be finished.

        Raises
        ------
        KeyError
            When a row is not finished.
        """
        out = np.empty((end - first, self.width), np.uint8)
        starts = self._starts
        at = bisect_right(starts, first) - 1
        row = first
        while row < end:
            begin = starts[at] if 0 <= at < len(starts) else end
            n, _, place = self._places.get(begin, (0, b"", 0))
            if not begin <= row < begin + n:
                raise KeyError(row)
            stop = min(end, begin + n)
            part = os.pread(self._file.fileno(), (stop - row) * self.width, place + (row - begin) * self.width)
            out[row - first : stop - first] = np.frombuffer(part, np.uint8).reshape(stop - row, self.width)
            row, at = stop, at + 1
        return out

    def close(self, *, remove: bool) -> None:
        """Close the file, and remove it unless another run is to resume from it."""
        if remove and self.path is not None:
            with suppress(FileNotFoundError):
                os.unlink(self.path)
        self._file.close()


def _crc(first: int, n: int, digest: bytes, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_RECORD.pack(first, n, digest, 0)))
