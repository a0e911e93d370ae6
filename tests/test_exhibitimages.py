"""exhibitimages: stamps and maps at their places, y upwards, large ones binned, one scale an object."""

import io

import numpy as np
import pytest
from tests.exhibiting import BANDS, exhibit

from skycnn.report import exhibitimages
from skycnn.report.exhibitimages import ExhibitImages, binned

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


def seen(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_stamps_without_pixels_leave_the_others_in_their_places():
    images = ExhibitImages([exhibit(0), exhibit(1, pixels=None, maps=None), exhibit(2)], BANDS)
    alone = ExhibitImages([exhibit(0), exhibit(2)], BANDS)
    assert images.stamp(1) is images.overlay(1) is images.full(1) is None
    assert images.bandmaps(1) == []
    assert (images.stamp(0), images.stamp(2)) == (alone.stamp(0), alone.stamp(1))
    assert images.stamp(0) != images.stamp(2)
    assert images.overlay(2) == alone.overlay(1)


def test_y_goes_up_in_stamp_and_map():
    pixels = np.random.default_rng(0).standard_normal((3, 8, 8))
    pixels[:, 0, 1] = 500  # lowest row, second column
    maps = np.zeros((8, 8))
    maps[0, 1] = -1
    images = ExhibitImages([exhibit(pixels=pixels, maps=maps)], BANDS)
    stamp, overlay = seen(images.stamp(0)), seen(images.overlay(0))
    assert np.unravel_index(stamp.sum(-1).argmax(), (8, 8)) == (7, 1)
    assert np.unravel_index((overlay[..., 2] - overlay[..., 0]).argmax(), (8, 8)) == (7, 1)
    assert images.bandmaps(0) == []


def test_maps_of_bands_share_one_scale_with_their_sum():
    maps = np.zeros((3, 8, 8))
    maps[0], maps[1] = 0.5, 0.25
    images = ExhibitImages([exhibit(maps=maps, pixels=None)], BANDS)
    assert images.full(0) == pytest.approx(0.75)
    assert not images.two_sided
    names, pictures, sums = zip(*images.bandmaps(0), strict=True)
    assert (names, sums) == (BANDS, (32, 16, 0))
    redness = [int(np.ptp(seen(picture)[0, 0])) for picture in (images.overlay(0), *pictures)]
    assert redness == sorted(redness, reverse=True)
    assert len(set(redness)) == 4


def test_one_object_with_values_below_zero_gives_all_a_scale_with_two_sides():
    up, down = exhibit(maps=np.ones((8, 8))), exhibit(maps=-np.ones((8, 8)))
    assert ExhibitImages([up, down], BANDS).two_sided
    assert not ExhibitImages([up], BANDS).two_sided


def test_large_stamps_are_binned():
    side = exhibitimages.SIDE + 5
    images = ExhibitImages([exhibit(side=side)], BANDS)
    half = -(-side // 2)
    assert seen(images.stamp(0)).shape == seen(images.overlay(0)).shape == (half, half, 3)
    assert max(seen(images.bandmaps(0)[0][1]).shape) <= exhibitimages.BANDSIDE


def test_bins_are_means():
    image = np.arange(24.0).reshape(4, 6)
    np.testing.assert_array_equal(binned(image, 3), [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]])
    assert binned(image, 6) is image
    assert binned(np.ones((5, 5, 3)), 2).shape == (2, 2, 3)
    np.testing.assert_array_equal(binned(np.ones((5, 5)), 2), np.ones((2, 2)))


def test_pixels_without_a_value_are_blue_and_the_colours_are_told():
    pixels = exhibit().pixels.copy()
    pixels[:, :4] = np.nan
    images = ExhibitImages([exhibit(pixels=pixels, maps=None)], BANDS)
    red, _, blue = seen(images.stamp(0))[-1, 0]
    assert blue > red + 40
    assert images.composition == "red i, green r, blue g"
    assert ExhibitImages([exhibit(pixels=pixels[:1], maps=None)], "r").composition == "r in grey"
