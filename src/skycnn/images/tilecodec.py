"""TileCodec: tile compression of images (FITS 4.0, section 10): one tile's bytes to its raw pixels.

The C decoders are astropy's and do not check bounds: headers are checked first, and padding ends every loop, so that
corrupt bytes do no harm.
"""

import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

METHODS = ("RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "HCOMPRESS_1", "PLIO_1", "NOCOMPRESS")
OPTIONS = {"BLOCKSIZE": 32, "BYTEPIX": 4, "SMOOTH": 0}
"""ZNAMEn and their defaults."""
DITHER = {"NONE": 0, "NO_DITHER": -1, "SUBTRACTIVE_DITHER_1": 1, "SUBTRACTIVE_DITHER_2": 2}
_ALONE = threading.Lock()
"""HCOMPRESS and the first use of the random table have global state in C."""


class TileError(ValueError):
    """A tile cannot be decoded."""


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
        from astropy.io.fits.hdu.compressed._compression import CfitsioException

        try:
            if self.method in ("RICE_1", "RICE_ONE"):
                raw = self._rice(octets, prod(shape))
            elif self.method == "HCOMPRESS_1":
                raw = self._hcompress(octets, shape)
            elif self.method == "PLIO_1":
                raw = _plio(octets, prod(shape))
            else:
                raw = unpacked(octets, prod(shape), self.method, floats)
        except (CfitsioException, SystemError) as error:
            raise TileError(str(error)) from None
        if 0 < self.bitpix < 8 * raw.itemsize and np.abs(raw.astype(np.int64)).max() >> self.bitpix:
            raise TileError("its values are larger than BITPIX allows")  # lossy compression exceeds it by little
        return raw.reshape(shape)

    def _rice(self, octets: Array, count: int) -> Array:
        from astropy.io.fits.hdu.compressed._compression import decompress_rice_1_c

        block, item = self.options["BLOCKSIZE"], self.options["BYTEPIX"]
        padded = np.full(len(octets) + 8 * block + 64, 255, np.uint8)  # ends a run of zero bits, and a block
        padded[: len(octets)] = octets
        decoded = decompress_rice_1_c(padded[: len(octets)], block, item, count)
        return np.frombuffer(decoded, "u1" if item == 1 else f"i{item}")

    def _hcompress(self, octets: Array, shape: tuple[int, int]) -> Array:
        from astropy.io.fits.hdu.compressed._compression import decompress_hcompress_1_c

        head = octets[:25].tobytes()
        sizes = int.from_bytes(head[2:6], "big"), int.from_bytes(head[6:10], "big")
        planes = max(head[22:25], default=0)
        if len(head) < 25 or head[:2] != b"\xdd\x99" or sizes != shape or planes > 63 or min(shape) < 2:
            raise TileError("the head of an HCOMPRESS stream is corrupt")
        # a plane takes at most 2 bits a pixel and some for the edges of each level
        padded = np.zeros(len(octets) + (planes + 1) * (prod(shape) // 2 + 8 * sum(shape) + 64), np.uint8)
        padded[: len(octets)] = octets
        with _ALONE:
            decoded = decompress_hcompress_1_c(padded, shape[0], shape[1], 0, self.options["SMOOTH"], 8)
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


def unpacked(octets: Array, count: int, method: str, floats: bool) -> Array:
    """Return ``count`` big-endian pixels under gzip or no compression; their type follows from the size.

    Raises
    ------
    TileError
        When the bytes are corrupt.
    """
    if method == "NOCOMPRESS":
        plain = octets
    else:
        archive = zlib.decompressobj(wbits=47)
        try:
            plain = np.frombuffer(archive.decompress(octets.tobytes(), 8 * count + 1), np.uint8)
        except zlib.error as error:
            raise TileError(str(error)) from None
        if not archive.eof:
            raise TileError("a gzip stream is cut off or too long")
    item, rest = divmod(len(plain), count)
    if rest or item not in (1, 2, 4, 8):
        raise TileError(f"{len(plain)} bytes are no {count} pixels")
    if method == "GZIP_2":  # bytes of the same significance stand together
        plain = np.ascontiguousarray(plain.reshape(item, count).T).reshape(-1)
    return plain.view("u1" if item == 1 else f">{'f' if floats and item > 2 else 'i'}{item}")


def _plio(octets: Array, count: int) -> Array:
    from astropy.io.fits.hdu.compressed._compression import decompress_plio_1_c

    words = np.zeros(len(octets) // 2 + 8, np.int16)
    words[:-8] = octets[: len(octets) // 2 * 2].view(">i2")
    old = words[2] > 0
    last = int(words[2]) if old else (int(words[4]) << 15) + int(words[3])
    if not 0 < last <= len(words) - 8 or (not old and words[1] < 0):
        raise TileError("the head of a PLIO list is corrupt")
    return np.frombuffer(decompress_plio_1_c(words, count), np.int32)
