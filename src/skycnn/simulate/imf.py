"""IMF: how many stars are born of which mass: Kroupa's (2001, MNRAS 322, 231, eq. 2), power laws that meet."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

KROUPA = ((0.08, 1.3), (0.5, 2.3))
"""Of stars: the mass from which on, solar, a power law holds, and its exponent alpha, ``dn/dm ~ m^-alpha``."""

HEAVIEST = 120.0
"""Solar masses; the most massive star, as isochrones of the youngest clusters and LEGUS's models have it."""


@dataclass(frozen=True)
class IMF:
    """A mass function of stars, one solar mass of them altogether.

    Parameters
    ----------
    edge : array (part + 1,)
        Solar masses where power laws begin, and where the last ends.
    slope : array (part,)
        alpha of each.
    factor : array (part,)
        ``dn/dm = factor m^-alpha``, stars a solar mass, a solar mass of all stars.
    """

    edge: Array
    slope: Array
    factor: Array

    @classmethod
    def of(cls, parts: tuple[tuple[float, float], ...] = KROUPA, heaviest: float = HEAVIEST) -> "IMF":
        """Return the one of power laws, each from a mass on with an exponent."""
        edge = np.array([*(mass for mass, _ in parts), heaviest])
        slope = np.array([exponent for _, exponent in parts])
        factor = np.cumprod([1.0, *(edge[1:-1] ** np.diff(slope))])
        whole = cls(edge, slope, factor)
        return cls(edge, slope, factor / whole.mass(edge[:1], edge[-1:])[0])

    def number(self, low: Array, high: Array) -> Array:
        """Return how many stars are between masses (n,) and (n,), a solar mass of all stars."""
        return self._integral(low, high, 0)

    def mass(self, low: Array, high: Array) -> Array:
        """Return the share of all mass that is in stars between masses (n,) and (n,)."""
        return self._integral(low, high, 1)

    def squares(self, low: Array, high: Array) -> Array:
        """Return the sum of the squared masses of stars between masses (n,) and (n,), a solar mass of all stars."""
        return self._integral(low, high, 2)

    def density(self, mass: Array) -> Array:
        """Return dn/dm at masses within the edges."""
        part = np.clip(np.searchsorted(self.edge, mass, side="right") - 1, 0, len(self.slope) - 1)
        density: Array = self.factor[part] * mass ** -self.slope[part]
        return density

    def masses(self, chance: Array, low: float, high: float = np.inf) -> Array:
        """Return masses (n,) of stars between two masses, by numbers uniform in [0, 1), rising with them."""
        last = min(high, float(self.edge[-1]))
        edges = np.concatenate([[low], self.edge[(self.edge > low) & (self.edge < last)], [last]])
        part = np.clip(np.searchsorted(self.edge, edges[:-1], side="right") - 1, 0, len(self.slope) - 1)
        counts = np.concatenate([[0], np.cumsum(self.number(edges[:-1], edges[1:]))])
        wanted = chance * counts[-1]
        here = np.clip(np.searchsorted(counts, wanted, side="right") - 1, 0, len(part) - 1)
        power = 1 - self.slope[part]
        start, rise = edges[:-1] ** power, power / self.factor[part]
        drawn: Array = (start[here] + rise[here] * (wanted - counts[here])) ** (1 / power[here])
        return drawn

    def _integral(self, low: Array, high: Array, moment: int) -> Array:
        total = np.zeros(np.broadcast(low, high).shape)
        for first, last, slope, factor in zip(self.edge[:-1], self.edge[1:], self.slope, self.factor, strict=True):
            power = moment + 1 - slope
            total += factor / power * (np.clip(high, first, last) ** power - np.clip(low, first, last) ** power)
        return total
