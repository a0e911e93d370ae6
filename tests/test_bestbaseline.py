"""bestbaseline: the best is named by the scores that decide, columns are none, and the interval gives the verdict."""

import pytest

from skycnn.bootstrap import Interval
from skycnn.scoring import bestbaseline, scoretable
from skycnn.scoring.scoretable import Entry

REDSHIFT, CLASS = scoretable.find("redshift"), scoretable.find("class")


def entry(name, less=None, **scores):
    """Return an entry by its scores; ``less`` is the answers' score less its own, half an interval of 0.001."""
    difference = {key: Interval(less, less - 0.001, less + 0.001) for key in scores} if less is not None else {}
    return Entry(name, "", 1.0, {key: Interval(value, value, value) for key, value in scores.items()}, difference)


def found(*entries, kind="redshift", scores=REDSHIFT, names=("knn", "forest")):
    return bestbaseline.find(kind, entries, scores, names)


OWN = entry("Z_PHOT", sigma_nmad=0.02, outliers=0.01)


@pytest.mark.parametrize(
    ("less", "verdict"),
    [(-0.002, "beats"), (-0.0005, "is level with"), (0.0, "is level with"), (0.002, "is worse than")],
)
def test_the_interval_gives_the_verdict(less, verdict):
    first, second = found(OWN, entry("knn", less, sigma_nmad=0.022, outliers=0.02))
    assert (first.score, first.name, first.value, first.verdict) == ("sigma_nmad", "knn", 0.022, verdict)
    assert (second.label, second.verdict) == ("outliers %", verdict)


def test_each_score_has_its_own_best_and_columns_are_none():
    rivals = [
        entry("Z_OTHER", 0.5, sigma_nmad=0.001, outliers=0.0),
        entry("knn", 0, sigma_nmad=0.03, outliers=0.01),
        entry("forest", 0, sigma_nmad=0.02, outliers=0.02),
        Entry("forest", "scikit-learn is not installed", 0.0),
    ]
    assert [(best.score, best.name) for best in found(OWN, *rivals)] == [("sigma_nmad", "forest"), ("outliers", "knn")]


def test_of_classes_more_is_better():
    own = entry("P_MERGER", auc=0.8)
    (best,) = found(own, entry("knn", 0.1, auc=0.7), entry("forest", 0.05, auc=0.75), kind="class", scores=CLASS)
    assert (best.name, best.verdict) == ("forest", "beats")
    (best,) = found(own, entry("knn", -0.1, auc=0.9), kind="class", scores=CLASS)
    assert best.verdict == "is worse than"


def test_without_baselines_or_scores_there_is_none():
    assert found(OWN) == ()
    assert found(OWN, entry("knn", float("nan"), sigma_nmad=float("nan"), outliers=float("nan"))) == ()
