"""BlankPixels: where a frame shows no sky - pixels without a value, and areas of one value about and between chips."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SQUARE = 7
"""Pixels along an edge of the smallest area of one value that is no sky; odd. Noise in floating point makes none, but
counts do where nine pixels in ten are 0, and along the frame's edges."""

MARGIN = 2
"""Pixels about such an area that are left out too: few exposures cover them, as drizzling makes them."""


def blank(frame: Array) -> NDArray[np.bool_]:
    """Return which pixels (height, width) show no sky.

    These are pixels that are not finite, and those within `MARGIN` of a square of `SQUARE` pixels of one value, or
    of none. Beyond the frame its outermost pixels go on, so that one row of zeros along an edge is such an area.
    """
    from scipy.ndimage import maximum_filter, minimum_filter

    lacking = ~np.isfinite(frame)
    known, around = np.where(lacking, np.float32(np.inf), frame), SQUARE - 1
    flat = np.zeros(frame.shape, bool)
    for axis in (0, 1):  # one after the other: a corner's pixel alone would fill a square beyond both edges
        beyond = [(0, 0), (0, 0)]
        beyond[axis] = (around, around)
        padded = np.pad(known, beyond, "edge")
        alike = minimum_filter(padded, SQUARE, mode="nearest") == maximum_filter(padded, SQUARE, mode="nearest")
        grown = maximum_filter(alike, SQUARE + 2 * MARGIN, mode="constant")
        flat |= grown[around:-around] if axis == 0 else grown[:, around:-around]
    return lacking | flat
