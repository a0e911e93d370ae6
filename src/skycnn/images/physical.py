"""Physical values of raw pixels, and which of them a stamp takes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.images.imageheader import ImageHeader

Array = NDArray[Any]
Slices = tuple[slice, slice]


def physical(raw: Array, header: ImageHeader) -> Array:
    """Return float32(float64(raw) * BSCALE + BZERO), NaN where raw is BLANK.

    Parameters
    ----------
    raw : array
        As stored, any byte order. Float32 without scaling comes back as it is, bit for bit.
    header : ImageHeader
        Whose BSCALE, BZERO and BLANK count.

    Returns
    -------
    array
        float32 of either byte order; what is too large for it is infinite.
    """
    plain = header.bscale == 1 and header.bzero == 0
    if plain and raw.dtype.kind == "f" and raw.dtype.itemsize == 4:
        return raw
    long = raw.dtype.kind in "iu" and raw.dtype.itemsize == 8  # else float64 holds it, and rounding it once is enough
    with np.errstate(over="ignore", invalid="ignore"):
        values = raw.astype(np.float64) if long or not plain else raw
        if not plain:
            values *= header.bscale
            values += header.bzero
        result = values.astype(np.float32)
    if header.blank is not None and raw.dtype.kind in "iu":
        result[raw == header.blank] = np.nan
    return result


def overlaps(
    x0: Array, y0: Array, side: int, box: tuple[int, int, int, int], which: Array
) -> Iterator[tuple[int, Slices, Slices]]:
    """Yield what stamps and a box of pixels have in common.

    Parameters
    ----------
    x0, y0 : array (n,)
        First pixels of the stamps.
    side : int
        Of a stamp.
    box : tuple of int
        (y, x, y end, x end), half open.
    which : array (m,)
        Numbers of the stamps to look at.

    Yields
    ------
    row : int
        Of the stamp; those that have nothing in common with the box are left out.
    there, here : tuple of slice
        The pixels in the box, from its corner, and in the stamp.
    """
    top, left, bottom, right = box
    xs, ys = x0[which], y0[which]
    meets = (xs < right) & (ys < bottom) & (xs + side > left) & (ys + side > top)
    for row in which[meets].tolist():
        x, y = int(x0[row]), int(y0[row])
        x1, x2, y1, y2 = max(x, left), min(x + side, right), max(y, top), min(y + side, bottom)
        there = slice(y1 - top, y2 - top), slice(x1 - left, x2 - left)
        yield row, there, (slice(y1 - y, y2 - y), slice(x1 - x, x2 - x))
