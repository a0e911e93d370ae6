"""scoredsample: answers of each kind with their tables, as the page of scores is given them."""

from itertools import count

import numpy as np

from skycnn.bootstrap import Resampling
from skycnn.scoring import bestbaseline, scoretable
from skycnn.scoring.scoredrows import ScoredRows
from skycnn.scoring.scoreresult import Scored
from skycnn.scoring.target import Target
from skycnn.task import Truth
from test_figures import MADE

HOSTILE = "<script>alert(1)</script>"
UNITS = {"value": "deg"}


def target(kind, value="Z_PHOT"):
    return Target(value, value, "Z_SPEC", Truth(), kind, UNITS.get(kind, ""))


def sample(kind, n=300, *, bins=(), by="", value="Z_PHOT"):
    """Return the table of n answers of a kind with a baseline beside them, and the rows."""
    predictors, truth = MADE[kind](n)
    scores = scoretable.find(kind)
    resampling = Resampling(n, resamples=20)
    entries = scoretable.table(predictors, truth, scores, resampling)
    best = bestbaseline.find(kind, entries, scores, ["median"])
    about: dict[str, object] = {
        "left_out": {"without a truth": 7},
        "flagged": {},
        "bootstrap": str(resampling),
        "pit": [],
    }
    about |= {"entries": entries, "bins": bins, "scores": scores, "by": by, "best": best}
    made = Scored(value, "Z_SPEC", kind, UNITS.get(kind, ""), n, **about)
    flags = np.zeros(n, np.int64)
    flags[: n // 10] = 8
    judged = {value: predictors[0].judged}
    return made, ScoredRows(truth, judged, {}, {}, flags, None, None, {}, numbers=np.fromiter(count(), int, n))
