"""Rivals: the baselines' answers of the rows that are scored."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from skycnn import baselines
from skycnn.errors import InputError
from skycnn.scoring.scoredrows import ScoredRows
from skycnn.scoring.scoretable import Predictor

FEWEST = 20
"""Rows below which nothing is cross-fitted."""


def check_apart(rows: ScoredRows, train: ScoredRows, where: str, group: str | None) -> None:
    """See that no row and no group stands both among the rows to score and among those to train on.

    Raises
    ------
    InputError
        When one does; it names the group.
    """
    twice = len(_marks(rows) & _marks(train))
    if twice:
        raise InputError(
            f"{twice} of the rows to score stand in --train {where} too",
            hint="Score other rows, or leave --train out: the baselines are then cross-fitted.",
        )
    if rows.groups is not None and train.groups is not None:
        shared = np.intersect1d(rows.groups, train.groups)
        if len(shared):
            raise InputError(
                f"{group} {shared[0]} stands among the rows to score and in --train {where}",
                hint="A group must be on one side: leave its rows out with --where.",
            )


def _marks(rows: ScoredRows) -> set[bytes]:
    """Return the bytes of fluxes, errors and truth of the rows that have fluxes."""
    table = np.column_stack([rows.flux, rows.error, rows.truth])[np.isfinite(rows.flux).any(axis=1)]
    return {row.tobytes() for row in np.ascontiguousarray(table)}


def told(train: ScoredRows | None, names: Sequence[str], group: str | None) -> str:
    """Return on which rows the baselines are trained, in words."""
    if train is not None:
        return f"trained on {' '.join(names)} ({len(train.truth)} rows)"
    return f"cross-fitted {baselines.FOLDS}-fold within the rows scored" + (f", by {group}" if group else "")


def answer(name: str, rows: ScoredRows, train: ScoredRows | None, scores: str, told: str, threads: int) -> Predictor:
    """Return a baseline's answers of the rows to score, or why it has none.

    Parameters
    ----------
    name : str
        A key of ``baselines.KINDS``.
    rows, train : ScoredRows
        Without a training sample it is cross-fitted.
    scores : str
        ``redshift`` or ``class``.
    told : str
        Where it is trained, for the table.
    threads : int

    Notes
    -----
    Only bands that are present somewhere on both sides are used, so that a baseline sees exactly what the network saw.
    """
    if not baselines.available(name):
        return Predictor(name, None, "scikit-learn is not installed")
    if not len(rows.truth):
        return Predictor(name, None, "there are no rows")
    seen = np.isfinite(rows.flux).any(axis=0)
    if train is not None:
        seen &= np.isfinite(train.flux).any(axis=0)
    if not seen.any() and name != "median":
        return Predictor(name, None, "no photometry was found")
    make = partial(baselines.build, name, scores == "class", threads)
    mine = (rows.flux[:, seen], rows.error[:, seen], rows.truth)
    if train is not None:
        baseline = make()
        baseline.fit(train.flux[:, seen], train.error[:, seen], train.truth)
        return Predictor(name, baselines.held_out(baseline, *mine), told)
    if len(rows.truth) < FEWEST:
        return Predictor(name, None, f"{len(rows.truth)} rows are too few to cross-fit")
    return Predictor(name, baselines.cross_fitted(make, *mine, rows.groups), told)
