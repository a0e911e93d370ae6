"""RedLight: how much the light of ugriz is like that of red galaxies at a redshift, and how bright these are.

The colours are those of `redsequence` at the characteristic magnitude; u is too faint to tell.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import redsequence
from skycnn.schema import AB_ZERO_POINT

Array = NDArray[Any]

BANDS = "ugriz"
REFERENCE = BANDS.index("i")

SCATTER = {"g": 0.07, "r": 0.03, "z": 0.03}
"""Of these among red galaxies, mag: the intrinsic one, the slope with magnitude and calibration together."""

WIDTH = 2.0
"""By which scatters and noise are multiplied: a pixel may hold light of other galaxies too. Of 0.7 to 2.8 the best for
masses by counts, cross-validated on mocks."""


def characteristic(redshift: Array) -> Array:
    """Return the light in i, microjansky, of a galaxy of characteristic magnitude at redshifts (n,) above 0.05."""
    light: Array = 10 ** (0.4 * (AB_ZERO_POINT - redsequence.characteristic(redshift)))
    return light


def template(band: str, redshift: Array) -> Array:
    """Return the light (n,) of red galaxies of characteristic magnitude in a band over that in i."""
    colour = redsequence.colours(redshift, redsequence.characteristic(redshift))
    fainter = redsequence.magnitudes(np.zeros(len(redshift)), colour)[:, BANDS.index(band)]
    light: Array = 10 ** (-0.4 * fainter)
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
