"""OpenImages: a cache of open images; the least recently used are closed to make room."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from skycnn.files import memory
from skycnn.images.imageheader import ImageHeader
from skycnn.images.openpixels import open_pixels
from skycnn.images.pixels import Pixels

MOST = 128
"""Open images: well below the usual limit of 1024 descriptors a process."""
MOST_ARCHIVES = 8
"""Open archives among them: each is a temporary file of the whole image."""
MOST_BYTES = 128 << 20
"""Decoded pixels held by all of them."""
SHARE = 4
"""Part of the bound on memory that they hold where one tile alone is larger: it takes long to decode."""


_Key = tuple[str, int, int | None]
"""Path, number of the HDU, bits of a mask."""


@dataclass
class _Entry:
    pixels: Pixels | None = None
    users: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class OpenImages:
    """Images opened on demand and kept while there is room; thread-safe.

    Parameters
    ----------
    scratch : str, optional
        Folder for uncompressed archives.
    opener : callable
        ``opener(header, scratch)`` opens an image.
    most, most_bytes : int
        Images open at once, and decoded bytes held.
    """

    def __init__(
        self,
        scratch: str | None = None,
        opener: Callable[[ImageHeader, str | None], Pixels] = open_pixels,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.scratch, self.opener, self.most, self.most_bytes = scratch, opener, most, most_bytes
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()
        self._archives: set[_Key] = set()
        self._holding = False  # decoded pixels, perhaps
        self._lock = threading.Lock()

    @contextmanager
    def borrowed(self, header: ImageHeader) -> Iterator[Pixels]:
        """Yield an image's pixels; they stay open until given back.

        Raises
        ------
        InputError
            When the image cannot be opened.
        ChangedError
            When its file is not the one whose header was read.
        """
        key = (header.spec.path, header.number, header.bits)
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            entry.users += 1
            self._entries.move_to_end(key)
            if header.compression:
                self._archives.add(key)
        try:
            with entry.lock:  # one thread opens, others wait
                if entry.pixels is None:
                    entry.pixels = self.opener(header, self.scratch)
                    self._holding |= header.kind != "plain"
            yield entry.pixels
        finally:
            with self._lock:
                entry.users -= 1
                self._make_room()

    def _make_room(self) -> None:
        if len(self._entries) <= self.most and not self._archives and not self._holding:
            return
        sizes = {key: entry.pixels.nbytes if entry.pixels else 0 for key, entry in self._entries.items()}
        held, largest = sum(sizes.values()), max(sizes.values(), default=0)
        room = self.most_bytes if largest <= self.most_bytes else memory.bound() // SHARE
        for key in [key for key, entry in self._entries.items() if entry.users == 0]:
            crowded = len(self._entries) > self.most or (len(self._archives) > MOST_ARCHIVES and key in self._archives)
            if not crowded and not (held > room and sizes[key]):  # closing a mapped image frees nothing
                continue
            entry = self._entries.pop(key)
            self._archives.discard(key)
            held -= sizes[key]
            if entry.pixels is not None:
                entry.pixels.close()

    def close(self) -> None:
        """Close all images."""
        with self._lock:
            for entry in self._entries.values():
                if entry.pixels is not None:
                    entry.pixels.close()
            self._entries.clear()
            self._archives.clear()
