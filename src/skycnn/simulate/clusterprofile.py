"""ClusterProfile: how the light of star clusters falls off on the sky, by radii that hold a share of it.

EFF: Elson, Fall & Freeman 1987, ApJ 323, 54, of young clusters; King: King 1962, AJ 67, 471, of old ones, which end.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FURTHEST = 1e3
"""r_h; where an EFF profile's last stars are put, for of gamma 2.1 some would lie in another galaxy."""

STEPS = 512
"""Radii at which King's profile is summed."""


class ClusterProfile(ABC):
    """A round profile; radii are in units of that which holds half of the light, r_h."""

    @abstractmethod
    def radius(self, share: Array) -> Array:
        """Return the radii (n,) that hold shares of the light, 0 to below 1."""


@dataclass(frozen=True)
class EFF(ClusterProfile):
    """``(1 + r^2/a^2)^(-gamma/2)``.

    Parameters
    ----------
    gamma : float
        More than 2, else the light has no end.
    """

    gamma: float

    def __post_init__(self) -> None:
        if not self.gamma > 2:
            raise ValueError(f"an EFF profile of gamma {self.gamma} has endless light")

    def radius(self, share: Array) -> Array:
        """Return radii: ``1 - (1 + r^2/a^2)^(1 - gamma/2)`` is within r."""
        power = -2 / (self.gamma - 2)
        radius: Array = np.sqrt((np.maximum(1 - share, 1e-16) ** power - 1) / (0.5**power - 1))
        return np.minimum(radius, FURTHEST)


@dataclass(frozen=True)
class King(ClusterProfile):
    """``((1 + r^2/r_c^2)^-1/2 - (1 + r_t^2/r_c^2)^-1/2)^2`` within r_t.

    Parameters
    ----------
    concentration : float
        r_t / r_c, more than 0.
    """

    concentration: float

    def __post_init__(self) -> None:
        if not self.concentration > 0:
            raise ValueError(f"a King profile of concentration {self.concentration} holds no light")

    def radius(self, share: Array) -> Array:
        """Return radii, between those at which the profile was summed (King 1962, eq. 18)."""
        shares, radii = self._table
        radius: Array = np.interp(share, shares, radii)
        return radius

    @cached_property
    def _table(self) -> tuple[Array, Array]:
        radius = self.concentration * np.linspace(0, 1, STEPS) ** 2
        x, end = radius**2, 1 + self.concentration**2
        light = np.log1p(x) - 4 * (np.sqrt(1 + x) - 1) / np.sqrt(end) + x / end
        share = light / light[-1]
        return share, radius / np.interp(0.5, share, radius)
