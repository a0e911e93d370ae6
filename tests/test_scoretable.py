"""scoretable: both score sets, pairing, silence, bins."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from skycnn import metrics
from skycnn.bootstrap import Resampling
from skycnn.distribution import HalfNormals, judge
from skycnn.errors import InputError
from skycnn.scoring import scoretable
from skycnn.scoring.scoretable import Predictor

RNG = np.random.default_rng(4)
N = 600
TRUTH = RNG.uniform(0.1, 1.0, N)
QUICK = Resampling(N, resamples=100)


def predictor(name, scatter, shift=0.0, seed=0, spread=None):
    """A redshift with Gaussian errors, and intervals that are right unless ``spread`` says otherwise."""
    sigma = scatter * (1 + TRUTH)
    z = TRUTH + sigma * np.random.default_rng(seed).standard_normal(N) + shift
    width = 0.99446 * (sigma if spread is None else spread * (1 + TRUTH))
    return Predictor(name, judge(z, HalfNormals(z - width, z, z + width), TRUTH), "Gaussian")


def test_a_calibrated_predictor_has_the_ideal_scores_within_its_intervals():
    (entry,) = scoretable.table([predictor("Z", 0.02)], TRUTH, scoretable.REDSHIFT, Resampling(N))
    assert set(entry.scores) == {score.key for score in scoretable.REDSHIFT}
    for key, ideal in (
        ("pit_mean", 0.5),
        ("pit_width", 1.0),
        ("coverage_68", 0.68),
        ("coverage_95", 0.95),
        ("bias", 0.0),
    ):
        found = entry.scores[key]
        assert found.low <= ideal <= found.high
        assert found.low <= found.value <= found.high
    assert entry.scores["sigma_nmad"].value == pytest.approx(0.02, rel=0.15)
    assert entry.answered == 1.0
    assert entry.difference == {}


def test_overconfidence_is_seen():
    (entry,) = scoretable.table([predictor("Z", 0.02, spread=0.01)], TRUTH, scoretable.REDSHIFT, QUICK)
    assert entry.scores["coverage_68"].high < 0.6
    assert entry.scores["pit_width"].low > 1.1


def test_sizes_of_errors_are_compared_as_ratios_on_the_rows_that_both_answered():
    first, other = predictor("A", 0.02), predictor("B", 0.04, seed=1)
    other.judged.value[:50] = np.nan
    entries = scoretable.table([first, other], TRUTH, scoretable.VALUE, QUICK)
    assert entries[0].ratio == {} and set(entries[1].ratio) == {"mae", "half_width", "crps"}
    errors = [np.abs(each.judged.value - TRUTH)[50:].mean() for each in (first, other)]
    found = entries[1].ratio["mae"]
    assert found.value == pytest.approx(errors[0] / errors[1], abs=0.02) and 0.4 < found.low < 0.5 < found.high < 0.6
    assert scoretable.table([first, other], TRUTH, scoretable.REDSHIFT, QUICK)[1].ratio == {}


def test_differences_are_the_first_minus_the_other_on_the_same_rows():
    entries = scoretable.table([predictor("A", 0.02), predictor("B", 0.03, seed=1)], TRUTH, scoretable.REDSHIFT, QUICK)
    gap = entries[1].difference
    assert gap["sigma_nmad"].high < 0
    assert gap["crps"].value == pytest.approx(
        entries[0].scores["crps"].value - entries[1].scores["crps"].value, abs=0.001
    )
    same = scoretable.table([predictor("A", 0.02), predictor("A2", 0.02)], TRUTH, scoretable.REDSHIFT, QUICK)[1]
    assert all((found.value, found.low, found.high) == (0, 0, 0) for found in same.difference.values())


def test_a_silent_predictor_is_compared_where_both_answered_but_silence_is_an_outlier():
    full = predictor("A", 0.02)
    silent = Predictor("B", full.judged.where(np.arange(N) >= 60))
    entry = scoretable.table([full, silent], TRUTH, scoretable.REDSHIFT, QUICK)[1]
    assert entry.answered == 0.9
    assert entry.scores["outliers"].value == pytest.approx(0.1)
    assert entry.difference["outliers"].high < -0.05
    for key in ("sigma_nmad", "bias", "mae", "crps", "coverage_68"):
        assert entry.difference[key].low == entry.difference[key].high == 0.0


def test_scores_without_a_distribution_are_nan_and_a_missing_predictor_is_a_note():
    values = Predictor("point", judge(TRUTH + 0.01, None, TRUTH))
    absent = Predictor("forest", None, "scikit-learn is not installed")
    entries = scoretable.table([values, absent], TRUTH, scoretable.REDSHIFT, QUICK)
    assert entries[0].scores["mae"].value == pytest.approx(0.01)
    assert np.isnan(entries[0].scores["crps"].value)
    assert np.isnan(entries[0].scores["coverage_68"].low)
    assert (entries[1].scores, entries[1].note) == ({}, "scikit-learn is not installed")


def test_class_scores_have_intervals_too():
    truth = (RNG.random(N) < 0.4).astype(float)
    p = np.clip(0.3 + 0.4 * truth + 0.2 * RNG.standard_normal(N), 0, 1)
    network, coin = Predictor("P", judge(p, None, truth)), Predictor("coin", judge(RNG.random(N), None, truth))
    entries = scoretable.table([network, coin], truth, scoretable.find("class"), QUICK)
    assert entries[0].scores["auc"].value == metrics.auc(p, truth)
    assert entries[0].scores["auc"].low > 0.85
    assert entries[1].scores["auc"].low < 0.5 < entries[1].scores["auc"].high
    assert entries[1].difference["brier"].high < 0 < entries[1].difference["accuracy"].low


def test_the_calibration_error_stands_beside_that_of_calibrated_probabilities():
    p = RNG.beta(0.7, 0.7, N)
    truth = (RNG.random(N) < p).astype(float)
    sharp = 1 / (1 + ((1 - p) / p) ** 3)
    scores = scoretable.find("class")
    good, bad = scoretable.table(
        [Predictor(name, judge(value, None, truth)) for name, value in (("P", p), ("S", sharp))], truth, scores, QUICK
    )
    expected = good.scores["ece_calibrated"]
    assert expected.value == pytest.approx(metrics.calibrated_errors(p).mean())
    assert expected.low < good.scores["ece"].value < expected.high
    assert bad.scores["ece"].value > bad.scores["ece_calibrated"].high
    assert np.isfinite(bad.difference["ece_calibrated"].value)


def test_threshold_and_prevalence():
    truth = (RNG.random(N) < 0.5).astype(float)
    p = np.clip(0.3 + 0.4 * truth + 0.2 * RNG.standard_normal(N), 0, 1)
    tables = [
        scoretable.table([Predictor("P", judge(p, None, truth))], truth, scoretable.find("class", *how), QUICK)[
            0
        ].scores
        for how in ((), (0.8,), (0.8, 0.01))
    ]
    assert tables[0]["purity"].value < tables[1]["purity"].value == tables[2]["purity"].value
    assert tables[0]["completeness"].value > tables[1]["completeness"].value
    assert "purity_at_prevalence" not in tables[1]
    rare = tables[2]["purity_at_prevalence"]
    assert rare.low < rare.value == metrics.purity_at(0.01, p, truth, 0.8) < 0.5
    assert scoretable.find("class", 0.5, 0.01)[-1].label == "purity at 1%"


def test_values_are_judged_in_their_own_unit():
    mass = 1e14 * TRUTH
    value = mass + 3e12 * np.random.default_rng(0).standard_normal(N)
    behind = HalfNormals(value - 3e12, value, value + 3e12)
    (entry,) = scoretable.table([Predictor("M", judge(value, behind, mass))], mass, scoretable.VALUE, QUICK)
    assert set(entry.scores) == {score.key for score in scoretable.VALUE}
    assert entry.scores["half_width"].value == pytest.approx(3e12, rel=0.1)
    assert entry.scores["coverage_68"].low < 0.69 < entry.scores["coverage_68"].high + 0.02
    assert scoretable.VALUE[1].text(2.98765e12) == "2.988e+12"
    assert scoretable.VALUE[2].text(0.01234, "+") == "+0.01234"


def test_groups_widen_the_intervals():
    truth = np.repeat(TRUTH[:60], 10)
    z = truth + np.repeat(0.02 * RNG.standard_normal(60), 10)
    one = [Predictor("Z", judge(z, None, truth))]

    def width(groups):
        entry = scoretable.table(one, truth, scoretable.REDSHIFT, Resampling(600, groups, 200))[0].scores["mae"]
        return entry.high - entry.low

    assert width(np.repeat(np.arange(60), 10)) > 2 * width(None)


def test_bins_are_half_open_but_the_last_and_leave_out_what_is_outside():
    edges = np.array([0.0, 0.5, 1.0])
    values = np.array([0.0, 0.5, 1.0, np.nan, 1.1, -0.1])
    truth = np.full(6, 0.3)
    one = Predictor("Z", judge(truth + 0.01 * np.arange(6), None, truth))
    bins = scoretable.binned([one], truth, scoretable.REDSHIFT, values, edges, resamples=10)
    assert [(b.low, b.high, b.rows) for b in bins] == [(0.0, 0.5, 1), (0.5, 1.0, 2)]
    assert bins[0].entries[0].scores["mae"].value == pytest.approx(0.0, abs=1e-12)
    assert bins[1].entries[0].scores["mae"].value == pytest.approx(0.015)


def normal(width, rows=400):
    """Intervals of ``width`` sigma to each side of 0, truths at the quantiles of a normal distribution."""
    truth = np.array([NormalDist().inv_cdf((k + 0.5) / rows) for k in range(rows)])
    z = np.zeros(rows)
    return replace(judge(z, None, truth), low=z - width, high=z + width), truth


@pytest.mark.parametrize(("width", "off"), [(1.0, ""), (0.8, "narrow"), (1.3, "wide")])
def test_a_bin_is_marked_where_its_coverage_is_off_by_more_than_two_standard_errors(width, off):
    own, truth = normal(width)
    (found,) = scoretable.binned(
        [Predictor("Z", own)], truth, scoretable.VALUE, np.zeros(400), np.array([0.0, 1.0]), resamples=10
    )
    assert found.off == off
    assert found.coverage_error == pytest.approx(np.sqrt(0.68 * 0.32 / 400))
    few = scoretable.binned(
        [Predictor("Z", own)], truth, scoretable.VALUE, np.arange(400.0) % 100, np.array([0.0, 3.0]), resamples=10
    )
    assert few[0].off == ""


def test_a_bin_without_intervals_or_rows_is_not_marked():
    truth = np.full(40, 0.3)
    one = Predictor("Z", judge(truth, None, truth))
    edges = np.array([0.0, 1.0, 2.0])
    found = scoretable.binned([one], truth, scoretable.REDSHIFT, np.zeros(40), edges, resamples=10)
    assert [(b.off, np.isnan(b.coverage_error)) for b in found] == [("", True)] * 2


@pytest.mark.parametrize(("power", "off"), [(1.0, ""), (3.0, "probability")])
def test_a_bin_of_classes_is_marked_where_probabilities_are_not_calibrated(power, off):
    rng = np.random.default_rng(2)
    logit = rng.normal(size=2000)
    truth = (rng.random(2000) < 1 / (1 + np.exp(-logit))).astype(float)
    one = Predictor("P", judge(1 / (1 + np.exp(-power * logit)), None, truth))
    scores = scoretable.classes()
    (found,) = scoretable.binned([one], truth, scores, np.zeros(2000), np.array([0.0, 1.0]), resamples=50)
    assert found.off == off


def test_an_empty_bin_and_no_rows_give_nan():
    empty = Predictor("Z", judge(np.zeros(0), None, np.zeros(0)))
    (entry,) = scoretable.table([empty], np.zeros(0), scoretable.REDSHIFT, Resampling(0))
    assert all(np.isnan(found.value) for found in entry.scores.values())
    assert np.isnan(entry.answered)


def test_texts():
    sigma, outliers = scoretable.REDSHIFT[:2]
    assert (sigma.text(0.01234), outliers.text(0.0121), sigma.text(np.nan)) == ("0.0123", "1.21", "-")


def test_an_unknown_set_is_refused():
    with pytest.raises(InputError, match="no scores of the kind 'mass'"):
        scoretable.find("mass")


def test_all_positives_against_the_negatives_of_a_bin():
    truth = (np.arange(N) % 2).astype(float)
    p = np.clip(0.5 + 0.2 * (2 * truth - 1) + 0.3 * RNG.standard_normal(N), 0, 1)
    kind = np.where(truth == 1, 0.0, np.where(np.arange(N) < 300, 1.0, 2.0))
    held = [Predictor("P", judge(p, None, truth)), Predictor("none", None, "not there")]
    edges = np.arange(4) - 0.5
    bins = scoretable.binned(held, truth, scoretable.find("class"), kind, edges, None, 50, ("yes", "near", "far"))
    assert [(b.name, b.rows) for b in bins] == [("yes", 300), ("near", 150), ("far", 150)]
    for k, found in enumerate(bins):
        rows = (truth == 1) | (kind == k)
        expected = metrics.auc(p[rows], truth[rows])
        assert found.against[0].value == pytest.approx(expected, nan_ok=True)
        assert np.isnan(found.entries[0].scores["auc"].value)
        assert np.isnan(found.low) and np.isnan(found.against[1].value)
        assert found.off == ""  # though no row of one class has a probability of 0 or 1
    assert bins[1].against[0].low < bins[1].against[0].value < bins[1].against[0].high
    assert scoretable.binned([predictor("Z", 0.02)], TRUTH, scoretable.REDSHIFT, TRUTH, edges)[0].against == ()
