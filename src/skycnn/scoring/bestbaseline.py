"""BestBaseline: which baseline does best, and whether the answers that are scored beat it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from skycnn.bootstrap import Interval
from skycnn.scoring.scoretable import Entry, Score

DECISIVE = {"redshift": ("sigma_nmad", "outliers"), "value": ("mae",), "class": ("auc",)}
"""Scores by which a baseline is the best, by the kind of answer."""

UPWARD = ("auc",)
"""Those of which more is better."""


@dataclass(frozen=True)
class Best:
    """The best baseline by one score.

    Parameters
    ----------
    score, label : str
        Key and name of the score.
    name : str
        Of the baseline.
    value : float
        Its score.
    difference : Interval
        The answers' score less it, paired.
    verdict : str
        What the answers do: ``beats``, ``is level with`` where the interval holds 0, ``is worse than``.
    """

    score: str
    label: str
    name: str
    value: float
    difference: Interval
    verdict: str


def find(kind: str, entries: Sequence[Entry], scores: Sequence[Score], names: Collection[str]) -> tuple[Best, ...]:
    """Return the best of the named baselines by each decisive score of a kind of answer; none where none ran.

    Parameters
    ----------
    kind : str
        A key of ``DECISIVE``.
    entries : sequence of Entry
        The table, the answers that are scored first.
    scores : sequence of Score
    names : collection of str
        Of the baselines; other entries are columns.
    """
    found = []
    for score in (score for score in scores if score.key in DECISIVE[kind]):
        sign = -1.0 if score.key in UPWARD else 1.0
        ran = [
            entry
            for entry in entries[1:]
            if entry.name in names and entry.difference and np.isfinite(entry.scores[score.key].value)
        ]
        if not ran:
            continue
        best = min(ran, key=lambda entry: sign * entry.scores[score.key].value)
        less = best.difference[score.key]
        low, high = sorted((sign * less.low, sign * less.high))
        verdict = "beats" if high < 0 else "is worse than" if low > 0 else "is level with"
        found.append(Best(score.key, score.label, best.name, best.scores[score.key].value, less, verdict))
    return tuple(found)
