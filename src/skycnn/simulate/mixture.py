"""Mixture: a Gaussian mixture over a few quantities that are given and others that are drawn with them.

Given y, a component has the share ``w N(y; mean, covariance)``, and within it the rest x is normal about a mean that is
linear in y (e.g. Bishop 2006, eqs. 2.81-2.82).
"""

from dataclasses import dataclass

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

    def draw(self, y: Array, uniform: Array, normal: Array) -> Array:
        """Return x (n, q) for y (n, p) from numbers (n,) uniform in [0, 1) and normal ones (n, q)."""
        p = self.given
        share = np.empty((len(y), len(self.weight)))
        for k, (mean, covariance) in enumerate(zip(self.mean, self.covariance, strict=True)):
            factor = np.linalg.inv(np.linalg.cholesky(covariance[:p, :p]))
            away = _times(y - mean[:p], factor)
            share[:, k] = np.log(self.weight[k] * np.prod(np.diag(factor))) - 0.5 * (away**2).sum(axis=1)
        share = np.exp(share - share.max(axis=1, keepdims=True)).cumsum(axis=1)
        chosen = (share < uniform[:, None] * share[:, -1:]).sum(axis=1)
        x = np.empty((len(y), self.mean.shape[1] - p))
        for k, (mean, covariance) in enumerate(zip(self.mean, self.covariance, strict=True)):
            here = chosen == k
            slope = np.linalg.solve(covariance[:p, :p], covariance[:p, p:]).T
            spread = np.linalg.cholesky(covariance[p:, p:] - slope @ covariance[:p, p:])
            x[here] = mean[p:] + _times(y[here] - mean[:p], slope) + _times(normal[here], spread)
        return x


def _times(rows: Array, matrix: Array) -> Array:
    """Return ``rows @ matrix.T`` summed in one order, so that a row's bits do not depend on how many rows there are."""
    total = np.zeros((len(rows), len(matrix)))
    for j in range(matrix.shape[1]):
        total += rows[:, j : j + 1] * matrix[:, j]
    return total
