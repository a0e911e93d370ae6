"""StarGrid: many stars on one stamp, seen by a fast Fourier transform of a grid of three nodes a pixel.

`points` is exact to 0.005 of the brightest pixel and takes a hundred times as long; this is right to 0.02 of it. Wings
that leave the grid come back on its other side, spread over all of it: 2 % of the light of WFC3's stars on a stamp of
64 pixels.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skycnn.simulate.points import shared
from skycnn.simulate.render import Renderer

Array = NDArray[Any]

NODES = 3
"""A pixel."""

MARGIN = 8
"""Pixels beyond the stamp's edge whose light is seen on it."""


class StarGrid:
    """What the stamps of a renderer have in common; see `of`.

    Parameters
    ----------
    renderer : Renderer
    """

    def __init__(self, renderer: Renderer) -> None:
        self._side = renderer.side
        self._wide = _even(renderer.side + 2 * MARGIN)
        self._edge = (self._wide - renderer.side) // 2
        self._transfer = _optics(renderer, NODES * self._wide)

    def stamp(self, place: Array, flux: Array) -> Array:
        """Return the stamp (band, side, side), float32, of stars.

        Parameters
        ----------
        place : array (k, 2)
            x and y, pixels from the stamp's centre.
        flux : array (k, band)
        """
        size, edge, side = NODES * self._wide, self._edge, self._side
        light = shared(NODES * (place + edge + (side - 1) / 2), flux, size)
        waves = torch.fft.rfft2(torch.from_numpy(light.astype(np.float32))) * self._transfer
        # Of every third row alone the waves are those of three parts, added.
        rows = waves.view(len(waves), NODES, self._wide, -1).sum(dim=1) / NODES
        pixels = torch.fft.irfft2(rows, s=(self._wide, size))[:, edge : edge + side, ::NODES][..., edge : edge + side]
        stamp: Array = pixels.numpy()
        return stamp


@lru_cache(maxsize=4)
def of(renderer: Renderer) -> StarGrid:
    """Return the grid of a renderer, made on first use."""
    return StarGrid(renderer)


def _optics(renderer: Renderer, size: int) -> torch.Tensor:
    """Return what optics and pixels make of the waves (band, size, size / 2 + 1).

    That a star is shared out to the four nodes about it is undone, on average; nodes' light becomes that of pixels.
    """
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
    return torch.stack(seen) * NODES**2


def _even(least: int) -> int:
    """Return a size that a Fourier transform is fast at: 2^a, 3 x 2^a or 5 x 2^a."""
    sizes = [factor << power for factor in (1, 3, 5) for power in range(3, 14)]
    return min(size for size in sizes if size >= least)
