"""Red light: colours measured by redshift, and what of them a pixel holds."""

import numpy as np
import pytest
import torch

from clusterstamps import NOISE, SIDE, clusters, colours
from skycnn.network.redfilter import COUNTED, RedFilter

BANDS = len(NOISE)
ALL = torch.ones(1, BANDS, dtype=torch.bool)


@pytest.fixture(scope="module")
def red():
    inputs, _ = clusters(200)
    found = RedFilter(BANDS)
    found.measure(inputs["image"], inputs["redshift"])
    return found


def seen(red, light, z=0.2, there=ALL):
    """Return the red light in the middle of a stamp that holds some light in one pixel, less its noise."""
    image = torch.zeros(1, BANDS, 9, 9)
    image[0, :, 4, 4] = torch.as_tensor(light, dtype=torch.float32)
    return red(image, torch.tensor([z]), there, torch.from_numpy(NOISE).float())[0, 0]


@pytest.mark.parametrize("z", [0.12, 0.2, 0.28])
def test_colours_are_those_in_the_centres_at_each_redshift(red, z):
    wanted = colours(np.array([z]))[0]
    share = torch.softmax(torch.tensor([1, z, z * z]) @ red.shares, 0).numpy()
    np.testing.assert_allclose(share, wanted / wanted.sum(), rtol=0.05)


@pytest.mark.parametrize("z", [0.12, 0.28])
def test_red_light_is_seen_in_units_of_its_noise_and_blue_light_is_not(red, z):
    light = 40 * colours(np.array([z]))[0]
    own = seen(red, light, z)
    snr = np.sqrt(np.square(light / (3 * NOISE)).sum())
    assert own[4, 4] == pytest.approx(snr, rel=0.05) and own[3, 5] == own[4, 4] and own[0, 0] == 0
    for factors in ([3, 2, 1, 0.8], [1, 1, 1, 2], [0.2, 0.4, 1, 1]):
        assert seen(red, light * factors, z)[4, 4] < 0.05 * snr
    assert seen(red, light, 0.4 - z)[4, 4] < 0.3 * snr  # of another redshift
    assert seen(red, -light, z).abs().max() == 0


def test_bands_and_redshifts_that_are_absent(red):
    light = 40 * colours(np.array([0.2]))[0]
    there = torch.tensor([[False, True, True, True]])
    snr = np.sqrt(np.square(light / (3 * NOISE))[1:].sum())
    assert seen(red, light * [0, 1, 1, 1], there=there)[4, 4] == pytest.approx(snr, rel=0.05)
    assert seen(red, light, np.nan).abs().max() == 0
    torch.testing.assert_close(seen(red, light, 5.0), seen(red, light, float(red.range[1])))  # colours end there


def test_noise_is_noise(red):
    image = torch.randn(4, BANDS, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    noise = torch.from_numpy(NOISE).float()
    own = red(image * noise[:, None, None], torch.full((4,), 0.2), ALL.expand(4, -1), noise)
    assert own[:, 0].max() < 6 and own[:, 0].mean() < 0.5


def test_counts_rise_with_red_light_to_one(red):
    image = torch.from_numpy(colours(np.array([0.2]))).float()[..., None, None] * torch.linspace(0, 30, SIDE)
    own = red(image.expand(1, BANDS, SIDE, SIDE), torch.tensor([0.2]), ALL, torch.from_numpy(NOISE).float())[0]
    assert own.shape == (1 + len(COUNTED), SIDE, SIDE) and own[0].max() > 50
    for count, half in zip(own[1:], COUNTED, strict=True):
        torch.testing.assert_close(count, own[0] / (own[0] + half))


def test_too_little_to_measure_leaves_even_colours():
    found = RedFilter(BANDS)
    found.measure(torch.zeros(5, BANDS, 12, 12), torch.full((5,), 0.2))
    assert found.shares.abs().max() == 0
    found.measure(clusters(30)[0]["image"], torch.full((30,), torch.nan))
    assert found.shares.abs().max() == 0
    found.measure(clusters(30)[0]["image"], torch.full((30,), 0.2))  # one redshift: no slope
    assert found.shares[0].abs().max() > 0 and found.shares[1:].abs().max() == 0
