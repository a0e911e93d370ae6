"""starsystem: a galaxy's stars, where they are and how they move."""

import numpy as np
import pytest

from skycnn.simulate import starsystem
from skycnn.simulate.encounter import Encounter, integrate
from skycnn.simulate.halos import KMS, Halos
from skycnn.simulate.starsystem import BULGE, OLD, YOUNG, StarSystem

GALAXY = StarSystem(
    mass=5.0, bulge=0.3, disc=4.0, bulge_radius=1.0, youth=1.0, warmth=0.2, arms=0.5, winding=0.4, dust=0.7
)
COUNT = 20_000


@pytest.fixture(scope="module")
def stars():
    return GALAXY.stars(np.random.default_rng(0), COUNT)


def test_half_of_each_population_lies_within_its_radius(stars):
    place, _, kind = stars
    away = np.hypot(*place[:, :2].T)
    assert np.median(away[kind == OLD]) == pytest.approx(4.0, rel=0.03)
    assert np.median(away[kind == YOUNG]) == pytest.approx(5.2, rel=0.03)
    assert np.median(away[kind == BULGE]) == pytest.approx(1.0, rel=0.15)  # the profile is cut far out
    assert (np.bincount(kind) / COUNT).tolist() == pytest.approx(starsystem.SHARES, abs=1e-3)


def test_the_disc_spins_and_the_bulge_does_not(stars):
    place, velocity, kind = stars
    turn = place[:, 0] * velocity[:, 1] - place[:, 1] * velocity[:, 0]
    speed = turn / np.hypot(*place[:, :2].T)
    far = np.hypot(*place[:, :2].T) > 4
    assert np.median(speed[(kind == OLD) & far]) / KMS == pytest.approx(0.94 * GALAXY.speed, rel=0.05)
    assert np.std(velocity[(kind == OLD) & far, 2]) / KMS < 40
    assert abs(np.median(speed[kind == BULGE])) / KMS < 5


def test_it_stays_as_it_is_where_nothing_disturbs_it(stars):
    place, velocity, kind = (part[::5] for part in stars)
    halo = GALAXY.halo
    lonely = Halos(np.array([halo.mass, 0]), np.array([halo.radius, 1]), np.ones(2))
    seen = integrate([Encounter(lonely, np.zeros((602, 2, 3)), place, velocity, np.array([600]))])[0][0]
    for population in (OLD, YOUNG, BULGE):
        here = kind == population
        before, after = (np.median(np.linalg.norm(part[here], axis=1)) for part in (place, seen))
        assert after == pytest.approx(before, rel=0.15)
        assert np.abs(seen[here, 2]).mean() == pytest.approx(np.abs(place[here, 2]).mean(), rel=0.2)


def test_spheroids_have_no_disc():
    round_ = StarSystem.drawn(np.random.default_rng(1), 8.0, spheroid=True)
    place, _, kind = round_.stars(np.random.default_rng(2), 4000)
    assert round_.bulge == 1 and round_.luminosity[OLD] == 0 and round_.youth < 0.2
    assert set(kind.tolist()) == {YOUNG, BULGE}
    widths = place[kind == BULGE].std(axis=0)
    assert widths.max() < 1.2 * widths.min()


def test_sizes_scatter_about_the_published_ones():
    rng = np.random.default_rng(3)
    drawn = [StarSystem.drawn(rng, 5.0) for _ in range(600)]
    sizes = np.log10([galaxy.disc for galaxy in drawn])
    assert (sizes.mean(), sizes.std()) == (pytest.approx(np.log10(4.0), abs=0.03), pytest.approx(0.18, abs=0.02))
    assert all(0 <= galaxy.bulge <= 0.5 for galaxy in drawn)
    assert drawn[0].luminosity.sum() == pytest.approx(5.0 * (1 + drawn[0].youth))


def test_turns_are_rotations_of_any_direction():
    rng = np.random.default_rng(4)
    turns = np.stack([starsystem.turn(rng) for _ in range(500)])
    assert np.linalg.det(turns) == pytest.approx(1)
    assert np.abs(turns.mean(axis=0)).max() < 0.1
    assert np.linalg.norm(starsystem.directions(rng, 50), axis=1) == pytest.approx(1)
