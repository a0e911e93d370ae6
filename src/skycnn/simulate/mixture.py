"""Mixture: a Gaussian mixture over a few quantities that are given and others that are drawn with them.

Given y, a component has the share ``w N(y; mean, covariance)``, and within it the rest x is normal about a mean that is
linear in y (e.g. Bishop 2006, eqs. 2.81-2.82).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture of k components over (y, x).

    Parameters
    ----------
    weight : array (k,)
    mean : array (k, p + q)
        Of y, the first p, and of x.
    covariance : array (k, p + q, p + q)
    given : int
        p.
    """

    weight: Array
    mean: Array
    covariance: Array
    given: int

    @classmethod
    def of(cls, fitted: Mapping[str, Array], given: int) -> "Mixture":
        """Return the mixture among fitted numbers named ``weight``, ``mean`` and ``covariance``."""
        return cls(fitted["weight"], fitted["mean"], fitted["covariance"], given)

    @cached_property
    def _parts(self) -> list[tuple[Array, Array, float, Array, Array]]:
        """Return for each component its mean, what whitens y, the log of its height, slope and spread of x given y."""
        p, parts = self.given, []
        for weight, mean, covariance in zip(self.weight, self.mean, self.covariance, strict=True):
            factor = np.linalg.inv(np.linalg.cholesky(covariance[:p, :p]))
            slope = np.linalg.solve(covariance[:p, :p], covariance[:p, p:]).T
            spread = np.linalg.cholesky(covariance[p:, p:] - slope @ covariance[:p, p:])
            height = float(np.log(weight) + np.log(np.diag(factor)).sum())
            parts.append((mean, factor, height, slope, spread))
        return parts

    def draw(self, y: Array, uniform: Array, normal: Array) -> Array:
        """Return x (n, q) for y (n, p) from numbers (n,) uniform in [0, 1) and normal ones (n, q)."""
        p = self.given
        y, normal = np.ascontiguousarray(y.T), np.ascontiguousarray(normal.T)
        share = np.empty((len(self.weight), y.shape[1]))
        for k, (mean, factor, height, _, _) in enumerate(self._parts):
            share[k] = height - 0.5 * sum(row**2 for row in _times(factor, y - mean[:p, None]))
        share = np.exp(share - share.max(axis=0)).cumsum(axis=0)
        chosen = (share < uniform * share[-1]).sum(axis=0)
        x = np.empty((y.shape[1], self.mean.shape[1] - p))
        for k, (mean, _, _, slope, spread) in enumerate(self._parts):
            here = np.flatnonzero(chosen == k)
            near = _times(slope, y[:, here] - mean[:p, None])
            x[here] = (mean[p:, None] + near + _times(spread, normal[:, here])).T
        return x


def _times(matrix: Array, columns: Array) -> Array:
    """Return ``matrix @ columns`` summed in one order: a column's bits do not depend on how many columns there are."""
    total = np.zeros((len(matrix), columns.shape[1]))
    for j in range(matrix.shape[1]):
        total += matrix[:, j : j + 1] * columns[j]
    return total
