"""FlaggedRows: the rows of each quality flag, and how well they were answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import schema
from skycnn.bootstrap import Resampling
from skycnn.distribution import Judged
from skycnn.scoring import scoretable
from skycnn.scoring.scoredrows import ScoredRows
from skycnn.scoring.scoretable import Entry, Predictor, Score

Array = NDArray[Any]

SHOWN = {"redshift": ("sigma_nmad", "outliers"), "value": ("mae", "bias"), "class": ("auc", "brier")}
"""Scores of the rows of a flag, by the kind of answer."""

RESAMPLES, MOST = 200, 2000
"""See `Resampling`."""


@dataclass(frozen=True)
class FlaggedRows:
    """The rows of one flag.

    Parameters
    ----------
    name, meaning : str
    rows : int
    entry : Entry
        The answer's scores of them.
    """

    name: str
    meaning: str
    rows: int
    entry: Entry


def shown(kind: str, scores: Sequence[Score]) -> list[Score]:
    """Return the scores that the rows of a flag have."""
    return [score for score in scores if score.key in SHOWN[kind]]


def find(
    kind: str, answer: str, rows: ScoredRows, scores: Sequence[Score], task_flags: Iterable[schema.Bit]
) -> list[FlaggedRows]:
    """Return the rows without a flag, and those of each flag that any row has; nothing where there is no flag column.

    Parameters
    ----------
    kind, answer : str
        Kind of answer and its column.
    rows : ScoredRows
    scores : sequence of Score
        Of the table; those of `SHOWN` are taken.
    task_flags : iterable of Bit
        Of the task alone.
    """
    if rows.flags is None:
        return []
    bits = schema.bits(task_flags)
    parts = [("no flag", "a clean answer", rows.flags == 0)]
    parts += [(name, meaning, rows.flags & bit != 0) for bit, (name, meaning) in bits.items()]
    judged = rows.judged[answer]
    return [
        FlaggedRows(name.lower().replace("_", " "), meaning, int(held.sum()), _entry(answer, judged, rows, held, made))
        for name, meaning, held in parts
        if held.any()
        for made in [shown(kind, scores)]
    ]


def _entry(answer: str, judged: Judged, rows: ScoredRows, held: Array, scores: Sequence[Score]) -> Entry:
    index = np.flatnonzero(held)
    resampling = Resampling(len(index), None if rows.groups is None else rows.groups[index], RESAMPLES, most=MOST)
    predictors = [Predictor(answer, judged.take(index))]
    (entry,) = scoretable.table(predictors, rows.truth[index], scores, resampling, paired=False)
    return entry
