"""Census: how many galaxies there are on the sky, by I magnitude and redshift, and which of them a selection takes.

Numbers follow the counts of COSMOS2020 (Weaver et al. 2022, ApJS 258, 11, table 2, i band, Farmer). Redshifts at a
magnitude follow ``z^2 exp(-(z/z0)^b)`` (Baugh & Efstathiou 1993, MNRAS 265, 145, with a free b), its median from
Leauthaud et al. 2007, ApJS 172, 219 (0.18 I - 3.3 for 20 < I < 24; recalled) and, below I = 21, from zCOSMOS. The
selection ``cosmos`` is this population times the success of zCOSMOS and of its published match, a smooth function of
magnitude and redshift that was fitted to the shared sample; large-scale structure of that field is part of it. So is
``sdss``, of SDSS's main galaxy sample and BOSS.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

Array = NDArray[np.float64]

COUNTS = (3.01, 3.23, 3.44, 3.64, 3.85, 4.03, 4.21, 4.38, 4.54, 4.71, 4.86, 4.97, 5.08, 5.20, 5.29, 5.35)
"""log10 of galaxies a magnitude and square degree at I = 19.25, 19.75 ... 26.75 (Weaver et al. 2022)."""

BRIGHT = 0.5
"""Slope of the counts, dex a magnitude, brighter than they reach; 0.6 is Euclid's, the zCOSMOS parent's is 0.5."""

MEDIAN = (
    (16.0, 0.08),
    (18.5, 0.20),
    (19.5, 0.30),
    (20.5, 0.40),
    (21.5, 0.56),
    (22.25, 0.66),
    (23.25, 0.82),
    (24.0, 0.96),
    (25.0, 1.14),
    (26.5, 1.50),
)
"""I magnitude and median redshift."""

STEEP = ((23.5, 1.5), (25.5, 1.15))
"""I magnitude and b: 1.5 fits quartiles and deciles of the photometric redshifts of the shared 500 fits at I = 23-23.5;
fainter the tail to z = 2-4 grows, as in deep fields (e.g. Ilbert et al. 2009, ApJ 690, 1236)."""

MAGNITUDE = (15.5, 26.5)
REDSHIFT = (0.01, 4.0)

STEPS = (110, 320)
"""Cells in magnitude and in log(1 + z)."""

LIMIT = {"all": 26.5, "paper": 25.2, "parent24": 24.0, "matched": 24.0, "cosmos": 24.0, "sdss": 23.0}
"""Magnitude where a selection ends. ``paper``: of those that CSST sees at SNR 10 in g or i, 0.04 % are fainter."""


@dataclass(frozen=True)
class Success:
    """Share of galaxies that a spectroscopic sample holds: its log at nodes in I magnitude and log(1 + z).

    Parameters
    ----------
    magnitude : array (a,)
    distance : array (b,)
        log(1 + z).
    log : array (a, b)
        Up to a constant; linear in between, very low outside.
    """

    magnitude: Array
    distance: Array
    log: Array

    @classmethod
    def of(cls, fitted: Mapping[str, Array]) -> "Success":
        """Return the share among fitted numbers named ``success_<field>``."""
        return cls(*(fitted[f"success_{name}"] for name in ("magnitude", "distance", "log")))

    def __call__(self, magnitude: Array, distance: Array) -> Array:
        """Return the share (i, j) on a grid of magnitudes (i,) and log(1 + z) (j,)."""
        rows = np.stack([np.interp(distance, self.distance, row, -30, -30) for row in self.log])
        columns = [np.interp(magnitude, self.magnitude, column, -30, -30) for column in rows.T]
        share: Array = np.exp(np.stack(columns, axis=1))
        return share


class NumberCounts:
    """The sky's galaxies in cells of magnitude and redshift, for each selection.

    Parameters
    ----------
    success : mapping of str to Success
        Of the selections that are spectroscopic samples.
    """

    def __init__(self, success: Mapping[str, Success]) -> None:
        self.magnitude = np.linspace(MAGNITUDE[0], MAGNITUDE[1], STEPS[0] + 1)
        self.distance = np.linspace(np.log1p(REDSHIFT[0]), np.log1p(REDSHIFT[1]), STEPS[1] + 1)
        middle = [(edge[1:] + edge[:-1]) / 2 for edge in (self.magnitude, self.distance)]
        self.density = expected(*middle) * np.diff(self.magnitude)[:, None] * np.diff(self.distance)
        """Galaxies a square arcminute in each cell (i, j)."""
        weight = {name: share(*middle) for name, share in success.items()}
        self._edges: Mapping[str, Array] = {
            name: np.cumsum(self.density * weight.get(name, 1) * (middle[0] < limit)[:, None])
            for name, limit in LIMIT.items()
        }

    def count(self, selection: str) -> float:
        """Return the galaxies a square arcminute of a selection, before any cut of signal to noise."""
        return float(self._edges[selection][-1])

    def draw(self, selection: str, uniform: Array) -> tuple[Array, Array]:
        """Return I magnitudes (n,) and redshifts (n,) of a selection for numbers (n, 3) uniform in [0, 1)."""
        edges = self._edges[selection]
        cell = np.searchsorted(edges, uniform[:, 0] * edges[-1], side="right")
        i, j = np.divmod(np.minimum(cell, edges.size - 1), STEPS[1])
        magnitude = self.magnitude[i] + uniform[:, 1] * (self.magnitude[1] - self.magnitude[0])
        distance = self.distance[j] + uniform[:, 2] * (self.distance[1] - self.distance[0])
        return magnitude, np.expm1(distance)


def expected(magnitude: Array, distance: Array) -> Array:
    """Return galaxies a square arcminute, magnitude and unit of log(1 + z), at magnitudes (i,) and log(1 + z) (j,)."""
    at = 19.25 + 0.5 * np.arange(len(COUNTS))
    number = np.interp(magnitude, at, COUNTS) + BRIGHT * np.minimum(magnitude - at[0], 0)
    median = np.interp(magnitude, *np.transpose(MEDIAN))[:, None]
    steep = np.interp(magnitude, *np.transpose(STEEP))[:, None]
    scale = median / gammaincinv(3 / steep, 0.5) ** (1 / steep)
    z = np.expm1(distance)
    share = z**2 * np.exp(-((z / scale) ** steep)) * (1 + z)
    within = (z > REDSHIFT[0]) & (z < REDSHIFT[1])
    step = distance[1] - distance[0]
    share = np.where(within, share, 0) / np.where(within, share, 0).sum(axis=1, keepdims=True) / step
    result: Array = 10 ** number[:, None] / 3600 * share
    return result
