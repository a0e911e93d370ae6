"""Telescope: the point spread function of a round mirror with a hole, blurred, and with light scattered into a halo.

The mirror's transfer function is that of an annulus (O'Neill 1956, JOSA 46, 285). The blur is a Gaussian: pointing,
polish and how a detector's charge spreads. The halo is a Moffat profile of beta 1.5, whose transfer function is an
exponential: the mirror's light scattered at its errors of middle size.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate.psf import RadialPSF

Array = NDArray[Any]

ARCSEC = np.pi / 180 / 3600
"""In radians."""

SHELLS = 4096
"""Radii, or wave numbers, that a width is found with."""


@dataclass(frozen=True)
class Telescope(RadialPSF):
    """A telescope's PSF at one wavelength, without the pixel.

    Parameters
    ----------
    mirror : float
        Diameter, metres.
    obscuration : float
        Of the hole's diameter over the mirror's, 0 to below 1.
    wavelength : float
        Angstrom.
    blur : float
        Standard deviation along an axis, arcsec.
    halo : float
        Share of the light in the halo, 0 to 1.
    halo_width : float
        alpha of its Moffat profile, arcsec.
    """

    mirror: float
    obscuration: float
    wavelength: float
    blur: float = 0.0
    halo: float = 0.0
    halo_width: float = 1.0

    @property
    def end(self) -> float:
        """Wave number beyond which the mirror passes nothing, rad/arcsec."""
        return 2 * np.pi * self.mirror / (1e-10 * self.wavelength) * ARCSEC

    def radial(self, k: Array) -> Array:
        """Return the transfer function at wave numbers, rad/arcsec, of any shape."""
        seen = annulus(k / self.end, self.obscuration) * np.exp(-((k * self.blur) ** 2) / 2)
        scattered: Array = seen * (1 - self.halo + self.halo * np.exp(-k * self.halo_width))
        return scattered

    def limit(self, tolerance: float) -> float:
        """Return the wave number beyond which the transfer function stays below ``tolerance``, rad/arcsec."""
        k = np.linspace(0, self.end, SHELLS)
        return float(k[min(np.flatnonzero(self.radial(k) >= tolerance)[-1] + 1, SHELLS - 1)])

    def within(self, radius: Array) -> Array:
        """Return the share of the light within radii (n,), arcsec."""
        from scipy.special import j1

        k, weight = self._waves
        share: Array = radius * (j1(np.outer(radius, k)) @ (weight * self.radial(k)))
        return share

    @cached_property
    def r80(self) -> float:
        """Radius that holds 80 % of the light, arcsec."""
        from scipy.optimize import brentq

        return float(brentq(lambda r: self.within(np.array([r]))[0] - 0.8, 1e-3, 60))

    @cached_property
    def fwhm(self) -> float:
        """Full width at half maximum, arcsec."""
        from scipy.optimize import brentq
        from scipy.special import j0

        k, weight = self._waves
        light = weight * k * self.radial(k)
        wide = 4 / self.limit(0.01)  # beyond the half, before the rings
        while j0(wide * k) @ light > light.sum() / 2:
            wide *= 1.2
        return float(2 * brentq(lambda r: j0(r * k) @ light - light.sum() / 2, 0, wide))

    @cached_property
    def _waves(self) -> tuple[Array, Array]:
        """Return wave numbers, closer where the halo lies, and what each weighs in an integral."""
        k = self.limit(1e-6) * np.linspace(0, 1, 2 * SHELLS) ** 2
        return k, np.gradient(k)


def annulus(nu: Array, obscuration: float) -> Array:
    """Return the transfer function of an annular pupil (O'Neill 1956, eq. 26).

    Parameters
    ----------
    nu : array
        Wave numbers over the last that passes, 0 and up.
    obscuration : float
        Inner over outer diameter.
    """
    outer = _overlap(nu, 1.0, 1.0)
    if obscuration == 0:
        return outer
    inner = _overlap(nu, obscuration, obscuration)
    both = _overlap(nu, 1.0, obscuration)
    whole: Array = (outer + inner - 2 * both) / (1 - obscuration**2)
    return whole


def _overlap(nu: Array, large: float, small: float) -> Array:
    """Return the area that two circles share whose centres are 2 nu apart, over pi; radii ``large`` and ``small``."""
    d = np.clip(2 * nu, large - small + 1e-12, large + small)
    across = np.arccos(np.clip((d**2 + small**2 - large**2) / (2 * d * small), -1, 1)) * small**2
    across += np.arccos(np.clip((d**2 + large**2 - small**2) / (2 * d * large), -1, 1)) * large**2
    corners = (large + small - d) * (d + small - large) * (d - small + large) * (d + small + large)
    shared: Array = (across - np.sqrt(np.maximum(corners, 0)) / 2) / np.pi
    return np.where(2 * nu <= large - small, small**2, shared)
