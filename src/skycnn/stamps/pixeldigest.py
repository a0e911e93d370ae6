"""PixelDigest: a hash of all pixels, computed in a thread while rows are answered.

A stamp file extended in place gets a new mtime with every run, so only its bytes tell whether the pixels changed.
"""

import threading

from skycnn.stamps.stamps import Stamps


class PixelDigest:
    """The digest of stamps; starts at once.

    Parameters
    ----------
    stamps : Stamps or None
        Kept open until `end` or `close`.
    """

    def __init__(self, stamps: Stamps | None) -> None:
        self._stamps, self._stopped = stamps, threading.Event()
        self._digest = b""
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True, name="skycnn-digest")
        if stamps is not None:
            self._thread.start()

    def end(self) -> bytes:
        """Wait for the digest and return it; empty where `Stamps.facts` suffices.

        Raises
        ------
        ChangedError, OSError
            From reading the stamps.
        """
        if self._thread.is_alive():
            self._thread.join()
        if self._error is not None:
            raise self._error
        return self._digest

    def close(self) -> None:
        """Stop; the digest is not needed."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        try:
            self._digest = self._stamps.digest(self._stopped) if self._stamps is not None else b""
        except BaseException as error:
            self._error = error
