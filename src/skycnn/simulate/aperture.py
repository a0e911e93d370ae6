"""Aperture: fluxes in one round aperture a galaxy, the same in all bands, its size read off the noisy stamp.

After Zhou et al. 2022 (arXiv:2112.08690), who measure the fluxes of mock galaxies on the mock images. The aperture is
what a first-moment radius is made for, a circle that grows with the galaxy (Kron 1980, ApJS 43, 305), but its size
comes from the Gaussian that finds the galaxy at the best signal to noise in the bands' sum: a first moment over pixels
that are mostly noise has no variance to speak of at SNR 10. `AperturePhotometry.expected` needs no pixels.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate.growth import Growth
from skycnn.simulate.noise import Noise, aperture_area

Array = NDArray[Any]

FACTOR = 1.6
"""Aperture over the Gaussian's standard deviation: the best signal to noise, to 1 %, of stars, discs and spheroids."""

SCALES = 16
"""Gaussians tried; the best of all scales lies on a parabola through the best of them and its neighbours."""

FINE = 3
"""Places along a pixel's edge at which its share within a circle is taken, each as a straight edge would have it."""


@dataclass(frozen=True)
class Measured:
    """Fluxes of n objects.

    Parameters
    ----------
    flux, error : array (n, band)
        float32, microjansky.
    radius : array (n,)
        Of the aperture, arcsec.
    """

    flux: Array
    error: Array
    radius: Array

    def take(self, which: Array) -> "Measured":
        """Return some of them, by numpy's rules of indexing."""
        return Measured(self.flux[which], self.error[which], self.radius[which])


class AperturePhotometry:
    """What measures stamps of one survey.

    Parameters
    ----------
    noise : Noise
        Of the bands' pixels.
    r80 : sequence of float
        Radius that holds 80 % of a point source's light, one a band, arcsec.
    pixel_scale : float
        arcsec.
    side : int
        Pixels along an edge of the stamps; apertures stay within them.
    """

    def __init__(self, noise: Noise, r80: Sequence[float], pixel_scale: float, side: int) -> None:
        self.noise, self.pixel_scale, self.side = noise, pixel_scale, side
        widths = np.asarray(r80, np.float64) / pixel_scale
        self._weight = (noise.sigma**-2 / np.sum(noise.sigma**-2)).astype(np.float32)
        self._stacked = float(self._weight @ widths)
        self.limits = min(self._stacked, side / 2 - 1), side / 2 - 0.5  # an object lies up to half a pixel off
        self._scales = np.geomspace(*self.limits, SCALES) / FACTOR
        radii = np.geomspace(*self.limits, 32)
        areas = np.array([(aperture_area(r, noise.correlation), aperture_area(r)) for r in radii])
        self._area = np.log(radii), areas[:, 0], areas[:, 0] / areas[:, 1]
        # A pixel blurs like a square, of variance 1/12: when light is gathered, and when a circle takes its share.
        self._blurs = np.sqrt((widths / np.sqrt(2 * np.log(5))) ** 2 + 1 / 6)
        self._growths = {blur: self._growth(blur) for blur in np.unique(self._blurs).tolist()}
        self._blur = float(np.sqrt((self._stacked / np.sqrt(2 * np.log(5))) ** 2 + 1 / 12))
        self._stack = self._growth(self._blur)

    def under(self, noise: Noise) -> "AperturePhotometry":
        """Return the same photometry of images with other noise, which may be another for each of n images."""
        other = copy.copy(self)
        other.noise = noise
        return other

    def _growth(self, blur: float) -> Growth:
        return Growth((self.limits[0] / blur, self.limits[1] / blur), self._scales / blur)

    def measure(self, images: Array, offset: Array | None = None, radius: Array | None = None) -> Measured:
        """Return fluxes measured on stamps.

        Parameters
        ----------
        images : array (n, band, side, side)
            With noise, microjansky a pixel; the sky is zero.
        offset : array (n, 2), optional
            Where the objects lie, less the stamp's centre: x and y, pixels.
        radius : array (n,), optional
            Of the apertures, arcsec; left out, each is found on its stamp.
        """
        n = len(images)
        offset = np.zeros((n, 2)) if offset is None else np.asarray(offset, np.float64)
        pixels = self._radius(images, offset) if radius is None else np.asarray(radius) / self.pixel_scale
        share = circles(pixels, offset, self.side).reshape(n, 1, self.side**2)
        seen = images.reshape(n, self.noise.sigma.shape[-1], self.side**2)
        flux = (seen @ share.mT)[..., 0]
        squared = share**2
        sky = squared.sum(axis=2) * np.interp(np.log(pixels), self._area[0], self._area[2])[:, None]
        photons = np.maximum((seen @ squared.mT)[..., 0], 0) / self._gain()
        error = np.sqrt(sky * self.noise.sigma**2 + photons)
        return Measured(flux, error.astype(np.float32), (pixels * self.pixel_scale).astype(np.float32))

    def expected(self, flux: Array, index: Array, radius: Array) -> Measured:
        """Return the fluxes that would be measured without noise, and the errors that noise would give them.

        Parameters
        ----------
        flux : array (n, component, band)
            Of round Sersic components, all at their object's place.
        index, radius : array (n, component)
            Sersic's n, and the half-light radius, arcsec.
        """
        n, count, bands = flux.shape
        flux = np.asarray(flux, np.float32)
        index = np.asarray(index, np.float32).ravel()
        radius = (radius / self.pixel_scale).astype(np.float32).ravel()
        quality = self._stack.quality(index, radius / np.float32(self._blur)).reshape(n, count, SCALES)
        pixels = self._best(((flux @ self._weight)[:, None] @ quality)[:, 0])
        gathered = np.empty((n, bands), np.float32)
        for blur, growth in self._growths.items():
            within = growth.within(index, radius / np.float32(blur), np.repeat(pixels / blur, count)).reshape(n, count)
            for band in np.flatnonzero(self._blurs == blur):
                gathered[:, band] = (within * flux[:, :, band]).sum(axis=1)
        sky = np.interp(np.log(pixels), self._area[0], self._area[1])[:, None]
        error = np.sqrt(sky * self.noise.sigma**2 + gathered / self._gain())
        return Measured(gathered, error.astype(np.float32), (pixels * self.pixel_scale).astype(np.float32))

    def observed(self, true: Measured, deviates: Array) -> Measured:
        """Return fluxes as they would be measured, from those `expected` and standard normal deviates (n, band)."""
        flux = (true.flux + true.error * deviates * self.noise.drawn).astype(np.float32)
        # The quoted error knows the photons that were counted, not those that were to come.
        error = np.sqrt(true.error**2 + (np.maximum(flux, 0) - true.flux) / self._gain())
        return Measured(flux, error.astype(np.float32), true.radius)

    def together(self, measured: Measured) -> Array:
        """Return the signal to noise (n,) of the bands' sum, each weighed by its pixels' noise."""
        error = np.sqrt((measured.error**2) @ (self._weight**2))
        ratio: Array = measured.flux @ self._weight / error
        return ratio

    def _gain(self) -> Array:
        return np.where(np.isfinite(self.noise.electrons), self.noise.electrons, np.inf)

    def _radius(self, images: Array, offset: Array) -> Array:
        """Return the radius (n,) of each stamp's aperture, pixels."""
        stack = (images * self._weight[:, None, None]).sum(axis=1)
        apart = np.arange(self.side) - (self.side - 1) / 2 - offset[..., None]  # (n, 2, side)
        bells = np.exp(-((apart[..., None] / self._scales) ** 2) / 2).astype(np.float32)  # (n, 2, side, scale)
        x, y = bells[:, 0], bells[:, 1]
        found = ((stack @ x) * y).sum(axis=1)
        return self._best(found / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1)))

    def _best(self, quality: Array) -> Array:
        """Return the radius (n,) that belongs to the best of all scales, pixels; quality (n, scale)."""
        best = np.clip(quality.argmax(axis=1), 1, SCALES - 2)[:, None]
        left, middle, right = (np.take_along_axis(quality, best + k, 1)[:, 0] for k in (-1, 0, 1))
        bend = np.minimum(left - 2 * middle + right, -1e-30)
        shift = np.clip((left - right) / (2 * bend), -1, 1)
        step = np.log(self._scales[1] / self._scales[0])
        pixels: Array = np.clip(FACTOR * self._scales[best[:, 0]] * np.exp(shift * step), *self.limits)
        return pixels


def circles(radius: Array, offset: Array, side: int) -> Array:
    """Return the share of each pixel that lies within a circle, right to about 0.01.

    Parameters
    ----------
    radius : array (n,)
        Pixels.
    offset : array (n, 2)
        Of the centres, less those of the stamps: x and y, pixels.
    side : int

    Returns
    -------
    array (n, side, side)
        float32.
    """
    place = (np.arange(FINE * side) + 0.5) / FINE - side / 2
    x, y = (((place - offset[:, axis, None]) ** 2).astype(np.float32) for axis in (0, 1))
    apart = np.sqrt(y[:, :, None] + x[:, None, :])
    edge = FINE * np.sqrt(np.asarray(radius, np.float32) ** 2 - np.float32(1 / 12 / FINE**2))  # the ramp adds this area
    np.subtract(edge[:, None, None] + np.float32(0.5), FINE * apart, out=apart)
    np.clip(apart, 0, 1, out=apart)
    shares: Array = apart.reshape(len(radius), side, FINE, side, FINE).mean(axis=(2, 4))
    return shares
