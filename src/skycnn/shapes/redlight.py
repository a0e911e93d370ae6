"""RedLight: how much the light of ugriz is like that of red galaxies at a redshift, and how bright these are.

The red sequence is that of the galaxies by which redMaPPer is calibrated on SDSS DR8 (Rykoff et al. 2014, ApJ 785,
104), at the characteristic magnitude.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

BANDS = "ugriz"
REFERENCE = BANDS.index("i")

REDSHIFTS = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35)
COLOURS = {
    "g": (1.21, 1.348, 1.537, 1.736, 1.932, 2.114, 2.271),
    "r": (0.379, 0.406, 0.442, 0.480, 0.521, 0.564, 0.610),
    "z": (-0.33, -0.333, -0.338, -0.332, -0.326, -0.320, -0.315),
}
"""Magnitudes by which red galaxies are fainter in a band than in i; u is too faint to tell."""

SCATTER = {"g": 0.07, "r": 0.03, "z": 0.03}
"""Of these among red galaxies, mag: the intrinsic one, the slope with magnitude and calibration together."""

WIDTH = 2.0
"""By which scatters and noise are multiplied: a pixel may hold light of other galaxies too. Of 0.7 to 2.8 the best for
masses by counts, cross-validated on mocks."""

ZERO_POINT = 23.9
"""AB magnitude of 1 microjansky."""


def characteristic(redshift: Array) -> Array:
    """Return the light in i, microjansky, of a galaxy of characteristic magnitude at redshifts (n,) above 0.05.

    Rykoff et al. 2014, equation 9: a passively evolving population.
    """
    log = np.log(redshift)
    magnitude = 22.44 + 3.36 * log + 0.273 * log**2 - 0.0618 * log**3 - 0.0227 * log**4
    light: Array = 10 ** (0.4 * (ZERO_POINT - magnitude))
    return light


def template(band: str, redshift: Array) -> Array:
    """Return the light (n,) of red galaxies in a band of `COLOURS` over that in i; beyond the table as at its ends."""
    light: Array = 10 ** (-0.4 * np.interp(redshift, REDSHIFTS, COLOURS[band]))
    return light


def likeness(light: Array, noise: Array, redshift: Array) -> Array:
    """Return how like that of a red galaxy light is, (n, ...), from 0 to 1: exp(-chi^2 / 2 WIDTH^2) of its colours.

    Parameters
    ----------
    light : array (n, 5, ...)
        In ugriz, a pixel or a source, in any unit; of a band that is absent NaN.
    noise : array (n, 5)
        Its standard deviation.
    redshift : array (n,)
    """
    more = (slice(None), *(None,) * (light.ndim - 2))
    main = light[:, REFERENCE]
    square = np.square(noise).astype(light.dtype)
    chi = np.zeros_like(main)
    for name, scatter in SCATTER.items():
        band, ratio = BANDS.index(name), template(name, redshift).astype(light.dtype)
        expected, own = ratio[more] * main, np.float32(scatter * 0.4 * np.log(10))
        spread = square[:, band] + ratio**2 * square[:, REFERENCE]
        term = np.square(light[:, band] - expected) / (spread[more] + np.square(own * expected))
        chi += np.where(np.isfinite(term), term, 0)
    found: Array = np.exp(-chi / (2 * WIDTH**2))
    return found
