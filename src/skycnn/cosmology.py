"""Cosmology: distances, volumes and densities in flat space, H0 = 70 km/s/Mpc, a matter density of 0.3."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

HUBBLE = 0.7
"""H0, 100 km/s/Mpc."""

MATTER = 0.3
"""Density of matter today, in critical densities."""

HUBBLE_LENGTH = 2997.92458 / HUBBLE
"""c / H0, Mpc."""

CRITICAL = 277.5366 * HUBBLE**2
"""Critical density today, 3 H0^2 / (8 pi G), solar masses a cubic kpc."""


def distance_modulus(redshift: Array) -> Array:
    """Return the distance modulus, mag."""
    grid, modulus = _moduli()
    return np.interp(np.log(redshift), grid, modulus)


def kpc_per_arcsec(redshift: Array) -> Array:
    """Return how long an arcsec is, kpc."""
    far = 10 ** (0.2 * distance_modulus(redshift) - 2)  # kpc, for light
    long: Array = far / (1 + np.asarray(redshift)) ** 2 * np.pi / 648000
    return long


def expansion(redshift: Array) -> Array:
    """Return E(z), the Hubble rate in units of today's."""
    rate: Array = np.sqrt(MATTER * (1 + np.asarray(redshift)) ** 3 + 1 - MATTER)
    return rate


def critical_density(redshift: Array) -> Array:
    """Return the critical density, solar masses a cubic kpc."""
    density: Array = CRITICAL * expansion(redshift) ** 2
    return density


def matter_density(redshift: Array) -> Array:
    """Return the density of matter in units of the critical density of that redshift."""
    density: Array = MATTER * (1 + np.asarray(redshift)) ** 3 / expansion(redshift) ** 2
    return density


def r500(log_m500: Array, redshift: Array) -> Array:
    """Return the radius, kpc, within which a halo of log10 M500 (solar masses) is 500 times as dense as critical."""
    radius: Array = np.cbrt(10 ** np.asarray(log_m500) / (4 / 3 * np.pi * 500 * critical_density(redshift)))
    return radius


def comoving_distance(redshift: Array) -> Array:
    """Return the comoving distance, Mpc."""
    far: Array = 10 ** (0.2 * distance_modulus(redshift) - 5) / (1 + np.asarray(redshift))
    return far


def comoving_volume(redshift: Array) -> Array:
    """Return the comoving volume of a steradian and unit redshift, cubic Mpc."""
    volume: Array = comoving_distance(redshift) ** 2 * HUBBLE_LENGTH / expansion(redshift)
    return volume


@lru_cache(maxsize=1)
def _moduli() -> tuple[Array, Array]:
    z = np.geomspace(1e-3, 6, 3000)
    rate = 1 / expansion(z)
    comoving = z[0] + np.concatenate([[0], np.cumsum(np.diff(z) * (rate[1:] + rate[:-1]) / 2)])
    return np.log(z), 5 * np.log10(comoving * (1 + z) * HUBBLE_LENGTH) + 25
