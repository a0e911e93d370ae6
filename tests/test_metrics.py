"""metrics against closed forms, scikit-learn as an oracle, and the NaN rules."""

import numpy as np
import pytest

from skycnn import metrics

RNG = np.random.default_rng(7)


def test_sigma_nmad_of_a_normal_scatter_is_its_sigma():
    truth = RNG.uniform(0.1, 1.0, 200_000)
    z = truth + 0.02 * (1 + truth) * RNG.standard_normal(len(truth))
    assert metrics.sigma_nmad(z, truth) == pytest.approx(0.02 * 1.48 / 1.4826, rel=0.01)


def test_sigma_nmad_takes_off_the_median_dz_before_scaling():
    truth = np.array([0.0, 1.0, 3.0])
    z = truth + np.array([0.1, 0.3, 0.2])  # median dz 0.2; |dz - 0.2|/(1+z) = 0.1, 0.05, 0
    assert metrics.sigma_nmad(z, truth) == pytest.approx(1.48 * 0.05)


def test_redshift_scores_by_hand():
    truth = np.array([0.0, 0.0, 1.0, 1.0])
    z = np.array([0.1, 0.16, 1.31, 0.6])
    assert metrics.outlier_fraction(z, truth) == 0.75
    assert metrics.bias(z, truth) == pytest.approx((0.1 + 0.155) / 2)
    assert metrics.mae(z, truth) == pytest.approx((0.1 + 0.16 + 0.31 + 0.4) / 4)


def test_an_error_of_exactly_the_limit_is_no_outlier():
    assert metrics.outlier_fraction(np.array([0.15]), np.array([0.0])) == 0.0


def test_an_unanswered_row_is_an_outlier_and_enters_no_other_score():
    truth = np.array([0.5, 0.5, 0.5, 0.5])
    z = np.array([0.51, 0.52, 0.53, np.nan])
    assert metrics.outlier_fraction(z, truth) == 0.25
    for score in (metrics.sigma_nmad, metrics.bias, metrics.mae):
        assert score(z, truth) == score(z[:3], truth[:3])


def test_scores_of_no_answer_are_nan_but_outliers_are_all():
    nothing, truth = np.full(3, np.nan), np.ones(3)
    assert metrics.outlier_fraction(nothing, truth) == 1.0
    assert metrics.accuracy(nothing, truth) == 0.0
    for score in (metrics.sigma_nmad, metrics.bias, metrics.mae, metrics.auc, metrics.brier, metrics.purity):
        assert np.isnan(score(nothing, truth))
    for score in (metrics.mean, metrics.ks_uniform, metrics.pit_width):
        assert np.isnan(score(nothing))
    assert np.isnan(metrics.coverage(nothing, nothing, truth))


@pytest.mark.parametrize(
    "name",
    [
        "median_error",
        "slope",
        "constant_mae",
        "truth_sigma",
        "half_width",
        "calibration_error",
        "sigma_nmad",
        "outlier_fraction",
        "bias",
        "mae",
        "accuracy",
        "completeness",
        "auc",
        "brier",
    ],
)
def test_scores_of_no_rows_are_nan(name):
    assert np.isnan(getattr(metrics, name)(np.zeros(0), np.zeros(0)))


def test_coverage_counts_both_ends_and_leaves_out_null_intervals():
    low, high = np.array([0.0, 0.0, 0.0, np.nan]), np.ones(4)
    assert metrics.coverage(low, high, np.array([0.0, 1.0, 1.1, 0.5])) == pytest.approx(2 / 3)


def test_coverage_of_exact_normal_intervals():
    truth = RNG.standard_normal(100_000)
    one = np.ones_like(truth)
    assert metrics.coverage(-one, one, truth) == pytest.approx(0.6827, abs=0.005)


def test_pit_scores_of_a_uniform_and_of_overconfidence():
    uniform = (np.arange(1000) + 0.5) / 1000
    assert metrics.ks_uniform(uniform) == pytest.approx(0.0005)
    assert metrics.pit_width(uniform) == pytest.approx(1.0, abs=1e-5)
    assert metrics.mean(uniform) == pytest.approx(0.5)
    assert metrics.pit_width(np.repeat([0.0, 1.0], 50)) == pytest.approx(np.sqrt(3.0))
    assert metrics.ks_uniform(np.repeat([0.0, 1.0], 50)) == pytest.approx(0.5)


def test_class_scores_agree_with_scikit_learn():
    oracle = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    truth = (RNG.random(5000) < 0.3).astype(float)
    p = np.round(np.clip(0.35 * truth + 0.3 + 0.2 * RNG.standard_normal(5000), 0, 1), 2)  # with ties
    called = p >= 0.5
    assert metrics.auc(p, truth) == pytest.approx(oracle.roc_auc_score(truth, p), abs=1e-12)
    assert metrics.brier(p, truth) == pytest.approx(oracle.brier_score_loss(truth, p))
    assert metrics.accuracy(p, truth) == pytest.approx(oracle.accuracy_score(truth, called))
    assert metrics.purity(p, truth) == pytest.approx(oracle.precision_score(truth, called))
    assert metrics.completeness(p, truth) == pytest.approx(oracle.recall_score(truth, called))
    assert metrics.f1(p, truth) == pytest.approx(oracle.f1_score(truth, called))


def test_unanswered_classes_are_wrong_and_missed():
    p, truth = np.array([0.9, np.nan, 0.1, np.nan]), np.array([1.0, 1.0, 0.0, 0.0])
    assert metrics.accuracy(p, truth) == 0.5
    assert metrics.completeness(p, truth) == 0.5
    assert metrics.purity(p, truth) == 1.0
    assert metrics.auc(p, truth) == 1.0
    assert metrics.brier(p, truth) == pytest.approx(0.01)


def test_auc_of_one_class_is_nan():
    assert np.isnan(metrics.auc(np.array([0.2, 0.4]), np.ones(2)))


def test_errors_in_the_values_own_unit():
    truth = RNG.uniform(6, 10, 100_000)
    value = truth + 0.1 + 0.3 * RNG.standard_normal(100_000)
    assert metrics.median_error(value, truth) == pytest.approx(0.1, abs=0.005)
    assert metrics.half_width(value, truth) == pytest.approx(0.3 * 0.99446, rel=0.01)
    value[::2] = np.nan
    assert metrics.half_width(value, truth) == metrics.half_width(value[1::2], truth[1::2])


def test_answers_that_shrink_to_the_middle_are_seen_at_both_ends():
    truth = np.linspace(13, 15, 1001)
    value = 14 + 0.6 * (truth - 14)
    assert metrics.slope(value, truth) == pytest.approx(0.6)
    assert metrics.end_error(value, truth, above=False) == pytest.approx(0.4 * 0.9, abs=2e-3)  # in the tenth's middle
    assert metrics.end_error(value, truth, above=True) == pytest.approx(-0.4 * 0.9, abs=2e-3)
    value[truth > 14] = np.nan  # unanswered: the ends are those of the others
    assert metrics.slope(value, truth) == pytest.approx(0.6)
    assert metrics.end_error(value, truth, above=True) == pytest.approx(-0.4 * -0.05, abs=2e-3)
    assert np.isnan(metrics.slope(np.ones(3), np.ones(3)))
    assert metrics.end_error(np.array([2.0]), np.ones(1), above=True) == 1


def test_a_constant_s_error_and_the_truth_s_spread():
    truth = RNG.standard_normal(100_000)
    value = np.where(truth > 9, np.nan, 0.0)
    assert metrics.truth_sigma(value, truth) == pytest.approx(1, abs=0.01)
    assert metrics.constant_mae(value, truth) == pytest.approx(np.sqrt(2 / np.pi), abs=0.01)


def test_purity_at_another_prevalence_is_that_of_a_sample_that_has_it():
    truth = (RNG.random(400_000) < 0.5).astype(float)
    p = np.clip(0.3 * truth + 0.35 + 0.2 * RNG.standard_normal(len(truth)), 0, 1)
    rare = np.concatenate([np.flatnonzero(truth == 0), np.flatnonzero(truth == 1)[:4000]])
    share = truth[rare].mean()
    assert metrics.purity_at(share, p, truth, 0.7) == pytest.approx(metrics.purity(p[rare], truth[rare], 0.7), rel=0.05)
    assert metrics.purity_at(truth.mean(), p, truth, 0.7) == pytest.approx(metrics.purity(p, truth, 0.7))
    assert metrics.purity_at(share, p, truth, 0.7) < 0.2 < 0.9 < metrics.purity(p, truth, 0.7)
    assert np.isnan(metrics.purity_at(0.1, p, truth, 1.1))


def test_calibration_error_by_hand():
    p, truth = np.array([0.05, 0.05, 0.95, 0.95, 0.5]), np.array([0.0, 1.0, 1.0, 1.0, 1.0])
    assert metrics.calibration_error(p, truth) == pytest.approx((0.9 + 0.1 + 0.5) / 5)
    assert metrics.calibration_error(np.append(p, np.nan), np.append(truth, 1.0)) == metrics.calibration_error(p, truth)
    assert metrics.calibration_error(np.ones(3), np.ones(3)) == 0


@pytest.mark.parametrize("n", [40, 3000])
def test_calibrated_errors_are_those_of_truths_drawn_from_the_probabilities(n):
    p = RNG.beta(0.6, 0.8, n)
    simulated = metrics.calibrated_errors(p)
    drawn = [metrics.calibration_error(p, (RNG.random(n) < p).astype(float)) for _ in range(1000)]
    assert simulated.mean() == pytest.approx(np.mean(drawn), rel=0.05)
    assert np.quantile(simulated, (0.1, 0.9)) == pytest.approx(np.quantile(drawn, (0.1, 0.9)), rel=0.1)
    assert (metrics.calibrated_errors(p) == simulated).all()
    assert np.isnan(metrics.calibrated_errors(np.full(2, np.nan), 3)).all()


def test_false_positives_and_a_constant():
    p, truth = np.array([0.9, 0.6, 0.2, np.nan, 0.8]), np.array([1, 0, 0, 0, 1])
    assert metrics.false_positives(p, truth) == pytest.approx(1 / 3)
    assert metrics.false_positives(p, truth, 0.7) == 0
    assert np.isnan(metrics.false_positives(p[:1], truth[:1]))
    assert metrics.constant_brier(p, truth) == pytest.approx(metrics.brier(np.full(4, 0.5), truth[[0, 1, 2, 4]]))
    assert np.isnan(metrics.constant_brier(p[:0], truth[:0]))
