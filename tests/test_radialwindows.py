"""Radial windows against sums over pixels in float64, what is known of parts, and lengths against the cosmology."""

import numpy as np
import pytest
import torch

from skycnn import cosmology
from skycnn.network.radialwindows import RINGS, RadialWindows, kpc_per_arcsec, rings

RADII = (2.0, 5.0, 12.0, 30.0)


def images(side=41, rows=3, channels=2):
    return torch.randn(rows, channels, side, side, generator=torch.Generator().manual_seed(1))


def ring_weights(side):
    """Return the weight of each pixel (pixel, ring) in rings, and the pixels' distances."""
    place = np.arange(side) - (side - 1) / 2
    far = np.hypot(place[:, None], place).ravel()
    return np.stack([np.interp(far, RINGS, row) for row in np.eye(len(RINGS))], 1), far


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("side", [24, 41])
def test_rings_are_sums_of_pixels(side, layout):
    given = images(side)
    weights, _ = ring_weights(side)
    wanted = given.double().flatten(2).numpy() @ weights
    np.testing.assert_allclose(rings(given.contiguous(memory_format=layout)).numpy(), wanted.swapaxes(1, 2), atol=2e-4)
    np.testing.assert_allclose(weights.sum(1), 1)


def test_windows_are_means_of_pixels_by_each_row_s_scale():
    given, scale = images(), torch.tensor([0.4, 1.0, 2.5])
    windows = RadialWindows(RADII)
    mean, whole, share = windows(rings(given), rings(torch.ones(3, 1, 41, 41)), scale)
    weights, _ = ring_weights(41)
    for row, unit in enumerate(scale.double().numpy()):
        at = np.log(unit * np.maximum(RINGS, 0.3))
        own = weights @ np.stack([np.interp(at, np.log(RADII), hat) for hat in np.eye(len(RADII))], 1)  # pixel, window
        held = own.sum(0)
        pixels = given[row].double().flatten(1).numpy()
        for place in range(len(RADII)):
            found = mean[row, place].numpy()
            wanted = pixels @ own[:, place] / held[place] if held[place] > 1e-6 else np.zeros(2)
            np.testing.assert_allclose(found, wanted, atol=1e-4)
        np.testing.assert_allclose((share[row, :, 0] * whole[row].clamp(min=1)).numpy(), held, rtol=1e-4, atol=1e-3)


def test_windows_hold_every_pixel_once_and_know_what_of_them_is_there():
    windows, even = RadialWindows(RADII), torch.ones(1, 1, 301, 301)
    _, whole, share = windows(rings(even), rings(even), torch.ones(1))
    assert whole.sum() == pytest.approx(np.pi * RINGS[-1] ** 2, rel=0.02)  # the last ring ends at its radius
    assert share[0, :-1, 0].numpy() == pytest.approx(1, abs=0.02)
    half = even.clone()
    half[..., :150] = 0
    mean, _, share = windows(rings(half * 3), rings(half), torch.ones(1))
    assert mean[0, :, 0].numpy() == pytest.approx(3, abs=1e-4) and share[0, :-1, 0].numpy() == pytest.approx(
        0.5, abs=0.1
    )
    mean, _, share = windows(rings(0 * even), rings(0 * even), torch.ones(1))
    assert mean.abs().max() == 0 and share.max() == 0
    small = torch.ones(1, 1, 24, 24)
    _, _, share = windows(rings(small), rings(small), torch.ones(1))
    assert share[0, 1, 0] > 0.95 and share[0, -1, 0] < 0.3  # the widest leaves the stamp


def test_lengths_are_those_of_the_cosmology():
    z = np.array([0.01, 0.02, 0.1, 0.2, 0.5, 1.0, 3.0])
    np.testing.assert_allclose(kpc_per_arcsec(torch.from_numpy(z)).numpy(), cosmology.kpc_per_arcsec(z), rtol=2e-4)


def test_what_an_answer_left_behind_can_be_trained_with():
    image, scale = torch.rand(2, 1, 12, 12), torch.full((2,), 0.2)
    with torch.inference_mode():
        rings(image), kpc_per_arcsec(scale)
    weight = torch.ones(1, requires_grad=True)
    (rings(image * weight).sum() + kpc_per_arcsec(scale * weight).sum()).backward()
    assert weight.grad is not None
