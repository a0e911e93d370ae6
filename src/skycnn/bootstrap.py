"""Bootstrap: how far a score would move with other rows, or other groups of rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Statistic = Callable[[Array], "Array | float"]
"""Takes row numbers (with repeats), returns a number or a vector of them."""

LEVEL = 0.95
"""Probability inside every interval of this module."""


@dataclass(frozen=True)
class Resampling:
    """The rows of each resample; the same for every statistic, which is what makes differences paired.

    Above ``most`` rows each resample draws ``most`` of them (or the same share of the groups, at least 200 groups) and
    the spread is shrunk by ``sqrt(drawn/all)``: the m-out-of-n bootstrap (Bickel, Goetze & van Zwet 1997), good for any
    score whose error falls as 1/sqrt(n), as all of ours do.

    Parameters
    ----------
    rows : int
        Rows of the sample.
    groups : array (rows,), optional
        Whole groups are drawn: objects of one sky cell, images of one galaxy.
    resamples : int
    seed : int
    most : int
        Rows a resample at most, before the shrinking.
    """

    rows: int
    groups: Array | None = None
    resamples: int = 1000
    seed: int = 0
    most: int = 10_000

    @property
    def units(self) -> int:
        """Rows or groups there are to draw from."""
        return self.rows if self.groups is None else len(np.unique(self.groups))

    @property
    def drawn(self) -> int:
        """Rows or groups drawn in each resample."""
        if self.rows <= self.most:
            return self.units
        floor = 1 if self.groups is None else 200
        return min(self.units, max(floor, round(self.units * self.most / self.rows)))

    def __iter__(self) -> Iterator[Array]:
        random, drawn = np.random.default_rng(self.seed), self.drawn
        if self.groups is None:
            for _ in range(self.resamples):
                yield random.integers(0, self.rows, drawn)
            return
        _, code, sizes = np.unique(self.groups, return_inverse=True, return_counts=True)
        order, first = np.argsort(code, kind="stable"), np.concatenate([[0], np.cumsum(sizes)])
        for _ in range(self.resamples):
            chosen = random.integers(0, len(sizes), drawn)
            lengths = sizes[chosen]
            within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            yield order[np.repeat(first[chosen], lengths) + within]

    def __str__(self) -> str:
        unit = "rows" if self.groups is None else "groups"
        if self.drawn == self.units:
            return f"{self.resamples} bootstrap resamples of {self.units} {unit}"
        return f"{self.resamples} bootstrap resamples of {self.drawn} of {self.units} {unit}, scaled to all of them"


@dataclass(frozen=True)
class Interval:
    """A score with the interval that holds 95 % of its resamples.

    Parameters
    ----------
    value : float
        Of the sample itself; of a paired difference, the median of the resamples.
    low, high : float
    """

    value: float
    low: float
    high: float


def bootstrap(statistic: Statistic, resampling: Resampling) -> Array:
    """Return the statistic of every resample, (resamples,) or (resamples, k)."""
    draws = np.asarray([statistic(index) for index in resampling], np.float64)
    if resampling.drawn < resampling.units:
        centre = np.asarray(statistic(np.arange(resampling.rows)), np.float64)
        draws = centre + (draws - centre) * np.sqrt(resampling.drawn / resampling.units)
    return draws


def interval(value: float, draws: Array) -> Interval:
    """Return a score with its percentile interval (Efron 1979); resamples that have no score (NaN) are left out."""
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(draws, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Interval(value, float(low), float(high))


def difference(first: Array, second: Array) -> Interval:
    """Return the paired difference of two statistics bootstrapped on the same resamples: median and 95 % interval.

    The rows' common difficulty cancels, so this decides between two predictors where their own intervals overlap.
    """
    return _paired(first - second)


def ratio(first: Array, second: Array) -> Interval:
    """Return the paired ratio of two statistics bootstrapped on the same resamples: median and 95 % interval."""
    return _paired(np.divide(first, second, out=np.full(np.shape(first), np.nan), where=second > 0))


def _paired(draws: Array) -> Interval:
    known = draws[np.isfinite(draws)]
    return interval(float(np.median(known)) if len(known) else float("nan"), draws)
