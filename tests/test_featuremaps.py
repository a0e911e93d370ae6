"""Networks that show their last feature maps: all of those that look at stamps."""

import pytest
import torch
from torch import nn

from explaining import IMAGES, case, inputs_of
from skycnn.network.featuremaps import enlarged, over_channels, shows_maps
from skycnn.network.poses import poses


@pytest.mark.parametrize("name", IMAGES)
def test_the_answer_rests_on_the_maps(name):
    _, sealed, module = case(name)
    inputs = {key: torch.from_numpy(own) for key, own in inputs_of(sealed.card.inputs, 3, 4).items()}
    assert shows_maps(module)
    with torch.no_grad():
        seen = module.with_maps(**inputs)
        raw = module(**inputs)
        assert torch.equal(module.from_maps(**seen), raw)
        other = module.from_maps(**{**seen, "maps": seen["maps"].flip(0)})
    assert seen["maps"].shape[0] == 3 and seen["maps"].ndim == (5 if name == "all poses" else 4)
    assert not torch.equal(other[0], raw[0]) and torch.equal(other[1], raw[1])


def test_other_networks_show_none():
    assert not shows_maps(case("flux")[2]) and not shows_maps(nn.Linear(2, 2))


def test_maps_of_poses_are_turned_back():
    image = torch.rand(3, 1, 5, 5)
    maps = torch.stack(list(poses(image)), 1)
    weights = torch.zeros(3, 8, 1)
    for pose in range(8):
        weights.zero_()[:, pose] = 2.0
        assert torch.equal(over_channels(weights, maps), 2 * image[:, 0])
    plain = torch.rand(3, 4, 5, 5)
    assert torch.allclose(over_channels(torch.ones(3, 4), plain), plain.sum(1))


@pytest.mark.parametrize("side", [32, 30])
def test_enlarged_maps_keep_their_sum_and_place(side):
    cells = torch.zeros(1, 8, 8)
    cells[0, 2, 5] = 4.0
    image = torch.zeros(1, 2, side, side)
    found = enlarged(cells, image)
    assert found.sum() == pytest.approx(4.0, rel=0.02)
    at = torch.arange(side) + 0.5
    centre = [float((found[0].sum(1 - axis) * at).sum() / found.sum()) * 8 / side for axis in (0, 1)]
    assert centre == pytest.approx([2.5, 5.5], abs=0.05)
    image[0, 0, :10] = float("nan")
    assert torch.equal(enlarged(cells, image), found)
    image[0, 1, :10] = float("nan")
    assert not enlarged(cells, image)[0, :10].any()
