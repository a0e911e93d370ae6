"""Posteriors against closed forms: normal quantiles, entropies, and densities with known peaks."""

import numpy as np
import pytest
import torch
from scipy import stats

from skycnn.posterior import Axis, Bernoulli, Grid
from skycnn.posterior.axis import _smooth
from skycnn.schema import Flag

SPACINGS = ["linear", "log1p"]


def axis(spacing: str = "linear", bins: int = 400, blur: float = 1.0, low: float = 0.0, high: float = 2.0) -> Axis:
    return Axis("Z_PHOT", low, high, bins, spacing=spacing, blur=blur, kind="redshift", odds=True)


def normal_raw(grid: Axis, mean: float, sigma: float) -> torch.Tensor:
    """Logits of a normal density in z, integrated over each bin."""
    edges = grid.value(torch.arange(grid.bins + 1, dtype=torch.float64)).numpy()
    mass = np.diff(stats.norm.cdf(edges, mean, sigma))
    return torch.from_numpy(np.log(np.maximum(mass, 1e-30))).float()


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize(("mean", "sigma"), [(0.5, 0.05), (1.0, 0.2), (0.3, 0.01)])
def test_quantiles_are_those_of_a_normal_distribution(spacing: str, mean: float, sigma: float) -> None:
    posterior = Grid([axis(spacing)])
    values, bits = posterior.summarise(normal_raw(axis(spacing), mean, sigma)[None])
    for name, level in (("Z_PHOT_LO", 0.16), ("Z_PHOT", 0.5), ("Z_PHOT_HI", 0.84)):
        assert values[name][0] == pytest.approx(stats.norm.ppf(level, mean, sigma), abs=2e-4 + 0.01 * sigma), name
    assert bits[0] == 0


@pytest.mark.parametrize("spacing", SPACINGS)
def test_odds_are_the_probability_near_the_median(spacing: str) -> None:
    values, _ = Grid([axis(spacing)]).summarise(normal_raw(axis(spacing), 0.5, 0.1)[None])
    reach = 0.06 * 1.5
    assert values["Z_PHOT_ODDS"][0] == pytest.approx(2 * stats.norm.cdf(reach / 0.1) - 1, abs=2e-3)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_place_and_value_are_inverse(spacing: str) -> None:
    places = torch.linspace(0, 400, 17)
    torch.testing.assert_close(axis(spacing).place(axis(spacing).value(places)), places, atol=1e-3, rtol=1e-5)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("truth", [-0.5, 0.0, 0.001, 0.7, 1.999, 2.0, 9.0])
def test_targets_are_probabilities_also_beyond_the_grid(spacing: str, truth: float) -> None:
    target = axis(spacing).target(torch.tensor([truth]))
    assert target.min() >= 0
    assert float(target.sum()) == pytest.approx(1, abs=1e-5)
    expected = min(max(int(axis(spacing).place(torch.tensor(truth))), 0), 399)
    assert abs(int(target.argmax()) - expected) <= 1


def test_the_best_loss_is_the_entropy_of_the_target() -> None:
    posterior = Grid([axis(blur=3.0)])
    truth = torch.tensor([0.4, 1.1])
    target = axis(blur=3.0).target(truth)
    best = posterior.loss(torch.log(target.clamp(min=1e-30)), truth)
    entropy = -(target * torch.log(target.clamp(min=1e-30))).sum(1).mean()
    assert float(best) == pytest.approx(float(entropy), rel=1e-5)
    assert posterior.loss(torch.zeros(2, 400), truth) > best


def test_a_blend_of_one_is_itself_and_of_two_the_mean() -> None:
    posterior = Grid([axis(bins=50)])
    one, two = torch.randn(3, 50, generator=torch.Generator().manual_seed(0)), torch.zeros(3, 50)
    mean = (torch.softmax(one, 1) + torch.softmax(two, 1)) / 2
    torch.testing.assert_close(torch.softmax(posterior.blend([one, two]), 1), mean)
    torch.testing.assert_close(torch.softmax(posterior.blend([one]), 1), torch.softmax(one, 1))


def mixture(weight: float, first: float, second: float, sigma: float = 0.03) -> torch.Tensor:
    one, two = normal_raw(axis(), first, sigma), normal_raw(axis(), second, sigma)
    return torch.log((1 - weight) * one.exp() + weight * two.exp())[None]


@pytest.mark.parametrize(("weight", "expected"), [(0.0, False), (0.02, False), (0.4, True), (0.6, True), (0.98, False)])
def test_two_peaks_are_flagged_wherever_the_higher_stands(weight: float, expected: bool) -> None:
    _, bits = Grid([axis()]).summarise(mixture(weight, 0.4, 0.9))
    assert bool(bits[0] & Flag.MULTIMODAL) == expected


def test_smoothing_is_the_mean_of_the_neighbours_that_there_are() -> None:
    mass = torch.rand(7, 40, generator=torch.Generator().manual_seed(1))
    wanted = torch.nn.functional.avg_pool1d(mass[:, None], 5, 1, 2, count_include_pad=False)[:, 0]
    torch.testing.assert_close(_smooth(mass), wanted)


def test_a_broad_flat_posterior_has_one_peak() -> None:
    _, bits = Grid([axis()]).summarise(normal_raw(axis(), 1.0, 0.4)[None])
    assert not bits[0] & Flag.MULTIMODAL


@pytest.mark.parametrize("mean", [0.0, 2.0])
def test_an_answer_on_an_end_of_the_grid_is_flagged(mean: float) -> None:
    _, bits = Grid([axis()]).summarise(normal_raw(axis(), mean, 0.004)[None])
    assert bits[0] & Flag.VALUE_OUTSIDE


def test_a_row_does_not_depend_on_the_others() -> None:
    posterior, raws = Grid([axis()]), [mixture(0.4, 0.4, 0.9), normal_raw(axis(), 1.0, 0.1)[None], mixture(0, 0.2, 1)]
    together, bits = posterior.summarise(torch.cat(raws))
    for i, raw in enumerate(raws):
        alone, bit = posterior.summarise(raw)
        assert bits[i] == bit[0]
        for name, value in alone.items():
            np.testing.assert_allclose(together[name][i], value[0], rtol=1e-6)


def test_two_axes_give_the_marginals_of_independent_ones() -> None:
    first = Axis("LOG_AGE", 6.0, 10.0, 40)
    second = Axis("A_V", 0.0, 3.0, 30)
    posterior = Grid([first, second])
    assert posterior.outputs == 1200
    one, two = torch.randn(1, 40, generator=torch.Generator().manual_seed(1)), torch.randn(1, 30)
    joint = (one[:, :, None] + two[:, None, :]).flatten(1)
    values, _ = posterior.summarise(joint, pdf=True)
    np.testing.assert_allclose(values["LOG_AGE_PDF"], torch.softmax(one, 1).numpy(), rtol=1e-4)
    alone, _ = Grid([second]).summarise(two)
    np.testing.assert_allclose(values["A_V"], alone["A_V"], rtol=1e-4)
    truth = torch.tensor([[8.0, 1.0]])
    apart = Grid([first]).loss(one, truth[:, 0]) + Grid([second]).loss(two, truth[:, 1])
    assert float(posterior.loss(joint, truth)) == pytest.approx(float(apart), rel=1e-5)


@pytest.mark.parametrize("posterior", [Grid([axis("log1p")]), Bernoulli("P_CAT", "is a cat")])
def test_settings_build_it_again_and_columns_match_the_summary(posterior: Grid | Bernoulli) -> None:
    again = type(posterior)(**posterior.settings())
    for pdf in (False, True):
        assert again.columns(pdf) == posterior.columns(pdf)
        values, bits = posterior.summarise(torch.zeros(5, posterior.outputs), pdf)
        assert list(values) and set(values) == {column.name for column in posterior.columns(pdf)}
        for column in posterior.columns(pdf):
            assert values[column.name].shape == ((5, column.width) if column.width > 1 else (5,))
            assert values[column.name].dtype == np.float32
        assert bits.dtype == np.int32
    assert posterior.value == posterior.columns()[0].name


def test_bernoulli_has_no_interval() -> None:
    values, _ = Bernoulli("P_CAT").summarise(torch.tensor([[0.0], [2.0]]))
    np.testing.assert_allclose(values["P_CAT"], [0.5, 1 / (1 + np.exp(-2))], rtol=1e-6)
    assert np.isnan(values["P_CAT_LO"]).all() and np.isnan(values["P_CAT_HI"]).all()


@pytest.mark.parametrize(
    "settings", [{"bins": 2}, {"low": 3.0}, {"spacing": "sqrt"}], ids=["few bins", "no width", "unknown spacing"]
)
def test_an_impossible_axis_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"Z_PHOT: an axis needs"):
        Axis(**({"column": "Z_PHOT", "low": 0.0, "high": 2.0, "bins": 10} | settings))


def test_a_grid_needs_an_axis() -> None:
    with pytest.raises(ValueError, match="needs an axis"):
        Grid([])


def test_truths_off_the_grid_are_known():
    grid = Grid([Axis("Z", 0.0, 2.0, 20), Axis("T", -1.0, 1.0, 10)])
    assert grid.outside(np.array([[1.0, 0.0], [2.5, 0.0], [1.0, -2.0]])).tolist() == [False, True, True]
    assert Grid([Axis("Z", 0.0, 2.0, 20)]).outside(np.array([-0.1, 0.0, 2.0, 2.1])).tolist() == [
        True,
        False,
        False,
        True,
    ]
    assert not Bernoulli("P").outside(np.array([0.0, 1.0])).any()
