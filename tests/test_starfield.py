"""The disc about a cluster: its stars beside the mass function, its light beside that of all its stars, its noise."""

from dataclasses import replace

import numpy as np
import pytest

from skycnn import survey
from skycnn.simulate import draws
from skycnn.simulate.absorption import cardelli
from skycnn.simulate.dustlanes import DustLanes
from skycnn.simulate.starclusters import draw
from skycnn.simulate.starfield import EDGES, LEVELS, StarField, units

WFC3 = survey.load("m83-wfc3")
CLEAR = DustLanes(0.0, 0.0, 0.0, 0.0, 1.0, (0.0, 0.0, 0.0))
SCALE = WFC3.pixel_scale


@pytest.fixture(scope="module")
def disc():
    (field,) = draw(WFC3, WFC3.bands, 1, [0], "all").light.fields
    return field.disc


def flat(disc, mass):
    law = cardelli(np.array([WFC3.wavelength[band] for band in WFC3.bands]))
    return StarField(disc, np.full(len(EDGES) - 1, mass), CLEAR, law, np.zeros(2))


def test_a_star_of_magnitude_zero_has_the_flux_of_its_vega_magnitude():
    assert np.allclose(units([0.0, 1.0], 0.0), 3631e6 * 10 ** (-0.4 * np.array([0.0, 1.0])), rtol=1e-3)


def test_stars_drawn_and_smooth_light_have_the_light_of_all_stars(disc):
    field, half = flat(disc, 300.0), 3.0
    whole = sum(population.light for population in disc.populations) * disc.unit * 300.0 * (2 * half) ** 2
    random = draws.generator(1, 0, "field")
    drawn = np.mean([field.stars(half, random)[1].sum(axis=0) for _ in range(200)], axis=0)
    smooth = field.mass @ disc.smooth * (2 * half) ** 2
    assert np.abs((drawn + smooth) / whole - 1).max() < 0.05
    assert (smooth > 0.005 * whole).all()


def test_every_star_drawn_lies_within_the_field_and_all_brighter_ones_are_drawn(disc):
    field = flat(disc, 1000.0)
    place, flux = field.stars(1.5, draws.generator(2, 0, "field"))
    assert np.abs(place).max() <= 1.5
    bright = (flux > disc.limit).any(axis=1)
    assert bright.mean() > 0.7  # a giant of its mass may be fainter than a lighter one
    expected = field.mass[:, None] * disc.noise[0][:, 2, 12] * 9.0  # of each span, brighter by a magnitude in F814W
    seen = (flux[:, 2] > disc.limit[2] * 10**0.4).sum()
    assert abs(seen - expected.sum() / len(field.mass)) < 5 * np.sqrt(seen)


def test_squares_of_the_stars_that_count_as_noise_are_those_of_stars_drawn(disc):
    """By Campbell's theorem the variance is their sum times that of a star's squared pixels."""
    steady = np.diff(10 ** np.array(EDGES))
    field = replace(flat(disc, 0.0), mass=1e5 * steady / steady.sum())  # 210 solar masses a square parsec
    flux = np.concatenate([field.stars(1.6, draws.generator(3, row, "field"))[1] for row in range(40)])
    level = 20  # 3 mag brighter than what is drawn one by one
    for band, (limit, squares) in enumerate(zip(disc.limit, np.tensordot(field.mass, disc.noise[1], 1), strict=True)):
        here = (flux[:, band] > limit) & (flux[:, band] < limit * 10 ** (0.4 * LEVELS[level]))
        drawn = (flux[here, band] ** 2).sum() / (40 * 3.2**2)
        assert here.sum() > 300
        assert abs(drawn / (squares[level] - squares[8]) - 1) < 0.15
    variance = field.variance(np.array([0.1, 0.2, 0.3]), 1e-9, SCALE)  # so small a stamp has nothing that stands out
    assert np.allclose(variance, np.tensordot(field.mass, disc.noise[1], 1)[:, 0] * [0.1, 0.2, 0.3] * SCALE**2)


def test_smooth_light_has_the_mean_that_it_should_and_dust_dims_the_blue_most(disc):
    field = flat(disc, 500.0)
    mean = field.mass @ disc.smooth * SCALE**2
    light = [field.light(64, SCALE, np.zeros(2), draws.generator(4, row, "light")) for row in range(30)]
    assert np.abs(np.mean(light, axis=(0, 2, 3)) / mean - 1).max() < 0.05
    thick = StarField(disc, field.mass, DustLanes(2.0, 0.0, 0.0, 0.0, 1.0, (0.0, 0.0, 0.0)), field.law, np.zeros(2))
    left = thick.light(64, SCALE, np.zeros(2), draws.generator(4, 0, "light")).mean(axis=(1, 2)) / light[0].mean(
        axis=(1, 2)
    )
    assert (np.diff(left) > 0).all()
