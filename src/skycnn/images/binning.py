"""Binning: coarse pixels, each the light of K x K pixels of an image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEAST = 0.5
"""Share of a coarse pixel that must have values; the rest is taken to be like it. Of a pixel's light more than half is
then measured, and one masked star does not cost the sky about it."""

TOLERANCE = 0.005
"""Relative difference of two pixel scales from a whole ratio: 0.3 coarse pixels at the edge of a stamp of 128."""

COARSER = 2
"""From this ratio of pixel scales on coarse pixels are made without being asked for: their noise stays independent."""


def ratio(scale: float, fine: float) -> int:
    """Return how many pixels of ``fine`` arcsec lie along one of ``scale`` arcsec; 0 where that is no whole number."""
    times = scale / fine
    whole = round(times)
    return whole if whole >= 1 and abs(times / whole - 1) <= TOLERANCE else 0


def coarser(scale: float, fine: float) -> bool:
    """Whether pixels of ``scale`` arcsec hold at least `COARSER` of ``fine`` arcsec along an edge."""
    return scale / fine >= COARSER * (1 - TOLERANCE)


def binned(fine: Array, times: int) -> Array:
    """Return the light of ``times`` x ``times`` pixels as one.

    Parameters
    ----------
    fine : array (n, side * times, side * times)
        float32, native; NaN or infinite where absent.
    times : int

    Returns
    -------
    array (n, side, side)
        float32: the sum, scaled up to the whole where pixels are absent; NaN where less than `LEAST` of them have
        values.
    """
    n, side = len(fine), fine.shape[-1] // times
    with np.errstate(over="ignore", invalid="ignore"):
        columns = fine.reshape(n, side, times, side * times).sum(axis=2)  # whole rows add up fastest
        light = columns.reshape(n, side, side, times).sum(axis=3, dtype=np.float64)
    odd = ~np.isfinite(light)
    if odd.any():
        blocks = fine.reshape(n, side, times, side, times).transpose(0, 1, 3, 2, 4)[odd]
        known = np.isfinite(blocks)
        held = known.mean(axis=(1, 2))
        some = np.where(known, blocks, 0).sum(axis=(1, 2), dtype=np.float64)
        light[odd] = np.where(held >= LEAST, some / np.where(held > 0, held, 1), np.nan)
    with np.errstate(over="ignore"):
        return np.asarray(light, np.float32)


def beyond(outside: Array, times: int) -> Array:
    """Return which coarse pixels lie off the images by more than `LEAST` allows, bool (n, side, side).

    Parameters
    ----------
    outside : array (n, side * times, side * times)
        Which pixels do, bool.
    times : int
    """
    n, side = len(outside), outside.shape[-1] // times
    share = outside.reshape(n, side, times, side, times).mean(axis=(2, 4))
    return np.asarray(1 - share < LEAST)
