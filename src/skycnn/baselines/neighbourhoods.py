"""Neighbourhoods: the training rows nearest to a row, by the bands that the row has."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from skycnn.baselines.inputrows import bands, restricted, take
from skycnn.features import Inputs, Near, learn

Array = NDArray[Any]

FEWEST = 500
"""Training rows that must have all of a row's bands (half of a small sample); below, the rarest bands are left out."""

KEPT = 16
"""Sets of bands whose rows are kept in order; a catalogue seldom has more that are common."""


@dataclass(frozen=True)
class Neighbourhood:
    """The training rows that have some bands, as points.

    Parameters
    ----------
    bands : array (band,)
        Of bool.
    features : Near
        Learned from these rows and bands.
    truth : array (m,)
    place : array (m, d)
    tree : cKDTree
        Of the places.
    threads : int
    """

    bands: Array
    features: Near
    truth: Array
    place: Array
    tree: Any
    threads: int

    def nearest(self, inputs: Inputs, k: int) -> tuple[Array, Array]:
        """Return where rows are (n, d), and the numbers of their k nearest, the nearest first; fewer if there are."""
        place = self.features.near(inputs)
        _, index = self.tree.query(place, k=np.arange(1, min(k, len(self.truth)) + 1), workers=self.threads)
        return place, index


class Neighbourhoods:
    """The neighbourhoods of a training sample.

    The distance between two rows is one of colours and a magnitude, which a missing band leaves undefined. So a row is
    compared in the bands that it has with the training rows that have all of them.

    Parameters
    ----------
    make : callable
        Learns features from inputs.
    inputs : mapping of str to array
        Of the training rows.
    truth : array (m,)
    threads : int
    """

    def __init__(self, make: Callable[[Inputs], Any], inputs: Inputs, truth: Array, threads: int = 1) -> None:
        self._make, self._inputs, self._truth, self._threads = make, inputs, truth, threads
        self._bands, self._kept = bands(inputs), dict[bytes, Neighbourhood | None]()

    def of(self, inputs: Inputs) -> Iterator[tuple[Array, Neighbourhood, dict[str, Array]]]:
        """Yield rows by number, their neighbourhood, and their inputs in its bands; rows without one never come."""
        patterns, which = np.unique(bands(inputs), axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            rows = np.flatnonzero(which.ravel() == number)
            near = self._neighbourhood(self._common(pattern))
            if near is not None:
                yield rows, near, restricted(take(inputs, rows), near.bands)

    def _common(self, pattern: Array) -> Array:
        """Return the bands, the rarest left out until enough training rows have all of them."""
        pattern, total = pattern.copy(), self._bands.sum(axis=0)
        while pattern.sum() > 1 and self._bands[:, pattern].all(axis=1).sum() < min(FEWEST, len(self._truth) / 2):
            pattern[np.argmin(np.where(pattern, total, len(self._truth) + 1))] = False
        return pattern

    def _neighbourhood(self, pattern: Array) -> Neighbourhood | None:
        name = pattern.tobytes()
        if name not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[name] = self._made(pattern)
        return self._kept[name]

    def _made(self, pattern: Array) -> Neighbourhood | None:
        rows = self._bands[:, pattern].all(axis=1)
        if not rows.any():
            return None
        inputs = restricted(take(self._inputs, rows), pattern)
        features = learn(self._make, inputs)
        place = features.near(inputs)
        return Neighbourhood(pattern, features, self._truth[rows], place, cKDTree(place), self._threads)
