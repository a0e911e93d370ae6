"""Asymmetry: none of a symmetric source, its centre, the noise taken off, the outline."""

from dataclasses import replace

import numpy as np
import pytest

from skycnn.shapes import asymmetry, centralsource
from stampgalaxies import galaxies, sersic


@pytest.mark.parametrize("centre", [(37.0, 37.0), (36.5, 37.0), (36.7, 37.4), (30.0, 45.25)])
def test_a_symmetric_source_has_none_about_its_centre(centre):
    found = asymmetry.find(centralsource.find(sersic(75, *centre, 10, 5, ratio=0.7, angle=1)), 15.0)
    assert found.value == pytest.approx(0, abs=0.04)  # a cusp between pixels is not linear
    assert found.centre == pytest.approx(centre, abs=0.13)


def test_of_two_points_that_differ_it_is_what_can_be_counted():
    band = np.zeros((75, 75))
    band[37, 34], band[37, 40] = 3, 1
    source = replace(centralsource.plain(band), centre=(37.0, 37.0))
    found = asymmetry.find(source, 10.0)
    assert found.value == pytest.approx((2 + 2) / 4)  # |3 - 1| at each
    assert found.centre == (37.0, 37.0)
    band[37, 40] = 3
    source = replace(centralsource.plain(band), centre=(37.0, 37.0))
    assert asymmetry.find(source, 10.0).value == 0


def test_noise_is_taken_off_whatever_the_centre():
    clean, _ = galaxies(8, single=True)
    random = np.random.default_rng(5)
    for light in clean:
        truth = asymmetry.find(centralsource.find(light), 15.0).value
        noisy = [
            asymmetry.find(centralsource.find(light + random.normal(0, 0.006, light.shape)), 15.0).value
            for _ in range(4)
        ]
        assert np.mean(noisy) == pytest.approx(truth, abs=0.05)


def test_pixels_without_a_partner_are_left_out():
    light = sersic(75, 37, 37, 10, 5)
    light[30:34, 40:44] = np.nan
    light[:, :28] = np.nan
    assert asymmetry.find(centralsource.find(light), 15.0).value == pytest.approx(0, abs=0.03)
    corner = sersic(40, 12, 28, 10, 3)
    assert asymmetry.find(centralsource.find(corner), 20.0).value == pytest.approx(0, abs=0.03)


def test_the_outline_sees_a_tail_that_light_does_not():
    disc = sersic(75, 37, 37, 10, 3, 0.5)
    tail = disc.copy()
    tail[36:39, 45:65] += 0.004
    random = np.random.default_rng(0).normal(0, 0.001, disc.shape)
    plain, tailed = (centralsource.find(light + random) for light in (disc, tail))
    light = [asymmetry.find(source, 15.0).value for source in (plain, tailed)]
    outline = [asymmetry.of_shape(source, (37.0, 37.0)) for source in (plain, tailed)]
    assert light[1] - light[0] < 0.05
    assert outline[1] - outline[0] > 0.2
    assert 0 <= min(outline) <= max(outline) <= 2
