"""TileCodec: tile compression of images (FITS 4.0, section 10): one tile's bytes to its raw pixels.

The C decoders are astropy's and do not check bounds: headers are checked first, and padding ends every loop, so that
corrupt bytes do no harm.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.fits.tilebytes import MOST_BYTES, TileError, inflated, unriced, unshuffled

Array = NDArray[Any]

METHODS = ("RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "HCOMPRESS_1", "PLIO_1", "NOCOMPRESS")
OPTIONS = {"BLOCKSIZE": 32, "BYTEPIX": 4, "SMOOTH": 0}
"""ZNAMEn and their defaults."""
ALLOWED = {"BLOCKSIZE": range(1, 1 << 16), "BYTEPIX": (1, 2, 4), "SMOOTH": (0, 1)}
"""ZVALn by ZNAMEn."""
DITHER = {"NONE": 0, "NO_DITHER": -1, "SUBTRACTIVE_DITHER_1": 1, "SUBTRACTIVE_DITHER_2": 2}
_LARGEST, _HEAD = 16, 1 << 16
"""Bytes a pixel, and besides, that no compression exceeds: twice those of the widest raw ones."""
_ALONE = threading.Lock()
"""HCOMPRESS and the first use of the random table have global state in C."""


@dataclass(frozen=True)
class Codec:
    """How the tiles of an image are compressed.

    Parameters
    ----------
    method : str
        ZCMPTYPE.
    bitpix : int
        ZBITPIX.
    options : mapping
        Those of `OPTIONS`.
    dither : str
        ZQUANTIZ.
    seed : int
        ZDITHER0.
    """

    method: str
    bitpix: int
    options: Mapping[str, int]
    dither: str = "NO_DITHER"
    seed: int = 0

    def decode(self, octets: Array, shape: tuple[int, int], floats: bool) -> Array:
        """Return a tile's raw pixels.

        Parameters
        ----------
        octets : array (n,)
            uint8, the tile's bytes in the heap.
        shape : tuple of int
            (ny, nx) of the tile.
        floats : bool
            Whether pixels of 4 or 8 bytes under gzip or no compression are floats.

        Raises
        ------
        TileError
            When the bytes are corrupt.
        """
        count = prod(shape)
        if len(octets) > _LARGEST * count + _HEAD:
            raise TileError(f"{len(octets)} bytes are too many for {count} pixels")
        if self.method in ("RICE_1", "RICE_ONE"):
            raw = unriced(octets, self.options["BLOCKSIZE"], self.options["BYTEPIX"], count)
        elif self.method == "HCOMPRESS_1":
            raw = self._hcompress(octets, shape)
        elif self.method == "PLIO_1":
            raw = _plio(octets, count)
        else:
            raw = unpacked(octets, count, self.method, floats, self.item)
        if 0 < self.bitpix < 8 * raw.itemsize and max(-int(raw.min()), int(raw.max())) >> self.bitpix:
            raise TileError("its values are larger than BITPIX allows")  # lossy compression exceeds it by little
        return raw.reshape(shape)

    @property
    def item(self) -> int:
        """Most bytes of a raw pixel."""
        return 8 if abs(self.bitpix) == 64 else 4

    @property
    def _wide(self) -> int:
        """Bytes of an integer in HCOMPRESS' transform."""
        return 4 if self.bitpix in (8, 16) else 8

    @property
    def most(self) -> int:
        """Most pixels of a tile: C counts their bytes by an int."""
        return MOST_BYTES // {"HCOMPRESS_1": self._wide, "RICE_1": self.options["BYTEPIX"]}.get(self.method, 4)

    def need(self, count: int, quantised: bool) -> int:
        """Return the bytes of memory, at its peak, that decoding a tile of ``count`` pixels takes."""
        pixel = {"HCOMPRESS_1": 4 + self._wide, "PLIO_1": 8, "GZIP_1": self.item, "GZIP_2": 2 * self.item}
        raw = pixel.get(self.method, 2 * self.options["BYTEPIX"] if self.method.startswith("RICE") else self.item)
        floats = 4 + 2 * self.item if quantised and self.dithers else 0
        return count * max(raw, floats)

    @property
    def dithers(self) -> bool:
        """Whether quantised values were dithered: then a tile is made floats as a whole."""
        return DITHER[self.dither] != -1

    def _hcompress(self, octets: Array, shape: tuple[int, int]) -> Array:
        from astropy.io.fits.hdu.compressed._compression import CfitsioException, decompress_hcompress_1_c

        head = octets[:25].tobytes()
        sizes = int.from_bytes(head[2:6], "big"), int.from_bytes(head[6:10], "big")
        planes = max(head[22:25], default=0)
        if len(head) < 25 or head[:2] != b"\xdd\x99" or sizes != shape or planes > 63 or min(shape) < 2:
            raise TileError("the head of an HCOMPRESS stream is corrupt")
        # a plane takes at most 2 bits a pixel and some for the edges of each level; 5 begins none, and so ends it all
        padded = np.full(len(octets) + prod(shape) // 4 + 8 * sum(shape) + 4096, 0x55, np.uint8)
        padded[: len(octets)] = octets
        try:
            with _ALONE:
                smooth = self.options["SMOOTH"]
                decoded = decompress_hcompress_1_c(padded, shape[0], shape[1], 0, smooth, self._wide)
        except (CfitsioException, SystemError, ValueError) as error:
            raise TileError(str(error)) from None
        return np.frombuffer(decoded, np.int32)

    def dequantised(self, raw: Array, row: int, scale: float, zero: float) -> Array:
        """Return the floats of quantised integers, float32 or float64; ``row`` is the tile's, from 0."""
        from astropy.io.fits.hdu.compressed._compression import unquantize_double_c, unquantize_float_c

        dither = DITHER[self.dither]
        if dither == -1:
            with np.errstate(over="ignore", invalid="ignore"):
                return raw * scale + zero
        unquantize, dtype = (unquantize_float_c, "f4") if self.bitpix == -32 else (unquantize_double_c, "f8")
        raw = np.ascontiguousarray(raw, raw.dtype.newbyteorder("="))
        octets = unquantize(raw, row + self.seed, raw.size, scale, zero, dither, 0, 0, 0.0, raw.dtype.itemsize)
        return np.frombuffer(octets, dtype).reshape(raw.shape)


def prepare() -> None:
    """Fill the random table of subtractive dithering, which is not thread-safe."""
    with _ALONE:
        Codec("RICE_1", -32, OPTIONS, "SUBTRACTIVE_DITHER_1", 1).dequantised(np.zeros(1, np.int32), 0, 1.0, 0.0)


def unpacked(octets: Array, count: int, method: str, floats: bool, most: int) -> Array:
    """Return ``count`` big-endian pixels under gzip or no compression; their type follows from the size.

    Parameters
    ----------
    octets : array (n,)
        uint8.
    count : int
    method : str
        ``GZIP_1``, ``GZIP_2`` or ``NOCOMPRESS``.
    floats : bool
        Whether pixels of 4 or 8 bytes are floats.
    most : int
        Most bytes of a pixel.

    Raises
    ------
    TileError
        When the bytes are corrupt.
    """
    plain = octets if method == "NOCOMPRESS" else inflated(octets.data, most * count)
    item, rest = divmod(len(plain), count)
    if rest or item not in (1, 2, 4, 8):
        raise TileError(f"{len(plain)} bytes are no {count} pixels")
    if method == "GZIP_2":
        plain = unshuffled(plain, item)
    return plain.view("u1" if item == 1 else f">{'f' if floats and item > 2 else 'i'}{item}")


def _plio(octets: Array, count: int) -> Array:
    from astropy.io.fits.hdu.compressed._compression import CfitsioException, decompress_plio_1_c

    words = np.zeros(len(octets) // 2 + 8, np.int16)
    words[:-8] = octets[: len(octets) // 2 * 2].view(">i2")
    old = words[2] > 0
    last = int(words[2]) if old else (int(words[4]) << 15) + int(words[3])
    if not 0 < last <= len(words) - 8 or (not old and words[1] < 0):
        raise TileError("the head of a PLIO list is corrupt")
    try:
        return np.frombuffer(decompress_plio_1_c(words, count), np.int32)
    except (CfitsioException, SystemError) as error:
        raise TileError(str(error)) from None
