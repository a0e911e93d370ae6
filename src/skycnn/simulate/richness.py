"""Richness: red galaxies of a cluster as redMaPPer counts them, by its mass, and the clusters that a richness selects.

The mean is a power law of M500c without evolution. Its slope and level invert the mean mass at a richness from weak
lensing of redMaPPer clusters in SDSS (Simet et al. 2017, MNRAS 466, 3103: M200m = 10^14.344 / h at 40, slope 1.33;
McClintock et al. 2019, MNRAS 482, 1352, has 3 % less and no evolution), taken to M500c by an NFW profile of Diemer &
Joyce's concentration (0.52 of M200m). About the mean the true richness is log-normal, the number of members Poisson,
and what is observed has galaxies along the line of sight and noise besides (Costanzi et al. 2019, MNRAS 482, 490, has
both forms; the levels here are assumed: with none the share of clusters above 40 is a twentieth lower).
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.laguerre import laggauss
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import gammaln, log_ndtr, ndtr

from skycnn.simulate import massfunction

Array = NDArray[Any]

PIVOT = 14.4771
"""log10 of the M500c, 3e14 solar masses, at which the mean richness is `LEVEL`."""

LEVEL = 49.0
"""Mean richness at the pivot: of clusters of an observed richness of 40, the mean M500c is 1.6e14 solar masses."""

SLOPE = 0.75
"""Of ln richness with ln mass; 1 / 1.33."""

SCATTER = 0.22
"""Of ln richness at a mass, beyond the Poisson noise: 0.20 to 0.25 (Rozo & Rykoff 2014, ApJ 783, 80)."""

LEAST = 20.0
"""Observed richness above which clusters are selected, as redMaPPer's published catalogue is."""

MASKED = (0.42, 0.085)
"""Share of clusters on sky that is masked or shallow in part, and the mean of what their limit is higher by, over the
limit: the catalogue selects by richness over a factor S, at least 1 (Rykoff et al. 2014, ApJ 785, 104). Fitted to what
the catalogue of SDSS DR8 lacks between 20 and 22, at z = 0.1-0.3."""

REDSHIFT = (0.1, 0.3)

LOG_MASS = (12.8, 15.7)
"""Of the selected sample; below are 7e-4 of the clusters."""

PROJECTED = (0.25, 0.3)
"""Share of clusters with others along the line of sight, and the mean number of galaxies these add, over the members'.

Assumed; Costanzi et al. 2019 find that one cluster in five to ten is much changed."""

NOISE = (2.0, 0.2)
"""Variance of an observed richness: constant, and by member. Gives the errors that the catalogue of SDSS quotes, 2.4
at 20 and 4.7 at 100 (recalled)."""


class Richness(NamedTuple):
    """Richness of one cluster.

    Parameters
    ----------
    true : float
        Expected number of members.
    members : int
        Galaxies that are there.
    observed : float
        As the survey's catalogue has it: ``observed - members`` galaxies of the field are taken for members.
    error : float
        As the catalogue quotes it.
    """

    true: float
    members: int
    observed: float
    error: float


def mean(log_mass: Array) -> Array:
    """Return the mean richness at log10 M500c (solar masses)."""
    count: Array = LEVEL * 10 ** (SLOPE * (np.asarray(log_mass) - PIVOT))
    return count


def drawn(uniform: Array, scatter: float = SCATTER) -> tuple[Array, Array]:
    """Return log10 M500c (n,) and redshifts (n,) of the clusters selected, for numbers (n, 2) uniform in [0, 1)."""
    far, mass, across, within = _sample(scatter)
    redshift = np.interp(uniform[:, 0], across, far)
    row = np.minimum(np.searchsorted(far, redshift, side="right") - 1, len(within) - 1)
    cells = within.shape[1]
    rank = np.searchsorted((within + 2 * np.arange(len(within))[:, None]).ravel(), uniform[:, 1] + 2 * row, "right")
    cell = np.clip(rank - row * cells - 1, 0, cells - 2)
    low, high = within[row, cell], within[row, cell + 1]
    log_mass = mass[cell] + (uniform[:, 1] - low) / np.maximum(high - low, 1e-30) * (mass[1] - mass[0])
    return np.clip(log_mass, *LOG_MASS), redshift


def observed(generator: Generator, log_mass: float, scatter: float = SCATTER) -> Richness:
    """Return the richness of a cluster of the selected sample, by rejection.

    Parameters
    ----------
    generator : Generator
        Of the cluster; nothing else is drawn from it.
    log_mass : float
        log10 M500c, solar masses.
    scatter : float
        Of ln richness.
    """
    size, level = 32, float(mean(np.array(log_mass)))
    while True:
        true = level * np.exp(scatter * generator.standard_normal(size) - scatter**2 / 2)
        members = generator.poisson(true)
        hidden = generator.random(size) < PROJECTED[0]
        projected = np.where(hidden, PROJECTED[1] * members * generator.standard_exponential(size), 0.0)
        noise = np.sqrt(NOISE[0] + NOISE[1] * members) * generator.standard_normal(size)
        seen = members + projected + noise
        masked = generator.random(size) < MASKED[0]
        limit = LEAST * (1 + np.where(masked, MASKED[1] * generator.standard_exponential(size), 0.0))
        taken = int(np.argmax(seen > limit))
        if seen[taken] > limit[taken]:
            error = np.sqrt(NOISE[0] + NOISE[1] * seen[taken])
            return Richness(float(true[taken]), int(members[taken]), float(seen[taken]), float(error))
        size = min(4 * size, 8192)


def share(log_mass: Array, scatter: float = SCATTER) -> Array:
    """Return the share of clusters of log10 M500c (n,) that are selected."""
    node, weight = hermegauss(41)
    log_true, taken = _selected()
    deviate = scatter * node - scatter**2 / 2
    at: Array = np.interp(np.log(mean(log_mass))[:, None] + deviate, log_true, taken)
    found: Array = at @ (weight / weight.sum())
    return found


def number(log_mass: Array, redshift: Array, scatter: float = SCATTER) -> Array:
    """Return the clusters selected (z, m), a steradian, unit redshift and unit of log10 M500c."""
    count: Array = massfunction.number(log_mass, redshift) * share(log_mass, scatter)
    return count


@lru_cache(maxsize=1)
def _selected() -> tuple[Array, Array]:
    """Return ln of true richness (n,), and the share of clusters selected there."""
    log_true = np.linspace(np.log(0.5), np.log(800), 400)
    members = np.arange(1, 1000)
    node, weight = laggauss(16)
    seen = (1 - MASKED[0]) * _above(members, LEAST)
    for x, w in zip(node, weight, strict=True):
        seen += MASKED[0] * w * _above(members, LEAST * (1 + MASKED[1] * x))
    poisson = np.exp(np.outer(log_true, members) - np.exp(log_true)[:, None] - gammaln(members + 1))
    return log_true, np.minimum(poisson @ seen, 1)


def _above(members: Array, least: float) -> Array:
    """Return the share of clusters of known numbers of members (n,) that are observed above a richness."""
    spread, scale, lack = np.sqrt(NOISE[0] + NOISE[1] * members), PROJECTED[1] * members, least - members
    tail = -lack / scale + spread**2 / (2 * scale**2) + log_ndtr(lack / spread - spread / scale)
    above: Array = ndtr(-lack / spread) + PROJECTED[0] * np.exp(np.minimum(tail, 0))
    return above


@lru_cache(maxsize=8)
def _sample(scatter: float) -> tuple[Array, Array, Array, Array]:
    """Return edges of redshift (z + 1,) and log mass (m + 1,), and shares below these: (z + 1,), and (z, m + 1)."""
    far = np.linspace(*REDSHIFT, 41)
    mass = np.linspace(*LOG_MASS, 146)
    count = number((mass[1:] + mass[:-1]) / 2, (far[1:] + far[:-1]) / 2, scatter)
    across = np.concatenate([[0], np.cumsum(count.sum(axis=1))])
    within = np.concatenate([np.zeros((len(count), 1)), np.cumsum(count, axis=1)], axis=1)
    return far, mass, across / across[-1], within / within[:, -1:]
