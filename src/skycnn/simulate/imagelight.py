"""ImageLight: light that is given as images, e.g. of a simulated halo, seen through the optics."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate.lattice import Lattice
from skycnn.simulate.light import Light
from skycnn.simulate.render import Renderer

Array = NDArray[Any]


@dataclass(frozen=True)
class ImageLight(Light):
    """Images of objects, without noise, PSF and response of a pixel; between their pixels light is linear.

    Parameters
    ----------
    pixels : array (n, band, y, x)
        Flux of a pixel; the object lies in the middle, ``(size - 1)/2``.
    scale : float
        arcsec between pixels.
    """

    pixels: Array
    scale: float

    def take(self, rows: Array) -> "ImageLight":
        """Return some objects' light."""
        return ImageLight(self.pixels[rows], self.scale)

    def total(self) -> Array:
        """Return the flux of whole objects, float32 (n, band)."""
        total: Array = self.pixels.sum(axis=(2, 3), dtype=np.float64).astype(np.float32)
        return total

    def stamps(self, renderer: Renderer, offset: Array | None = None) -> Array:
        """Return stamps (n, band, side, side), float32."""
        n, _, height, width = self.pixels.shape
        offset = np.zeros((n, 2)) if offset is None else offset
        lattice = Lattice(renderer, (height, width), self.scale / renderer.pixel_scale, smooth=True)
        stamps = np.empty((n, len(renderer.psfs), renderer.side, renderer.side), np.float32)
        for row in range(n):
            stamps[row] = lattice.stamp(self.pixels[row], offset[row])
        return stamps

    def extent(self, faint: Array, pixel_scale: float) -> Array:
        """Return how far (n,) from an object the corners of its image lie, pixels."""
        n, _, height, width = self.pixels.shape
        return np.full(n, math.hypot(height, width) / 2 * self.scale / pixel_scale)
