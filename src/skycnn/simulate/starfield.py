"""StarField: the disc of a galaxy about a star cluster: stars seen one by one, the light of all others, and dust.

Stars form at a steady rate, but for chance in each span of time: a disc forms them in clumps. Those whose brightest
pixel is brighter than `SEEN` standard deviations of the noise in a band are drawn one by one; the others' light is
smooth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from skycnn.simulate import isochrones
from skycnn.simulate.dustlanes import DustLanes
from skycnn.simulate.imf import IMF
from skycnn.simulate.isochrones import Isochrones
from skycnn.simulate.ssp import SSP

Array = NDArray[Any]

EDGES = (6.6, 6.9, 7.2, 7.5, 7.8, 8.1, 8.5, 8.9, 9.3, 9.7, 10.1)
"""log10 of years: the spans of time, each with stars of the age in its middle."""

RATES = (-4.0, -1.6)
"""log10 of the rate at which stars form, solar masses a year and square kiloparsec, evenly between these."""

UNEVEN = (0.5, 0.15)
"""Scatter of the youngest and of the oldest span's rate, dex."""

SEEN = 1.0
"""Standard deviations of a pixel's noise that a star's brightest pixel has, to be drawn by itself."""

LEVELS = np.arange(-2.0, 18.0, 0.25)
"""Steps of brightness, mag brighter than a star of `SEEN`, by which the noise that stars make is summed."""

OUTLYING = 30.0
"""Stars a stamp, so few that they do not count as noise: the median deviation from the median does not see them."""

PATCHES = 0.15
"""Scatter of the smooth light from place to place, as a natural logarithm."""


@dataclass(frozen=True)
class Disc:
    """What discs at one distance, seen in some bands, have in common.

    Parameters
    ----------
    bands : tuple of str
    unit : tuple of float
        Flux in each band of a star of absolute magnitude 0, microjansky.
    limit : tuple of float
        Flux in each band from which on a star is drawn by itself.
    parsec : float
        In an arcsec.
    """

    bands: tuple[str, ...]
    unit: tuple[float, ...]
    limit: tuple[float, ...]
    parsec: float

    @cached_property
    def table(self) -> Isochrones:
        """Isochrones of the bands."""
        return isochrones.load().of(self.bands)

    @cached_property
    def imf(self) -> IMF:
        """How many stars are born of which mass."""
        return IMF.of()

    def population(self, log_age: float) -> SSP:
        """Return stars of one age."""
        return SSP(self.table.at(log_age), self.imf)

    @cached_property
    def populations(self) -> tuple[SSP, ...]:
        """Of the spans of time, youngest first."""
        return tuple(self.population((low + high) / 2) for low, high in pairwise(EDGES))

    @cached_property
    def lightest(self) -> Array:
        """Mass at birth (span,) from which on stars are drawn, solar; what is lighter is fainter."""
        found = []
        for population in self.populations:
            flux = 10 ** (-0.4 * population.isochrone.magnitude) * self.unit
            bright = np.flatnonzero((flux > self.limit).any(axis=1))
            mass = population.isochrone.mass
            found.append(mass[max(bright[0] - 1, 0)] if len(bright) else mass[-1])
        return np.array(found)

    @cached_property
    def counts(self) -> Array:
        """Stars (span,) from that mass on, a solar mass of all."""
        ends = [population.isochrone.mass[-1:] for population in self.populations]
        parts = zip(self.populations, self.lightest, ends, strict=True)
        return np.array(
            [float(p.imf.number(np.array([low]), end)[0]) if low < end[0] else 0.0 for p, low, end in parts]
        )

    @cached_property
    def smooth(self) -> Array:
        """Flux (span, band) of the stars below it, a solar mass of all."""
        parts = zip(self.populations, self.lightest, strict=True)
        smooth: Array = np.array([population.lighter(mass) for population, mass in parts]) * self.unit
        return smooth

    @cached_property
    def noise(self) -> tuple[Array, Array]:
        """Stars brighter than each of `LEVELS`, and squared fluxes of the fainter (span, band, level), a solar mass."""
        shape = len(self.populations), len(self.bands), len(LEVELS)
        brighter, squares = np.zeros(shape), np.zeros(shape)
        for i, population in enumerate(self.populations):
            mass = population.isochrone.mass
            stars = population.imf.number(mass[:-1], mass[1:])
            flux = 10 ** (-0.4 * population.isochrone.magnitude) * self.unit
            middle = np.sqrt(flux[1:] * flux[:-1])
            for b, limit in enumerate(self.limit):
                order = np.argsort(middle[:, b])
                sums = np.concatenate([[0.0], np.cumsum((stars * middle[:, b] ** 2)[order])])
                number = np.concatenate([[0.0], np.cumsum(stars[order])])
                at = np.searchsorted(middle[order, b], limit * 10 ** (0.4 * LEVELS))
                squares[i, b], brighter[i, b] = sums[at], number[-1] - number[at]
        return brighter, squares


@lru_cache(maxsize=8)
def disc(bands: tuple[str, ...], unit: tuple[float, ...], limit: tuple[float, ...], parsec: float) -> Disc:
    """Return a `Disc`, made on first use."""
    return Disc(bands, unit, limit, parsec)


@dataclass(frozen=True)
class StarField:
    """One stamp's part of a disc.

    Parameters
    ----------
    disc : Disc
    mass : array (span,)
        Of all stars at their birth, solar, a square arcsec.
    dust : DustLanes
    law : array (band,)
        A / A_V.
    slope : array (2,)
        Rise of the light along x and y, an arcsec, as a natural logarithm.
    """

    disc: Disc
    mass: Array
    dust: DustLanes
    law: Array
    slope: Array

    @classmethod
    def drawn(cls, disc: Disc, law: Array, random: Generator, hole: bool = False) -> "StarField":
        """Return a field as it is by chance; one with a hole in its dust is bright."""
        edges = np.array(EDGES)
        low = RATES[0] + (RATES[1] - RATES[0]) * (0.6 if hole else 0.0)
        rate = 10 ** random.uniform(low, RATES[1])
        uneven = np.linspace(*UNEVEN, len(edges) - 1)
        span = 10 ** edges[1:] - np.concatenate([[0.0], 10 ** edges[1:-1]])
        mass = rate * span * 10 ** (uneven * random.standard_normal(len(span))) * (disc.parsec / 1000) ** 2
        return cls(disc, mass, DustLanes.drawn(random, hole), law, random.normal(0, 0.1, 2))

    def stars(self, half: float, random: Generator) -> tuple[Array, Array]:
        """Return places (n, 2), arcsec, and fluxes (n, band) of the stars within ``half`` arcsec along both axes."""
        places, fluxes = [], []
        expected = self.mass * self.disc.counts * (2 * half) ** 2
        for population, low, mean in zip(self.disc.populations, self.disc.lightest, expected.tolist(), strict=True):
            count = int(random.poisson(mean))
            if count:
                chance = random.random((3, count))
                masses = population.imf.masses(chance[0], low, float(population.isochrone.mass[-1]))
                places.append(half * (2 * chance[1:].T - 1))
                fluxes.append(population.isochrone.luminosity(masses) * self.disc.unit)
        if not places:
            return np.zeros((0, 2)), np.zeros((0, len(self.law)))
        place, flux = np.concatenate(places), np.concatenate(fluxes)
        depth = self.dust.of_stars(place, random)
        return place, flux * 10 ** (-0.4 * depth[:, None] * self.law)

    def light(self, side: int, pixel_scale: float, offset: Array, random: Generator) -> Array:
        """Return the smooth light (band, side, side), microjansky a pixel, about what lies ``offset`` pixels off."""
        at = (np.arange(side) - (side - 1) / 2) * pixel_scale
        place = np.stack(np.broadcast_arrays(at - offset[0] * pixel_scale, (at - offset[1] * pixel_scale)[:, None]), -1)
        number, (angle, phase) = random.uniform(1, 6, 4), random.uniform(0, 2 * np.pi, (2, 4))
        wave = place @ (number * np.array([np.cos(angle), np.sin(angle)])) + phase
        uneven = np.exp(PATCHES * np.sin(wave).sum(axis=-1) / np.sqrt(2) + np.clip(place @ self.slope, -1, 1))
        left = self.dust.of_light(place, self.law)
        flux = self.mass @ self.disc.smooth * pixel_scale**2
        light: Array = (uneven[..., None] * left * flux).transpose(2, 0, 1)
        return light

    def variance(self, sharpness: Array, area: float, pixel_scale: float) -> Array:
        """Return the variance (band,) of a pixel that stars make, but for those that stand out.

        Parameters
        ----------
        sharpness : array (band,)
            Sum of the squares of a star's pixels, of unit flux.
        area : float
            Of a stamp, square arcsec.
        pixel_scale : float
            arcsec.
        """
        brighter, squares = (np.tensordot(self.mass, part, 1) for part in self.disc.noise)  # a square arcsec
        level = np.argmax(brighter * area <= OUTLYING, axis=1)
        variance: Array = squares[np.arange(len(level)), level] * sharpness * pixel_scale**2
        return variance


def units(vega: Sequence[float], modulus: float) -> Array:
    """Return microjansky (band,) of a star of absolute Vega magnitude 0, by m_AB - m_Vega (band,)."""
    flux: Array = 10 ** (0.4 * (23.9 - np.asarray(vega) - modulus))
    return flux
