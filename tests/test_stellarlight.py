"""stellarlight: what particles shine with, behind dust."""

from dataclasses import replace

import numpy as np
import pytest

from skycnn.cosmology import distance_modulus
from skycnn.simulate import stellarlight
from skycnn.simulate.starsystem import OLD, YOUNG, StarSystem
from skycnn.simulate.stellarlight import Stars
from skycnn.survey import Survey

# Its one band has its pivot where 5500 Angstrom of a galaxy at z = 2 are seen.
SURVEY = Survey("x", "x", ("B", "V"), 0.1875, {}, {}, {}, wavelength={"B": 8100.0, "V": 16500.0})
GALAXY = StarSystem(
    mass=5.0, bulge=0.3, disc=4.0, bulge_radius=1.0, youth=1.0, warmth=0.2, arms=0.5, winding=0.4, dust=0.7
)


def stars(galaxy, count=3000, burst=0.0, fading=1.0):
    place, _, kind = galaxy.stars(np.random.default_rng(0), count)
    extra = np.where(kind == YOUNG, burst / max((kind == YOUNG).sum(), 1), 0.0)
    return Stars([galaxy], np.zeros(count, int), kind, place, extra, fading)


def test_light_without_dust_is_that_of_the_luminosity():
    some = stars(replace(GALAXY, dust=0.0))
    flux, _ = some.seen(np.random.default_rng(1), SURVEY, ["V"], 2.0)
    magnitude = 4.81 - 2.5 * np.log10(GALAXY.luminosity.sum() * 1e10) + distance_modulus(2.0) - 2.5 * np.log10(3)
    assert 23.9 - 2.5 * np.log10(flux.sum()) == pytest.approx(magnitude, abs=0.002)


def test_bursts_add_and_fading_takes():
    def light(**words):
        return stars(GALAXY, **words).luminosity(np.random.default_rng(1))[0].sum()

    assert light(burst=2.0) - light() == pytest.approx(2.0 * 5.0)
    assert light() - light(fading=0.25) == pytest.approx(0.75 * 5.0)


def test_clumps_hold_a_share_of_the_young_light():
    shares = []
    for seed in range(40):
        light, clump = stars(GALAXY).luminosity(np.random.default_rng(seed))
        assert 3 <= clump.sum() <= 12
        shares.append(light[clump].sum() / 5.0)
    assert min(shares) > 0.1 and max(shares) < 0.55 and np.std(shares) > 0.05


def test_dust_reddens_and_dims_young_light_most():
    bare, dusty = (stars(replace(GALAXY, dust=dust)) for dust in (0.0, 1.5))
    one, other = (part.seen(np.random.default_rng(1), SURVEY, ["B", "V"], 2.0)[0] for part in (bare, dusty))
    dimmed = -2.5 * np.log10(other.sum(0) / one.sum(0))
    assert 0.2 < dimmed[1] < dimmed[0] < 3
    assert (other <= one).all()
    edge = replace(dusty, place=dusty.place[:, [0, 2, 1]])
    assert edge.seen(np.random.default_rng(1), SURVEY, ["V"], 2.0)[0].sum() < other[:, 1].sum()


def test_clouds_are_wide_where_they_are_alone():
    some = stars(GALAXY)
    far = replace(some, place=some.place + np.where(np.arange(3000)[:, None] == 5, [40.0, 0, 0], 0))
    blur = far.seen(np.random.default_rng(1), SURVEY, ["V"], 2.0)[1]
    assert blur[5] in (stellarlight.CELL, stellarlight.SHARPEST)
    assert np.median(blur[some.kind == OLD]) < 0.7 * stellarlight.CELL


def test_one_galaxy_of_two():
    two = stars(GALAXY)
    two = replace(two, systems=[GALAXY, replace(GALAXY, mass=1.0)], owner=np.arange(3000) % 2)
    second = two.of(1)
    assert len(second.kind) == 1500 and second.systems[0].mass == 1.0 and (second.owner == 0).all()
    assert second.luminosity(np.random.default_rng(0))[0].sum() == pytest.approx(2.0)
