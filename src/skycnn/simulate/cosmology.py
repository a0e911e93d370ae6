"""Cosmology: distances in flat space, H0 = 70 km/s/Mpc, a matter density of 0.3."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

HUBBLE_LENGTH = 299792.458 / 70
"""c / H0, Mpc."""


def distance_modulus(redshift: Array) -> Array:
    """Return the distance modulus, mag."""
    grid, modulus = _moduli()
    return np.interp(np.log(redshift), grid, modulus)


def kpc_per_arcsec(redshift: Array) -> Array:
    """Return how long an arcsec is, kpc."""
    far = 10 ** (0.2 * distance_modulus(redshift) - 2)  # kpc, for light
    long: Array = far / (1 + np.asarray(redshift)) ** 2 * np.pi / 648000
    return long


@lru_cache(maxsize=1)
def _moduli() -> tuple[Array, Array]:
    z = np.geomspace(1e-3, 6, 3000)
    rate = 1 / np.sqrt(0.3 * (1 + z) ** 3 + 0.7)
    comoving = z[0] + np.concatenate([[0], np.cumsum(np.diff(z) * (rate[1:] + rate[:-1]) / 2)])
    return np.log(z), 5 * np.log10(comoving * (1 + z) * HUBBLE_LENGTH) + 25
