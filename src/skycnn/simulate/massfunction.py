"""Mass function: how many halos there are, by M500c and redshift.

Tinker et al. 2008, ApJ 688, 709, table 2 and equations 3 to 8, of halos 500 times as dense as critical, that is
500 / Omega_m(z) times the mean; its parameters are interpolated in the log of that. The linear power spectrum is
Eisenstein & Hu 1998, ApJ 496, 605, without wiggles, in the space of `cosmology` with sigma8 = 0.8.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.cosmology import CRITICAL, HUBBLE, MATTER, comoving_volume, expansion, matter_density

Array = NDArray[Any]

SIGMA8 = 0.8
BARYONS = 0.049
"""Density of baryons in critical densities (Planck 2018)."""

TILT = 0.965
"""Index of the primordial spectrum (Planck 2018)."""

TEMPERATURE = 2.7255
"""Of the cosmic background, K."""

OVERDENSITY = (200, 300, 400, 600, 800, 1200, 1600, 2400, 3200)
"""Times the mean density, of the parameters below."""

AMPLITUDE = (0.186, 0.200, 0.212, 0.218, 0.248, 0.255, 0.260, 0.260, 0.260)
SLOPE = (1.47, 1.52, 1.56, 1.61, 1.87, 2.13, 2.30, 2.53, 2.66)
SCALE = (2.57, 2.25, 2.05, 1.87, 1.59, 1.51, 1.46, 1.44, 1.41)
CUTOFF = (1.19, 1.27, 1.34, 1.45, 1.58, 1.80, 1.97, 2.24, 2.44)

LOG_MASS = (12.0, 16.5)
"""Range of sigma(M) as tabulated, log10 of solar masses."""


def number(log_mass: Array, redshift: Array) -> Array:
    """Return halos (z, m) a steradian, unit redshift and unit of log10 M500c.

    Parameters
    ----------
    log_mass : array (m,)
        log10 of M500c in solar masses, within `LOG_MASS`.
    redshift : array (z,)
    """
    mass, z = np.asarray(log_mass, np.float64), np.asarray(redshift, np.float64)[:, None]
    grid, log_sigma, slope = _spread()
    sigma = np.exp(np.interp(mass, grid, log_sigma)) * growth(z)
    steep = np.interp(mass, grid, slope)  # d ln(1 / sigma) / d ln M
    log_density = np.log10(500 / matter_density(z))
    amplitude, a, b, c = (
        np.interp(log_density, np.log10(OVERDENSITY), values) for values in (AMPLITUDE, SLOPE, SCALE, CUTOFF)
    )
    fading = 10 ** -((0.75 / (log_density - np.log10(75))) ** 1.2)
    amplitude, a, b = amplitude * (1 + z) ** -0.14, a * (1 + z) ** -0.06, b * (1 + z) ** -fading
    share = amplitude * ((sigma / b) ** -a + 1) * np.exp(-c / sigma**2)
    per_volume = share * 1e9 * CRITICAL * MATTER / 10**mass * steep * np.log(10)
    count: Array = per_volume * comoving_volume(z)
    return count


def growth(redshift: Array) -> Array:
    """Return the growth of linear structure, 1 today."""
    grid, grown = _growth()
    return np.interp(redshift, grid, grown)


@lru_cache(maxsize=1)
def _growth() -> tuple[Array, Array]:
    """Return redshifts and the growth there: E(z) times the integral of (1 + z) / E^3 beyond z (Heath 1977)."""
    scale = np.linspace(1e-4, 1, 4000)
    z = 1 / scale - 1
    rate = expansion(z)
    inner = 1 / (scale * rate) ** 3
    grown = rate * np.concatenate([[0], np.cumsum((inner[1:] + inner[:-1]) / 2 * np.diff(scale))])
    return z[::-1], (grown / grown[-1])[::-1]


@lru_cache(maxsize=1)
def _spread() -> tuple[Array, Array, Array]:
    """Return log10 masses, ln sigma(M) today, and d ln(1 / sigma) / d ln M."""
    log_mass = np.linspace(*LOG_MASS, 181)
    radius = np.cbrt(10**log_mass / (4 / 3 * np.pi * 1e9 * CRITICAL * MATTER))  # comoving Mpc
    log_k = np.linspace(np.log(1e-4), np.log(50), 3000)
    power = np.exp(log_k * (TILT + 3)) * transfer(np.exp(log_k)) ** 2
    step = log_k[1] - log_k[0]

    def variance(size: Array) -> Array:
        x = size[:, None] * np.exp(log_k)
        window = 3 * (np.sin(x) - x * np.cos(x)) / x**3
        found: Array = (power * window**2).sum(axis=1) * step
        return found

    norm = SIGMA8 / np.sqrt(variance(np.array([8 / HUBBLE])))
    log_sigma = np.log(norm * np.sqrt(variance(radius)))
    return log_mass, log_sigma, -np.gradient(log_sigma, log_mass * np.log(10))


def transfer(wavenumber: Array) -> Array:
    """Return the transfer function without wiggles at wave numbers per Mpc (Eisenstein & Hu 1998, eq. 26 to 31)."""
    omega, baryon = MATTER * HUBBLE**2, BARYONS * HUBBLE**2
    share, warmth = BARYONS / MATTER, TEMPERATURE / 2.7
    horizon = 44.5 * np.log(9.83 / omega) / np.sqrt(1 + 10 * baryon**0.75)
    damping = 1 - 0.328 * np.log(431 * omega) * share + 0.38 * np.log(22.3 * omega) * share**2
    shape = omega / HUBBLE * (damping + (1 - damping) / (1 + (0.43 * wavenumber * horizon) ** 4))
    q = wavenumber / HUBBLE * warmth**2 / shape
    log = np.log(2 * np.e + 1.8 * q)
    result: Array = log / (log + (14.2 + 731 / (1 + 62.5 * q)) * q**2)
    return result
