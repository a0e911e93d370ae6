"""AheadCopy: what lies before a table, copied to the new file and to the disk while the table's rows are answered.

Stamps lie before the table of a stamp file, and are most of it: copied after the last answer they would be waited for.
"""

import os
import threading

from skycnn.fits.bytecopy import copy_range

LEAST = 8 << 20
"""Bytes below which a thread is not worth it."""

PIECE = 16 << 20
"""Bytes between two looks whether the run has ended."""


class AheadCopy:
    """A copy that has begun.

    Parameters
    ----------
    source, target : int
        Descriptors; they stay open until `end` or `stop`.
    length : int
        Bytes from the beginning of both; few are left to whoever writes the rest.
    label : str
        Names the source in messages.
    """

    def __init__(self, source: int, target: int, length: int, label: str) -> None:
        self._source, self._target, self._label = source, target, label
        self._length = length if length >= LEAST else 0
        self._done, self._stopped = 0, threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._copy, daemon=True, name="skycnn-ahead")
        if self._length:
            self._thread.start()

    def end(self) -> int:
        """Wait for it, and return how many bytes are there.

        Raises
        ------
        ChangedError, OSError
            As the copying did.
        """
        if self._thread.is_alive():
            self._thread.join()
        self.check()
        return self._done

    def check(self) -> None:
        """Raise what ended the copy, so that nobody works on for a file that cannot come to be.

        Raises
        ------
        ChangedError, OSError
            As the copying did.
        """
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Leave off; nobody wants the copy."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _copy(self) -> None:
        try:
            while self._done < self._length and not self._stopped.is_set():
                n = min(PIECE, self._length - self._done)
                copy_range(self._source, self._target, self._done, self._done, n, self._label)
                os.fdatasync(self._target)
                self._done += n
        except BaseException as error:
            self._error = error
