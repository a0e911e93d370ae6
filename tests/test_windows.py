"""What windows gather is the light that is there, however the stamp is flipped or turned."""

import math

import numpy as np
import pytest
import torch

from blobs import PLACE, SIDE, SIGMA, blobs, noise
from galaxies import poses
from skycnn.network.windows import Windows


@pytest.mark.parametrize(("width", "ratio", "angle"), [(1.5, 1.0, 0.0), (2.5, 0.5, 30.0), (4.0, 0.4, 110.0)])
def test_a_gaussian_is_measured_as_it_is(width, ratio, angle):
    flux, error, shape = Windows()(blobs(width, ratio, angle), SIGMA)
    assert flux[0, 0].numpy() == pytest.approx([1.0, 3.0], rel=0.02)
    area = 4 * math.pi * width**2 * ratio  # pixels that gather noise: sum(w)^2 / sum(w^2)
    assert error[0, 0].numpy() == pytest.approx(SIGMA[0].numpy() * math.sqrt(area) * 1.01, rel=0.03)
    assert shape[0, 1].item() == pytest.approx(math.log(area), abs=0.04)
    assert shape[0, 2].item() == pytest.approx((1 - ratio**2) / (1 + ratio**2), abs=0.02)


def test_errors_are_those_of_the_noise():
    images = blobs() + SIGMA[..., None, None] * noise(400)
    flux, error, _ = Windows((0.6, 1.0, 1.8))(images, SIGMA.expand(400, 2))
    colour = flux[..., 0] - flux[..., 1] / 3  # what the noise does to the window goes out of it
    pull = colour / torch.hypot(error[..., 0], error[..., 1] / 3)
    assert pull.std(0).numpy() == pytest.approx(np.ones(3), abs=0.12)


def test_no_flip_or_turn_changes_what_windows_see():
    images = blobs(2.5, 0.5, 25.0) + SIGMA[..., None, None] * noise(1)
    found = [Windows((0.6, 1.8))(pose, SIGMA) for pose in poses(images)]
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            assert torch.allclose(one, same, rtol=1e-3, atol=1e-4)


def test_a_band_that_is_absent_changes_nothing_but_the_shape():
    images = blobs()
    images[:, 1] = 0
    flux, error, shape = Windows()(images, torch.tensor([[0.01, math.inf]]))
    assert flux[0, 0, 0].item() == pytest.approx(1.0, rel=0.02)
    assert torch.isinf(error[0, 0, 1])
    assert torch.isfinite(shape).all()


@pytest.mark.parametrize("images", [torch.zeros(1, 2, SIDE, SIDE), -blobs(), noise(1), 1e20 * noise(1)])
def test_any_pixels_give_numbers(images):
    flux, error, shape = Windows()(images, SIGMA)
    assert all(torch.isfinite(part).all() for part in (flux, error, shape))


@pytest.mark.parametrize("images", [torch.zeros(1, 2, SIDE, SIDE), blobs(), -blobs(), noise(1), blobs() * (PLACE < 9)])
def test_what_windows_see_has_gradients(images):
    """Also of round objects, and where a window weighs pixels with nothing."""
    for part in range(2):
        seen = images.clone().requires_grad_()
        found = Windows()(seen, SIGMA)[2 * part]
        (gradient,) = torch.autograd.grad(found.sum(), seen)
        assert gradient.isfinite().all() and (gradient.any() or part)
