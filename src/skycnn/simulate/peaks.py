"""Peaks: the sources that stand out of a frame of the sky, so that backgrounds are cut without one in their middle.

A frame is smoothed with a box of a sixteenth of a stamp, less the mean of half a stamp about it. A local maximum that
exceeds `EVIDENT` standard deviations of this, in its part of the frame, is a source. In a crowded field the crowd
makes the deviation, so that only what is brighter than the crowd stands out.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

EVIDENT = 5.0
"""Standard deviations; noise alone exceeds them at one place in some millions. On white noise, on stamps of 64 pixels,
a source whose mean over the box is a pixel's deviation just reaches them."""

CLIPPED, ROUNDS = 3.0, 5
"""Standard deviations beyond which pixels do not count for them, and how often that is applied."""

PART = 4
"""Sides of a stamp along an edge of a part of the frame."""


def peaks(frame: Array, blank: Array, side: int) -> Array:
    """Return the places (n, 2) of evident sources, x and y, pixels from 0.

    Parameters
    ----------
    frame : array (height, width)
    blank : bool array (height, width)
        Pixels that show no sky.
    side : int
        Pixels along an edge of a stamp.
    """
    small, step, found = max(3, side // 16 | 1), PART * side, [np.empty((0, 2))]
    around = side + small
    for top in range(0, len(frame), step):  # strip by strip, for the memory
        first = max(0, top - around)
        part = slice(first, top + step + around)
        excess = _excess(frame[part], blank[part], small, max(side // 2, small + 2) | 1)
        own, grain = slice(top - first, top - first + step), _grain(frame[part], blank[part])
        found.append(_maxima(excess, own, small, step, grain) + np.array([0, first]))
    return np.concatenate(found)


def _excess(frame: Array, blank: Array, small: int, large: int) -> Array:
    """Return by how much the mean of a small box about a pixel exceeds that of a large one; -inf where it is blank."""
    excess = _mean(frame, blank, small) - _mean(frame, blank, large)
    excess[blank] = -np.inf
    return excess


def _mean(frame: Array, blank: Array, size: int) -> Array:
    """Return the mean of the pixels that show sky in a box about each pixel."""
    from scipy.ndimage import uniform_filter

    light = uniform_filter(np.where(blank, 0.0, frame), size, mode="constant")
    share = uniform_filter((~blank).astype(np.float64), size, mode="constant")
    return np.asarray(light / np.maximum(share, 0.5 / size**2))


def _grain(frame: Array, blank: Array) -> float:
    """Return how finely pixels are told: in a frame without noise nothing but their rounding would stand out."""
    return float(np.finfo(np.float32).eps * np.abs(frame, where=~blank, out=np.zeros_like(frame)).max())


def _maxima(excess: Array, rows: slice, small: int, step: int, least: float) -> Array:
    """Return the local maxima (n, 2) in some rows that exceed the threshold of their part, and the least one."""
    from scipy.ndimage import maximum_filter

    threshold = np.full(excess.shape, np.inf)
    for x in range(0, excess.shape[1], step):
        level, deviation = _clipped(excess[rows, x : x + step])
        threshold[rows, x : x + step] = level + max(EVIDENT * deviation, least)
    return np.argwhere((excess > threshold) & (excess == maximum_filter(excess, small)))[:, ::-1].astype(np.float64)


def _clipped(values: Array) -> tuple[float, float]:
    """Return median and standard deviation of what is finite, without outliers; infinity where there is nothing."""
    left = values[np.isfinite(values)]
    if not len(left):
        return 0.0, np.inf
    for _ in range(ROUNDS):
        left = left[abs(left - np.median(left)) <= CLIPPED * left.std()]
    return float(np.median(left)), float(left.std())
