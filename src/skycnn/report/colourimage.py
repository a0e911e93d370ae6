"""ColourImage: stamps as red, green and blue between 0 and 1, by one asinh stretch for all of them.

Lupton et al. (2004, PASP 116, 133): a pixel's brightness is stretched, its colour is kept, also where it is saturated.
Bands are first brought to units of their noise, and the colours balanced so that what is bright is white in the
median: neither units nor zero points need to be known.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.survey import BANDS

Array = NDArray[Any]

SOFT = 3.0
"""Brightness, in units of the noise, at which the stretch turns from linear to logarithmic."""

DARK = 1.5
"""Black lies so many times the noise below the median, so that the noise of the sky is seen."""

BRIGHT = 5.0
"""Times the noise from which a pixel counts as light of an object, whose median colour is white."""

MOST_BALANCE = 5.0
"""No colour is made stronger by more than this: a band that sees hardly anything stays noise."""

WHITE = 0.998
"""Share of the pixels that are not saturated."""

RANGE = (30.0, 300.0)
"""White in units of the noise at least and at most: noise alone stays dark, a star hides no faint galaxy."""


def channels(bands: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return which bands make red, green and blue, as indices; one tuple for grey where there is one band.

    Parameters
    ----------
    bands : sequence of str
        In order of wavelength where all are known, else taken as given from blue to red.

    Returns
    -------
    tuple of tuple of int
        A third of the bands for each colour, the reddest for red; of two bands green is the mean.
    """
    order = list(range(len(bands)))
    if all(band in BANDS for band in bands):
        order.sort(key=lambda i: BANDS.index(bands[i]))
    if len(order) < 2:
        return (tuple(order),)
    if len(order) == 2:
        return (order[1],), tuple(order), (order[0],)
    outer = round(len(order) / 3)
    return tuple(order[-outer:]), tuple(order[outer:-outer]), tuple(order[:outer])


def colour(pixels: Array, bands: Sequence[str]) -> Array:
    """Return stamps as colours, float64 (n, y, x, 3) within 0..1; NaN where no band has a finite value.

    A colour without a value is the mean of the others.

    Parameters
    ----------
    pixels : array (n, band, y, x)
    bands : sequence of str
    """
    scaled = np.stack([_in_noise(pixels[:, i]) for i in range(len(bands))], axis=1)  # (n, band, y, x)
    mixed = np.stack([_mean(scaled[:, list(group)], 1) for group in channels(bands)], axis=-1)  # (n, y, x, 1 or 3)
    grey = _mean(mixed, -1)[..., None]
    mixed = np.where(np.isnan(mixed), grey, mixed)
    bright = (grey > BRIGHT)[..., 0]
    if bright.any():
        mixed = mixed / np.maximum(np.median(mixed[bright] / grey[bright], axis=0), 1 / MOST_BALANCE)
    mixed, grey = mixed + DARK, grey + DARK
    return np.broadcast_to(_stretch(mixed, grey), (*mixed.shape[:-1], 3))


def _in_noise(band: Array) -> Array:
    """Return one band of all stamps above its median, in units of its noise; NaN where it is not finite."""
    with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
        values = band.astype(np.float64)
    known = values[np.isfinite(values)]
    if not len(known):
        return values
    low, middle = np.quantile(known, (0.16, 0.5))
    noise = middle - low or float(np.std(known)) or 1.0
    return np.asarray((values - middle) / noise)


def _stretch(mixed: Array, grey: Array) -> Array:
    """Return colours whose brightness went through asinh; the brightest of a saturated pixel's colours is 1."""
    known = grey[np.isfinite(grey)]
    white = float(np.clip(np.quantile(known, WHITE) if len(known) else 0, *RANGE))
    bright = np.maximum(grey, 1e-9)
    stretched = np.maximum(mixed, 0) * (np.arcsinh(bright / SOFT) / np.arcsinh(white / SOFT) / bright)
    return np.asarray(stretched / np.maximum(stretched.max(axis=-1, keepdims=True), 1))


def _mean(values: Array, axis: int) -> Array:
    """Return the mean of what is finite, NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
