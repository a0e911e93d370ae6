"""distribution against closed forms, a brute-force integral, and each representation against the others."""

from statistics import NormalDist

import numpy as np
import pytest

from skycnn.distribution import QUANTILE_84, Binned, Distribution, Draws, HalfNormals

RNG = np.random.default_rng(3)
EDGES = np.linspace(-6.0, 6.0, 2401)


def gaussian_crps(u):
    """Gneiting & Raftery 2007, eq. 21, for a unit normal."""
    phi, cdf = np.exp(-u * u / 2) / np.sqrt(2 * np.pi), np.array([NormalDist().cdf(x) for x in u])
    return u * (2 * cdf - 1) + 2 * phi - 1 / np.sqrt(np.pi)


def unit_normal(n):
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    return np.tile(np.exp(-(middle**2) / 2), (n, 1))


def representations(n):
    q = np.full(n, QUANTILE_84)
    draws = np.quantile(RNG.standard_normal(400_000), (np.arange(4000) + 0.5) / 4000)
    return {
        "binned": Binned(EDGES, unit_normal(n)),
        "half normals": HalfNormals(-q, 0 * q, q),
        "draws": Draws(np.tile(draws, (n, 1))),
    }


@pytest.mark.parametrize("kind", ["binned", "half normals", "draws"])
def test_a_unit_normal_has_the_closed_form_in_every_representation(kind):
    u = np.array([-2.5, -1.0, -0.1, 0.0, 0.3, 1.7, 3.0])
    unit: Distribution = representations(len(u))[kind]
    assert unit.crps(u) == pytest.approx(gaussian_crps(u), abs=0.01 if kind == "draws" else 1e-4)
    assert unit.quantile(0.975) == pytest.approx(np.full(len(u), 1.95996), abs=0.02 if kind == "draws" else 1e-3)
    assert unit.quantile(0.16) == pytest.approx(np.full(len(u), -QUANTILE_84), abs=0.01)
    assert unit.cdf(np.zeros(len(u))) == pytest.approx(np.full(len(u), 0.5), abs=0.005)


def test_pit_of_truths_drawn_from_the_distributions_is_uniform():
    n = 4000
    low, median, high = 0.8 + 0 * np.arange(n), np.full(n, 1.0), np.full(n, 1.6)
    side = RNG.random(n) < 0.5
    step = np.abs(RNG.standard_normal(n)) / QUANTILE_84
    truth = median + np.where(side, -0.2, 0.6) * step
    pit = HalfNormals(low, median, high).cdf(truth)
    assert np.histogram(pit, 10, (0, 1))[0] == pytest.approx(np.full(10, n / 10), abs=4 * np.sqrt(n / 10))


def brute_crps(edges, probability, truth):
    x = np.linspace(-2.0, 4.0, 600_001)
    middle = (x[1:] + x[:-1]) / 2
    cdf = np.interp(middle, edges, np.concatenate([[0], np.cumsum(probability) / probability.sum()]))
    return ((cdf - (middle >= truth)) ** 2).sum() * (x[1] - x[0])


@pytest.mark.parametrize("truth", [-1.0, 0.0, 0.2, 0.25, 0.77, 1.4, 2.0, 3.0])
def test_crps_of_uneven_bins_is_the_integral_also_for_a_truth_off_the_grid(truth):
    edges, probability = np.array([0.0, 0.25, 0.4, 1.4, 2.0]), np.array([1.0, 0.0, 3.0, 2.0])
    exact = Binned(edges, probability[None]).crps(np.array([truth]))
    assert exact[0] == pytest.approx(brute_crps(edges, probability, truth), abs=2e-5)


@pytest.mark.parametrize("truth", [-0.7, 0.6, 0.9, 1.0, 1.8, 3.9])
def test_crps_of_lopsided_half_normals_is_the_integral(truth):
    halves = HalfNormals(np.array([0.8]), np.array([1.0]), np.array([1.7]))
    x = np.linspace(-2, 8, 200_001)
    cdf = HalfNormals(np.full(len(x), 0.8), np.full(len(x), 1.0), np.full(len(x), 1.7)).cdf(x)
    integral = ((cdf - (x >= truth)) ** 2).sum() * (x[1] - x[0])
    assert halves.crps(np.array([truth]))[0] == pytest.approx(integral, abs=1e-4)


def test_half_normals_have_the_three_given_percentiles():
    halves = HalfNormals(np.array([0.8]), np.array([1.0]), np.array([1.7]))
    assert halves.quantile(0.16)[0] == pytest.approx(0.8)
    assert halves.quantile(0.5)[0] == pytest.approx(1.0)
    assert halves.quantile(0.84)[0] == pytest.approx(1.7)
    assert halves.cdf(np.array([0.8]))[0] == pytest.approx(0.16)


def test_a_point_answer_has_the_absolute_error_as_its_crps():
    one, truth = np.array([1.0, 1.0]), np.array([1.3, 0.9])
    assert HalfNormals(one, one, one).crps(truth) == pytest.approx([0.3, 0.1], abs=1e-6)
    assert Draws(np.ones((2, 5))).crps(truth) == pytest.approx([0.3, 0.1])


def test_crps_of_draws_is_the_double_sum():
    draws = RNG.random((1, 7))
    pairs = np.abs(draws[0][:, None] - draws[0]).mean() / 2
    assert Draws(draws).crps(np.array([0.4]))[0] == pytest.approx(np.abs(draws - 0.4).mean() - pairs)


def test_binned_quantiles_are_linear_within_a_bin():
    flat = Binned(np.array([0.0, 1.0, 3.0]), np.array([[0.5, 0.5], [0.0, 1.0]]))
    assert flat.quantile(0.75) == pytest.approx([2.0, 2.5])
    assert flat.cdf(np.array([0.5, 2.0])) == pytest.approx([0.25, 0.5])


def test_rows_without_an_answer_stay_nan_and_do_not_disturb_the_others():
    nan = np.nan
    truth = np.array([0.5, 0.5])
    for distribution in (
        Binned(np.array([0.0, 0.5, 1.0]), np.array([[nan, nan], [1.0, 1.0]])),
        Binned(np.array([0.0, 0.5, 1.0]), np.array([[0.0, 0.0], [1.0, 1.0]])),
        HalfNormals(np.array([nan, 0.1]), np.array([nan, 0.5]), np.array([nan, 0.9])),
        Draws(np.array([[nan, nan], [0.4, 0.6]])),
    ):
        for values in (distribution.cdf(truth), distribution.crps(truth), distribution.quantile(0.84)):
            assert np.isnan(values).tolist() == [True, False]
