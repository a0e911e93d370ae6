"""Physical values of raw pixels, and the overlap of stamps with a block of pixels."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.images.imageheader import ImageHeader

Array = NDArray[Any]
Slices = tuple[slice, slice]

UNSIGNED = 2**63
"""BZERO of unsigned integers of 64 bits, stored as signed ones."""


def physical(raw: Array, header: ImageHeader) -> Array:
    """Return raw * BSCALE + BZERO as float32, NaN where raw is BLANK; of a mask by bits 1 where one is set.

    Parameters
    ----------
    raw : array
        As stored, any byte order. Float32 without scaling is returned unchanged.
    header : ImageHeader
        With BSCALE, BZERO, BLANK and bits.

    Returns
    -------
    array
        float32 of either byte order; infinite on overflow.
    """
    if header.bits is not None:
        return _hidden(raw, header, header.bits)
    plain = header.bscale == 1 and header.bzero == 0
    if plain and raw.dtype.kind == "f" and raw.dtype.itemsize == 4:
        return raw
    long = raw.dtype.kind in "iu" and raw.dtype.itemsize == 8  # the others are exact in float64
    unsigned = long and header.bscale == 1 and header.bzero == UNSIGNED
    with np.errstate(over="ignore", invalid="ignore"):
        values = raw if unsigned or (plain and not long) else raw.astype(np.float64)
        if unsigned:  # float64 would lose all values up to 1024
            values = raw.astype(np.int64).view(np.uint64) ^ np.uint64(UNSIGNED)
        elif not plain:
            values *= header.bscale
            values += header.bzero
        result = values.astype(np.float32)
    if header.blank is not None and raw.dtype.kind in "iu":
        result[raw == header.blank] = np.nan
    return result


def _hidden(raw: Array, header: ImageHeader, bits: int) -> Array:
    """Return 1 where a bit is set, else 0, NaN where the value is undefined or no integer; exact in 64 bits."""
    integral = raw.dtype.kind in "iu"
    if integral and header.bscale == 1 and header.bzero.is_integer():
        words = raw.astype(np.int64).view(np.uint64) + np.uint64(
            int(header.bzero) % 2**64
        )  # wraps, as two's complement
        known = np.ones(raw.shape, bool)
    else:
        values = raw.astype(np.float64) * header.bscale + header.bzero
        known = (values == np.floor(values)) & (abs(values) < 2.0**63)
        words = np.where(known, values, 0).astype(np.int64).view(np.uint64)
    if header.blank is not None and integral:
        known &= raw != header.blank
    return np.where(known, (words & np.uint64(bits)) != 0, np.nan).astype(np.float32)


def overlaps(
    x0: Array, y0: Array, side: int, box: tuple[int, int, int, int], which: Array
) -> Iterator[tuple[int, Slices, Slices]]:
    """Yield the overlap of each stamp with a box of pixels.

    Parameters
    ----------
    x0, y0 : array (n,)
        First pixels of the stamps.
    side : int
        Of a stamp.
    box : tuple of int
        (y, x, y end, x end), half open.
    which : array (m,)
        Stamps to consider.

    Yields
    ------
    row : int
        The stamp; those without overlap are left out.
    source, target : tuple of slice
        The overlap in the box and in the stamp.
    """
    top, left, bottom, right = box
    xs, ys = x0[which], y0[which]
    meets = (xs < right) & (ys < bottom) & (xs + side > left) & (ys + side > top)
    for row in which[meets].tolist():
        x, y = int(x0[row]), int(y0[row])
        x1, x2, y1, y2 = max(x, left), min(x + side, right), max(y, top), min(y + side, bottom)
        source = slice(y1 - top, y2 - top), slice(x1 - left, x2 - left)
        yield row, source, (slice(y1 - y, y2 - y), slice(x1 - x, x2 - x))
