"""LightSpread: how unevenly a source's light lies over its pixels - segmentation, Gini, M20."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from skycnn.shapes.centralsource import EIGHT, Source, blurred, places

Array = NDArray[Any]

SMOOTHED = 0.2
"""Petrosian radii by which an image is smoothed before it is cut at the brightness there (Lotz et al. 2004)."""

FEWEST = 5
"""Pixels of a segment; of fewer nothing is measured."""

SHARE = 0.2
"""Of the light, in the brightest pixels."""


def segment(source: Source, smooth: Array, brightness: float) -> Array:
    """Return the pixels (y, x) of a smoothed image that are as bright as at the Petrosian radius, around the brightest.

    As Lotz, Primack & Madau (2004, AJ 128, 163), and of several such patches the one with the brightest pixel, as
    Rodriguez-Gomez et al. (2019, MNRAS 483, 4140). Where all pixels are as bright there is no segment: a source without
    an end.
    """
    bright = smooth >= brightness
    if bright.all():
        return ~bright
    label, count = ndimage.label(bright, EIGHT)
    if count > 1:
        peak = int(np.argmax(np.where(bright, source.pixels, -np.inf)))
        return np.asarray(label == label.flat[peak])
    return bright


def smoothed(source: Source, petrosian: float) -> Array:
    """Return the image that `segment` cuts."""
    return blurred(source.pixels, SMOOTHED * petrosian)


def gini(values: Array) -> float:
    """Return the Gini coefficient of pixels (n,), ``sum (2i - n - 1) |x_i| / (mean |x| n (n - 1))``, i by brightness.

    0 where all are as bright, 1 where one has all the light (Abraham, van den Bergh & Nair 2003, ApJ 588, 218; with the
    absolute values of Lotz et al. 2004).
    """
    ordered = np.sort(np.abs(values)).astype(np.float64)
    n, total = len(ordered), float(ordered.sum())
    if n < FEWEST or not total > 0:
        return float("nan")
    return float((2.0 * np.arange(1, n + 1) - n - 1) @ ordered) / (total * (n - 1))


def m20(pixels: Array, member: Array) -> float:
    """Return the second moment of the brightest pixels with a fifth of the light over that of all, log10.

    About the centre at which the moment of all is the smallest (Lotz et al. 2004).
    """
    row, column = (np.broadcast_to(place, pixels.shape)[member].astype(np.float64) for place in places(len(pixels)))
    flux = pixels[member].astype(np.float64)
    total = float(flux.sum())
    if len(flux) < FEWEST or not total > 0:
        return float("nan")
    away = (row - flux @ row / total) ** 2 + (column - flux @ column / total) ** 2
    order = np.sort(flux)[::-1]
    least = order[min(int(np.searchsorted(np.cumsum(order), SHARE * total)), len(order) - 1)]
    bright = flux >= least
    part, whole = float(flux[bright] @ away[bright]), float(flux @ away)
    return float(np.log10(part / whole)) if part > 0 and whole > 0 else float("nan")


def ellipse(source: Source, centre: tuple[float, float]) -> tuple[float, float]:
    """Return the ellipticity 1 - b/a, and the major axis's angle from x towards y (radians), of a source's moments."""
    row, column = places(len(source.pixels))
    flux = source.pixels * source.member
    down, right = row - centre[0], column - centre[1]
    total = float(flux.sum())
    xx, yy, xy = (float((flux * part).sum()) / total for part in (right * right, down * down, down * right))
    half, tilt = (xx + yy) / 2.0, np.hypot((xx - yy) / 2.0, xy)
    thin = 1.0 / 12.0  # the moment of a line one pixel wide
    axes = max(half + tilt, thin), max(half - tilt, thin)
    return min(1.0 - float(np.sqrt(axes[1] / axes[0])), 0.95), 0.5 * float(np.arctan2(2.0 * xy, xx - yy))
