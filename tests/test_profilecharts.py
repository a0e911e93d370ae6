"""profilecharts: a chart for each score along a quantity, with its table; kinds of rows below each other; baselines."""

import numpy as np
import pytest

from scoredsample import sample, target
from skycnn.report import profilecharts
from skycnn.scoring import profile, rowbins, scoretable
from skycnn.scoring.scoretable import Predictor
from test_markup import Read


def drawn(kind, given=None):
    scored, rows = sample(kind)
    found = profile.find(target(kind), rows, scored.scores, "gr", given)
    return [Read(profilecharts.draw(each, scored, "skycnn score")) for each in found]


@pytest.mark.parametrize(("kind", "charts"), [("redshift", 4), ("value", 3)])
def test_each_score_has_a_chart_and_all_stand_in_the_table(kind, charts):
    first = drawn(kind)[0]
    shown = [a["aria-label"] for name, a in first.elements if name == "svg" and "role" in a]
    assert len(shown) == charts
    assert all(label.endswith(" by Z_SPEC") for label in shown)
    assert "n = 300 in 7 bins. Bars: 95% of 200 bootstrap resamples of each bin's rows." in first.text
    assert [name for name, _ in first.elements].count("tr") == 8


def test_kinds_of_rows_stand_below_each_other_and_scores_of_one_kind_have_no_chart():
    rows = sample("class")[1]
    code = np.where(rows.truth > 0.5, 0.0, 1.0 + np.arange(300) % 2)
    kinds = rowbins.RowBins("KIND", code, np.arange(4) - 0.5, ("merger", "disc", "pair"))
    own, how = Predictor("Z_PHOT", rows.judged["Z_PHOT"]), (kinds.values, kinds.edges, None, 5, kinds.names)
    bins = scoretable.binned([own], rows.truth, scoretable.classes(), *how)
    (read,) = drawn("class", (kinds, bins))
    shown = [a["aria-label"] for name, a in read.elements if name == "svg" and "role" in a]
    assert shown == ["false positives by KIND"]
    assert all(word in read.text for word in ("merger", "disc", "pair"))


def test_those_that_answered_stand_beside_each_other():
    read = Read(profilecharts.beside(sample("redshift")[0], "skycnn score"))
    assert all(word in read.text for word in ("Z_PHOT", "median", "outliers [%]", "n = 300", "20 bootstrap resamples"))
    assert "forest" not in read.text
    alone = sample("redshift")[0]
    object.__setattr__(alone, "entries", alone.entries[:1])
    assert profilecharts.beside(alone, "") == ""
