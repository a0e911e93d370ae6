"""Predictive distributions judged row by row: CDF at the truth (PIT), CRPS and quantiles.

CRPS is ``integral (F(x) - [x >= truth])^2 dx``, in the value's unit (Matheson & Winkler 1976; Gneiting & Raftery 2007,
JASA 102, 359); PIT is ``F(truth)``, uniform when the distributions are calibrated (Dawid 1984).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

QUANTILE_84 = NormalDist().inv_cdf(0.84)
"""Where a unit normal has its 84th percentile, 0.99446: what ``_LO`` and ``_HI`` mean."""

_erf = np.frompyfunc(math.erf, 1, 1)


class Distribution(Protocol):
    """n predictive distributions, one a row; a row of NaN gives NaN."""

    def cdf(self, x: Array) -> Array:
        """Return F(x) of each row, x (n,)."""

    def crps(self, truth: Array) -> Array:
        """Return the continuous ranked probability score of each row."""

    def quantile(self, q: float) -> Array:
        """Return each row's q-quantile."""


@dataclass(frozen=True)
class Binned:
    """Probabilities in bins, uniform within each bin: exact for a posterior on a grid.

    Parameters
    ----------
    edges : array (bins + 1,)
        Increasing.
    probability : array (n, bins)
        Not necessarily normalised.
    """

    edges: Array
    probability: Array

    def _cumulative(self) -> Array:
        total = np.cumsum(self.probability, axis=1, dtype=np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            total = total / total[:, -1:]
        return np.concatenate([np.zeros((len(total), 1)), total], axis=1)

    def _locate(self, x: Array) -> tuple[Array, Array]:
        """Return the bin of each x and how far into the bin it lies, 0..1."""
        inside = np.clip(x, self.edges[0], self.edges[-1])
        j = np.clip(np.searchsorted(self.edges, inside, side="right") - 1, 0, len(self.edges) - 2)
        return j, (inside - self.edges[j]) / (self.edges[j + 1] - self.edges[j])

    def cdf(self, x: Array) -> Array:
        """Return F(x) of each row."""
        return self._cdf(self._cumulative(), *self._locate(x))

    @staticmethod
    def _cdf(total: Array, j: Array, part: Array) -> Array:
        rows = np.arange(len(total))
        result: Array = total[rows, j] * (1.0 - part) + total[rows, j + 1] * part
        return result

    def crps(self, truth: Array) -> Array:
        """Return the CRPS, integrated exactly: F is linear in each bin, so F^2 is a parabola."""
        total, (j, part) = self._cumulative(), self._locate(truth)
        rows, widths = np.arange(len(total)), np.diff(self.edges)
        at, left, right = self._cdf(total, j, part), total[rows, j], total[rows, j + 1]
        below = np.cumsum(_parabola(total[:, :-1], total[:, 1:]) * widths, axis=1)  # (n, bins) of F^2
        above = np.cumsum(_parabola(1.0 - total[:, :-1], 1.0 - total[:, 1:]) * widths, axis=1)  # of (1 - F)^2
        before = np.where(j > 0, below[rows, j - 1], 0.0) + _parabola(left, at) * widths[j] * part
        after = above[:, -1] - above[rows, j] + _parabola(1.0 - at, 1.0 - right) * widths[j] * (1.0 - part)
        outside = np.maximum(self.edges[0] - truth, 0.0) + np.maximum(truth - self.edges[-1], 0.0)
        result: Array = before + after + outside
        return result

    def quantile(self, q: float) -> Array:
        """Return each row's q-quantile, linear within its bin."""
        total, rows = self._cumulative(), np.arange(len(self.probability))
        j = np.clip((total < q).sum(axis=1) - 1, 0, len(self.edges) - 2)
        low, high = total[rows, j], total[rows, j + 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            result: Array = self.edges[j] + np.diff(self.edges)[j] * np.clip((q - low) / (high - low), 0.0, 1.0)
        return result


@dataclass(frozen=True)
class HalfNormals:
    """Two half normals that meet at the median, each scaled to its side's quantile.

    The stand-in for a posterior of which only three numbers are known: it has exactly the given 16th, 50th and 84th
    percentiles, and normal tails. A second peak is lost in it; its CRPS and 95 % interval are approximations.

    Parameters
    ----------
    low, median, high : array (n,)
        16th, 50th and 84th percentiles.
    """

    low: Array
    median: Array
    high: Array

    def _sides(self) -> tuple[Array, Array, Array]:
        median = np.asarray(self.median, np.float64)
        tiny = 1e-9  # a side without width is a step
        return (
            median,
            np.maximum((median - self.low) / QUANTILE_84, tiny),
            np.maximum((self.high - median) / QUANTILE_84, tiny),
        )

    def cdf(self, x: Array) -> Array:
        """Return F(x) of each row."""
        median, left, right = self._sides()
        return _normal_cdf((x - median) / np.where(x < median, left, right))

    def crps(self, truth: Array) -> Array:
        """Return the CRPS in closed form, by ``integral of Phi^2 = u Phi^2 + 2 phi Phi - Phi(sqrt2 u)/sqrt(pi)``."""
        median, left, right = self._sides()
        near, far = np.where(truth < median, left, right), np.where(truth < median, right, left)
        u = np.abs(truth - median) / near
        centre = _squared_integral(np.zeros(1))
        result: Array = far * centre + near * (_squared_integral(u) - centre + _squared_integral(-u))
        return result

    def quantile(self, q: float) -> Array:
        """Return each row's q-quantile."""
        median, left, right = self._sides()
        result: Array = median + NormalDist().inv_cdf(q) * (left if q < 0.5 else right)
        return result


@dataclass(frozen=True)
class Draws:
    """A sample of each row's distribution, taken as equally likely values.

    The truth is as likely to lie below the smallest, between any two, or above the largest, so that the j-th of k
    stands at j / (k + 1) (Weibull 1939): intervals of few draws hold what they promise.

    Parameters
    ----------
    draws : array (n, k)
    """

    draws: Array

    def cdf(self, x: Array) -> Array:
        """Return the rank of x among the draws over k + 1, ties half."""
        known = np.where(np.isnan(self.draws).any(axis=1), np.nan, 0.0)
        x, k = np.asarray(x)[:, None], self.draws.shape[1]
        rank = 0.5 * ((self.draws < x).sum(axis=1) + (self.draws <= x).sum(axis=1) + 1.0)
        result: Array = rank / (k + 1.0) + known
        return result

    def crps(self, truth: Array) -> Array:
        """Return the CRPS of the empirical distribution, ``mean|x - truth| - mean|x - x'|/2``."""
        ordered = np.sort(np.asarray(self.draws, np.float64), axis=1)
        k = ordered.shape[1]
        weights = (2.0 * np.arange(1, k + 1) - k - 1) / k**2  # mean|x - x'|/2 of sorted values
        result: Array = np.abs(ordered - np.asarray(truth)[:, None]).mean(axis=1) - ordered @ weights
        return result

    def quantile(self, q: float) -> Array:
        """Return each row's q-quantile, linear between the draws, the outermost ones at most."""
        result: Array = np.quantile(self.draws, q, axis=1, method="weibull")
        return result


@dataclass(frozen=True)
class Judged:
    """Answers of n rows and how their distributions met the truth: all that any score needs, one number a row.

    Parameters
    ----------
    value : array (n,)
        NaN where unanswered.
    low, high : array (n,), optional
        16th and 84th percentile.
    low95, high95 : array (n,), optional
        2.5th and 97.5th percentile.
    crps, pit : array (n,), optional
        Of each row; None where there is no distribution.
    """

    value: Array
    low: Array | None = None
    high: Array | None = None
    low95: Array | None = None
    high95: Array | None = None
    crps: Array | None = None
    pit: Array | None = None

    def take(self, index: Array) -> "Judged":
        """Return some rows, by number."""
        return self._mapped(lambda part: part.take(index))

    def where(self, mask: Array) -> "Judged":
        """Return all rows, those outside the mask unanswered."""
        return self._mapped(lambda part: np.where(mask, part, np.nan))

    def _mapped(self, change: Callable[[Array], Array]) -> "Judged":
        return Judged(change(self.value), *(None if part is None else change(part) for part in self._parts()[1:]))

    def _parts(self) -> tuple[Array | None, ...]:
        return self.value, self.low, self.high, self.low95, self.high95, self.crps, self.pit


def judge(value: Array, distribution: Distribution | None, truth: Array) -> Judged:
    """Judge answers by their distributions; without one only the values count."""
    if distribution is None:
        return Judged(np.asarray(value, np.float64))
    low, high, low95, high95 = (distribution.quantile(q) for q in (0.16, 0.84, 0.025, 0.975))
    value = np.asarray(value, np.float64)
    return Judged(value, low, high, low95, high95, distribution.crps(truth), distribution.cdf(truth))


def join(parts: Sequence[Judged]) -> Judged:
    """Return the rows of several, one behind the other; they have distributions all or none."""
    value, *others = zip(*(part._parts() for part in parts), strict=True)
    return Judged(
        np.concatenate(value),
        *(None if any(p is None for p in column) else np.concatenate(column) for column in others),
    )


def _parabola(a: Array, b: Array) -> Array:
    """Return the mean of f^2 where f goes linearly from a to b."""
    result: Array = (a * a + a * b + b * b) / 3.0
    return result


def _normal_cdf(u: Array) -> Array:
    result: Array = 0.5 + 0.5 * np.asarray(_erf(u / math.sqrt(2.0)), np.float64)
    return result


def _squared_integral(u: Array) -> Array:
    """Return ``integral from -infinity to u of Phi(x)^2 dx``."""
    phi, cdf = np.exp(-0.5 * u * u) / math.sqrt(2.0 * math.pi), _normal_cdf(u)
    result: Array = u * cdf**2 + 2.0 * phi * cdf - _normal_cdf(math.sqrt(2.0) * u) / math.sqrt(math.pi)
    return result
