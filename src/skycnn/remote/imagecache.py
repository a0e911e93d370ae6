"""ImageCache: a folder of fetched images, by the hash of their URL, so that no URL is fetched twice."""

import hashlib
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, TypeVar, cast

from skycnn.errors import InputError
from skycnn.files.safefile import writing
from skycnn.fits.cards import BLOCK
from skycnn.remote.httpget import FetchError
from skycnn.remote.imageanswer import compression_of, uncompress

T = TypeVar("T")

PREFIX = ".skycnn-"
STALE = 86400.0
"""Seconds after which a file half fetched is that of a killed run."""


class ImageCache:
    """A folder of images; of use to several threads and processes at once.

    Parameters
    ----------
    folder : str, optional
        Default ``$XDG_CACHE_HOME/skycnn``, else ``~/.cache/skycnn``; where there is no home, or it cannot be written
        to, a temporary folder, gone with `close`.
    limit : int
        Bytes of an image, uncompressed.

    Raises
    ------
    InputError
        When the folder that was asked for cannot be made or written to.
    """

    def __init__(self, folder: str | None, limit: int, environment: Mapping[str, str] = os.environ) -> None:
        self.limit, self.temporary = limit, False
        self._halves: set[str] = set()
        self._busy: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        wanted = folder or _default(environment)
        try:
            if wanted is None:
                raise OSError
            os.makedirs(wanted, 0o700, exist_ok=True)
            with tempfile.TemporaryFile(dir=wanted, prefix=PREFIX):
                self.folder = os.path.abspath(wanted)
        except OSError as error:
            if folder is not None:
                what = f"images cannot be kept in {folder}: {error.strerror}"
                raise InputError(what, hint="--cache DIR names another folder.") from None
            self.folder, self.temporary = tempfile.mkdtemp(prefix=PREFIX), True
        self._clean()

    def path(self, url: str) -> str:
        """Return where a URL's image lies or would lie."""
        digest = hashlib.sha256(url.encode()).hexdigest()
        return os.path.join(self.folder, digest[:2], f"{digest}.fits")

    def get(self, url: str, fetch: Callable[[IO[bytes]], None], read: Callable[[str], T], deadline: float) -> T:
        """Return what ``read(path)`` makes of a URL's image, fetched if it is not there; a failure is not kept.

        Parameters
        ----------
        url : str
            The whole address.
        fetch : callable
            ``fetch(file)`` writes it.
        read : callable
            ``read(path)`` raises InputError where the image is none; it is thrown away then.
        deadline : float
            Of ``time.monotonic``, for a thread that waits for another's fetch of the same URL.

        Raises
        ------
        FetchError
            When it does not come, or is no image.
        NoSpaceError, RunError
            When the folder cannot take it.
        """
        path = self.path(url)
        if os.path.exists(path):
            with suppress(FetchError):  # damaged since it was kept: fetch it again
                return _read(path, read)
        with self._alone(path, deadline):
            if not os.path.exists(path):  # no other thread has just fetched it
                self._keep(path, fetch)
            return _read(path, read)

    def close(self) -> None:
        """Remove what is half fetched, and a temporary folder; fetches that still hang end in nothing."""
        for name in list(self._halves):
            with suppress(FileNotFoundError):
                os.unlink(name)
        if self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _keep(self, path: str, fetch: Callable[[IO[bytes]], None]) -> None:
        with self._temporary() as file:
            fetch(file)
            file.seek(0)
            compression = compression_of(file.read(BLOCK))
            file.seek(0)
            if not compression:
                return self._name(file, path)
            with self._temporary() as plain:
                uncompress(file, compression, plain, self.limit)
                plain.seek(0)
                compression_of(plain.read(BLOCK))  # what is no FITS is not kept
                return self._name(plain, path)

    def _name(self, file: IO[bytes], path: str) -> None:
        with writing("a fetched image"):
            file.flush()
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            os.replace(file.name, path)

    @contextmanager
    def _temporary(self) -> Iterator[IO[bytes]]:
        """Yield a file that is removed unless it is given another name."""
        with writing("a fetched image"):
            file = tempfile.NamedTemporaryFile(dir=self.folder, prefix=PREFIX, delete=False)  # noqa: SIM115
        self._halves.add(file.name)
        try:
            with file:
                yield cast(IO[bytes], file)
        finally:
            self._halves.discard(file.name)
            with suppress(FileNotFoundError):
                os.unlink(file.name)

    @contextmanager
    def _alone(self, path: str, deadline: float) -> Iterator[None]:
        with self._lock:
            lock = self._busy.setdefault(path, threading.Lock())
        if not lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise FetchError("the row's time is over")
        try:
            yield
        finally:
            with self._lock:
                self._busy.pop(path, None)
            lock.release()

    def _clean(self) -> None:
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            with suppress(OSError):
                if name.startswith(PREFIX) and time.time() - os.stat(path).st_mtime > STALE:
                    os.unlink(path)


def _default(environment: Mapping[str, str]) -> str | None:
    base = environment.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return os.path.join(base, "skycnn")
    home = environment.get("HOME", "")
    return os.path.join(home, ".cache", "skycnn") if os.path.isabs(home) else None


def _read(path: str, read: Callable[[str], T]) -> T:
    try:
        return read(path)
    except InputError as error:
        with suppress(FileNotFoundError):
            os.unlink(path)
        reason = re.sub(re.escape(path) + r"(\[[^\]]*\])?", "the image", error.what)
        raise FetchError(reason) from None
