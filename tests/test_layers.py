"""Blocks of networks: what windows gather is the light that is there, however the stamp is flipped or turned."""

import math

import numpy as np
import pytest
import torch

from blobs import SIGMA, blobs, generator, noise
from galaxies import poses
from skycnn.network.layers import (
    LARGEST,
    ChannelNorm,
    Inception,
    Mixer,
    Residual,
    asinh,
    cleaned,
    deeper,
    lost,
    roughness,
    sky,
    spread,
    without,
)
from skycnn.network.poses import turned


def test_the_noise_of_each_stamp_is_told_by_neighbours_at_its_border():
    generator = torch.Generator().manual_seed(3)
    level = torch.tensor([[0.5, 2.0], [1.0, 0.1]])
    noise = torch.empty(2, 2, 64, 64).normal_(generator=generator) * level[..., None, None]
    place = torch.arange(64) - 31.5
    galaxy = 50 * torch.exp(-(place**2 + place[:, None] ** 2) / (2 * 8**2))
    assert roughness(noise + galaxy).numpy() == pytest.approx(level.numpy(), rel=0.06)
    assert roughness(torch.zeros(1, 2, 8, 8)).tolist() == [[0.0, 0.0]]


def test_the_sky_is_measured_where_the_galaxy_is_not():
    images = 100 * blobs() + SIGMA[..., None, None] * noise(50)
    images[3, 0] = math.nan
    assert sky(images).numpy() == pytest.approx(SIGMA[0].numpy(), rel=0.05)
    assert sky(torch.full((2, 2, 8, 8), math.nan)).tolist() == [1.0, 1.0]


def test_asinh_is_torchs():
    size = torch.logspace(-8, 18, 5001)
    x = torch.cat([size, -size, torch.zeros(1)])
    torch.testing.assert_close(asinh(x).double(), torch.asinh(x.double()), atol=3e-7, rtol=1e-6)
    before = x.clone()
    with torch.no_grad():
        predicted = asinh(x)
    assert torch.equal(predicted, asinh(x)) and torch.equal(x, before)  # bit for bit as in training
    assert asinh(torch.tensor([math.inf, -3e38])).tolist() == pytest.approx([42.14, -42.14], abs=0.01)
    x = torch.linspace(-9, 9, 100, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(asinh, x)


def test_turned_stamps_are_poses_each_as_often_as_another():
    image = torch.arange(9.0).reshape(1, 1, 3, 3)
    seen = turned(image.expand(4000, 1, 3, 3), generator())
    counts = [int((seen == pose).flatten(1).all(1).sum()) for pose in poses(image)]
    assert sum(counts) == 4000
    assert min(counts) > 400


def test_rows_lose_bands_but_two():
    kept = (~lost(4000, 5, 0.5, generator())).sum(1)
    assert np.bincount(kept.numpy(), minlength=6) / 4000 == pytest.approx([0, 0, 1 / 6, 1 / 6, 1 / 6, 0.5], abs=0.03)


def test_stamps_lose_whole_bands_or_stay_as_they_are():
    image = torch.rand(4000, 3, 2, 2, generator=generator())
    seen = without(image, 0.4, generator())
    gone = seen.isnan()
    assert torch.equal(gone.any(3).any(2), gone.all(3).all(2)) and torch.equal(seen[~gone], image[~gone])
    assert gone[..., 0, 0].sum(1).bincount(minlength=2).numpy() / 4000 == pytest.approx([0.6, 0.4], abs=0.03)
    assert without(image, 0.0, generator()) is image


def test_deeper_stages_see_half_as_many_pixels():
    look = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1))
    deeper(look, (4, 6, 8), (1, 2, 0))
    assert [type(layer).__name__ for layer in look].count("Residual") == 3
    assert look(torch.zeros(2, 3, 10, 10)).shape == (2, 8, 3, 3)


def test_spread_is_of_what_is_there():
    values = torch.tensor([[0.0, 5.0, 1.0], [1.0, math.nan, 1.0], [2.0, 7.0, 1.0]])
    there = torch.tensor([[True, False, True]] * 3)
    middle, half = spread(values, there)
    assert middle.tolist() == [1.0, 0.0, 1.0]
    assert half.numpy() == pytest.approx([0.68, 1.0, 1e-3], rel=1e-6)


def test_inception_keeps_size_and_gives_the_channels_asked_for():
    assert Inception(7, 24)(torch.zeros(2, 7, 9, 9)).shape == (2, 24, 9, 9)


def test_a_joint_head_begins_with_the_best_weights():
    logs = torch.log_softmax(torch.randn(50, 2, 6, generator=generator()), 2)
    joint, features = Mixer((4, 3), 6).eval(), {"one": torch.randn(50, 4), "other": torch.randn(50, 3)}
    joint.begin(logs, lambda raw: float((raw - 0.75 * logs[:, 0] - 0.25 * logs[:, 1]).abs().mean()))
    assert joint.weigh.bias.tolist() == pytest.approx([0.7, 0.3], abs=0.06)
    weights = joint.weigh.bias.detach()
    assert torch.allclose(joint(raws=logs, **features), (logs * weights[:, None]).sum(1), atol=1e-6)


def test_each_channel_is_normalised_as_torch_does():
    ours, theirs = ChannelNorm(2), torch.nn.BatchNorm2d(2, eps=1e-3)
    with torch.no_grad():
        for module in (ours, theirs):
            module.weight.copy_(torch.tensor([2.0, 0.5])), module.bias.copy_(torch.tensor([1.0, -1.0]))
    for seed in (1, 2):
        x = 3 * noise(6, seed) + 1
        torch.testing.assert_close(ours(x), theirs(x))
    ours.eval(), theirs.eval()
    torch.testing.assert_close(ours(x), theirs(x))
    assert ours.state_dict().keys() == {"weight", "bias", "mean", "variance"}


def test_a_residual_block_begins_as_what_it_sees():
    block, x = Residual(2), noise(3)
    assert torch.equal(block(x), torch.relu(x))
    with torch.no_grad():
        block.share.fill_(1.0)
    assert block(x).shape == x.shape and not torch.allclose(block(x), torch.relu(x))


def test_what_is_absent_or_absurd_is_cleaned():
    images = noise(4)
    images[1, 0, 2, 3], images[2, 1], images[3, 0, 0, 0] = math.nan, math.inf, 3e38
    clean, there = cleaned(images)
    assert there.tolist() == [[True, True], [True, True], [True, False], [True, True]]
    assert clean[1, 0, 2, 3] == 0 and (clean[2, 1] == 0).all() and clean[3, 0, 0, 0] == LARGEST
    assert torch.equal(clean[0], images[0])
