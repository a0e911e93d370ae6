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
        Any finite numbers with a positive sum; they are scaled to unit flux. The centre is that of the array,
        ``(size - 1)/2``: what lies off it there moves the stamp's light likewise.
    scale : float
        arcsec between pixels.
    pixelated : bool
        Whether it shows stars as the survey's own pixels see them, so that their response is in it already.

    Raises
    ------
    ValueError
        For an array that is not two-dimensional, finite and of positive sum.
    """

    def __init__(self, pixels: Array, scale: float, *, pixelated: bool) -> None:
        pixels = np.asarray(pixels, np.float64)
        if pixels.ndim != 2 or not np.isfinite(pixels).all() or not pixels.sum() > 0:
            raise ValueError("the image of a PSF is two-dimensional, finite and of positive sum")
        self.pixels, self.scale, self.pixelated = pixels / pixels.sum(), scale, pixelated

    def transfer(self, kx: Array, ky: Array) -> Array:
        """Return the transfer function on a grid, complex128; 0 beyond the image's own pixels."""
        waves = []
        for k, size in ((ky, self.pixels.shape[0]), (kx, self.pixels.shape[1])):
            place = (np.arange(size) - (size - 1) / 2) * self.scale
            waves.append(np.exp(-1j * np.outer(k, place)) * (np.abs(k) <= np.pi / self.scale)[:, None])
        seen: Array = waves[0] @ self.pixels @ waves[1].T
        return seen

    def limit(self, tolerance: float) -> float:
        """Return the finest wave number of the image that is not below ``tolerance``, rad/arcsec."""
        k = np.linspace(0, np.pi / self.scale, 4 * max(self.pixels.shape))
        both = np.concatenate([-k[:0:-1], k])
        power = np.abs(self.transfer(both, k))
        return float(np.maximum(k[:, None], np.abs(both))[power >= tolerance].max())
