"""TileCodec: planes that come back, whole or to a part of their noise, and corrupt bytes that are told."""

import gzip

import numpy as np
import pytest

from skycnn.fits.stamplayout import planecodec
from skycnn.fits.stamplayout.planecodec import LEVEL, Tile, dequantised, packed, rice, unpacked


def plane(side, seed=0):
    return np.random.default_rng(seed).normal(100, 3, (side, side)).astype(np.float32)


def back(tile, number, side):
    return dequantised(tile, number, side, dither=1, seed=planecodec.SEED, blank=planecodec.BLANK)


@pytest.mark.parametrize("side", [1, 2, 33, 64])
def test_without_loss_every_bit_comes_back(side):
    values = plane(side)
    values[0, 0] = np.nan
    for dtype in ("<f4", ">f4"):
        np.testing.assert_array_equal(unpacked(packed(values.astype(dtype)).octets, 2, side), values)
    assert packed(values) == packed(values.copy())  # no time, no name


@pytest.mark.parametrize("number", [0, 1, 9999, 10000, 123456])
def test_what_is_lost_is_a_part_of_the_noise(number):
    values = plane(64, number)
    tile = rice(values, number)
    assert not tile.lossless
    assert tile.scale == pytest.approx(3 / LEVEL, rel=0.1)
    lost = back(tile, number, 64) - values
    assert np.abs(lost).max() <= tile.scale * 0.501
    assert abs(lost.mean()) < 5 * tile.scale / np.sqrt(12 * 64 * 64)  # the dither leaves no bias
    assert len(tile.octets) < values.nbytes / 5


def test_the_dither_is_the_tile_s_own():
    tile = rice(plane(32), 5)
    assert np.abs(back(tile, 6, 32) - plane(32)).max() > tile.scale * 0.6


def test_holes_stay_holes_and_do_not_change_the_noise():
    values = plane(64)
    values[:30] = np.nan
    tile = rice(values, 0)
    found = back(tile, 0, 64)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
    assert tile.scale == pytest.approx(3 / LEVEL, rel=0.15)


@pytest.mark.parametrize("value", [0.0, 7.5, np.nan, np.inf])
def test_planes_without_noise_are_not_quantised(value):
    values = np.full((16, 16), value, np.float32)
    tile = rice(values, 0)
    assert tile.lossless
    np.testing.assert_array_equal(unpacked(tile.octets, 1, 16), values)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"junk",
        gzip.compress(b"short", mtime=0),
        gzip.compress(bytes(4097), mtime=0),
        gzip.compress(bytes(4096), mtime=0)[:20],
    ],
)
def test_corrupt_bytes_are_told(octets):
    with pytest.raises(ValueError, match=r"\w"):
        unpacked(octets, 1, 32)
    with pytest.raises(ValueError, match=r"\w"):
        back(Tile(octets[:4], lossless=False), 0, 32)
