"""Gini, M20 and the ellipse of light: against what follows by hand."""

import numpy as np
import pytest

from skycnn.shapes import centralsource, lightspread
from stampgalaxies import sersic

VALUES = {
    "alike": ([2.0] * 10, 0.0),
    "one has all": ([0.0] * 9 + [5.0], 1.0),
    "one half": ([1.0, 1, 1, 1, 2], (1 * -4 + 1 * -2 + 0 + 2 + 2 * 4) / (6 * 4)),
    "signs do not count": ([-1.0, 1, -1, 1, 2], (1 * -4 + 1 * -2 + 0 + 2 + 2 * 4) / (6 * 4)),
}


@pytest.mark.parametrize(("values", "expected"), VALUES.values(), ids=VALUES)
def test_gini(values, expected):
    assert lightspread.gini(np.array(values)) == pytest.approx(expected, abs=1e-9)


def test_of_few_pixels_or_no_light_nothing_is_told():
    assert np.isnan(lightspread.gini(np.ones(4)))
    assert np.isnan(lightspread.gini(np.zeros(40)))
    assert np.isnan(lightspread.m20(np.zeros((9, 9)), np.ones((9, 9), bool)))
    assert np.isnan(lightspread.m20(np.ones((9, 9)), np.eye(9, dtype=bool) & (np.arange(9) < 3)))


def test_m20_of_a_bright_core_and_of_two():
    member = np.ones((41, 41), bool)
    pixels = np.full((41, 41), 1.0)
    pixels[20, 24] = 1000.0  # more than a fifth of all light, and so all of the brightest
    centre = (41 * 41 * 20 + 999 * 24) / (41 * 41 + 999)
    away = (np.arange(41)[:, None] - 20.0) ** 2 + (np.arange(41)[None] - centre) ** 2
    expected = np.log10(1000 * (24 - centre) ** 2 / (pixels * away).sum())
    assert lightspread.m20(pixels, member) == pytest.approx(expected)
    core = sersic(75, 37, 37, 10, 4)
    two = sersic(75, 37, 29, 5, 2) + sersic(75, 37, 45, 5, 2)
    assert lightspread.m20(core, core > 0.003) < -1.4
    assert lightspread.m20(two, two > 0.003) > -1.0


def test_a_segment_is_the_patch_around_the_brightest_pixel():
    light = sersic(75, 37, 37, 10, 3) + sersic(75, 10, 60, 3, 2)
    source = centralsource.find(light)
    smooth = lightspread.smoothed(source, 5.0)
    found = lightspread.segment(source, smooth, 0.02)
    assert found[37, 37] and not found[10, 60]
    assert (smooth[found] >= 0.02).all()
    assert not lightspread.segment(source, smooth, 1e9).any()


@pytest.mark.parametrize(("ratio", "angle"), [(0.5, 0.3), (0.6, -1.2), (0.8, 1.5)])
def test_the_ellipse_of_a_flat_source(ratio, angle):
    found = lightspread.ellipse(centralsource.find(sersic(75, 37, 37, 10, 5, ratio=ratio, angle=angle)), (37.0, 37.0))
    assert found == pytest.approx((1 - ratio, angle), abs=0.07)


def test_a_source_without_an_end_has_no_segment():
    source = centralsource.find(sersic(75, 37, 37, 10, 3))
    assert not lightspread.segment(source, lightspread.smoothed(source, 5.0), 0.0).any()
