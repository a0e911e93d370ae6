"""AheadCopy: what lies before a table, copied to the new file and to the disk while the table's rows are answered.

Most of a stamp file are the stamps before its table: copied after the last answer, they would be waited for.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from skycnn.fits.bytecopy import copy_range

LEAST = 8 << 20
"""Bytes; fewer are left to whoever writes the rest."""

PIECE = 16 << 20
"""Bytes after which a copy may be stopped."""


class AheadCopy:
    """A copy under way in a thread.

    Parameters
    ----------
    source, target : int
        Descriptors; they stay open until `stop` returns.
    length : int
        Bytes from the beginning of both.
    label : str
        Names the source in messages.
    """

    def __init__(self, source: int, target: int, length: int, label: str) -> None:
        self._stopped, self._pool = Event(), ThreadPoolExecutor(1, "skycnn-ahead")
        self._copied = self._pool.submit(self._copy, source, target, length if length >= LEAST else 0, label)

    def end(self) -> int:
        """Wait for the copy, and return its bytes.

        Raises
        ------
        ChangedError, OSError
            When copying failed.
        """
        return self._copied.result()

    def check(self) -> None:
        """Raise what ended the copy early, so that nobody works on for a file that cannot come to be.

        Raises
        ------
        ChangedError, OSError
            When copying failed.
        """
        if self._copied.done():
            self._copied.result()

    def stop(self) -> None:
        """End the copy after the piece under way."""
        self._stopped.set()
        self._pool.shutdown()

    def _copy(self, source: int, target: int, length: int, label: str) -> int:
        done = 0
        while done < length and not self._stopped.is_set():
            n = min(PIECE, length - done)
            copy_range(source, target, done, done, n, label)
            os.fdatasync(target)
            done += n
        return done
