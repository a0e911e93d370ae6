"""Ridge: a plane through all training rows, its slopes held small, by the penalty that foretells left-out rows best."""

from typing import Any

import numpy as np

from skycnn.baselines.baseline import Answer, Array, Learner
from skycnn.features import Inputs

PENALTIES = np.geomspace(1e-4, 1e4, 33)
"""Tried, over the number of training rows: slopes are of columns whose variance is 1."""

DRAWS = 100
"""Quantiles of the residuals that stand for a row's distribution."""


class Ridge(Learner):
    """Linear regression with a penalty on the squares of its slopes (Hoerl & Kennard 1970).

    The penalty is the one of `PENALTIES` with the smallest squared error of each training row asked of all others,
    which a plane gives in closed form (Allen 1974). What these errors are is every row's distribution: all rows have
    intervals of one width. The value is the distribution's median; of a class the plane, between 0 and 1. A number that
    a row lacks is the training rows' median, and none is taken to lie outside what they have.
    """

    def _learn(self, inputs: Inputs, truth: Array) -> None:
        self._features = self.make(inputs)
        table = np.asarray(self._features.table(inputs), np.float64)
        there = np.isfinite(table).any(axis=0)
        self._kept = np.flatnonzero(there)
        columns = np.where(np.isfinite(table), table, np.nan)[:, self._kept]
        self._low, self._high = np.nanmin(columns, axis=0), np.nanmax(columns, axis=0)
        self._middle = np.nanmedian(columns, axis=0)
        filled = self._filled(table)
        self._mean, spread = filled.mean(axis=0), filled.std(axis=0)
        self._spread = np.where(spread > 1e-9 * np.abs(self._mean) + 1e-300, spread, np.inf)
        self._level = float(truth.mean())
        self._slopes, residual = _plane((filled - self._mean) / self._spread, truth - self._level)
        self._residual = np.quantile(residual, np.arange(1, DRAWS + 1) / (DRAWS + 1.0))

    def _reply(self, inputs: Inputs) -> Answer:
        table = np.asarray(self._features.table(inputs), np.float64)
        plane = self._level + (self._filled(table) - self._mean) / self._spread @ self._slopes
        if self.classes:
            return Answer(np.clip(plane, 0, 1))
        drawn = plane[:, None] + self._residual
        return Answer(np.median(drawn, axis=1), drawn)

    def _filled(self, table: Array) -> Array:
        """Return the columns (n, kept) that any training row had, without gaps, within what those had."""
        columns = table[:, self._kept]
        filled: Array = np.clip(np.where(np.isfinite(columns), columns, self._middle), self._low, self._high)
        return filled


def _plane(design: Array, height: Array) -> tuple[Any, Array]:
    """Return the slopes (k,) of a design (n, k) whose columns have no mean, and the errors (n,) of rows left out."""
    n = len(design)
    strength, turn = np.linalg.eigh(design.T @ design)
    strength, turned = np.maximum(strength, 0.0), design @ turn
    along, square = turned.T @ height, turned**2
    best = np.inf, np.zeros(len(strength)), np.zeros(n)
    for penalty in PENALTIES * n:
        slopes = along / (strength + penalty)
        leverage = square @ (1.0 / (strength + penalty)) + 1.0 / n
        residual = (height - turned @ slopes) / np.maximum(1.0 - leverage, 1.0 / n)
        if (error := float(residual @ residual)) < best[0]:
            best = error, turn @ slopes, residual
    return best[1], best[2]
