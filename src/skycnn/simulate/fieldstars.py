"""Field stars: how many there are far from the Galactic plane, and their magnitudes in ugriz.

Numbers are of the order that SDSS has at 50 degrees of latitude (recalled; Bahcall & Soneira 1980, ApJS 44, 73, has
half of them at the pole), and differ by field, so that mocks vary them. Colours lie along the stellar locus by g - i
(Covey et al. 2007, AJ 134, 2398; recalled, to some hundredths of a magnitude): stars near the turn-off of the halo and
the thick disc, and M dwarfs, which are more and more of the faint ones.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from skycnn.redsequence import magnitudes
from skycnn.simulate.fieldcounts import FieldCounts

Array = NDArray[Any]

COUNTS = ((14.0, 2.15), (16.0, 2.60), (18.0, 2.95), (20.0, 3.20), (21.0, 3.28))
"""i magnitude, and log10 of stars a magnitude and square degree."""

LOCUS = (
    (-0.2, 0.85, -0.10, -0.10, -0.10),
    (0.2, 0.95, 0.16, 0.04, -0.02),
    (0.4, 1.00, 0.31, 0.09, 0.02),
    (0.6, 1.14, 0.45, 0.15, 0.05),
    (0.8, 1.38, 0.59, 0.21, 0.09),
    (1.0, 1.67, 0.73, 0.27, 0.13),
    (1.5, 2.26, 1.07, 0.43, 0.23),
    (2.0, 2.52, 1.31, 0.69, 0.37),
    (2.5, 2.60, 1.41, 1.09, 0.59),
    (3.0, 2.62, 1.45, 1.55, 0.84),
    (4.0, 2.80, 1.60, 2.40, 1.30),
)
"""g-i, and the colours u-g, g-r, r-i and i-z there."""

WIDTH = (0.08, 0.03, 0.03, 0.02)
"""Scatter of the colours about the locus, mag."""

BLUE = (0.62, 0.22)
"""Mean and scatter of g-i of the stars near the turn-off; a tenth of all stars are spread up to 2 besides."""

RED = (2.45, 0.42)
"""Mean and scatter of g-i of M dwarfs."""

RED_SHARE = ((14.0, 0.15), (17.0, 0.35), (19.0, 0.52), (21.0, 0.62))
"""i magnitude, and the share of M dwarfs."""


def draw(generator: Generator, area: float, density: float = 1.0) -> Array:
    """Return magnitudes ugriz (n, 5) of the stars of a piece of sky.

    Parameters
    ----------
    generator : Generator
    area : float
        Square degrees.
    density : float
        Stars over those of the sky described.
    """
    reference, uniform, deviate = counts().draw(generator, area, density, 2)
    between = 0.8 + 1.2 * uniform[:, 1]
    blue = np.where(uniform[:, 1] < 0.9, BLUE[0] + BLUE[1] * deviate[:, 0], between)
    red = uniform[:, 0] < np.interp(reference, *np.transpose(RED_SHARE))
    g_i = np.where(red, RED[0] + RED[1] * deviate[:, 0], blue)
    locus = np.array(LOCUS)
    colour = np.stack([np.interp(g_i, locus[:, 0], one) for one in locus[:, 1:].T], axis=1)
    return magnitudes(reference, colour + np.array(WIDTH) * deviate[:, 1:])


@lru_cache(maxsize=1)
def counts() -> FieldCounts:
    """Return the stars by i magnitude."""
    return FieldCounts.of(COUNTS, np.linspace(COUNTS[0][0], COUNTS[-1][0], 141))
