"""SSP: clusters drawn star by star beside integrals."""

import numpy as np
import pytest

from skycnn.simulate import draws, isochrones
from skycnn.simulate.imf import IMF
from skycnn.simulate.ssp import FAINT, SSP

TABLE, KROUPA = isochrones.load(), IMF.of()
AGES = (6.62, 7.0, 7.37, 8.0, 9.0, 10.1)


def light(population, mass, seed, row):
    """Return the light (band,) of a drawn cluster."""
    stars, faint = population.drawn(mass, draws.generator(seed, row, "cluster"))
    return population.isochrone.luminosity(stars).sum(axis=0) + faint * population.faint


@pytest.mark.parametrize("age", AGES)
def test_clusters_of_a_million_suns_have_the_light_of_the_integral(age):
    population = SSP(TABLE.at(age), KROUPA)
    found = np.mean([light(population, 1e6, 3, row) for row in range(60 if age < 8 else 8)], axis=0)
    magnitude = -2.5 * np.log10(found / 1e6 / population.light)
    assert np.abs(magnitude).max() < 0.02
    assert np.abs(magnitude[:-1] - magnitude[1:]).max() < 0.02  # the colours


@pytest.mark.parametrize("age", AGES)
def test_small_clusters_are_no_fainter_on_average(age):
    population = SSP(TABLE.at(age), KROUPA)
    many = np.array([light(population, 3e3, 5, row) for row in range(1000)]) / 3e3 / population.light
    error = many.std(axis=0) / np.sqrt(len(many))
    assert (np.abs(many.mean(axis=0) - 1) < 4 * error + 0.003).all()


@pytest.mark.parametrize("age", AGES)
def test_the_light_scatters_as_chance_has_it(age):
    """Of one mass altogether: a heavy star that is dark takes the place of many that shine."""
    population, mass = SSP(TABLE.at(age), KROUPA), 5e3
    many = np.array([light(population, mass, 6, row) for row in range(1200)])
    births = np.geomspace(0.08, 120, 2_000_001)
    between, stars = births[1:], KROUPA.density(births[1:]) * np.diff(births)
    away = population.isochrone.luminosity(between) - population.light * between[:, None]
    assert np.var(many, axis=0) == pytest.approx(mass * stars @ away**2, rel=0.2)
    together = (stars[:, None] * away).T @ away
    assert population.covariance == pytest.approx(together, rel=0.01)


def test_the_mass_is_the_one_that_was_asked_for():
    for age, mass in ((6.7, 3e3), (8.0, 5e4), (10.0, 2e4)):
        population = SSP(TABLE.at(age), KROUPA)
        for row in range(20):
            stars, faint = population.drawn(mass, draws.generator(1, row, "cluster"))
            assert stars.sum() + faint == pytest.approx(mass, abs=60)
            assert stars.min() >= population.boundary
            share = KROUPA.mass(np.array([population.boundary]), KROUPA.edge[-1:])[0]
            assert stars.sum() / mass == pytest.approx(share, abs=0.25)


def test_the_slope_is_kept():
    population = SSP(TABLE.at(7.5), KROUPA)
    stars, _ = population.drawn(1e6, draws.generator(2, 0, "cluster"))
    low = population.boundary
    few = [((stars > low * factor) & (stars < 2 * low * factor)).sum() for factor in (1, 2)]
    assert 1 + np.log2(few[0] / few[1]) == pytest.approx(2.3, abs=0.08)
    expected = 1e6 * KROUPA.number(np.array([low]), KROUPA.edge[-1:])[0]
    assert len(stars) == pytest.approx(expected, abs=5 * np.sqrt(expected))


@pytest.mark.parametrize("age", AGES)
def test_below_the_boundary_lies_a_hundredth_of_the_variance(age):
    population = SSP(TABLE.at(age), KROUPA)
    mass = np.linspace(0.08, population.isochrone.mass[-1], 400_001)
    square = KROUPA.density(mass)[:, None] * population.isochrone.luminosity(mass) ** 2
    share = square[mass < population.boundary].sum(axis=0) / square.sum(axis=0)
    assert (share < 1.1 * FAINT).all()
    assert share.max() > 0.3 * FAINT
    faint = KROUPA.density(mass)[:, None] * population.isochrone.luminosity(mass) * np.gradient(mass)[:, None]
    below = KROUPA.mass(KROUPA.edge[:1], np.array([population.boundary]))[0]
    whole = faint[mass < population.boundary].sum(axis=0) / below
    assert population.faint == pytest.approx(whole, rel=0.01)


def test_a_cluster_is_a_function_of_its_generator():
    population = SSP(TABLE.at(7.1), KROUPA)
    one, other = (population.drawn(1e4, draws.generator(9, 4, "cluster")) for _ in range(2))
    assert np.array_equal(one[0], other[0])
    assert one[1] == other[1]
