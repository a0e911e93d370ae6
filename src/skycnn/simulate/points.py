"""Points: light of many stars or particles an object, shared out to a fine grid and seen through the optics."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate.lattice import Lattice, reach
from skycnn.simulate.light import Light
from skycnn.simulate.render import Renderer

Array = NDArray[Any]

FINE = 12.0
"""Nodes across the narrowest PSF and pixel: stamps are then right to 0.005 of the brightest pixel."""


@dataclass(frozen=True)
class Points(Light):
    """Points about objects, of each object as many as it has.

    On stamps each is right to 0.005 of the brightest pixel, and its flux to 1e-3. Those that lie `lattice.WINGS` widths
    of the PSF off the stamp are left out; `total` counts them.

    Parameters
    ----------
    place : array (m, 2)
        Of all objects' points, one object after the other: x and y, arcsec, less their object's position.
    flux : array (m, band)
    start : array (n + 1,)
        Object i has the points from ``start[i]`` to before ``start[i + 1]``.
    """

    place: Array
    flux: Array
    start: Array

    @classmethod
    def of(cls, places: Sequence[Array], fluxes: Sequence[Array]) -> "Points":
        """Return the points of objects, of each its places (k, 2) and fluxes (k, band)."""
        start = np.concatenate([[0], np.cumsum([len(place) for place in places])]).astype(np.int64)
        return cls(np.concatenate(places), np.concatenate(fluxes), start)

    def take(self, rows: Array) -> "Points":
        """Return some objects' light."""
        parts = [self._slice(row) for row in np.arange(len(self.start) - 1)[rows].tolist()]
        if not parts:
            return Points(self.place[:0], self.flux[:0], np.zeros(1, np.int64))
        return Points.of([self.place[part] for part in parts], [self.flux[part] for part in parts])

    def total(self) -> Array:
        """Return the flux of whole objects, float32 (n, band)."""
        total = np.zeros((len(self.start) - 1, self.flux.shape[1]), np.float32)
        for row in range(len(total)):
            total[row] = self.flux[self._slice(row)].sum(axis=0, dtype=np.float64)
        return total

    def stamps(self, renderer: Renderer, offset: Array | None = None) -> Array:
        """Return stamps (n, band, side, side), float32."""
        n = len(self.start) - 1
        offset = np.zeros((n, 2)) if offset is None else offset
        half = renderer.side / 2 + 1 + reach(renderer)
        narrowest = min(math.hypot(psf.fwhm / renderer.pixel_scale, 1.0) for psf in renderer.psfs)
        fine = math.ceil(max(FINE / narrowest, renderer.limit / (0.8 * math.pi)))
        size = 2 * math.ceil(half * fine) + 1
        lattice = Lattice(renderer, (size, size), 1 / fine, smooth=False)
        stamps = np.empty((n, len(renderer.psfs), renderer.side, renderer.side), np.float32)
        for row in range(n):
            part = self._slice(row)
            nodes = np.asarray(self.place[part], np.float64) * (fine / renderer.pixel_scale) + (size - 1) / 2
            stamps[row] = lattice.stamp(shared(nodes, self.flux[part], size), offset[row])
        return stamps

    def extent(self, faint: Array, pixel_scale: float) -> Array:
        """Return how far (n,) from an object its points lie, pixels."""
        apart = np.hypot(*np.asarray(self.place, np.float64).T) / pixel_scale
        slices = map(self._slice, range(len(self.start) - 1))
        return np.array([apart[part].max(initial=0.0) for part in slices])

    def _slice(self, row: int) -> slice:
        return slice(int(self.start[row]), int(self.start[row + 1]))


def shared(nodes: Array, flux: Array, size: int) -> Array:
    """Return light on a grid (band, size, size): each point's shared out to the four nodes about it.

    Parameters
    ----------
    nodes : array (k, 2)
        x and y of the points, in nodes from the first; those beyond the grid are left out.
    flux : array (k, band)
    size : int
    """
    low = np.floor(nodes).astype(np.int64)
    inside = ((low >= 0) & (low < size - 1)).all(axis=1)
    low, flux = low[inside], np.asarray(flux, np.float64)[inside]
    x, y = (nodes[inside] - low).T
    at = low[:, 1] * size + low[:, 0]
    corners = ((at, (1 - x) * (1 - y)), (at + 1, x * (1 - y)), (at + size, (1 - x) * y), (at + size + 1, x * y))
    light = np.zeros((flux.shape[1], size * size))
    for band, fluxes in enumerate(flux.T):
        for place, share in corners:
            light[band] += np.bincount(place, share * fluxes, size * size)
    return light.reshape(-1, size, size)
