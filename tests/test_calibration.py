"""The temperatures: found where they are known, folded into the weights; and answers judged by the truth."""

import numpy as np
import pytest
import torch
from torch import nn

from skycnn.network.calibration import calibrate, judged, tempering
from skycnn.network.layers import divide
from skycnn.network.sample import sample
from skycnn.network.tempering import Tempering, missing
from skycnn.network.training import forward
from skycnn.posterior import Axis, Bernoulli, Grid, Joint


@pytest.mark.parametrize("factor", [0.75, 1.0, 1.3])
def test_the_temperature_that_was_taken_out_is_found_and_folded_in(factor):
    """Posteriors that are as wide as the truth's scatter, made sharper or wider by a known temperature."""
    axis = Axis("Z", 0.0, 1.0, 200, blur=0.01)
    grid = Grid([axis])
    rng = np.random.default_rng(3)
    centre = rng.uniform(0.3, 0.7, 3000)
    truth = centre + 0.03 * rng.normal(size=3000)
    places = (np.arange(200) + 0.5) / 200
    logits = -0.5 * ((places - centre[:, None]) / 0.03) ** 2

    class Given(nn.Module):
        def __init__(self):
            super().__init__()
            self.divisor = nn.Parameter(torch.tensor(1.0))

        def temper(self, temperature):
            self.divisor.data.mul_(temperature)

        def forward(self, raw):
            return raw / self.divisor

    module, valid = Given(), sample({"raw": (logits / factor).astype("f4")}, truth)
    before = forward(module, valid.inputs)
    temperature = calibrate(module, grid, valid)
    assert temperature == pytest.approx(1 / factor, rel=0.08)
    assert torch.allclose(forward(module, valid.inputs), before / temperature, rtol=1e-5)
    assert grid.miscalibration(forward(module, valid.inputs).double(), valid.truth) < 0.002


class Two(nn.Module):
    """A linear network with the outputs of a grid and a logit."""

    def __init__(self):
        super().__init__()
        self.leave = nn.Linear(51, 51)
        with torch.no_grad():
            self.leave.weight.copy_(torch.eye(51))
            self.leave.bias.zero_()

    def temper(self, temperature):
        divide(self.leave, temperature)

    def forward(self, raw):
        return self.leave(raw)


def test_each_part_is_calibrated_by_the_rows_that_have_its_truth():
    """The grid is too sharp by 1.3, the logit by 1.5; half of the rows lack one of the truths."""
    rng = np.random.default_rng(3)
    centre, logit = rng.uniform(0.3, 0.7, 8000), rng.normal(0, 2, 8000)
    places = (np.arange(50) + 0.5) / 50
    raw = np.column_stack([-0.5 * ((places - centre[:, None]) / 0.06) ** 2 * 1.3, 1.5 * logit]).astype("f4")
    truth = np.column_stack([centre + 0.06 * rng.normal(size=8000), rng.random(8000) < 1 / (1 + np.exp(-logit))])
    truth[:4000, 0], truth[4000:6000, 1] = np.nan, np.nan
    posterior, module = Joint(Grid([Axis("Z", 0.0, 1.0, 50)]), Bernoulli("P")), Two()
    grid, probability = calibrate(module, posterior, sample({"raw": raw}, truth))
    assert grid == pytest.approx(1.3, rel=0.08)
    assert probability == pytest.approx(1.5, rel=0.08)
    assert torch.allclose(module.leave.weight.diag(), torch.tensor([1 / grid] * 50 + [1 / probability]))
    truth[:, 1] = np.nan
    assert calibrate(Two(), posterior, sample({"raw": raw}, truth))[1] == 1.0


class Same(nn.Module):
    def forward(self, raw):
        return raw


def test_a_grid_is_judged_by_its_whole_posterior():
    """All bins alike from 0 to 1: CRPS at x is x^3/3 + (1 - x)^3/3, PIT is x."""
    truth = np.linspace(0.05, 0.95, 7)
    rows = sample({"raw": np.zeros((7, 50), "f4")}, truth)
    found = judged(Same(), Grid([Axis("Z", 0.0, 1.0, 50)]), rows)["Z"]
    assert found.value == pytest.approx(np.full(7, 0.5), abs=1e-5)
    assert found.low == pytest.approx(np.full(7, 0.16), abs=1e-5)
    assert found.high95 == pytest.approx(np.full(7, 0.975), abs=1e-5)
    assert found.pit == pytest.approx(truth, abs=1e-5)
    assert found.crps == pytest.approx((truth**3 + (1 - truth) ** 3) / 3, abs=1e-5)


def test_a_grid_uniform_in_the_logarithm_keeps_its_edges():
    axis = Axis("Z", 0.0, 3.0, 60, spacing="log1p")
    found = judged(Same(), Grid([axis]), sample({"raw": np.zeros((1, 60), "f4")}, np.array([1.0])))["Z"]
    assert found.value == pytest.approx([1.0], abs=1e-4)
    assert found.pit == pytest.approx([0.5], abs=1e-4)


def test_each_answer_is_judged_by_the_rows_that_have_its_truth():
    raw = np.array([[0, 0, 0, 0, 100.0], [0, 0, 0, 0, -100], [0, 0, 0, 0, 0]], "f4")
    rows = sample({"raw": raw}, np.array([[np.nan, 1], [0.3, np.nan], [0.2, 0]]))
    found = judged(Same(), Joint(Grid([Axis("Z", 0.0, 1.0, 4)]), Bernoulli("P")), rows)
    assert found["Z"].pit == pytest.approx([0.3, 0.2], abs=1e-6)
    assert found["P"].value == pytest.approx([1.0, 0.5])
    assert found["P"].crps is None


def test_a_minimum_that_knows_nothing_is_passed_over():
    """Posteriors as wide as the truths' own spread cover as stated too: those that score well are meant."""
    grid = Grid([Axis("Z", 0.0, 1.0, 50, blur=0.01)])
    rng = np.random.default_rng(5)
    truth = rng.uniform(0, 1, 2000)
    centre = np.clip(truth + 0.05 * rng.normal(size=2000), 0, 1)
    wide = -0.5 * (((np.arange(50) + 0.5) / 50 - centre[:, None]) / 0.3) ** 2  # no temperature here makes it right
    raw, true = torch.from_numpy(wide), torch.from_numpy(truth)
    assert grid.miscalibration(raw / 2, true) < grid.miscalibration(2 * raw, true)
    module = nn.Linear(50, 50, bias=False)
    module.load_state_dict({"weight": torch.eye(50)})
    module.temper = lambda temperature: module.weight.data.div_(temperature)
    rows = sample({"input": wide.astype("f4")}, truth)
    assert calibrate(module, grid, rows) < 1


class Mean(nn.Module):
    """A normal posterior about the mean of the bands that are there, as wide as if all were."""

    def forward(self, flux, error):
        centre = flux.nanmean(dim=1, keepdim=True)
        return -0.5 * (((torch.arange(80) + 0.5) / 80 - centre) / (0.1 / 2)) ** 2


def seen(rows, seed):
    """Truths, and four bands that each scatter by 0.1 about them."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.4, 0.6, rows)
    flux = (truth[:, None] + 0.1 * rng.normal(size=(rows, 4))).astype("f4")
    return {"flux": flux, "error": np.full_like(flux, 0.1)}, truth


def test_rows_are_looked_at_without_each_band_and_without_several():
    """The mean of three bands scatters by the root of 4/3 more than that of four, which asks for 4/3 as temperature."""
    inputs, truth = seen(3000, 0)
    inputs["flux"][:50, 2] = np.nan
    grid = Grid([Axis("Z", 0.0, 1.0, 80)])
    found = tempering(Mean(), grid, sample(inputs, truth))
    assert found is not None
    assert found.curves.shape == (1, 6, 3)
    middle = np.exp(found.curves[0, :, 1])
    assert middle == pytest.approx([1.0, *[4 / 3] * 4, 5 / 3], rel=0.12)
    rows = sample(*seen(4000, 1))
    rows.inputs["flux"][:, 1] = torch.nan
    before, after = (judged(Mean(), grid, rows, own)["Z"] for own in (None, found))
    inside = [float(((own.low <= rows.truth[:, 0].numpy()) & (rows.truth[:, 0].numpy() <= own.high)).mean())
              for own in (before, after)]  # fmt: skip
    assert inside[0] < 0.635 and inside[1] == pytest.approx(0.68, abs=0.02)


def test_a_network_that_does_not_answer_without_a_band_is_calibrated_on_whole_rows():
    class Needy(Mean):
        def forward(self, flux, error):
            return super().forward(flux, error) + 0 * flux.sum(dim=1, keepdim=True)

    found = tempering(Needy(), Grid([Axis("Z", 0.0, 1.0, 80)]), sample(*seen(400, 2)))
    assert found is not None
    assert (found.curves == found.curves[:, :1]).all()


def test_a_column_has_no_bands_to_be_left_out():
    class Column(nn.Module):
        def forward(self, x):
            return -0.5 * (((torch.arange(50) + 0.5) / 50 - x[:, None]) / 0.03) ** 2

    rng = np.random.default_rng(1)
    x = rng.uniform(0.3, 0.7, 500).astype("f4")
    rows = sample({"x": x}, x + 0.05 * rng.normal(size=500))
    found = tempering(Column(), Grid([Axis("Z", 0.0, 1.0, 50)]), rows)
    assert found is not None and found.curves.shape == (1, 2, 3)
    assert (found.curves[0, 0] > 0.5).all()
    assert tempering(Column(), Grid([Axis("Z", 0.0, 1.0, 50)]), sample({"x": x[:10]}, x[:10])) is None


def test_answers_are_judged_as_they_are_tempered():
    inputs, truth = seen(30, 3)
    rows, grid = sample(inputs, truth), Grid([Axis("Z", 0.0, 1.0, 80)])
    own = Tempering(np.array([[0, 1, 2]], "f4"), np.full((1, 6, 3), 0.5, "f4"))
    raw = forward(Mean(), rows.inputs)
    expected, _ = grid.summarise(raw / np.exp(0.5))
    assert not missing(rows.inputs).any()
    assert judged(Mean(), grid, rows, own)["Z"].low == pytest.approx(expected["Z_LO"], abs=1e-5)
