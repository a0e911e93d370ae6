"""The source in the middle of a stamp, and that nothing is found where there is none."""

import numpy as np
import pytest

from skycnn.shapes import centralsource
from stampgalaxies import sersic

SIDE = 75
RANDOM = np.random.default_rng(3)
NOTHING = {
    "zero": np.zeros((SIDE, SIDE)),
    "alike": np.ones((SIDE, SIDE)),
    "negative": -np.ones((SIDE, SIDE)),
    "absent": np.full((SIDE, SIDE), np.nan),
    "infinite": np.full((SIDE, SIDE), np.inf),
    "a gradient": np.broadcast_to(np.arange(SIDE) * 1.0, (SIDE, SIDE)),
    "no sky": np.pad(np.ones((9, 9)), 33, constant_values=np.nan),
    "outside the middle": sersic(SIDE, 5, 5, 100, 1) + RANDOM.normal(0, 0.01, (SIDE, SIDE)),
}


@pytest.mark.parametrize("band", NOTHING.values(), ids=NOTHING)
def test_where_there_is_no_source(band):
    assert centralsource.find(band) is None


def test_pure_noise_is_no_source():
    noise = np.random.default_rng(0).normal(0, 1, (200, SIDE, SIDE))
    assert sum(centralsource.find(band) is not None for band in noise) <= 1


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
def test_a_source_is_found_with_its_place_and_noise(scale):
    noise = np.random.default_rng(1).normal(0, 0.01, (SIDE, SIDE))
    band = scale * (sersic(SIDE, 36.2, 38.7, 10, 3) + sersic(SIDE, 10, 60, 30, 2) + noise)
    found = centralsource.find(band)
    assert found.centre == pytest.approx((36.2, 38.7), abs=0.3)
    assert found.noise == pytest.approx(0.01 * scale, rel=0.1)
    assert found.member[36, 39] and not found.member[10, 60]
    assert 50 < found.member.sum() < 400


def test_pixels_that_are_not_there_are_no_light():
    band = sersic(SIDE, 37, 37, 10, 3) + np.random.default_rng(1).normal(0, 0.01, (SIDE, SIDE))
    band[:, :20] = np.nan
    band[40, 40] = np.nan
    found = centralsource.find(band)
    assert found.centre == pytest.approx((37, 37), abs=0.3)
    assert found.pixels[40, 40] == 0 and not found.seen[40, 40]
    assert found.noise == pytest.approx(0.01, rel=0.1)


def test_a_blurred_image_keeps_its_light_and_loses_noise():
    point = np.zeros((31, 31), np.float32)
    point[15, 15] = 1
    assert centralsource.blurred(point, 2.0).sum() == pytest.approx(1, abs=1e-4)
    noise = centralsource.blurred(np.random.default_rng(2).normal(0, 1, (200, 200)).astype("f4"), 1.0)
    assert noise.std() == pytest.approx(centralsource.WHITE, rel=0.05)


def test_the_deviation_of_a_normal():
    assert centralsource.deviation(np.random.default_rng(0).normal(5, 3, 20_001)) == pytest.approx(3, rel=0.03)
