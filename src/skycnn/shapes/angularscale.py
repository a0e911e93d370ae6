"""AngularScale: how long an arcsecond is at a redshift."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

HUBBLE_LENGTH, MATTER = 299792.458 / 70, 0.3
"""c / H0 in Mpc, and the density of matter in flat space."""

FARTHEST = 5.0
"""Largest redshift."""


def kpc_per_arcsec(redshift: Array) -> Array:
    """Return how many kpc an arcsecond spans at redshifts (n,) from 0 to `FARTHEST`; NaN at others."""
    grid, distance = _distances()
    comoving = np.interp(redshift, grid, distance, left=np.nan, right=np.nan)
    scale: Array = 1000 * comoving / (1 + np.asarray(redshift)) * np.pi / 648000
    return scale


@lru_cache(maxsize=1)
def _distances() -> tuple[Array, Array]:
    """Return redshifts and comoving distances, Mpc."""
    grid = np.linspace(0, FARTHEST, 5001)
    rate = 1 / np.sqrt(MATTER * (1 + grid) ** 3 + 1 - MATTER)
    steps = np.diff(grid) * (rate[1:] + rate[:-1]) / 2
    return grid, HUBBLE_LENGTH * np.concatenate([[0], np.cumsum(steps)])
