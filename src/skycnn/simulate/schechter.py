"""Schechter function: luminosities of galaxies, drawn between limits by a table (Schechter 1976, ApJ 203, 297)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

STEPS = 2000


@dataclass(frozen=True)
class Schechter:
    """Luminosity function ``L^alpha exp(-L)``, L in units of the characteristic luminosity.

    Parameters
    ----------
    alpha : float
        Slope of the faint end.
    bright, faint : float
        Limits, magnitudes from the characteristic one; the first is negative, as a rule.
    """

    alpha: float
    bright: float
    faint: float

    def draw(self, uniform: Array) -> Array:
        """Return magnitudes (n,) from the characteristic one, for numbers (n,) uniform in [0, 1)."""
        magnitude, number, _ = self._table
        return np.interp(uniform, number / number[-1], magnitude)

    def number(self, faint: float) -> float:
        """Return the share of the galaxies that are brighter than a magnitude from the characteristic one."""
        magnitude, number, _ = self._table
        return float(np.interp(faint, magnitude, number) / number[-1])

    def light(self, faint: float) -> float:
        """Return the share of the light that comes from galaxies brighter than a magnitude."""
        magnitude, _, light = self._table
        return float(np.interp(faint, magnitude, light) / light[-1])

    def mean(self) -> float:
        """Return the mean luminosity of a galaxy between the limits, in characteristic luminosities."""
        _, number, light = self._table
        return float(light[-1] / number[-1])

    @cached_property
    def _table(self) -> tuple[Array, Array, Array]:
        """Return magnitudes, and the number and the light of galaxies brighter than them."""
        magnitude = np.linspace(self.bright, self.faint, STEPS + 1)
        luminosity = 10 ** (-0.4 * magnitude)
        number = luminosity ** (self.alpha + 1) * np.exp(-luminosity)  # a magnitude
        sums = [
            np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
            for density in (number, number * luminosity)
        ]
        return magnitude, sums[0], sums[1]
