"""figures: every set of scores has one, in every format, also of hardly any rows; never with pyplot's global state."""

import numpy as np
import pytest

from skycnn.bootstrap import Resampling
from skycnn.distribution import HalfNormals, judge
from skycnn.errors import InputError
from skycnn.report import figures
from skycnn.scoring import scoretable
from skycnn.scoring.scoretable import Predictor

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


def drawn(scores, predictors, truth, kind="png"):
    sample = Resampling(len(truth), resamples=20)
    entries = scoretable.table(predictors, truth, scoretable.find(scores), sample)
    return figures.draw(scores, predictors[0], truth, entries, "Z_SPEC", "a title", kind)


MADE = {"redshift": redshifts, "class": classes}


def test_every_set_of_scores_has_a_figure():
    assert set(figures.PAINTERS) == set(scoretable.SETS) == set(MADE)


@pytest.mark.parametrize(("scores", "kind"), [("redshift", "png"), ("redshift", "pdf"), ("class", "svg")])
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


@pytest.mark.parametrize(("path", "kind"), [("p.png", "png"), ("a/b.PDF", "pdf"), ("x.svg", "svg")])
def test_the_ending_names_the_format(path, kind):
    assert figures.check(path) == kind


def test_other_endings_and_a_missing_matplotlib_are_refused(monkeypatch):
    with pytest.raises(InputError, match=r"--plot p\.jpg has no known ending.*\.png"):
        figures.check("p.jpg")
    monkeypatch.setattr(figures, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"matplotlib is not installed.*pip install 'skycnn\[plots\]'"):
        figures.check("p.png")
