"""ModelScores: the scores of a network's answers as they are printed after a training and stand in its card."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skycnn.bootstrap import Resampling
from skycnn.distribution import Judged
from skycnn.posterior import Posterior
from skycnn.scoring import scoretable
from skycnn.scoring.scoretable import Predictor


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
            if np.isfinite(score.value):
                found[stem + key] = round(score.value, 5)
            if np.isfinite(score.value) and np.isfinite(score.low):
                ends[stem + key] = [round(score.low, 5), round(score.high, 5)]
    return {**found, "intervals": ends}
