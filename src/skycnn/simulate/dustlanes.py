"""DustLanes: how much dust lies before the stars of a galaxy's disc, from place to place on a stamp."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[Any]

FRONT = 0.4
"""Share of a disc's stars that lie before its dust."""


@dataclass(frozen=True)
class DustLanes:
    """A sheet of dust, a lane that winds across it, and perhaps a hole in it.

    Parameters
    ----------
    sheet : float
        A_V of the sheet, mag.
    lane : float
        A_V at the middle of the lane, mag, beside the sheet's.
    angle : float
        Of the lane, radians from +x.
    away : float
        Of its middle from the stamp's centre, arcsec.
    width : float
        Standard deviation across it, arcsec.
    bend : tuple of float
        Amplitude, arcsec, wave number, radians/arcsec, and phase of its winding.
    hole : float
        Radius of a hole at the centre, arcsec; 0 is none.
    """

    sheet: float
    lane: float
    angle: float
    away: float
    width: float
    bend: tuple[float, float, float]
    hole: float = 0.0

    @classmethod
    def drawn(cls, random: Generator, hole: bool = False) -> "DustLanes":
        """Return dust as it lies by chance; half of the stamps without a hole have no lane."""
        sheet, lane = float(random.exponential(0.2)), float(random.exponential(0.8)) * float(random.random() < 0.5)
        shape = random.uniform([0, -1.2, 0.08, 0.0, 0.5, 0], [np.pi, 1.2, 0.5, 0.3, 3.0, 2 * np.pi])
        angle, away, width, *bend = shape.tolist()
        if not hole:
            return cls(sheet, lane, angle, away, width, (bend[0], bend[1], bend[2]))
        thick, radius = random.uniform([0.7, 0.08], [3.0, 0.5]).tolist()
        return cls(sheet + thick, lane, angle, away, width, (bend[0], bend[1], bend[2]), radius)

    def at(self, place: Array) -> Array:
        """Return A_V (...,) of the whole sheet at places (..., 2), arcsec from the stamp's centre."""
        x, y = place[..., 0], place[..., 1]
        along, across = np.cos(self.angle), np.sin(self.angle)
        height, number, phase = self.bend
        apart = y * along - x * across - self.away - height * np.sin(number * (x * along + y * across) + phase)
        depth: Array = self.sheet + self.lane * np.exp(-((apart / self.width) ** 2) / 2)
        if self.hole:
            depth = depth * -np.expm1(-np.exp(4 * np.log(np.maximum(np.hypot(x, y), 1e-6) / self.hole)))
        return depth

    def of_stars(self, place: Array, random: Generator) -> Array:
        """Return A_V (n,) of stars at places (n, 2): nothing before the sheet, all of it behind."""
        behind = random.random(len(place)) >= FRONT
        return self.at(place) * behind

    def of_light(self, place: Array, law: Array) -> Array:
        """Return which share (..., band) of unresolved light at places (..., 2) is left, by A / A_V (band,)."""
        left: Array = FRONT + (1 - FRONT) * 10 ** (-0.4 * self.at(place)[..., None] * law)
        return left
