"""Class activation maps: exact ones of a linear head, and gradients of any other."""

import torch

from skycnn.network.activationmaps import activation_maps

MAPS = torch.rand(3, 4, 5, 5, generator=torch.Generator().manual_seed(0)) - 0.3
WEIGHTS = torch.tensor([1.0, -2.0, 0.5, 3.0])


def test_a_linear_head_behind_a_mean_gives_the_exact_map():
    found = activation_maps(lambda at, rows: at["maps"].mean((2, 3)) @ WEIGHTS + 7, {"maps": MAPS})
    exact = (WEIGHTS[:, None, None] * MAPS).sum(1) / 25
    assert torch.allclose(found.maps["image"], exact, atol=1e-6)
    assert torch.allclose(found.maps["image"].sum((1, 2)), found.answer - 7, atol=1e-5)
    assert torch.allclose(found.reference, torch.tensor(7.0))
    assert found.residual.abs().max() < 1e-5 and found.steps.tolist() == [1, 1, 1]


def test_another_head_says_what_is_amiss():
    def value(at, rows):
        return torch.exp(at["maps"].mean((2, 3)) @ WEIGHTS + at["beside"][rows])

    beside = torch.tensor([0.0, 1.0, -1.0])
    found = activation_maps(value, {"maps": MAPS, "beside": beside})
    slope = torch.exp(MAPS.mean((2, 3)) @ WEIGHTS + beside)
    exact = (WEIGHTS[:, None, None] * MAPS).sum(1) / 25 * slope[:, None, None]
    assert torch.allclose(found.maps["image"], exact, rtol=1e-4, atol=1e-6)
    assert torch.allclose(found.residual, exact.sum((1, 2)) - (slope - torch.exp(beside)), atol=1e-4)
    assert found.residual.abs().max() > 1e-2
