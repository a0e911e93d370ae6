"""MapColour: an attribution map in colour over the picture of what it explains, a negative as on plates.

The sky is white and objects are dark. Where a map says nothing the picture is left as it is; where it is positive it is
tinted red, where it is negative blue, two hues that colour-blind eyes tell apart.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.report import pixelpng

Array = NDArray[Any]

POSITIVE, NEGATIVE = np.array([200, 85, 61]) / 255, np.array([31, 111, 159]) / 255
"""As `style.WARM` and `style.ACCENT`."""

GREYS, STEPS = 12, 21
"""Levels of the picture and of the map: together the colours that a PNG's palette holds."""

SHARE = 0.995
"""Share of the pixels that are not in full colour: a lone pixel does not pale all others."""

DARKEST = 0.55
"""Grey of the brightest pixel of the negative, so that tints are seen there too."""


def signed(maps: Array) -> bool:
    """Return whether maps have values below zero, and so a scale with two sides."""
    return bool((maps < 0).any())


def reach(maps: Array) -> float:
    """Return the value that gets the full colour, on either side; 1 of maps that are zero or NaN all over."""
    size = np.abs(maps[np.isfinite(maps)])
    return (float(np.quantile(size, SHARE)) or float(size.max())) or 1.0 if len(size) else 1.0


def overlay(grey: Array, values: Array, full: float, two_sided: bool) -> bytes:
    """Return a PNG of a map over a picture.

    Parameters
    ----------
    grey : array (y, x)
        The picture, within 0..1, y upwards; NaN is white.
    values : array (y, x)
        The map; NaN says nothing.
    full : float
        The value that gets the full colour.
    two_sided : bool
        Whether there are values below zero.
    """
    low = -1.0 if two_sided else 0.0
    part = np.clip(np.nan_to_num(values / full), low, 1)
    step = np.rint((part - low) / (1 - low) * (STEPS - 1))
    level = np.rint(np.clip(np.nan_to_num(grey), 0, 1) * (GREYS - 1))
    return pixelpng.indexed((step * GREYS + level).astype(np.uint8)[::-1], _palette(low))


def scale(two_sided: bool) -> bytes:
    """Return a PNG of the scale, from the lowest to the highest value, one pixel high."""
    low = -1.0 if two_sided else 0.0
    return pixelpng.indexed((np.arange(STEPS) * GREYS).astype(np.uint8)[None], _palette(low))


def blended(grey: Array, part: Array) -> Array:
    """Return colours within 0..1, (..., 3), of a picture (...) within 0..1 under a map (...) within -1..1."""
    negative = 1 - (1 - DARKEST) * grey[..., None]
    hue = np.where(part[..., None] < 0, NEGATIVE, POSITIVE)
    return np.asarray(negative * (1 - np.abs(part)[..., None] * (1 - hue)))


def _palette(low: float) -> Array:
    """Return the colours of all steps of a map that begins at ``low`` over all levels of grey, uint8 (n, 3)."""
    part, grey = np.meshgrid(np.linspace(low, 1, STEPS), np.linspace(0, 1, GREYS), indexing="ij")
    return np.asarray(np.rint(255 * blended(grey, part)).astype(np.uint8).reshape(-1, 3))
