"""Impostors: what looks like a star cluster and is none: galaxies far behind, and single bright stars."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from skycnn.simulate.cluster import EVEN, SEEDS
from skycnn.simulate.ssp import SSP

Array = NDArray[Any]

GALAXIES, STARS = (18.5, 24.5), (15.5, 24.0)
"""AB magnitudes at about 8000 Angstrom, evenly between these."""

RED = 8000.0
"""Angstrom; magnitudes are of the band nearest to it."""

SLOPES = (0.5, 5.0)
"""Of a galaxy: AB magnitudes that it is fainter by for every factor e in wavelength to the blue, a range; breaks in its
spectrum make the colours of neighbouring bands scatter about it by `SCATTER`, mag."""
SCATTER = 0.25


def galaxy(wavelength: Array, dust: Array, random: Generator) -> tuple[Array, Array]:
    """Return places (k, 2), arcsec, and fluxes (k, band), microjansky, of points that make a Sersic profile.

    Parameters
    ----------
    wavelength : array (band,)
        Angstrom.
    dust : array (band,)
        A / A_V, of the disc before it.
    random : Generator
        The galaxy's own.
    """
    from scipy.special import gammaincinv

    index, radius, ratio, angle = random.uniform([0.7, np.log(0.06), 0.3, 0], [4.5, np.log(0.8), 1.0, np.pi])
    b = gammaincinv(2 * index, 0.5)
    away = np.exp(radius) * (gammaincinv(2 * index, EVEN) / b) ** index
    x, y = away * SEEDS.T * np.array([[1.0], [ratio]])
    place = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=1)
    slope = random.uniform(*SLOPES) * np.log(RED / wavelength) + SCATTER * random.standard_normal(len(wavelength))
    magnitude = random.uniform(*GALAXIES) + slope + random.exponential(0.5) * dust
    flux = 10 ** (0.4 * (23.9 - magnitude))
    return place, np.broadcast_to(flux / len(EVEN), (len(EVEN), len(flux)))


def star(population: SSP, unit: Array, wavelength: Array, random: Generator) -> tuple[Array, Array]:
    """Return the place (1, 2) and the fluxes (1, band) of a star of some population, as bright as chance has it."""
    magnitude = population.isochrone.magnitude
    mass = population.isochrone.mass
    some = np.flatnonzero((mass > 0.4) & np.isfinite(magnitude).all(axis=1))
    colour = 10 ** (-0.4 * magnitude[random.choice(some)]) * unit
    red = int(np.argmin(np.abs(wavelength - RED)))
    flux = colour / colour[red] * 10 ** (0.4 * (23.9 - random.uniform(*STARS)))
    return np.zeros((1, 2)), flux[None]


def rays(shape: tuple[int, int, int], sigma: Array, random: Generator) -> Array:
    """Return what is left of cosmic rays (band, side, side), microjansky a pixel: a short track in one band."""
    image = np.zeros(shape, np.float32)
    for _ in range(random.integers(1, 4)):
        band, length = random.integers(shape[0]), random.integers(1, 6)
        (y, x), angle = random.uniform(0, shape[1] - 1, 2), random.uniform(0, 2 * np.pi)
        steps = np.arange(length)
        rows, columns = (
            np.rint(at + steps * slope).astype(int) for at, slope in ((y, np.sin(angle)), (x, np.cos(angle)))
        )
        here = (rows >= 0) & (rows < shape[1]) & (columns >= 0) & (columns < shape[2])
        image[band, rows[here], columns[here]] = sigma[band] * 10 ** random.uniform(0.5, 2.0)
    return image
