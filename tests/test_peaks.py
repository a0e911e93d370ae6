"""Peaks: bright sources are found where they are, once; noise, slopes, edges and a crowd are none."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from skycnn.simulate.blankpixels import blank
from skycnn.simulate.peaks import peaks

SHAPE = (300, 340)
Y, X = np.indices(SHAPE)


def noise(seed=1):
    return np.random.default_rng(seed).normal(0, 1, SHAPE)


def star(x, y, light, width=1.2):
    return light * np.exp(-((X - x) ** 2 + (Y - y) ** 2) / (2 * width**2))


def found(frame, side=32):
    frame = frame.astype("f4")
    return peaks(frame, blank(frame), side)


def test_stars_are_found_where_they_are():
    places = np.array([[20, 30], [170, 127], [171, 255], [127, 128], [255, 129], [330, 290], [60, 250], [64, 250]])
    frame = noise() + sum(star(x, y, 40) for x, y in places)
    assert np.array_equal(np.sort(found(frame), axis=0), np.sort(places, axis=0))


@pytest.mark.parametrize("side", [8, 16, 33, 64, 200])
def test_noise_is_none(side):
    assert len(found(noise(2), side)) == 0


@pytest.mark.parametrize(
    "frame",
    [
        noise() + 0.3 * X + 50 * np.sin(Y / 60),
        1e6 * (1 + X + 340.0 * Y),
        np.where(X + Y < 200, 0, 100 + noise()),
        np.where((Y > 140) & (Y < 155), np.nan, 100 + noise()),
        np.zeros(SHAPE),
        np.full(SHAPE, np.nan),
    ],
    ids=["a slope", "a slope without noise", "an edge", "a gap", "nothing", "no value"],
)
def test_what_is_no_source(frame):
    places = found(frame)
    inner = ((places > 16) & (places < (SHAPE[1] - 17, SHAPE[0] - 17))).all(axis=1)
    assert not inner.any()


def test_of_a_crowd_only_what_is_brighter_stands_out():
    crowd = gaussian_filter(np.random.default_rng(3).exponential(1, SHAPE), 1.2)  # a star a pixel
    assert len(found(crowd)) < 20
    places = {tuple(place) for place in found(crowd + star(200, 150, 20))} - {tuple(place) for place in found(crowd)}
    assert (200, 150) in places and len(places) < 3
