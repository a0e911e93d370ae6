"""Growth: beside formulas where there are some, and beside sums over finely drawn images where there is none."""

import numpy as np
import pytest

from skycnn.simulate.components import Components
from skycnn.simulate.growth import Growth
from skycnn.simulate.psf import Gaussian
from skycnn.simulate.render import Renderer

SCALES = np.geomspace(0.7, 8, 12)


@pytest.fixture(scope="module")
def growth():
    return Growth((1.0, 12.0), SCALES)


def within(growth, index, radius, aperture):
    return float(growth.within(*(np.array([value], np.float32) for value in (index, radius, aperture)))[0])


@pytest.mark.parametrize("aperture", [1.0, 1.794, 3.0, 7.7, 12.0])
def test_a_point_is_the_blur(growth, aperture):
    assert within(growth, 1.0, 0.0, aperture) == pytest.approx(1 - np.exp(-(aperture**2) / 2), abs=3e-3)


@pytest.mark.parametrize("radius", [0.5, 2.0, 5.0])
def test_a_gaussian_stays_one(growth, radius):
    variance = 1 + radius**2 / (2 * np.log(2))  # Sersic's n = 1/2 has half its light within 1.1774 sigma
    for aperture in (1.5, 4.0, 9.0):
        share = 1 - np.exp(-(aperture**2) / 2 / variance)
        assert within(growth, 0.5, radius, aperture) == pytest.approx(share, abs=5e-3)


@pytest.mark.parametrize(("index", "radius"), [(1.0, 1.3), (2.3, 3.0), (4.0, 2.2), (6.0, 5.5)])
def test_images_agree(growth, index, radius):
    one, side, fine = np.ones((1, 1)), 321, 0.1
    light = Components(np.ones((1, 1, 1)), radius * one, index * one, one, 0 * one)
    image = light.stamps(Renderer([Gaussian(1.0)], fine, side))[0, 0].astype(float)
    place = (np.arange(side) - (side - 1) / 2) * fine
    apart = np.hypot(place, place[:, None])
    for aperture in (1.0, 3.3, 10.0):
        assert within(growth, index, radius, aperture) == pytest.approx(image[apart < aperture].sum(), abs=0.012)
    weights = np.exp(-((apart / SCALES[:, None, None]) ** 2) / 2)[:9]
    found = (image * weights).sum(axis=(1, 2)) / np.sqrt((weights**2).sum(axis=(1, 2)))
    told = growth.quality(np.array([index]), np.array([radius]))[0, :9]
    assert np.allclose(told / told[4], found / found[4], rtol=0.012)


def test_what_lies_outside_the_tables_is_held_at_their_ends(growth):
    assert within(growth, 1.0, 1.0, 0.5) == within(growth, 1.0, 1.0, 1.0)
    assert 0 < within(growth, 1.0, 5000.0, 12.0) < 0.01
