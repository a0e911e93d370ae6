"""TiledPixels: a tile-compressed image, decoded and cached in blocks of tiles."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.files import memory
from skycnn.fits.tilebytes import TileError
from skycnn.images.imageheader import ImageHeader
from skycnn.images.physical import overlaps
from skycnn.images.pixels import Array, Pixels
from skycnn.images.tiles import Tiles

_CACHE_BYTES, _CACHE_BLOCKS, _CACHE_SHARE = 48 << 20, 6, 8
"""Blocks kept: as many bytes, or as many large blocks, as are this part of the bound on memory."""

Box = tuple[int, int, int, int]
"""y, x, y end, x end, half open."""


@dataclass
class _Block:
    """Decoded pixels of a block, and its corrupt tiles."""

    pixels: Array | None = None
    corrupt: list[Box] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class TiledPixels(Pixels):
    """A tile-compressed image: RICE, GZIP, HCOMPRESS, PLIO or none, integers or quantised floats."""

    def __init__(self, header: ImageHeader, scratch: str | None = None) -> None:
        super().__init__(header)
        self.tiles = Tiles(header, scratch)
        tiling = self.tiles.tiling
        self._size = (tiling.block[0] * tiling.shape[0], tiling.block[1] * tiling.shape[1])  # of a block, in pixels
        large = min(_CACHE_BLOCKS * 4 * self._size[0] * self._size[1], memory.bound() // _CACHE_SHARE)
        self._cache = max(_CACHE_BYTES, large)
        self._blocks: OrderedDict[tuple[int, int], _Block] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes of decoded pixels."""
        with self._lock:
            return sum(block.pixels.nbytes for block in self._blocks.values() if block.pixels is not None)

    def cut(self, x0: Array, y0: Array, side: int, out: Array) -> NDArray[np.bool_]:
        """Fill stamps, block by block in the order of y; see `Pixels.cut`."""
        out[...] = np.nan
        broken = np.zeros(len(out), bool)
        for key, which in self._touched(x0, y0, side):
            pixels, corrupted = self._decoded(key)
            top, left = key[0] * self._size[0], key[1] * self._size[1]
            box = (top, left, top + pixels.shape[0], left + pixels.shape[1])
            for row, source, target in overlaps(x0, y0, side, box, which):
                out[row][target] = pixels[source]
            for corrupt in corrupted:
                for row, _, _ in overlaps(x0, y0, side, corrupt, which):
                    broken[row] = True
        return broken

    def _touched(self, x0: Array, y0: Array, side: int) -> list[tuple[tuple[int, int], Array]]:
        """Return the blocks that stamps touch, each with those stamps, int64."""
        spans: list[Any] = []
        for first, size, step in ((y0, self.shape[0], self._size[0]), (x0, self.shape[1], self._size[1])):
            begin, end = np.clip(first, 0, size), np.clip(first + side, 0, size)
            spans.append((begin // step, np.where(end > begin, (end - 1) // step + 1, begin // step)))
        (y, y_end), (x, x_end) = spans
        touched: dict[tuple[int, int], list[int]] = {}
        for row in range(len(x0)):
            for iy in range(y[row], y_end[row]):
                for ix in range(x[row], x_end[row]):
                    touched.setdefault((iy, ix), []).append(row)
        return [(key, np.array(rows)) for key, rows in sorted(touched.items())]

    def _decoded(self, key: tuple[int, int]) -> tuple[Array, list[Box]]:
        """Return a block's pixels and corrupt tiles; one thread decodes, others wait."""
        with self._lock:
            block = self._blocks.setdefault(key, _Block())
            self._blocks.move_to_end(key)
        with block.lock:
            pixels = block.pixels
            if pixels is None:
                with memory.claimed(self.tiles.tiling.need, self.label):
                    pixels, block.corrupt = self._decode(key)
                block.pixels = pixels
        self._make_room()
        return pixels, block.corrupt

    def _decode(self, key: tuple[int, int]) -> tuple[Array, list[Box]]:
        (high, wide), (ny, nx) = self.tiles.shape, self.shape
        top, left = key[0] * self._size[0], key[1] * self._size[1]
        corrupt: list[Box] = []
        pixels = np.empty((min(self._size[0], ny - top), min(self._size[1], nx - left)), np.float32)
        for y in range(0, pixels.shape[0], high):
            for x in range(0, pixels.shape[1], wide):
                part = pixels[y : y + high, x : x + wide]
                try:
                    self.tiles.fill((top + y) // high, (left + x) // wide, part)
                except TileError:
                    part[...] = np.nan
                    corrupt.append((top + y, left + x, top + y + part.shape[0], left + x + part.shape[1]))
        return pixels, corrupt

    def _make_room(self) -> None:
        """Drop the least recently used blocks; the last one stays, whatever its size."""
        with self._lock:
            held = sum(block.pixels.nbytes for block in self._blocks.values() if block.pixels is not None)
            for key in list(self._blocks)[:-1]:
                if held <= self._cache:
                    break
                pixels = self._blocks[key].pixels
                if pixels is not None:
                    held -= pixels.nbytes
                    del self._blocks[key]

    def close(self) -> None:
        """Close the file and free the pixels."""
        self.tiles.close()
        with self._lock:
            self._blocks.clear()
