"""ModelScores: the scores of a network's answers as they are printed after a training and stand in its card.

Those of its own test rows stand there at first. Where others tell more, such as a cross-fit's, which are over all rows,
they take that place with words on how they were found, and those of the test rows stand below them as ``test``.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skycnn.bootstrap import Resampling
from skycnn.distribution import Judged
from skycnn.posterior import Posterior
from skycnn.scoring import scoretable
from skycnn.scoring.scoretable import Predictor

Ends = tuple[float | None, float | None, float | None]
"""A score and its interval; None for null in JSON."""


def of(posterior: Posterior, answers: Mapping[str, Judged], truth: np.ndarray, group: np.ndarray) -> dict[str, Any]:
    """Return scores and their 95 % intervals by bootstrap over groups, by key.

    Parameters
    ----------
    posterior : Posterior
    answers : mapping of str to Judged
        By column, each of the rows that have a truth of it.
    truth : array (n, truths)
        NaN where a row has none.
    group : array (n,)
        Of the rows, resampled as wholes.

    Returns
    -------
    dict
        ``rows``, scores by their key and ``intervals``; of several truths with the column before the key.
    """
    several = len(posterior.values) > 1
    found: dict[str, Any] = {"rows": len(truth)}
    ends: dict[str, list[float]] = {}
    for number, column in enumerate(posterior.values):
        known = np.isfinite(truth[:, number])
        if not known.any():
            continue
        stem = f"{column} " if several else ""
        if several:
            found[f"{stem}rows"] = int(np.count_nonzero(known))
        scores = scoretable.find(posterior.kinds[column])
        resampling = Resampling(int(np.count_nonzero(known)), group[known])
        predictors = [Predictor("network", answers[column])]
        (entry,) = scoretable.table(predictors, truth[known, number], scores, resampling, paired=False)
        for key, score in entry.scores.items():
            _put(found, ends, stem + key, (score.value, score.low, score.high))
    return {**found, "intervals": ends}


def printed(found: Mapping[str, Any], how: str) -> dict[str, Any]:
    """Return what ``score --json`` printed of a network's answers in the form that `of` has.

    Parameters
    ----------
    found : mapping
        As ``json.loads`` returned it.
    how : str
        How the rows were answered: ``cross-fit over 5 folds of TILE``.
    """
    answers = [found, *found["further"]]
    scores: dict[str, Any] = {"how": f"{how}; intervals: {found['bootstrap']}", "rows": found["rows"]}
    ends: dict[str, list[float]] = {}
    for answer in answers:
        stem = f"{answer['value']} " if len(answers) > 1 else ""
        if stem:
            scores[f"{stem}rows"] = answer["rows"]
        for key, score in answer["entries"][0]["scores"].items():
            _put(scores, ends, stem + key, (score["value"], score["low"], score["high"]))
    return {**scores, "intervals": ends}


def instead(own: Mapping[str, Any], better: Mapping[str, Any]) -> dict[str, Any]:
    """Return a card's scores where ``better`` ones take the place of those of its own test rows."""
    return {**better, "test": own.get("test", own)}


def _put(
    found: dict[str, Any],
    ends: dict[str, list[float]],
    key: str,
    score: tuple[float | None, float | None, float | None],
) -> None:
    """Put a score and its interval where they belong; what is not finite has none."""
    value, low, high = (np.nan if part is None else part for part in score)
    if np.isfinite(value):
        found[key] = round(value, 5)
    if np.isfinite(value) and np.isfinite(low):
        ends[key] = [round(low, 5), round(high, 5)]
