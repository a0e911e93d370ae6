"""PlaneCodec: one plane of a stamp as a compressed tile (FITS 4.0, section 10): RICE_1 quantised, GZIP_2 lossless."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits.cards import Value, integer
from skycnn.fits.tilebytes import TileError, inflated, unriced, unshuffled

Array = NDArray[Any]

LEVEL = 4.0
"""Quantisation steps in a sigma of the tile's noise: q of Pence et al. (2010), as in fpack; adds 1/4 sigma / sqrt(12),
or 0.3 per cent, to the noise."""
SEED = 1
"""ZDITHER0, to which the tile's number is added; fixed, so that the same stamps give the same bytes."""
MOST_SEED = 10_000
"""ZDITHER0 counts the first tile's numbers among as many random ones (FITS 4.0, section 10.2)."""
BLANK = -2147483647
"""NaN among quantised values, as in CFITSIO."""
DITHER = {"NO_DITHER": -1, "SUBTRACTIVE_DITHER_1": 1, "SUBTRACTIVE_DITHER_2": 2}
GZIP_LEVEL = 4


@dataclass(frozen=True)
class Tile:
    """A compressed plane.

    Parameters
    ----------
    octets : bytes
        The compressed values.
    lossless : bool
        Whether they are floats, not quantised.
    scale, zero : float
        The physical value is ``zero + scale * (integer - dither + 0.5)``.
    """

    octets: bytes
    lossless: bool
    scale: float = 1.0
    zero: float = 0.0


def seed(header: Mapping[str, Value], label: str) -> int:
    """Return ZDITHER0, 0 without one.

    Raises
    ------
    InputError
        When it is no seed.
    """
    number = integer(header, "ZDITHER0", label, 0)
    if number > MOST_SEED:
        raise InputError(f"{label}: ZDITHER0 is no seed", value=number, expected=f"at most {MOST_SEED}")
    return number


def rice(plane: Array, number: int) -> Tile:
    """Return a plane (y, x), float32, quantised by its noise and RICE-compressed.

    Without noise (all NaN, or constant) or with an infinity it is packed losslessly.

    Parameters
    ----------
    plane : array
    number : int
        The tile's, from 0; seeds the dither.
    """
    from astropy.io.fits.hdu.compressed._codecs import Rice1
    from astropy.io.fits.hdu.compressed._compression import quantize_float_c

    y, x = plane.shape
    native = np.ascontiguousarray(plane, np.float32)
    holes = np.isnan(native)
    if holes.all() or np.isinf(native).any():
        return Tile(_gzip(plane, 1), lossless=True)
    filled = native.copy()
    filled[holes] = np.resize(
        native[~holes], int(holes.sum())
    )  # so that holes have the plane's noise while it is measured
    octets, done, scale, zero = quantize_float_c(
        filled.tobytes(), number + SEED, x, y, 0, 0, LEVEL, DITHER["SUBTRACTIVE_DITHER_1"]
    )[:4]
    if not done:
        return Tile(_gzip(plane, 1), lossless=True)
    values = np.frombuffer(octets, np.int32).copy()
    values[holes.reshape(-1)] = BLANK
    return Tile(bytes(Rice1(blocksize=32, bytepix=4, tilesize=x * y).encode(values)), False, scale, zero)


def packed(plane: Array) -> Tile:
    """Return a plane, float32, packed losslessly: bytes of the same significance side by side, then gzip."""
    return Tile(_gzip(plane, 2), lossless=True)


def _gzip(plane: Array, kind: int) -> bytes:
    octets = np.ascontiguousarray(plane, ">f4").reshape(-1, 1).view(np.uint8)
    return gzip.compress(octets.T.tobytes() if kind == 2 else octets.tobytes(), GZIP_LEVEL, mtime=0)


def unpacked(octets: bytes, kind: int, side: int) -> Array:
    """Return a plane, float32 (side, side), from GZIP_1 or GZIP_2 (``kind`` 1 or 2).

    Raises
    ------
    TileError
        When the bytes are corrupt.
    """
    size = 4 * side * side
    values = inflated(octets, size)
    if len(values) != size:
        raise TileError(f"{len(values)} bytes of {size}")
    if kind == 2:
        values = unshuffled(values, 4)
    return values.view(">f4").reshape(side, side)


def dequantised(tile: Tile, number: int, side: int, *, dither: int, seed: int, blank: int | None) -> Array:
    """Return a plane, float32 (side, side), from its quantised and RICE-compressed values.

    Raises
    ------
    TileError
        When the bytes are corrupt.
    """
    from astropy.io.fits.hdu.compressed._compression import unquantize_float_c

    values = unriced(np.frombuffer(tile.octets, np.uint8), 32, 4, side * side)
    if dither == DITHER["NO_DITHER"]:
        with np.errstate(over="ignore", invalid="ignore"):
            plane = (values * tile.scale + tile.zero).astype(np.float32)
    else:
        octets = unquantize_float_c(
            values.tobytes(), number + seed, values.size, tile.scale, tile.zero, dither, 0, 0, 0.0, 4
        )
        plane = np.frombuffer(octets, np.float32).copy()
    if blank is not None:
        plane[values == blank] = np.nan
    return plane.reshape(side, side)
