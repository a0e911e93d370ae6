"""Curves of growth: against profiles whose radii follow from their formula."""

import numpy as np
import pytest

from skycnn.shapes import centralsource, curveofgrowth
from stampgalaxies import sersic


def of(light, centre, axes=(0.0, 0.0)):
    return curveofgrowth.of(centralsource.plain(light), centre, axes)


def test_all_light_and_all_pixels_within():
    curve = of(np.ones((75, 75)), (37.3, 36.8))
    for radius in (2.0, 5.0, 20.0):
        assert curve.at(radius) == pytest.approx((np.pi * radius**2,) * 2, rel=0.01)
        assert curve.brightness(0.5 * radius, radius) == pytest.approx(1)
    assert curve.at(1e9)[1] == pytest.approx(75 * 75, rel=1e-4)
    assert curve.at(-1.0) == (0, 0)
    assert np.isnan(curve.brightness(3.0, 3.0))


def gaussian_share(share):
    return np.sqrt(-2 * np.log(1 - share))


@pytest.mark.parametrize("sigma", [2.0, 4.0, 7.0])
@pytest.mark.parametrize("centre", [(37.0, 37.0), (36.6, 37.25)])
def test_radii_of_a_gaussian(sigma, centre):
    place = np.arange(75)
    down, right = place[:, None] - centre[0], place[None, :] - centre[1]
    curve = of(np.exp(-0.5 * (down**2 + right**2) / sigma**2), centre)
    for share in (0.2, 0.5, 0.8):
        assert curve.radius(share, 30.0) == pytest.approx(sigma * gaussian_share(share), rel=0.02)
    x = curve.petrosian() / sigma  # where exp(-x^2/2) = 0.2 * (1 - exp(-x^2/2)) * 2 / x^2
    assert np.exp(-(x**2) / 2) == pytest.approx(0.4 * (1 - np.exp(-(x**2) / 2)) / x**2, rel=0.1)


def test_an_ellipse_has_the_radius_of_its_major_axis():
    round_one, flat = sersic(75, 37, 37, 1, 5), sersic(75, 37, 37, 1, 5, ratio=0.5, angle=0.6)
    expected = of(round_one, (37, 37)).petrosian()
    assert of(flat, (37, 37), (0.5, 0.6)).petrosian() == pytest.approx(expected, rel=0.02)
    assert of(flat, (37, 37)).petrosian() < 0.95 * expected


def test_absent_pixels_count_in_neither_light_nor_area():
    light = sersic(75, 37, 37, 1, 5)
    half = np.where(np.arange(75) < 37, np.nan, light)
    whole, cut = of(light, (37, 37)), of(half, (37, 37))
    assert cut.brightness(3, 6) == pytest.approx(whole.brightness(3, 6), rel=0.03)
    assert cut.at(20)[1] < 0.55 * whole.at(20)[1]


def test_the_ends_of_what_can_be_measured():
    flat = of(np.ones((21, 21)), (10, 10))
    assert flat.petrosian() == pytest.approx(21 / np.sqrt(2), abs=0.6)  # light that fills the stamp ends with it
    point = np.zeros((21, 21))
    point[10, 10] = 1
    assert of(point, (10.0, 10.0)).petrosian() == pytest.approx(1, abs=0.3)
    assert np.isnan(of(np.zeros((21, 21)), (10, 10)).radius(0.2, 5))
    assert np.isnan(of(-np.ones((21, 21)), (10, 10)).radius(0.2, 5))
