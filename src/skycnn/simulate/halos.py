"""Halos: rigid galaxies as test particles feel them, spherical and with a flat rotation curve out to their radius.

The density of Jaffe (1983, MNRAS 202, 995), its centre softened: with ``s^2 = r^2 + e^2``

    potential = -(G M / b) ln(1 + b / s),    acceleration = -G M r / (s^2 (s + b)),

so that circles are as fast, ``v^2 = G M / b``, wherever ``e << r << b``.

Lengths are kpc, times Myr, masses 1e10 solar masses.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

GRAVITY = 0.0449850
"""G in kpc^3 / (1e10 solar masses Myr^2)."""

KMS = 1.0227122e-3
"""One km/s in kpc/Myr."""


@dataclass(frozen=True)
class Halos:
    """Galaxies' masses, of stars and all else.

    Parameters
    ----------
    mass : array (...)
        1e10 solar masses.
    radius : array (...)
        b, within which half of the mass lies, kpc.
    softening : array (...)
        e, kpc.
    """

    mass: Array
    radius: Array
    softening: Array

    @classmethod
    def of(cls, speed: Array, radius: Array, softening: Array) -> "Halos":
        """Return galaxies whose stars circle with a speed, km/s."""
        mass = (np.asarray(speed) * KMS) ** 2 * radius / GRAVITY
        return cls(mass, np.broadcast_to(radius, mass.shape), np.broadcast_to(softening, mass.shape))

    def potential(self, r: Array) -> Array:
        """Return the potential at distances (...), (kpc/Myr)^2."""
        s = np.hypot(r, self.softening)
        depth: Array = -GRAVITY * self.mass / self.radius * np.log1p(self.radius / s)
        return depth

    def pull(self, r: Array) -> Array:
        """Return the acceleration over the distance, towards the centre, 1/Myr^2; at r = 0 too."""
        s = np.hypot(r, self.softening)
        strength: Array = GRAVITY * self.mass / (s**2 * (s + self.radius))
        return strength

    def enclosed(self, r: Array) -> Array:
        """Return the mass within distances, 1e10 solar masses."""
        within: Array = r**3 * self.pull(r) / GRAVITY
        return within

    def density(self, r: Array) -> Array:
        """Return the density at distances, 1e10 solar masses/kpc^3."""
        s, b = np.hypot(r, self.softening), self.radius
        slope = 3 / (s**2 * (s + b)) - r**2 * (3 * s + 2 * b) / (s**4 * (s + b) ** 2)
        dense: Array = self.mass / (4 * np.pi) * slope
        return dense

    def circular(self, r: Array) -> Array:
        """Return the speed of circles, kpc/Myr."""
        speed: Array = r * np.sqrt(self.pull(r))
        return speed
