"""BaselineAnswers: the baselines' answers of the rows that are scored."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import baselines, features
from skycnn.baselines import Planned
from skycnn.errors import InputError
from skycnn.network.groups import name_hashes, row_hashes
from skycnn.scoring.scoredrows import ScoredRows
from skycnn.scoring.scoretable import Predictor

Array = NDArray[Any]

FEWEST = 20
"""Rows below which nothing is cross-fitted."""


def check_apart(rows: ScoredRows, train: ScoredRows, where: str, group: str | None, alike: bool = True) -> None:
    """See that no row and no group stands both among the rows to score and among those to train on.

    Groups of mocks of two seeds are different objects, whatever their names. Without ``alike`` the truths of the two
    are of different columns, and rows are told by their inputs alone.

    Raises
    ------
    InputError
        When one does; it names the group.
    """
    names = tuple(train.inputs)
    twice = len(_marks(rows, names, alike) & _marks(train, names, alike))
    if twice:
        raise InputError(
            f"{twice} of the rows to score stand in --train {where} too",
            hint="Score other rows, or leave --train out: the baselines are then cross-fitted.",
        )
    drawn_apart = None not in rows.seeds | train.seeds and not rows.seeds & train.seeds
    if rows.groups is not None and train.groups is not None and not drawn_apart:
        both = np.isin(name_hashes(rows.groups), name_hashes(train.groups))
        if both.any():
            raise InputError(
                f"{group} {np.unique(rows.groups[both])[0]} stands among the rows to score and in --train {where}",
                hint="A group must be on one side: leave its rows out with --where.",
            )


def _marks(rows: ScoredRows, names: Sequence[str], truths: bool) -> set[int]:
    """Return the hashes of inputs, those of some names, and perhaps of truths of the rows that have any input."""
    inputs = {name: rows.inputs[name] for name in names}
    there = baselines.present(inputs)
    if not there.any():
        return set()
    truth = (rows.truth[there],) if truths else ()
    return set(row_hashes(*baselines.take(inputs, there).values(), *truth).tolist())


def training_note(train: ScoredRows | None, names: Sequence[str], group: str | None, learned: str | None = None) -> str:
    """Return on which rows, and on which column where it is not the truth, the baselines are trained, in words."""
    against = f", on {learned}" if learned else ""
    if train is not None:
        return f"trained on {' '.join(names)} ({len(train.truth)} rows){against}"
    within = f"cross-fitted {baselines.FOLDS}-fold within the rows scored"
    return within + against + (f", by {group}" if group else "")


def answer(
    planned: Planned, rows: ScoredRows, train: ScoredRows | None, kind: str, note: str, threads: int
) -> Predictor:
    """Return a baseline's answers of the rows to score, or why it has none.

    Parameters
    ----------
    planned : Planned
        No task's own, see `taskbaselines`.
    rows, train : ScoredRows
        Without a training sample it is cross-fitted.
    kind : str
        Of answer.
    note : str
        Where it is trained, for the table.
    threads : int

    Notes
    -----
    Only bands that are present somewhere on both sides are used, so that a baseline sees exactly what the network saw.
    """
    name, seen = planned.name, features.kinds(planned.features)
    if not baselines.available(planned.method):
        return Predictor(name, None, "scikit-learn is not installed")
    if not len(rows.truth):
        return Predictor(name, None, "there are no rows")
    sides: list[Mapping[str, Array]] = [part.inputs for part in (rows, train) if part is not None]
    if planned.method != "median":
        main = [features.of_kinds(inputs, seen[:1]) for inputs in sides]
        if not all(baselines.present(inputs).any() for inputs in main):
            return Predictor(name, None, f"no {features.words(seen[0])} was found")
        sides = [features.of_kinds(inputs, seen) for inputs in sides]
    bands = _bands(sides)
    sides = [{key: v[:, bands] if v.ndim > 1 else v for key, v in inputs.items()} for inputs in sides]
    make = partial(baselines.build, planned.method, kind == "class", threads, planned.features)
    if train is not None:
        baseline = make()
        baseline.fit(sides[1], train.truth)
        return Predictor(name, baselines.held_out(baseline, sides[0], rows.truth), note, len(train.truth))
    known = len(rows.truth) if rows.learned is None else int(np.isfinite(rows.learned).sum())
    if known < FEWEST:
        return Predictor(name, None, f"{known} rows are too few to cross-fit")
    judged = baselines.cross_fitted(make, sides[0], rows.truth, rows.groups, rows.learned)
    return Predictor(name, judged, note, round(known * (1 - 1 / baselines.FOLDS)))


def _bands(sides: Sequence[Mapping[str, Array]]) -> Array:
    """Return which bands (the second axis of inputs) have a value somewhere on every side, bool (bands,)."""
    seen = [
        np.isfinite(values).any(axis=(0, *range(2, values.ndim)))
        for inputs in sides
        for values in inputs.values()
        if values.ndim > 1
    ]
    return np.asarray(np.all(seen, axis=0)) if seen else np.zeros(0, bool)
