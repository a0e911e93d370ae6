"""ImageCache: a folder of fetched images, by the hash of their URL."""

import hashlib
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from stat import S_ISDIR
from typing import IO, TypeVar, cast

from skycnn import interrupt
from skycnn.errors import InputError
from skycnn.files.safefile import writing
from skycnn.files.workingfile import described, removal
from skycnn.fits.cards import BLOCK
from skycnn.remote.fetcherror import FetchError
from skycnn.remote.imageanswer import compression_of, uncompress

T = TypeVar("T")

PREFIX = ".skycnn-"
STALE = 86400.0
"""Age in seconds of partial files that a killed run left."""


class ImageCache:
    """A folder of images; safe for several threads and processes.

    In a folder that others may write to they are kept in one of our own, ``skycnn-UID``: nobody forges them.

    Parameters
    ----------
    folder : str, optional
        Default ``$XDG_CACHE_HOME/skycnn``, else ``~/.cache/skycnn``; without a writable home, a temporary folder,
        removed by `close`.
    limit : int
        Most bytes of an image, uncompressed.

    Raises
    ------
    InputError
        When ``folder`` cannot be made or written to.
    """

    def __init__(self, folder: str | None, limit: int) -> None:
        interrupt.guard()
        self.limit, self.temporary, self._closed = limit, False, False
        self._partial: set[str] = set()
        self._busy: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        path = folder or _default()
        try:
            if path is None:
                raise OSError
            os.makedirs(path, 0o700, exist_ok=True)
            path = _private(path)
            with tempfile.TemporaryFile(dir=path, prefix=PREFIX):
                self.folder = os.path.abspath(path)
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
            if folder is not None:
                what = f"images cannot be kept in {folder}: {getattr(error, 'strerror', error)}"
                raise InputError(what, hint="--cache DIR names another folder.") from None
            self.folder, self.temporary = tempfile.mkdtemp(prefix=PREFIX), True
        self._clean()

    def path(self, url: str) -> str:
        """Return the path of a URL's image."""
        digest = hashlib.sha256(url.encode()).hexdigest()
        return os.path.join(self.folder, digest[:2], f"{digest}.fits")

    def get(self, url: str, fetch: Callable[[IO[bytes]], None], read: Callable[[str], T], deadline: float) -> T:
        """Return ``read(path)`` of a URL's image, fetched unless cached; failures are not cached.

        Parameters
        ----------
        url : str
            The full URL.
        fetch : callable
            ``fetch(file)`` writes it.
        read : callable
            ``read(path)`` raises InputError for an invalid image, which is then removed.
        deadline : float
            In ``time.monotonic``, for a thread waiting for another's fetch of the same URL.

        Raises
        ------
        FetchError
            When it cannot be fetched, or is no image.
        NoSpaceError, RunError
            When the folder cannot be written.
        """
        path = self.path(url)
        if os.path.exists(path):
            with suppress(FetchError):  # damaged in the cache: fetch it again
                return _read(path, read)
        with self._locked(path, deadline):
            if not os.path.exists(path):  # not fetched by another thread meanwhile
                self._keep(path, fetch)
            return _read(path, read)

    def close(self) -> None:
        """Remove partial files, and a temporary folder; threads that still fetch make no others."""
        with self._lock:
            self._closed = True
        for name in list(self._partial):
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
                compression_of(plain.read(BLOCK))  # only FITS is cached
                return self._name(plain, path)

    def _name(self, file: IO[bytes], path: str) -> None:
        with writing("a fetched image"):
            file.flush()
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            os.replace(file.name, path)

    @contextmanager
    def _temporary(self) -> Iterator[IO[bytes]]:
        """Yield a file that is removed unless renamed."""
        with self._lock, writing("a fetched image"):  # `close` comes before a file is made, or knows its name
            if self._closed:
                raise FetchError("the images were closed")
            file = tempfile.NamedTemporaryFile(dir=self.folder, prefix=PREFIX, delete=False)  # noqa: SIM115
            self._partial.add(file.name)
        try:
            with file:
                yield cast(IO[bytes], file)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(file.name)
            self._partial.discard(file.name)

    @contextmanager
    def _locked(self, path: str, deadline: float) -> Iterator[None]:
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


def _default() -> str | None:
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return os.path.join(base, "skycnn")
    home = os.environ.get("HOME", "")
    return os.path.join(home, ".cache", "skycnn") if os.path.isabs(home) else None


def _private(path: str) -> str:
    """Return the folder, or one in it that nobody else writes to.

    Raises
    ------
    InputError
        When something else bears that name.
    """
    if _ours(path):
        return path
    own = os.path.join(path, f"skycnn-{os.geteuid()}")
    with suppress(FileExistsError):
        os.mkdir(own, 0o700)
    if os.path.islink(own) or not _ours(own):
        what = f"images cannot be kept in {path}: {described(own)} is no folder of ours alone"
        raise InputError(what, hint=f"{removal(own)}, or --cache DIR names another folder.")
    return own


def _ours(folder: str) -> bool:
    stat = os.stat(folder)
    return S_ISDIR(stat.st_mode) and stat.st_uid == os.geteuid() and not stat.st_mode & 0o022


def _read(path: str, read: Callable[[str], T]) -> T:
    try:
        return read(path)
    except InputError as error:
        with suppress(FileNotFoundError):
            os.unlink(path)
        reason = re.sub(re.escape(path) + r"(\[[^\]]*\])?", "the image", error.what)
        raise FetchError(reason) from None
