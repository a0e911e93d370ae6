"""CrossFit: baselines judged on rows that they did not learn from."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.baselines.baseline import Baseline
from skycnn.baselines.folds import folds
from skycnn.baselines.inputrows import take
from skycnn.distribution import Draws, Judged, join, judge
from skycnn.errors import InputError
from skycnn.features import Inputs

Array = NDArray[Any]

BLOCK = 10_000
"""Rows answered at a time."""


def held_out(baseline: Baseline, inputs: Inputs, truth: Array) -> Judged:
    """Judge a fitted baseline on other rows, a block at a time, for its draws are many numbers a row."""
    parts = []
    for first in range(0, max(len(truth), 1), BLOCK):
        block = slice(first, first + BLOCK)
        answer = baseline.answer(take(inputs, block))
        parts.append(judge(answer.value, None if answer.draws is None else Draws(answer.draws), truth[block]))
    return join(parts)


def cross_fitted(
    make: Callable[[], Baseline],
    inputs: Inputs,
    truth: Array,
    groups: Array | None = None,
    learned: Array | None = None,
) -> Judged:
    """Judge a baseline on every row, each by a fit that never saw the row's fold.

    Parameters
    ----------
    make : callable
        Returns a baseline that is not fitted.
    inputs : mapping of str to array (n, ...)
    truth : array (n,)
        That rows are judged by.
    groups : array (n,), optional
        Each is in one fold.
    learned : array (n,), optional
        What is learned from in place of the truth, by the rows where it is not NaN.

    Raises
    ------
    InputError
        When all rows are in one fold: a single group, or a handful of rows.
    """
    fold = folds(inputs, groups)
    learned = truth if learned is None else learned
    if len(np.unique(fold[np.isfinite(learned)])) < 2:
        what = "the rows are all of one group" if groups is not None else f"{len(truth)} rows are too few"
        raise InputError(f"{what}: no baseline can be cross-fitted", hint="Train on others: --train CAT2.")
    parts, order = [], np.argsort(fold, kind="stable")
    for k in np.unique(fold):
        inside = fold == k
        baseline, others = make(), ~inside & np.isfinite(learned)
        baseline.fit(take(inputs, others), learned[others])
        parts.append(held_out(baseline, take(inputs, inside), truth[inside]))
    return join(parts).take(np.argsort(order))
