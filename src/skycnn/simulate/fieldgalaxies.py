"""Field galaxies: how many there are on the sky, and their magnitudes in ugriz and sizes.

Numbers rise as in two cells of SDSS DR8's sky to i = 20, fainter as those of COSMOS2020 do (`census`), at the level of
SDSS: 4,580 a square degree brighter than i = 21. Colours are those of 2,075 galaxies of these cells, a Gaussian mixture
in i magnitude and colours with the photometric errors taken out; fainter than they reach, colours are those of the
faintest. `examples/recipes/clustermass_realism.py` fits it; `populations/clusterfield.npz` holds it.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from skycnn.redsequence import magnitudes
from skycnn.simulate.census import COUNTS
from skycnn.simulate.fieldcounts import FieldCounts

Array = NDArray[Any]

MAGNITUDE = (14.5, 23.5)
"""In i; what is fainter is a smooth level, and seldom is a galaxy brighter."""

BRIGHTER = ((14.5, 0.15), (15.5, 0.80), (16.5, 1.79), (17.5, 2.31), (18.5, 2.75), (19.5, 3.14))
"""i magnitude, and log10 of galaxies a magnitude and square degree in the cells; the first two by Euclid's slope."""

OFFSET = -0.05
"""log10 of the cells' number over that of COSMOS2020 at i = 20.25, where one goes over into the other."""

LEVEL = 4580.0
"""Galaxies a square degree brighter than i = 21, in SDSS DR8."""

FAINTEST = 20.6
"""Magnitude in i that galaxies have the colours of, where they are fainter: the faintest fitted, half a magnitude from
the limit of the sample."""

SIZE = (-0.29, -0.115, 0.24)
"""log10 half-light radius, arcsec, at i = 22, its change by magnitude, and its scatter: between the spheroids and the
discs of `morphology`, which were tuned to fits of galaxies in COSMOS."""

RADIUS = (0.1, 12.0)
"""Arcsec."""

COLOUR = ((-0.3, 4.0), (-0.4, 2.2), (-0.4, 1.6), (-0.4, 1.0))
"""Range of the colours u-g, g-r, r-i and i-z; a normal component's tail may leave it."""

STEP = 0.05
"""Of the tables in magnitude."""


class FieldGalaxies:
    """The galaxies of the field: a Gaussian mixture of their i magnitudes and colours.

    Parameters
    ----------
    weight : array (k,)
        Of the components.
    mean : array (k, 5)
        i magnitude and the colours u-g, g-r, r-i, i-z.
    covariance : array (k, 5, 5)
    """

    def __init__(self, weight: Array, mean: Array, covariance: Array) -> None:
        self.mean = mean
        at = np.arange(MAGNITUDE[0], FAINTEST + STEP, STEP)
        variance = covariance[:, 0, 0]
        log = np.log(weight / np.sqrt(variance)) - (at[:, None] - mean[:, 0]) ** 2 / (2 * variance)
        share = np.exp(log - log.max(axis=1, keepdims=True))
        rank = np.cumsum(share, axis=1) / share.sum(axis=1, keepdims=True)
        self._rank = (rank + np.arange(len(at))[:, None]).ravel()  # rising throughout: (magnitude * k,)
        self._gain = covariance[:, 1:, 0] / variance[:, None]
        self._level = mean[:, 1:] - mean[:, :1] * self._gain
        left = covariance[:, 1:, 1:] - self._gain[:, :, None] * covariance[:, None, 0, 1:]
        self._root = np.linalg.cholesky(left)

    def colours(self, reference: Array, uniform: Array, deviate: Array) -> Array:
        """Return colours (n, 4) at i magnitudes (n,), for uniform numbers (n,) and standard normal ones (n, 4)."""
        seen = np.clip(reference, MAGNITUDE[0], FAINTEST)
        row = ((seen - MAGNITUDE[0]) / STEP).astype(np.intp)
        count = len(self.mean)
        kind = np.searchsorted(self._rank, uniform + row, side="right") - count * row
        kind = np.minimum(kind, count - 1)
        colour = self._level[kind] + seen[:, None] * self._gain[kind]
        colour += np.einsum("nij,nj->ni", self._root[kind], deviate)
        within: Array = np.clip(colour, *np.transpose(COLOUR))
        return within

    def draw(self, generator: Generator, area: float, density: float = 1.0) -> tuple[Array, Array]:
        """Return magnitudes ugriz (n, 5) and half-light radii, arcsec (n,), of the galaxies of a piece of sky.

        Parameters
        ----------
        generator : Generator
        area : float
            Square degrees.
        density : float
            Galaxies over those of the mean sky.
        """
        reference, uniform, deviate = counts().draw(generator, area, density, 1)
        colour = self.colours(reference, uniform[:, 0], deviate[:, :4])
        radius = 10 ** (SIZE[0] + SIZE[1] * (reference - 22) + SIZE[2] * deviate[:, 4])
        return magnitudes(reference, colour), np.clip(radius, *RADIUS)


@lru_cache(maxsize=1)
def counts() -> FieldCounts:
    """Return the galaxies by i magnitude."""
    fainter = [(19.25 + 0.5 * k, log + OFFSET) for k, log in enumerate(COUNTS) if k >= 2]
    return FieldCounts.of([*BRIGHTER, *fainter], np.linspace(*MAGNITUDE, 181)).at_level(21.0, LEVEL)


@lru_cache(maxsize=1)
def load() -> FieldGalaxies:
    """Return the field that ships."""
    with files("skycnn").joinpath("populations", "clusterfield.npz").open("rb") as stream, np.load(stream) as kept:
        return FieldGalaxies(*(kept[name].astype(np.float64) for name in ("weight", "mean", "covariance")))
