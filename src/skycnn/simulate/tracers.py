"""Tracers: light of particles that each stand for a small cloud of stars, seen through the optics.

A cloud is shown as a few stars scattered about its tracer, so that a tail of few tracers is a tail and no row of dots.
They are summed on a grid of three nodes a pixel and seen by a fast Fourier transform: 300,000 stars a second, where
`points` is exact to 0.005 of the brightest pixel and takes a hundred times as long.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skycnn.simulate import draws
from skycnn.simulate.light import Light
from skycnn.simulate.points import shared
from skycnn.simulate.render import Renderer

Array = NDArray[Any]

STARS = 8
"""Of a cloud."""

NODES = 3
"""A pixel."""

MARGIN = 8
"""Pixels beyond the stamp's edge whose light is seen on it."""


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
        size, transfer = _optics(renderer)
        wide, side = size // NODES, renderer.side
        edge = (wide - side) // 2
        stamps = np.empty((len(self.row), self.flux.shape[1], side, side), np.float32)
        for k, part in enumerate(self._parts()):
            nodes = self._stars(k, part) / renderer.pixel_scale + offset[k] + edge + (side - 1) / 2
            light = shared(NODES * nodes, np.repeat(self.flux[part], STARS, axis=0) / STARS, size)
            waves = torch.fft.rfft2(torch.from_numpy(light.astype(np.float32))) * transfer
            # Of every third row alone the waves are those of three parts, added.
            rows = waves.view(len(waves), NODES, wide, -1).sum(dim=1) / NODES
            pixels = torch.fft.irfft2(rows, s=(wide, size))[:, edge : edge + side, ::NODES][..., edge : edge + side]
            stamps[k] = pixels.numpy()
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


@lru_cache(maxsize=4)
def _optics(renderer: Renderer) -> tuple[int, torch.Tensor]:
    """Return the nodes along an edge, and what optics and pixels make of the waves (band, size, size / 2 + 1).

    That a star is shared out to the four nodes about it is undone, on average; nodes' light becomes that of pixels.
    """
    size = NODES * _even(renderer.side + 2 * MARGIN)
    ky = 2 * np.pi * NODES * np.fft.fftfreq(size)  # rad/pixel
    kx = 2 * np.pi * NODES * np.fft.rfftfreq(size)
    share = [np.sinc(k / (2 * np.pi * NODES)) ** 2 for k in (ky, kx)]
    pixel = [np.sinc(k / (2 * np.pi)) for k in (ky, kx)]
    seen = []
    for psf in renderer.psfs:
        whole = psf.transfer(kx / renderer.pixel_scale, ky / renderer.pixel_scale)
        for y, x in [(1 / share[0], 1 / share[1])] + ([] if psf.pixelated else [(pixel[0], pixel[1])]):
            whole = whole * y[:, None] * x
        seen.append(torch.from_numpy(whole.astype(np.complex64 if np.iscomplexobj(whole) else np.float32)))
    return size, torch.stack(seen) * NODES**2


def _even(least: int) -> int:
    """Return a size that a Fourier transform is fast at: 2^a, 3 x 2^a or 5 x 2^a."""
    sizes = [factor << power for factor in (1, 3, 5) for power in range(3, 14)]
    return min(size for size in sizes if size >= least)
