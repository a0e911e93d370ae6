"""PixelDigest: a hash of all that stamps show, worked out while rows are answered.

Stamps that lie in the catalogue's own file change its time with every run, so nothing but their bytes tells whether
they are still the ones that were answered for.
"""

import threading

from skycnn.stamps.stamps import Stamps


class PixelDigest:
    """The digest of some stamps, begun.

    Parameters
    ----------
    stamps : Stamps or None
        Open until `end` or `close`.
    """

    def __init__(self, stamps: Stamps | None) -> None:
        self._stamps, self._stopped = stamps, threading.Event()
        self._found = b""
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True, name="skycnn-digest")
        if stamps is not None:
            self._thread.start()

    def end(self) -> bytes:
        """Wait for the digest and return it; empty where `Stamps.facts` tells all.

        Raises
        ------
        ChangedError, OSError
            As the reading did.
        """
        if self._thread.is_alive():
            self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found

    def close(self) -> None:
        """Leave off; nobody wants it."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        try:
            self._found = self._stamps.digest(self._stopped) if self._stamps is not None else b""
        except BaseException as error:
            self._error = error
