"""Halo: where the galaxies of a cluster lie - within a dark halo of Navarro, Frenk & White (1997, ApJ 490, 493)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[Any]

OUTERMOST = 2.0
"""Radius of the furthest members, R500."""

GRID = np.concatenate([[0.0], np.geomspace(1e-3, OUTERMOST, 400)])
"""Radii at which the profile is summed, R500."""


@dataclass(frozen=True)
class Halo:
    """A halo on the sky.

    Parameters
    ----------
    radius : float
        R500, arcsec.
    concentration : float
        R500 over the scale radius of its galaxies.
    ratio, angle : float
        Minor over major axis of what is seen of it, and degrees of the latter from +x counterclockwise.
    centre : array (2,)
        Where it lies, less the catalogue's position, arcsec.
    """

    radius: float
    concentration: float
    ratio: float
    angle: float
    centre: Array

    def places(self, random: Generator, count: int) -> Array:
        """Return where so many members lie on the sky (count, 2), arcsec from the catalogue's position."""
        x = self.concentration * GRID
        within = np.log1p(x) - x / (1 + x)
        distance = np.interp(random.random(count) * within[-1], within, GRID) * self.radius
        along = 2 * random.random(count) - 1  # of the line of sight
        apart = distance * np.sqrt(1 - along**2)
        turn = 2 * np.pi * random.random(count)
        stretch = np.sqrt(self.ratio)
        u, v = apart * np.cos(turn) / stretch, apart * np.sin(turn) * stretch
        cos, sin = np.cos(np.deg2rad(self.angle)), np.sin(np.deg2rad(self.angle))
        place: Array = np.column_stack([u * cos - v * sin, u * sin + v * cos]) + self.centre
        return place

    def apart(self, place: Array) -> Array:
        """Return how far places (n, 2) lie from its centre (n,), arcsec."""
        return np.asarray(np.hypot(*(place - self.centre).T))
