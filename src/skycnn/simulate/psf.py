"""Point spread functions, each as its transfer function: what a telescope does to light, wave number by wave number.

Lengths are in arcsec, wave numbers in rad/arcsec; a PSF has unit flux. The response of the pixel is no part of it: that
is the renderer's, except for an image of a PSF that was taken with the very pixels.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class PSF(ABC):
    """A point spread function.

    Attributes
    ----------
    pixelated : bool
        Whether the response of the pixel is in it already.
    """

    pixelated: bool = False

    @abstractmethod
    def transfer(self, kx: Array, ky: Array) -> Array:
        """Return the transfer function on a grid.

        Parameters
        ----------
        kx, ky : array (m,), (l,)
            rad/arcsec.

        Returns
        -------
        array (l, m)
            float64 where the PSF is its own mirror image about its centre, else complex128; 1 at k = 0.
        """

    @abstractmethod
    def limit(self, tolerance: float) -> float:
        """Return the wave number beyond which the transfer function stays below ``tolerance``, rad/arcsec."""

    @property
    @abstractmethod
    def r80(self) -> float:
        """Radius that holds 80 % of the light, arcsec."""

    @property
    @abstractmethod
    def fwhm(self) -> float:
        """Full width at half maximum, arcsec."""


class RadialPSF(PSF):
    """A round one."""

    @abstractmethod
    def radial(self, k: Array) -> Array:
        """Return the transfer function at wave numbers, rad/arcsec, of any shape."""

    def transfer(self, kx: Array, ky: Array) -> Array:
        """Return the transfer function on a grid, float64."""
        return self.radial(np.hypot(kx, ky[:, None]))


def _decline(psf: RadialPSF, tolerance: float) -> float:
    """Return where a transfer function that only falls comes to ``tolerance``."""
    from scipy.optimize import brentq

    high = 1 / psf.fwhm
    while psf.radial(np.array(high)) > tolerance:
        high *= 2
    return float(brentq(lambda k: float(psf.radial(np.array(k))) - tolerance, 0, high))


@dataclass(frozen=True)
class Gaussian(RadialPSF):
    """A Gaussian.

    Parameters
    ----------
    sigma : float
        arcsec.
    """

    sigma: float

    @classmethod
    def of_fwhm(cls, fwhm: float) -> Self:
        """Return the one of a full width at half maximum, arcsec."""
        return cls(fwhm / np.sqrt(8 * np.log(2)))

    @classmethod
    def of_r80(cls, r80: float) -> Self:
        """Return the one that has 80 % of its light within a radius, arcsec: ``1 - exp(-r^2/2 sigma^2) = 0.8``."""
        return cls(r80 / np.sqrt(2 * np.log(5)))

    @property
    def r80(self) -> float:
        """Radius that holds 80 % of the light, arcsec."""
        return float(self.sigma * np.sqrt(2 * np.log(5)))

    @property
    def fwhm(self) -> float:
        """Full width at half maximum, arcsec."""
        return float(self.sigma * np.sqrt(8 * np.log(2)))

    def radial(self, k: Array) -> Array:
        """Return ``exp(-k^2 sigma^2 / 2)``."""
        return np.exp(-((k * self.sigma) ** 2) / 2)

    def limit(self, tolerance: float) -> float:
        """Return the wave number beyond which the transfer function stays below ``tolerance``, rad/arcsec."""
        return float(np.sqrt(-2 * np.log(tolerance)) / self.sigma)


@dataclass(frozen=True)
class Moffat(RadialPSF):
    """Moffat's profile, ``(1 + r^2/alpha^2)^-beta`` (Moffat 1969, A&A 3, 455): that of long exposures from the ground.

    Parameters
    ----------
    alpha : float
        arcsec.
    beta : float
        More than 1.
    """

    alpha: float
    beta: float

    @classmethod
    def of_fwhm(cls, fwhm: float, beta: float) -> Self:
        """Return the one of a full width at half maximum, arcsec."""
        return cls(fwhm / 2 / np.sqrt(2 ** (1 / beta) - 1), beta)

    @classmethod
    def of_r80(cls, r80: float, beta: float) -> Self:
        """Return the one that has 80 % of its light within a radius, arcsec."""
        return cls(r80 / cls(1.0, beta).r80, beta)

    @property
    def r80(self) -> float:
        """Radius that holds 80 % of the light, arcsec; ``1 - (1 + r^2/alpha^2)^(1 - beta)`` is within r."""
        return float(self.alpha * np.sqrt(5 ** (1 / (self.beta - 1)) - 1))

    @property
    def fwhm(self) -> float:
        """Full width at half maximum, arcsec."""
        return float(2 * self.alpha * np.sqrt(2 ** (1 / self.beta) - 1))

    def radial(self, k: Array) -> Array:
        """Return ``2 (x/2)^(beta-1) K_(beta-1)(x) / Gamma(beta-1)``, x = k alpha."""
        from scipy.special import gamma, kv

        order = self.beta - 1
        x = np.maximum(k * self.alpha, 1e-8)  # K diverges at 0, where the product is 1
        seen: Array = 2 * (x / 2) ** order * kv(order, x) / gamma(order)
        return seen

    def limit(self, tolerance: float) -> float:
        """Return the wave number beyond which the transfer function stays below ``tolerance``, rad/arcsec."""
        return _decline(self, tolerance)
