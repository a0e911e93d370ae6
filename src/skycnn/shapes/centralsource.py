"""CentralSource: the object in the middle of a stamp's band - which pixels are its own, and the noise around it."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[Any]

BORDER = 10
"""The sky is looked for in a frame of so many of a stamp's side, at least two pixels."""

SMOOTHED = 1.0
"""Standard deviation, in pixels, of the Gaussian that a band is smoothed by before it is searched."""

EDGE, PEAK = 2.0, 5.0
"""Noise of the smoothed band from which a pixel is part of a source, and that its brightest pixel must have."""

WHITE = float(1.0 / np.sqrt(4.0 * np.pi * SMOOTHED**2))
"""Noise that is left of white noise of 1; the noise in a short frame is uncertain, and the larger estimate is taken."""

FAINTEST = 1e-3
"""Of the brightest pixel; below, nothing is part of a source, which ends it where there is no noise."""

EIGHT = np.ones((3, 3), bool)
"""Pixels that touch at a corner are neighbours."""


@dataclass(frozen=True)
class Source:
    """The object of one band of one stamp.

    Parameters
    ----------
    pixels : array (y, x)
        float32, 0 where there is none.
    seen : array (y, x) or None
        Which pixels there are, bool; None for all.
    noise : float
        Standard deviation of a pixel of the sky.
    member : array (y, x)
        Which pixels are the object's, bool.
    centre : (float, float)
        Its flux-weighted centroid, y and x.
    """

    pixels: Array
    seen: Array | None
    noise: float
    member: Array
    centre: tuple[float, float]


@cache
def frame(side: int) -> Array:
    """Return the numbers of the pixels along a stamp's edge, flat."""
    width = max(2, side // BORDER)
    edge = np.ones((side, side), bool)
    edge[width : side - width, width : side - width] = False
    return np.flatnonzero(edge)


@cache
def places(side: int) -> tuple[Array, Array]:
    """Return the numbers of rows (side, 1) and of columns (1, side), float32."""
    number = np.arange(side, dtype=np.float32)
    return number[:, None], number[None, :]


def blurred(pixels: Array, sigma: float) -> Array:
    """Return a square image smoothed by a Gaussian; there is no light outside it."""
    offset = np.arange(len(pixels), dtype=np.float32)
    weight = np.exp(-0.5 * (offset / np.float32(max(sigma, 1e-3))) ** 2)
    weight /= 2.0 * weight.sum() - weight[0]
    kernel = weight[_apart(len(pixels))]
    return np.asarray(kernel @ pixels @ kernel)


@cache
def _apart(side: int) -> Array:
    return np.abs(np.subtract.outer(np.arange(side), np.arange(side)))


def plain(band: Array) -> Source | None:
    """Return a band (y, x) in which no pixel is taken for an object's; None where it has no pixel along its edge."""
    side, finite = len(band), np.isfinite(band)
    seen = None if finite.all() else finite
    pixels = np.asarray(band, np.float32) if seen is None else np.where(finite, band, 0.0).astype(np.float32)
    known = frame(side) if seen is None else frame(side)[finite.ravel()[frame(side)]]
    if not len(known):
        return None
    middle = (side - 1) / 2.0
    return Source(pixels, seen, deviation(pixels.ravel()[known]), np.zeros(band.shape, bool), (middle, middle))


def find(band: Array) -> Source | None:
    """Return the brightest source in the middle half of a band (y, x); None where there is none.

    A source is a patch of a smoothed image above twice the sky's noise whose brightest pixel has five times it. The
    noise is the median absolute deviation, scaled, in a frame along the edge. The sky is taken to be subtracted.
    """
    empty = plain(band)
    if empty is None:
        return None
    side, pixels, (row, column) = len(band), empty.pixels, places(len(band))
    smooth, edge = blurred(pixels, SMOOTHED), frame(side)
    known = edge if empty.seen is None else edge[empty.seen.ravel()[edge]]
    scatter = max(deviation(smooth.ravel()[known]), WHITE * empty.noise)
    middle = smooth[side // 4 : side - side // 4, side // 4 : side - side // 4]
    y, x = (int(place) + side // 4 for place in np.unravel_index(int(np.argmax(middle)), middle.shape))
    peak = float(smooth[y, x])
    if not peak > PEAK * scatter + max(0.0, float(np.median(pixels.ravel()[known]))):
        return None
    label, _ = ndimage.label(smooth > max(EDGE * scatter, FAINTEST * peak), EIGHT)
    member = label == label[y, x]
    flux = pixels * member
    total = float(flux.sum())
    if not total > 0:
        return None
    centre = float((flux * row).sum()) / total, float((flux * column).sum()) / total
    if not all(0 <= place <= side - 1 for place in centre):
        return None
    return replace(empty, member=member, centre=centre)


def deviation(values: Array) -> float:
    """Return the standard deviation of a normal distribution from the median absolute deviation of values (n,)."""
    half = len(values) // 2
    away = np.abs(values - np.partition(values, half)[half])
    return 1.4826 * float(np.partition(away, half)[half])
