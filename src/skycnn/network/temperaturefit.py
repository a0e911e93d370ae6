"""TemperatureFit: curves of temperatures by width that make the posteriors of some rows as wide as their errors are."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import least_squares
from torch import Tensor

from skycnn.network.tempering import CLOSEST, KNOTS, LARGEST, Tempering, numbered
from skycnn.posterior import Posterior

Array = NDArray[Any]

LEVELS = (0.05, 0.5, 0.95)
"""Of the widths of rows that lack no band, if there are: where the knots are."""
FEWEST = 20
"""Rows that a curve is fitted to."""
BLOCK = 1024
"""Rows at once."""
TIES = (30.0, 200.0)
"""Rows' worth of belief that a curve is flat, and that rows that lack a band have the curve of the others.

Chosen on halves of the validation rows of SDSS and COSMOS galaxies and CSST mocks, each judged on the other half;
beside one temperature coverage is nearer to nominal also with 200 rows.
"""
OWN = 3.0
"""Rows that a row counts for that lacks a band by itself, as those of catalogues do, beside those it was taken from.

In COSMOS the two differ: without NUV a model covers 61 % of the one kind and 71 % of the other.
"""
STEPS = np.linspace(-LARGEST, LARGEST, 21)
"""Logarithms of the temperatures at which rows are looked at."""
STEEPEST = 0.9
"""Of a curve: at -1 a wider posterior would come out no wider than a narrower one."""
ROUNDS = 2
"""Times that the columns of one grid are gone through, for each one's temperature moves the others a little."""


def fit(
    posterior: Posterior, raw: Tensor, truth: Tensor, gone: Tensor, taken: Tensor | None = None
) -> Tempering | None:
    """Return the curves that calibrate some rows; None where all of them are flat, at 1.

    Parameters
    ----------
    posterior : Posterior
    raw, truth : tensor (n, outputs), (n, values)
        Truths are NaN where a row has none.
    gone : tensor (n, bands)
        Which bands a row lacks.
    taken : tensor (n,), optional
        Whether they were taken from it.
    """
    given = np.zeros(len(raw), bool) if taken is None else taken.cpu().numpy()
    curve, count = numbered(gone), gone.shape[1] + 2
    fits = []
    for part in posterior.parts:
        rows = torch.isfinite(truth[:, part.truths]).any(dim=1)  # the others say nothing of this part
        own = raw[rows][:, part.outputs], truth[rows][:, part.truths], curve[rows]
        fits.append(_curves(part.posterior, *own, count, given[rows.cpu().numpy()]))
    knots, curves = (np.concatenate(part).astype(np.float32) for part in zip(*fits, strict=True))
    return Tempering(knots, curves) if curves.any() else None


def _curves(
    posterior: Posterior, raw: Tensor, truth: Tensor, curve: Tensor, count: int, taken: Array
) -> tuple[Array, Array]:
    """Return knots (v, 3) and curves (v, count, 3) of one part's columns, of its raw outputs, truths and curves (n,).

    A curve is a solution of estimating equations: weighted by each knot's hat, rows are neither too narrow nor too
    wide. Their number weighs against `TIES`.
    """
    which = curve.cpu().numpy()
    widths, columns = posterior.log_widths(raw).cpu().double().numpy(), len(posterior.values)
    known = torch.isfinite(truth).cpu().numpy()
    knots = np.tile(np.linspace(-1.0, 1.0, KNOTS), (columns, 1))
    curves, logs = np.zeros((columns, count, KNOTS)), np.zeros_like(widths)
    for column in list(range(columns)) * (ROUNDS if columns > 1 else 1):
        whole = known[:, column] & (which == 0)
        if np.count_nonzero(whole) < FEWEST:  # as where a survey has no such band
            whole = known[:, column]
        if np.count_nonzero(whole) < FEWEST:
            continue
        knots[column] = _apart(np.quantile(widths[whole, column], LEVELS))
        hats = np.stack([np.interp(widths[:, column], knots[column], hat) for hat in np.eye(KNOTS)], axis=1)
        excess = _excess(posterior, raw, truth, logs, column)
        for number in range(count):
            rows = np.flatnonzero(known[:, column] & (which == number))
            first = np.zeros(KNOTS) if number == 0 else curves[column, 0]
            curves[column, number] = first
            if len(rows) >= FEWEST:
                weight = np.where(taken[rows], 1.0, OWN if number else 1.0)[:, None]
                found = _solved(weight * hats[rows], hats[rows], excess[rows], first, TIES[number > 0])
                curves[column, number] = _gentle(found, knots[column])
        logs[:, column] = (hats * curves[column][which]).sum(axis=1)
    return knots, curves


def _excess(posterior: Posterior, raw: Tensor, truth: Tensor, logs: Array, column: int) -> Array:
    """Return how much too narrow a column's posteriors are at each of `STEPS`, (n, steps); others have their own."""
    found = np.empty((len(raw), len(STEPS)))
    for first in range(0, len(raw), BLOCK):
        some = slice(first, first + BLOCK)
        for number, step in enumerate(STEPS):
            now = torch.from_numpy(logs[some]).to(raw)
            now[:, column] = step
            found[some, number] = posterior.excess(raw[some], truth[some], now.exp())[:, column].cpu().numpy()
    return found


def _solved(hats: Array, place: Array, excess: Array, first: Array, tie: float) -> Array:
    """Return the curve (3,) near ``first`` at which rows have no excess (n, steps), weighted by ``hats`` (n, 3).

    Their place on the curve is (n, 3).
    """
    rows, size = np.arange(len(hats)), np.sqrt(np.mean(excess[:, len(STEPS) // 2] ** 2))
    weight = np.sqrt(np.maximum(hats.sum(axis=0), 1e-9)) * max(size, 1e-9)
    ties = np.sqrt(tie) * np.vstack([np.diff(np.eye(KNOTS), axis=0), np.full(KNOTS, 1 / KNOTS)])

    def amiss(curve: Array) -> Array:
        step = np.interp(place @ curve, STEPS, np.arange(len(STEPS)))
        below = np.minimum(step.astype(int), len(STEPS) - 2)
        part = step - below
        now = excess[rows, below] * (1 - part) + excess[rows, below + 1] * part
        return np.concatenate([hats.T @ now / weight, ties @ (curve - first)])

    found: Array = least_squares(amiss, first).x
    return np.clip(found, -LARGEST, LARGEST)


def _apart(knots: Array) -> Array:
    """Return knots that increase."""
    for k in range(1, KNOTS):
        knots[k] = max(knots[k], knots[k - 1] + CLOSEST)
    return knots


def _gentle(curve: Array, knots: Array) -> Array:
    """Return a curve without steps that would change the order of widths."""
    for k in range(1, KNOTS):
        most = STEEPEST * (knots[k] - knots[k - 1])
        curve[k] = curve[k - 1] + np.clip(curve[k] - curve[k - 1], -most, most)
    return curve
