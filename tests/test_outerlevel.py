"""The level of the outer pixels: a sky that is added, objects on it, and pixels that are not there."""

import pytest
import torch

from skycnn.network.outerlevel import outer_level

SIDE = 48


def noise(rows=40, bands=2):
    return torch.randn(rows, bands, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def test_a_sky_that_is_added_is_all_in_the_level():
    image, sky = noise(), torch.tensor([3.0, -40.0])
    torch.testing.assert_close(outer_level(image + sky[:, None, None]), outer_level(image) + sky, atol=1e-4, rtol=1e-5)
    assert outer_level(image).std() < 0.05 and outer_level(image).mean().abs() < 0.01


def test_objects_and_the_middle_move_it_little():
    image, other = noise(), noise()
    other[:, :, 18:30, 18:30] += 500
    assert torch.equal(outer_level(other), outer_level(image))
    other[:, :, ::12, ::12] += 500  # one in 144
    assert (outer_level(other) - outer_level(image)).abs().max() < 0.03


def test_absent_pixels_do_not_count():
    image = noise() + 7
    image[0, :, :, 24:], image[1, 1], image[2] = torch.nan, torch.nan, torch.nan
    image[3] = torch.nan
    image[3, :, 20:28, 20:28] = 5.0  # the middle alone
    level = outer_level(image)
    assert level.isfinite().all()
    assert level[0].numpy() == pytest.approx(7, abs=0.15) and level[3].tolist() == [5, 5]
    assert level[1, 1] == 0 and level[2].tolist() == [0, 0]


def test_gradients_are_spread_over_the_sky_and_add_up_to_one():
    image = noise(2).requires_grad_()
    outer_level(image).sum().backward()
    torch.testing.assert_close(image.grad.sum((2, 3)), torch.ones(2, 2))
    assert image.grad.max() < 0.01
