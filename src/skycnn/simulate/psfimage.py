"""Images of point spread functions, as users and observatories have them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.simulate.psf import PSF
from skycnn.surveyfile import IN_PIXELS

Array = NDArray[Any]

FINE, EDGE = 4000, 1024
"""Places at which the area above half of the maximum is counted, about, so that the width is right to 0.5 %; and the
most of them along an edge."""

FAINT, MARGIN = 1e-3, 3
"""Share of the maximum that all fainter pixels count as between pixels, for noise has no logarithm; and the pixels
about the bright ones that are looked at."""

FINEST = 64.0
"""The survey's pixels over the image's at most: detail that fine is lost, and costs memory by its square."""

MOST = 1 << 26
"""Wave numbers of one transfer function at most; 1 GB."""


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
        found = apart[order][np.searchsorted(np.maximum.accumulate(within), 0.8)]
        return float(max(found, self.scale * np.sqrt(0.8 / np.pi)))  # not 0 where one pixel has nearly all light

    @property
    def fwhm(self) -> float:
        """Diameter of the circle that has the area above half of the maximum, arcsec.

        Between the pixels the logarithm is a cubic spline, as near the middle of a Gaussian and of Moffat's profile it
        nearly is: right to 2 % where the width is 2.5 pixels or more, to 4 % at 2.
        """
        from scipy.interpolate import RectBivariateSpline

        seen = np.pad(self.pixels / self.pixels.max(), MARGIN)
        bright = seen > 0.25
        places = [np.flatnonzero(bright.any(axis=other)) for other in (1, 0)]
        first, end = (np.array([place[i] for place in places]) for i in (0, -1))
        box = seen[tuple(map(slice, first - MARGIN, end + MARGIN + 1))]
        sides = end - first + 3  # the bright pixels and one about them
        finer = int(np.clip(np.ceil(np.sqrt(FINE / np.count_nonzero(seen > 0.5))), 1, max(1, EDGE // sides.max())))
        spline = RectBivariateSpline(*map(np.arange, box.shape), np.log(np.maximum(box, FAINT)))
        height = spline(*(MARGIN - 1.5 + (np.arange(side * finer) + 0.5) / finer for side in sides))
        area = np.count_nonzero(height > height.max() - np.log(2)) / finer**2
        return float(2 * self.scale * np.sqrt(area / np.pi))

    def transfer(self, kx: Array, ky: Array) -> Array:
        """Return the transfer function on a grid, complex128; 0 beyond the image's own pixels.

        Raises
        ------
        InputError
            When the grid is so fine that memory would not hold it.
        """
        if len(kx) * len(ky) > MOST:
            hint = "Bring it to larger pixels, or make smaller stamps: --size."
            raise InputError(
                f"an image of a PSF of {self.scale:.3g} arcsec a pixel is too fine to draw with", hint=hint
            )
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


def check(psf: ImagePSF, pixel_scale: float, label: str) -> None:
    """See that an image of a PSF suits a survey's pixels.

    Parameters
    ----------
    psf : ImagePSF
    pixel_scale : float
        Of the survey, arcsec.
    label : str
        Names the image in messages.

    Raises
    ------
    InputError
        When its pixels are too fine, or its star is too narrow or too wide.
    """
    if psf.scale * FINEST < pixel_scale:
        what = f"{label} is too fine for the stamps: {psf.scale:.4g} arcsec a pixel"
        raise InputError(what, expected=f"{pixel_scale / FINEST:.4g} or more, {FINEST:g} pixels in one of the survey's")
    least, most, unit = IN_PIXELS["psf"]
    width = psf.fwhm / pixel_scale
    if not least <= width <= most:
        what = f"{label} has a star of another size: FWHM {psf.fwhm:.4g} arcsec, {width:.3g} of the survey's pixels"
        raise InputError(what, expected=f"{least:g} to {most:g} {unit}")


def core(pixels: Array) -> tuple[float, float]:
    """Return y and x of a star, pixels from 0: the mean place of what is brighter than half of its brightest pixel."""
    pixels = np.asarray(pixels, np.float64)
    bright = np.where(pixels > pixels.max() / 2, pixels, 0.0)
    y, x = (float((bright * place).sum() / bright.sum()) for place in np.indices(pixels.shape))
    return y, x
