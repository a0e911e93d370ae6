"""Tracers: light of particles that each stand for a small cloud of stars, seen through the optics.

A cloud is shown as a few stars scattered about its tracer, so that a tail of few tracers is a tail and no row of dots.
They are summed on a grid (`stargrid`): 300,000 stars a second.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate import draws, stargrid
from skycnn.simulate.light import Light
from skycnn.simulate.render import Renderer

Array = NDArray[Any]

STARS = 8
"""Of a cloud."""


@dataclass(frozen=True)
class Tracers(Light):
    """Clouds of stars about objects, of each object as many as it has.

    Parameters
    ----------
    place : array (m, 2)
        Of all objects' clouds, one object after the other: x and y, arcsec, less their object's position.
    flux : array (m, band)
    blur : array (m,)
        Standard deviation of a cloud along an axis, arcsec.
    start : array (n + 1,)
        Object i has the clouds from ``start[i]`` to before ``start[i + 1]``.
    seed : int
    row : array (n,)
        Absolute numbers of the objects, which the stars of the clouds are scattered by.
    """

    place: Array
    flux: Array
    blur: Array
    start: Array
    seed: int
    row: Array

    def take(self, rows: Array) -> "Tracers":
        """Return some objects' light."""
        places = np.arange(len(self.row))[rows]
        parts = [np.arange(self.start[k], self.start[k + 1]) for k in places.tolist()]
        here = np.concatenate([np.zeros(0, np.int64), *parts])
        start = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
        return Tracers(self.place[here], self.flux[here], self.blur[here], start, self.seed, self.row[places])

    def total(self) -> Array:
        """Return the flux of whole objects, float32 (n, band)."""
        sums = [self.flux[part].sum(axis=0, dtype=np.float64) for part in self._parts()]
        return np.array(sums, np.float32).reshape(len(self.row), self.flux.shape[1])

    def stamps(self, renderer: Renderer, offset: Array | None = None) -> Array:
        """Return stamps (n, band, side, side), float32."""
        offset = np.zeros((len(self.row), 2)) if offset is None else offset
        grid = stargrid.of(renderer)
        stamps = np.empty((len(self.row), self.flux.shape[1], renderer.side, renderer.side), np.float32)
        for k, part in enumerate(self._parts()):
            place = self._stars(k, part) / renderer.pixel_scale + offset[k]
            stamps[k] = grid.stamp(place, np.repeat(self.flux[part], STARS, axis=0) / STARS)
        return stamps

    def extent(self, faint: Array, pixel_scale: float) -> Array:
        """Return how far (n,) from an object its clouds reach, pixels."""
        apart = (np.hypot(*np.asarray(self.place, np.float64).T) + 3 * self.blur) / pixel_scale
        return np.array([apart[part].max(initial=0.0) for part in self._parts()])

    def _parts(self) -> list[slice]:
        return [slice(int(a), int(b)) for a, b in zip(self.start[:-1], self.start[1:], strict=True)]

    def _stars(self, k: int, part: slice) -> Array:
        """Return the places (m, 2) of an object's stars, arcsec."""
        generator = draws.generator(self.seed, int(self.row[k]), "clouds")
        away = generator.standard_normal((part.stop - part.start, STARS, 2), np.float32)
        stars: Array = (self.place[part, None] + away * self.blur[part, None, None]).reshape(-1, 2)
        return stars
