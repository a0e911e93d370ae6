"""Cluster: a star cluster, its bright stars as points and the light of all others smooth.

Smooth light is that of `SMOOTH` points of even shares that lie as seeds in a sunflower, each a golden angle on from the
last (Vogel 1979, Mathematical Biosciences 44, 179): right to 0.02 of the brightest pixel up to an r_h of ten pixels,
where a PSF is two wide. Bright stars lie by chance, as their cluster's profile has it; which are bright, `ssp` tells.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from skycnn.simulate.clusterprofile import ClusterProfile
from skycnn.simulate.ssp import SSP

Array = NDArray[Any]

SMOOTH = 2048
"""Points of a cluster's smooth light."""

EVEN = (np.arange(SMOOTH) + 0.5) / SMOOTH
GOLDEN = np.pi * (3 - np.sqrt(5)) * np.arange(SMOOTH)
SEEDS: Array = np.stack([np.cos(GOLDEN), np.sin(GOLDEN)], axis=1)


@dataclass(frozen=True)
class Cluster:
    """One star cluster.

    Parameters
    ----------
    place : array (k, 2)
        x and y of the bright stars, arcsec, less the cluster's position.
    flux : array (k, band)
        Of these.
    faint : array (band,)
        Of all others together.
    radius : float
        r_h, which holds half of the light, arcsec.
    profile : ClusterProfile
    """

    place: Array
    flux: Array
    faint: Array
    radius: float
    profile: ClusterProfile

    @classmethod
    def drawn(
        cls, population: SSP, mass: float, profile: ClusterProfile, radius: float, unit: Array, random: Generator
    ) -> "Cluster":
        """Return a cluster of drawn stars.

        Parameters
        ----------
        population : SSP
        mass : float
            Of its stars at their birth, solar.
        profile : ClusterProfile
        radius : float
            r_h, arcsec.
        unit : array (band,)
            Flux of a star of absolute magnitude 0, behind the dust.
        random : Generator
            The cluster's own.
        """
        masses, faint = population.drawn(mass, random)
        masses = masses[masses < population.isochrone.mass[-1]]
        chance = random.random((2, len(masses)))
        angle = 2 * np.pi * chance[1]
        away = radius * profile.radius(chance[0])
        place = np.stack([away * np.cos(angle), away * np.sin(angle)], axis=1)
        flux = population.isochrone.luminosity(masses) * unit
        return cls(place.astype(np.float32), flux.astype(np.float32), faint * population.faint * unit, radius, profile)

    def points(self) -> tuple[Array, Array]:
        """Return places (m, 2), arcsec, and fluxes (m, band) of the bright stars and of the smooth light's points."""
        smooth = self.radius * self.profile.radius(EVEN)[:, None] * SEEDS
        shares = np.broadcast_to(self.faint / SMOOTH, (SMOOTH, len(self.faint)))
        return np.concatenate([self.place, smooth]), np.concatenate([self.flux, shares])
