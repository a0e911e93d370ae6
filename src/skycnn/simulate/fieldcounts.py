"""FieldCounts: how many objects a piece of sky has by magnitude, and draws of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class FieldCounts:
    """Numbers on the mean sky.

    Parameters
    ----------
    edges : array (m,)
        Magnitudes, rising.
    below : array (m,)
        Objects a square degree brighter than these.
    """

    edges: Array
    below: Array

    @classmethod
    def of(cls, points: Sequence[tuple[float, float]], edges: Array) -> Self:
        """Return counts from magnitudes and log10 of objects a magnitude and square degree, linear between them."""
        density = 10 ** np.interp(edges, *np.transpose(points))
        return cls(edges, np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(edges))]))

    def at_level(self, magnitude: float, number: float) -> Self:
        """Return the same with so many objects brighter than a magnitude."""
        return replace(self, below=self.below * number / np.interp(magnitude, self.edges, self.below))

    def draw(self, generator: Generator, area: float, density: float, more: int) -> tuple[Array, Array, Array]:
        """Return magnitudes (n,) of the objects of a piece of sky, uniform numbers (n, more), normal ones (n, 5).

        Parameters
        ----------
        generator : Generator
        area : float
            Square degrees.
        density : float
            Objects over those of the mean sky.
        more : int
            Uniform numbers that what else is drawn of an object needs.
        """
        number = generator.poisson(area * density * self.below[-1])
        uniform = generator.random((number, 1 + more))
        deviate = generator.standard_normal((number, 5))
        return np.interp(uniform[:, 0] * self.below[-1], self.below, self.edges), uniform[:, 1:], deviate
