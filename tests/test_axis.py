"""Axis against closed forms: normal quantiles, odds, targets, and densities with known peaks."""

import pytest
import torch
from scipy import stats

from gridded import axis, mixture, normal_raw
from skycnn.posterior import Axis, Grid
from skycnn.posterior.axis import _smooth
from skycnn.schema import Flag

SPACINGS = ["linear", "log1p", "log"]


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


@pytest.mark.parametrize(
    "settings", [{"bins": 2}, {"low": 3.0}, {"spacing": "sqrt"}], ids=["few bins", "no width", "unknown spacing"]
)
def test_an_impossible_axis_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"Z_PHOT: an axis needs"):
        Axis(**({"column": "Z_PHOT", "low": 0.0, "high": 2.0, "bins": 10} | settings))


def test_bins_of_logarithms_are_wider_by_one_factor() -> None:
    grid = Axis("R_H", 0.04, 0.4, 14, spacing="log")
    torch.testing.assert_close(grid.edges[1:] / grid.edges[:-1], torch.full((14,), 10 ** (1 / 14), dtype=torch.float64))
    assert grid.pdf_column().meaning == "probability in 14 bins of log from 0.04 to 0.4"
    values = torch.tensor([0.04, 0.4, 0.04 * 10**0.5, 0.0, -1.0, 1e9])
    assert grid.bin(values).tolist() == [0, 13, 7, 0, 0, 13]
    even = torch.full((3, 14), 1 / 14)
    torch.testing.assert_close(grid.pit(even, values[[2, 0, 1]]), torch.tensor([0.5, 0.0, 1.0]))
    assert grid.place(torch.tensor([torch.nan])).isnan().all()  # no truth


@pytest.mark.parametrize(("spacing", "low"), [("log", 0.0), ("log", -1.0), ("log1p", -1.0), ("linear", -1e31)])
def test_an_axis_whose_spacing_does_not_reach_its_end_is_refused(spacing: str, low: float) -> None:
    with pytest.raises(ValueError, match=r"R_H: an axis lies between"):
        Axis("R_H", low, 1.0, 10, spacing=spacing)
