"""Red sequence: colours of the galaxies of clusters in ugriz, the red and the blue, at a redshift and an i magnitude.

Fitted to the photometry by which redMaPPer's red sequence of SDSS DR8 was calibrated: 1,273 red galaxies of known
redshift at z = 0.1-0.2, 387 on the sequence at z = 0.2-0.3, and 890 blue ones of known redshift, their photometric
errors taken out. Above z = 0.3 (of u - g above 0.2, where no u was bright enough) and below 0.1 the colours change as
those of the oldest spectrum of `seds` do. `examples/recipes/clustermass_realism.py` makes the numbers.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[Any]

FROM_I = ((1, 0, 0, 0, 0), (1, 1, 0, 0, 0), (1, 1, 1, 0, 0), (0, 0, 0, 0, -1))
"""What each colour adds to the magnitudes ugriz less that in i."""

FITTED = (0.06, 0.36)
"""Redshifts beyond which the colours are those at the ends."""

STEEPENING = (0.1, 0.2)
"""Redshifts between which the slope with magnitude changes; beyond it is that at the ends."""

COLOUR = (
    (2.0791, 0.2764, 0.1184, -0.0041, -0.0466, -0.0001),
    (1.2550, 0.3191, -0.0085, -0.0159, -0.0242, -0.0050),
    (0.4802, 0.0782, 0.0051, 0.0002, -0.0068, 0.0023),
    (0.3306, -0.0164, 0.0030, 0.0171, -0.0095, 0.0041),
)
"""Of u-g, g-r, r-i and i-z: four coefficients of a cubic in (z - 0.2) / 0.1, the colour at the characteristic
magnitude; the slope with magnitude at z = 0.15, and its change by 0.05 in redshift."""

SCATTER = (
    (0.009996, 0.002077, 0.000715, 0.000286),
    (0.002077, 0.001869, 0.000569, 0.000382),
    (0.000715, 0.000569, 0.000357, 0.000184),
    (0.000286, 0.000382, 0.000184, 0.000383),
)
"""Covariance of the colours of red galaxies, mag^2, without photometric errors."""

BLUER = (
    (-0.672, -0.361, -0.055, -0.110),
    (-0.118, -0.098, -0.029, -0.081),
)
"""Mean colours of blue galaxies less the red sequence's, at the characteristic magnitude; change by magnitude."""

BLUE_SCATTER = (
    (0.07106, 0.03017, 0.00637, 0.01174),
    (0.03017, 0.02155, 0.00559, 0.00994),
    (0.00637, 0.00559, 0.00383, 0.00400),
    (0.01174, 0.00994, 0.00400, 0.00898),
)
"""Covariance of the colours of blue galaxies, mag^2, without photometric errors."""

MAGNITUDES = 2.5
"""From the characteristic magnitude, beyond which colours do not change: the range fitted."""


def characteristic(redshift: Array) -> Array:
    """Return the characteristic magnitude m* in i of galaxies (n,), for 0.05 < z < 0.7.

    A passively evolving population's (Rykoff et al. 2014, ApJ 785, 104, eq. 9).
    """
    log = np.log(redshift)
    magnitude: Array = 22.44 + log * (3.36 + log * (0.273 + log * (-0.0618 - 0.0227 * log)))
    return magnitude


def colours(redshift: Array, magnitude: Array) -> Array:
    """Return the mean colours u-g, g-r, r-i and i-z (n, 4) of red galaxies of redshift (n,) and i magnitude (n,)."""
    table = np.array(COLOUR)
    x = (np.clip(redshift, *FITTED) - 0.2) / 0.1
    bent = (np.clip(redshift, *STEEPENING) - 0.15) / 0.05
    fainter = np.clip(magnitude - characteristic(redshift), -MAGNITUDES, MAGNITUDES)
    terms = np.stack([np.ones_like(x), x, x**2, x**3, fainter, fainter * bent], axis=1)
    mean: Array = terms @ table.T
    return mean


def draw(generator: Generator, redshift: Array, magnitude: Array, blue: Array) -> Array:
    """Return colours u-g, g-r, r-i and i-z (n, 4) of galaxies.

    Parameters
    ----------
    generator : Generator
    redshift : array (n,)
    magnitude : array (n,)
        In i.
    blue : array of bool (n,)
        Which of them are no red galaxies.
    """
    deviate = generator.standard_normal((len(blue), 4))
    red_root, blue_root = _roots()
    found = colours(redshift, magnitude)
    fainter = np.clip(magnitude - characteristic(redshift), -2, 2)[:, None]
    bluer = np.array(BLUER[0]) + np.array(BLUER[1]) * fainter + deviate @ blue_root.T
    result: Array = found + np.where(blue[:, None], bluer, deviate @ red_root.T)
    return result


def magnitudes(reference: Array, colour: Array) -> Array:
    """Return magnitudes ugriz (n, 5) of objects of i magnitude (n,) and colours (n, 4)."""
    found: Array = np.asarray(reference)[:, None] + colour @ np.array(FROM_I)
    return found


@lru_cache(maxsize=1)
def _roots() -> tuple[Array, Array]:
    """Return triangular roots of the covariances of red and of blue galaxies."""
    return np.linalg.cholesky(np.array(SCATTER)), np.linalg.cholesky(np.array(BLUE_SCATTER))
