"""Images of point spread functions, as users and observatories have them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate.psf import PSF

Array = NDArray[Any]


class ImagePSF(PSF):
    """An image of a PSF, taken to hold no detail finer than its own pixels (sinc interpolation).

    Parameters
    ----------
    pixels : array (y, x)
        Any finite numbers with a positive sum; they are scaled to unit flux.
    scale : float
        arcsec between pixels.
    pixelated : bool
        Whether it shows stars as the survey's own pixels see them, so that their response is in it already.
    centre : tuple of float, optional
        y and x of the star, pixels from 0; the middle of the array, ``(size - 1)/2``, if left out. What lies off it
        moves a stamp's light likewise.

    Raises
    ------
    ValueError
        For an array that is not two-dimensional, finite and of positive sum.
    """

    def __init__(
        self, pixels: Array, scale: float, *, pixelated: bool, centre: tuple[float, float] | None = None
    ) -> None:
        pixels = np.asarray(pixels, np.float64)
        if pixels.ndim != 2 or not np.isfinite(pixels).all() or not pixels.sum() > 0:
            raise ValueError("the image of a PSF is two-dimensional, finite and of positive sum")
        self.pixels, self.scale, self.pixelated = pixels / pixels.sum(), scale, pixelated
        middle = [(size - 1) / 2 for size in pixels.shape]
        self._places = [
            (np.arange(size) - at) * scale for size, at in zip(pixels.shape, centre or middle, strict=True)
        ]  # arcsec

    @property
    def r80(self) -> float:
        """Radius that holds 80 % of the light, arcsec."""
        apart = np.hypot(*np.meshgrid(*self._places, indexing="ij")).ravel()
        order = np.argsort(apart)
        within = np.cumsum(self.pixels.ravel()[order])
        return float(apart[order][np.searchsorted(np.maximum.accumulate(within), 0.8)])

    @property
    def fwhm(self) -> float:
        """Diameter of the circle that has the area above half of the maximum, arcsec."""
        above = np.count_nonzero(self.pixels > self.pixels.max() / 2)
        return float(2 * self.scale * np.sqrt(above / np.pi))

    def transfer(self, kx: Array, ky: Array) -> Array:
        """Return the transfer function on a grid, complex128; 0 beyond the image's own pixels."""
        waves = []
        for k, place in ((ky, self._places[0]), (kx, self._places[1])):
            waves.append(np.exp(-1j * np.outer(k, place)) * (np.abs(k) <= np.pi / self.scale)[:, None])
        seen: Array = waves[0] @ self.pixels @ waves[1].T
        return seen

    def limit(self, tolerance: float) -> float:
        """Return the finest wave number of the image that is not below ``tolerance``, rad/arcsec."""
        k = np.linspace(0, np.pi / self.scale, 4 * max(self.pixels.shape))
        both = np.concatenate([-k[:0:-1], k])
        power = np.abs(self.transfer(both, k))
        return float(np.maximum(k[:, None], np.abs(both))[power >= tolerance].max())


def core(pixels: Array) -> tuple[float, float]:
    """Return y and x of a star, pixels from 0: the mean place of what is brighter than half of its brightest pixel."""
    pixels = np.asarray(pixels, np.float64)
    bright = np.where(pixels > pixels.max() / 2, pixels, 0.0)
    y, x = (float((bright * place).sum() / bright.sum()) for place in np.indices(pixels.shape))
    return y, x
