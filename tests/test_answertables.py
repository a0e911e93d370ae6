"""answertables: one column's scores beside a baseline's, in bins, and the rows that they are of."""

from types import SimpleNamespace

import numpy as np

from scoredsample import sample, target
from skycnn.bootstrap import Resampling
from skycnn.scoring import answertables, rowbins, scoretable
from test_figures import MADE


def test_scores_bins_and_the_best_are_of_the_same_rows():
    predictors, truth = MADE["value"](300)
    _, rows = sample("value")
    task, resampling = SimpleNamespace(flags=()), Resampling(300, resamples=20)
    given = (task, target("value"), rows, predictors, scoretable.find("value"), resampling)
    found = answertables.of(*given, rowbins.equal("T", truth, 3), ["median"])
    assert (found.value, found.truth, found.unit, found.rows, found.by) == ("Z_PHOT", "Z_SPEC", "deg", 300, "T")
    assert [entry.name for entry in found.entries] == [each.name for each in predictors]
    assert len(found.bins) == 3 and sum(each.rows for each in found.bins) == 300
    assert found.best[0].name == "median" and sum(found.flagged.values()) == 30
    bare = answertables.of(*given, None, ())
    assert (bare.bins, bare.by, bare.best) == ((), "", ()) and bare.bootstrap == str(resampling)
    assert np.sum(bare.pit) in (0, 300)
