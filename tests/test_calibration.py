"""The temperature: found where it is known, and folded into a network's numbers."""

import numpy as np
import pytest
import torch
from torch import nn

from skycnn.network.calibration import calibrate
from skycnn.network.sample import sample
from skycnn.network.training import forward
from skycnn.posterior import Axis, Grid


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
