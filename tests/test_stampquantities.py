"""What is measured on stamps: windows and noise of known light, the same in every pose."""

import numpy as np
import pytest
import torch

from galaxies import poses
from skycnn.network import stampquantities as quantities

BANDS, NOISE = 3, torch.tensor([1.0, 2.0, 0.5])


def noise(rows, seed, side=32):
    drawn = np.random.default_rng(seed).normal(size=(rows, BANDS, side, side))
    return torch.from_numpy(drawn.astype("f4")) * NOISE[:, None, None]


def blob(side=32, sigma=2.0, x=0.0, y=0.0):
    place = torch.arange(side) - (side - 1) / 2
    return torch.exp(-0.5 * ((place - x) ** 2 + (place[:, None] - y) ** 2) / sigma**2)


def of_bands(image):
    """Return quantities (n, quantity, band)."""
    return quantities.of(image, NOISE)[1].unflatten(1, (quantities.A_BAND, BANDS))


def together(image):
    return quantities.of(image, NOISE)[2]


@pytest.mark.parametrize("side", [8, 31, 32, 75])
def test_poses_look_alike_to_all_bands_together(side):
    image = noise(20, 1, side) + 5 * blob(side, 2, 1.5, -0.5)
    found = [together(pose) for pose in poses(image)]
    assert all(torch.allclose(one, found[0], atol=2e-4) for one in found)
    assert found[0].shape == (20, quantities.TOGETHER)


def test_noise_is_told_band_by_band():
    one, two = of_bands(noise(2000, 2)), of_bands(2 * noise(2000, 2))
    assert one.shape == (2000, quantities.A_BAND, BANDS)
    change = (two - one).mean(0)
    assert torch.allclose(change[3:], torch.full((2, BANDS), np.log(2)), atol=0.01)
    assert one[:, 3].std(0).max() < 0.06
    smooth = noise(2000, 3)
    smooth = (smooth + smooth.roll(1, 3)) / 2**0.5  # pixels of the same scatter, correlated
    change = (of_bands(smooth) - of_bands(noise(2000, 3))).mean(0)
    assert change[3].abs().max() < 0.02
    assert change[4].max() < -0.3


def test_light_is_gathered_in_units_of_the_noise():
    image = (100 * NOISE[:, None, None] * blob())[None]
    light = torch.sinh(of_bands(image)[0, :3]) * 2
    assert torch.allclose(light[:, 0], light[:, 1])
    assert torch.allclose(light[:, 0], light[:, 2])
    place = np.arange(32) - 15.5
    for share, found in zip(quantities.SIGMAS, light[:, 0].tolist(), strict=True):
        window = np.exp(-0.5 * (place**2 + place[:, None] ** 2) / (share * 32) ** 2)
        assert found == pytest.approx(100 * (window * blob().numpy()).sum() / np.sqrt((window**2).sum()), rel=1e-3)


def test_offsets_neighbours_and_size_are_told_by_all_bands_together():
    bright = 40 * NOISE[:, None, None]
    centred, off, wide = (together((bright * shape)[None])[0] for shape in (blob(), blob(x=8.0), blob(sigma=5.0)))
    near = together((bright * (blob() + 2 * blob(x=9.0)))[None])[0]
    windows, offset, stretch, ring = slice(0, 4), 4, 5, 6
    assert centred[offset] < 0.01 < 1 < off[offset]
    assert centred[stretch] < 0.01 < 1 < near[stretch]
    assert near[ring] > centred[ring] + 1
    assert (off[windows] < centred[windows]).all()
    assert wide[3] - wide[0] > centred[3] - centred[0] + 0.3


def test_what_is_absent_adds_nothing():
    image = noise(6, 4) + 30 * blob()
    holes = image.clone()
    holes[1, 0] = torch.nan
    holes[2, :, :4] = torch.nan
    holes[3, 2, :, :20] = torch.nan
    there, each, whole = quantities.of(holes, NOISE)
    assert there.tolist() == [[1, 1, 1], [0, 1, 1], [1, 1, 1], [1, 1, 0], [1, 1, 1], [1, 1, 1]]
    assert each.isfinite().all()
    assert whole.isfinite().all()
    plain = quantities.of(image, NOISE)
    for found, expected in ((each, plain[1]), (whole, plain[2])):
        assert torch.allclose(found[[0, 4, 5]], expected[[0, 4, 5]], atol=1e-4)
    _, alone, without = quantities.of(image[1:2, 1:], NOISE[1:])
    assert torch.allclose(whole[1:2], without, atol=1e-4)
    assert torch.allclose(each[1].view(-1, BANDS)[:, 1:], alone.view(-1, 2), atol=1e-4)
    zeros = holes.nan_to_num(0.0)
    assert torch.allclose(each[2], quantities.of(zeros, NOISE)[1][2], atol=1e-4)


def test_blank_and_endless_stamps_have_numbers_or_none_but_no_error():
    for value in (0.0, 1e30, -1e30):
        image = torch.full((2, BANDS, 32, 32), value)
        assert of_bands(image).shape == (2, quantities.A_BAND, BANDS)
        assert together(image).shape == (2, quantities.TOGETHER)
    there, each, whole = quantities.of(torch.zeros(2, BANDS, 32, 32), NOISE)
    assert there.all()
    assert each.isfinite().all()
    assert whole.isfinite().all()


@pytest.mark.parametrize("side", [64, 96, 128])
def test_the_narrowest_windows_are_as_narrow_on_large_stamps(side):
    """Else a star there would look like any galaxy."""
    small, large = (blob(edge, 0.7).expand(1, BANDS, edge, edge) for edge in (32, side))
    torch.testing.assert_close(of_bands(large)[:, 0], of_bands(small)[:, 0])
    torch.testing.assert_close(together(large)[:, 0], together(small)[:, 0])
    assert (of_bands(large)[:, 2] < 0.7 * of_bands(small)[:, 2]).all()  # the widest grow with the stamp
