"""figures: every set of scores has one, in every format, also of hardly any rows; never with pyplot's global state."""

from dataclasses import replace

import numpy as np
import pytest

from skycnn.bootstrap import Resampling
from skycnn.distribution import HalfNormals, judge
from skycnn.report import figures
from skycnn.scoring import scoretable
from skycnn.scoring.scoretable import Predictor
from skycnn.scoring.target import Target
from skycnn.task import Truth

pytest.importorskip("matplotlib", reason="matplotlib is not installed")
MAGIC = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


def redshifts(n):
    random = np.random.default_rng(0)
    truth = random.uniform(0.05, 0.8, n)
    sigma = 0.02 * (1 + truth)
    z = truth + sigma * random.standard_normal(n)
    network = Predictor("Z_PHOT", judge(z, HalfNormals(z - sigma, z, z + sigma), truth))
    median = Predictor("median", judge(np.full(n, 0.4), None, truth))
    return [network, median, Predictor("forest", None, "scikit-learn is not installed")], truth


def classes(n):
    random = np.random.default_rng(0)
    truth = (random.random(n) < 0.5).astype(float)
    p = np.clip(0.3 + 0.4 * truth + 0.2 * random.standard_normal(n), 0, 1)
    return [Predictor("P", judge(p, None, truth)), Predictor("median", judge(np.full(n, 0.5), None, truth))], truth


def values(n):
    """Angles in a unit of their own, which need no limit below."""
    predictors, truth = redshifts(n)
    scaled = [
        Predictor(p.name, p.judged and judge(50 * p.judged.value - 20, None, 50 * truth - 20)) for p in predictors
    ]
    return scaled, 50 * truth - 20


def drawn(scores, predictors, truth, kind="png"):
    sample = Resampling(len(truth), resamples=20)
    entries = scoretable.table(predictors, truth, scoretable.find(scores), sample)
    target = Target("Z_PHOT", "Z_PHOT", "Z_SPEC", Truth(), scores, "deg" if scores == "value" else "")
    return figures.draw(target, predictors[0], truth, entries, "a title", kind)


MADE = {"redshift": redshifts, "value": values, "class": classes}


def test_every_kind_of_answer_has_a_figure():
    assert set(scoretable.KINDS) == set(MADE)


@pytest.mark.parametrize(
    ("scores", "kind"), [("redshift", "png"), ("redshift", "pdf"), ("class", "svg"), ("value", "svg")]
)
def test_figures_are_files_of_their_format(scores, kind):
    page = drawn(scores, *MADE[scores](300), kind)
    assert page.startswith(MAGIC[kind])
    assert len(page) > 5000


@pytest.mark.parametrize("rows", [0, 2, 2000])
@pytest.mark.parametrize("scores", MADE)
def test_any_number_of_rows_can_be_drawn(scores, rows):
    assert drawn(scores, *MADE[scores](rows)).startswith(MAGIC["png"])


def test_unanswered_rows_outliers_and_no_posterior_can_be_drawn():
    predictors, truth = redshifts(100)
    z = predictors[0].judged.value.copy()
    z[:5], z[5], z[6] = np.nan, 9.0, -0.4
    bare = Predictor("Z_PHOT", judge(z, None, truth))
    assert drawn("redshift", [bare], truth).startswith(MAGIC["png"])
    nothing = Predictor("Z_PHOT", judge(np.full(100, np.nan), None, truth))
    assert drawn("redshift", [nothing], truth).startswith(MAGIC["png"])


def test_the_figure_tells_its_numbers_and_is_the_same_again():
    predictors, truth = redshifts(50)
    page = drawn("redshift", predictors, truth, "svg")
    assert page == drawn("redshift", predictors, truth, "svg")
    text = page.decode()
    (entry,) = scoretable.table(predictors[:1], truth, scoretable.REDSHIFT, Resampling(50, resamples=20))
    assert f"{entry.scores['sigma_nmad'].value:.4f}" in text
    for words in ("N = 50", "outliers = 0.00%", "median", "a title"):
        assert words in text
    assert "forest" not in text


def test_the_figure_tells_how_many_rows_each_learned_from():
    (network, median, forest), truth = redshifts(50)
    told = [replace(network, learned=19091), replace(median, learned=40), replace(forest, learned=None)]
    text = drawn("redshift", told, truth, "svg").decode()
    assert "(19,091)" in text and "(40)" in text and "rows learned from" in text
    assert "(19,091)" not in drawn("redshift", [network, median], truth, "svg").decode()


def test_a_value_is_drawn_in_its_own_unit():
    predictors, truth = values(200)
    text = drawn("value", predictors, truth, "svg").decode()
    for words in ("Z_PHOT [deg]", "Z_PHOT - Z_SPEC", "half of 16-84%", "68% of the rows", "no posterior"):
        assert words in text
    assert "outliers" not in text


def test_a_class_is_drawn_with_its_reliability():
    predictors, truth = classes(300)
    text = drawn("class", predictors, truth, "svg").decode()
    for words in ("ROC", "reliability", "if calibrated", "share with Z_SPEC = 1"):
        assert words in text
    p = np.full(40, 0.95)
    sure = [Predictor("P", judge(p, None, np.ones(40)))]
    assert drawn("class", sure, np.ones(40)).startswith(MAGIC["png"])
