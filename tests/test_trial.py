"""A network's answers judged by the truth: exact where the posterior is a known distribution."""

import numpy as np
import pytest
import torch
from skycnn.network.trial import judged
from torch import nn

from skycnn.network.sample import sample
from skycnn.posterior import Axis, Bernoulli, Grid


class Same(nn.Module):
    def forward(self, raw):
        return raw


def test_a_grid_is_judged_by_its_whole_posterior():
    """All bins alike from 0 to 1: CRPS at x is x^3/3 + (1 - x)^3/3, PIT is x."""
    truth = np.linspace(0.05, 0.95, 7)
    found = judged(Same(), Grid([Axis("Z", 0.0, 1.0, 50)]), sample({"raw": np.zeros((7, 50), "f4")}, truth))
    assert found.value == pytest.approx(np.full(7, 0.5), abs=1e-5)
    assert found.low == pytest.approx(np.full(7, 0.16), abs=1e-5)
    assert found.high95 == pytest.approx(np.full(7, 0.975), abs=1e-5)
    assert found.pit == pytest.approx(truth, abs=1e-5)
    assert found.crps == pytest.approx((truth**3 + (1 - truth) ** 3) / 3, abs=1e-5)


def test_a_grid_uniform_in_the_logarithm_keeps_its_edges():
    axis = Axis("Z", 0.0, 3.0, 60, spacing="log1p")
    found = judged(Same(), Grid([axis]), sample({"raw": np.zeros((1, 60), "f4")}, np.array([1.0])))
    assert found.value == pytest.approx([1.0], abs=1e-4)
    assert found.pit == pytest.approx([0.5], abs=1e-4)


def test_a_probability_is_judged_by_its_value():
    found = judged(Same(), Bernoulli("P"), sample({"raw": np.array([[0.0], [100.0]], "f4")}, np.array([0, 1])))
    assert found.value == pytest.approx([0.5, 1.0])
    assert found.crps is None
    assert torch.is_grad_enabled()
