"""Whitening: sums over correlated numbers, of many rows and models at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Whitened:
    """Of values r, a model s that is to be scaled, and their covariance C, each an array of one shape.

    Parameters
    ----------
    chi, crossed, power : array
        r C^-1 r, s C^-1 r, s C^-1 s.
    volume : array
        Logarithm of C's determinant.
    """

    chi: Array
    crossed: Array
    power: Array
    volume: Array

    @property
    def scale(self) -> Array:
        """The likeliest scale of the model; its variance is 1 / power."""
        scale: Array = self.crossed / self.power
        return scale

    @property
    def likelihood(self) -> Array:
        """Logarithm of the values' probability, were the scale the likeliest, but for a constant."""
        found: Array = -0.5 * (self.chi - self.crossed * self.scale + self.volume)
        return found


def whitened(values: Sequence[Array], model: Sequence[Array], spread: Sequence[Sequence[Array]]) -> Whitened:
    """Return the sums; by Cholesky's way, number by number, of all rows and models together.

    Parameters
    ----------
    values, model : sequence of array
        The numbers, each of all rows and models.
    spread : sequence of sequences of array
        C, of each number with those before it, and then with itself.
    """
    lower: list[list[Array]] = []
    seen: list[tuple[Array, Array]] = []
    chi: Array
    crossed: Array
    power: Array
    volume: Array
    chi = crossed = power = volume = np.zeros(1, np.float32)
    for r, s, row in zip(values, model, spread, strict=True):
        own: list[Array] = []
        for j, before in enumerate(lower):
            left = row[j]
            for a, b in zip(own, before, strict=False):
                left = left - a * b
            own.append(left / before[j])
        left = row[-1]
        for a, (before_r, before_s) in zip(own, seen, strict=True):
            left, r, s = left - a * a, r - a * before_r, s - a * before_s
        root = np.sqrt(left)
        r, s = r / root, s / root
        chi, crossed, power = chi + r * r, crossed + r * s, power + s * s
        volume = volume + 2 * np.log(root)
        lower.append([*own, root])
        seen.append((r, s))
    return Whitened(chi, crossed, power, volume)
