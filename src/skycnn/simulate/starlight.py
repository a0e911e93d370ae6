"""Starlight: a point source as the pixels see it, and how much of it an aperture or the best weights gather.

All sums over pixels are means over where the star lies within a pixel: the mean of such a sum is the integral of the
light that a pixel sees, as a function of the pixel's place.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate.psf import PSF

Array = NDArray[np.float64]

FINE = 6
"""Nodes across the PSF and a pixel, whichever is narrower."""

WIDE, LEAST, MOST = 24, 12, 2048
"""Edge of the grid in units of the PSF's width, and in pixels at least; nodes along it at most."""


class Starlight:
    """A point source of unit flux.

    Parameters
    ----------
    psf : PSF
    pixel_scale : float
        arcsec.
    reach : float
        Of the largest aperture, pixels.
    """

    def __init__(self, psf: PSF, pixel_scale: float, reach: float = 0.0) -> None:
        width = psf.fwhm / pixel_scale
        self._step = min(1.0, width) / FINE
        edge = max(WIDE * width, LEAST, 4 * reach)
        count = 2 * int(min(np.ceil(edge / self._step), MOST) // 2)
        self._step = max(self._step, edge / count)
        self._k = 2 * np.pi * np.fft.fftfreq(count, self._step)  # rad/pixel
        seen = psf.transfer(self._k / pixel_scale, self._k / pixel_scale)
        if not psf.pixelated:
            seen = seen * self._pixel
        self._seen = np.fft.fftshift(np.fft.ifft2(seen).real) / self._step**2
        at = (np.arange(count) - count // 2) * self._step
        self._apart = np.hypot(at, at[:, None])

    @cached_property
    def _pixel(self) -> Array:
        """The transform of a pixel."""
        one = np.sinc(self._k / (2 * np.pi))
        pixel: Array = one * one[:, None]
        return pixel

    def gathered(self, radius: float) -> tuple[float, float]:
        """Return the light within a circle, and the sum of the pixels' light times the square of their share in it.

        Parameters
        ----------
        radius : float
            Pixels.
        """
        edge = np.clip((radius - self._apart) / self._step + 0.5, 0, 1)
        share = np.fft.ifft2(np.fft.fft2(edge) * self._pixel).real
        light = self._seen * self._step**2
        return float((share * light).sum()), float((share**2 * light).sum())

    def power(self, exponent: int) -> float:
        """Return the sum over the pixels of their light to a power."""
        return float((self._seen**exponent).sum() * self._step**2)
