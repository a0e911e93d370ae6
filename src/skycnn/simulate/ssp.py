"""SSP: a simple stellar population: stars of one age, born with one mass function, drawn star by star.

Stars above a boundary are drawn one by one; lighter ones shine as one mean light. The boundary is the mass below which
lies `FAINT` of the variance of a cluster's light, in every band: what chance makes of the light is in the stars drawn.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from skycnn.simulate.imf import IMF
from skycnn.simulate.isochrones import Isochrone

Array = NDArray[Any]

FAINT = 0.01
"""Share of the variance of a cluster's light, at most, that stars below the boundary have."""

NODES, WEIGHTS = np.polynomial.legendre.leggauss(4)
"""Between two nodes of an isochrone."""


@dataclass(frozen=True)
class SSP:
    """A simple stellar population.

    Parameters
    ----------
    isochrone : Isochrone
    imf : IMF
    """

    isochrone: Isochrone
    imf: IMF

    @cached_property
    def _between(self) -> tuple[Array, Array]:
        """Return how many stars (step, place, 1) are between two nodes, of a solar mass of all, and their light."""
        magnitude, share = self.isochrone.magnitude, ((NODES + 1) / 2)[:, None]
        shown = magnitude[:-1, None] * (1 - share) + magnitude[1:, None] * share
        stars = self.imf.density(self._masses) * np.diff(self.isochrone.mass)[:, None] * (WEIGHTS / 2)
        return stars[..., None], np.exp(shown * (-0.4 * np.log(10)))

    @property
    def _masses(self) -> Array:
        """Return the masses (step, place) between two nodes."""
        mass = self.isochrone.mass
        return np.asarray(mass[:-1, None] + np.diff(mass)[:, None] * ((NODES + 1) / 2))

    @cached_property
    def _sums(self) -> tuple[Array, Array]:
        """Return the light (node, band) of stars lighter than each node, and the sum of its squares."""
        stars, light = self._between
        sums = [np.cumsum((stars * light**power).sum(axis=1), axis=0) for power in (1, 2)]
        first, second = (np.concatenate([np.zeros_like(one[:1]), one]) for one in sums)
        return first, second

    @property
    def light(self) -> Array:
        """Mean 10^(-0.4 M) (band,) of a solar mass of stars, as they were born."""
        whole: Array = self._sums[0][-1]
        return whole

    @property
    def covariance(self) -> Array:
        """Covariance (band, band) of the light of a solar mass of stars; it grows as the mass does.

        Of one mass altogether: a star's light counts less that of as much mass of others, whose place it takes.
        """
        stars, light = self._between
        low, high = self.imf.edge[:1], self.imf.edge[-1:]
        mean, weighed = self.light, (stars * self._masses[..., None] * light).sum(axis=(0, 1))
        together = np.einsum("skb,skc->bc", stars * light, light)
        crossed = mean[:, None] * weighed
        covariance: Array = together - crossed - crossed.T + self.imf.squares(low, high)[0] * mean[:, None] * mean
        return covariance

    @cached_property
    def boundary(self) -> float:
        """The mass at birth, solar, from which on stars are drawn one by one; it is a node of the isochrone."""
        squares = self._sums[1]
        fainter = (squares <= FAINT * squares[-1]).all(axis=1)
        return float(self.isochrone.mass[np.flatnonzero(fainter)[-1]])

    def lighter(self, mass: float) -> Array:
        """Mean 10^(-0.4 M) (band,) of the stars below a mass, a node of the isochrone, of a solar mass of all."""
        light: Array = self._sums[0][np.searchsorted(self.isochrone.mass, mass, side="left")]
        return light

    @property
    def faint(self) -> Array:
        """Mean 10^(-0.4 M) (band,) of a solar mass of stars below the boundary."""
        light: Array = self.lighter(self.boundary) / self._below[1]
        return light

    @property
    def _below(self) -> tuple[float, float]:
        """Return how many stars below the boundary a solar mass has, and their share of the mass."""
        low, high = self.imf.edge[:1], np.array([self.boundary])
        return float(self.imf.number(low, high)[0]), float(self.imf.mass(low, high)[0])

    def drawn(self, mass: float, random: Generator) -> tuple[Array, float]:
        """Return the stars of a cluster.

        Stars are born one after the other until the cluster has its mass; the one that would bring it nearer is the
        last. Between two above the boundary lie as many below as chance has it, each of their mean mass.

        Parameters
        ----------
        mass : float
            Of all stars at their birth, solar.
        random : Generator
            The cluster's own.

        Returns
        -------
        masses : array (k,)
            At birth, solar, of stars above the boundary, dead ones too.
        faint : float
            Mass of all others.
        """
        top = np.array([self.imf.edge[-1]])
        rate = float(self.imf.number(np.array([self.boundary]), top)[0])  # a solar mass of all stars
        gap = self._below[1] / rate  # mass of fainter stars between two
        some = rate * mass
        count = int(some + 5 * np.sqrt(some) + 10)
        masses, end = [], 0.0
        while end < mass:
            chance = random.random((2, count))
            drawn = self.imf.masses(chance[0], self.boundary)
            ends = end + np.cumsum(drawn - gap * np.log1p(-chance[1]))
            masses.append(drawn[ends - drawn / 2 <= mass])
            end = float(ends[-1])
        stars = np.concatenate(masses)
        return stars, max(mass - float(stars.sum()), 0.0)
