"""The mass function beside sums, and the slopes of what is drawn."""

import numpy as np
import pytest

from skycnn.simulate.imf import IMF, KROUPA

KROUPAS = IMF.of()


def test_a_solar_mass_of_stars_weighs_one():
    mass = np.geomspace(0.08, 120, 200_001)
    between, wide = np.sqrt(mass[1:] * mass[:-1]), np.diff(mass)
    stars = KROUPAS.density(between) * wide
    assert (stars * between).sum() == pytest.approx(1, rel=1e-6)
    assert stars.sum() == pytest.approx(KROUPAS.number(mass[:1], mass[-1:])[0], rel=1e-6)
    low, high = np.array([0.2, 0.4, 3.0]), np.array([0.3, 1.0, 20.0])
    for k in range(3):
        here = (between > low[k]) & (between < high[k])
        assert stars[here].sum() == pytest.approx(KROUPAS.number(low, high)[k], rel=1e-3)
        assert (stars * between)[here].sum() == pytest.approx(KROUPAS.mass(low, high)[k], rel=1e-3)


def test_its_parts_meet():
    for edge in KROUPAS.edge[1:-1]:
        before, after = KROUPAS.density(np.array([edge * (1 - 1e-9), edge * (1 + 1e-9)]))
        assert before == pytest.approx(after, rel=1e-6)


def maximum_likelihood(mass, low, high):
    """Return the exponent of a power law between two masses that makes those drawn most likely."""
    here = mass[(mass > low) & (mass < high)]
    slopes = np.linspace(0.5, 3.5, 3000)  # never 1, where the power law's integral is a logarithm
    power = 1 - slopes
    whole = (high**power - low**power) / power
    likely = -len(here) * np.log(whole) - slopes * np.log(here).sum()
    return slopes[likely.argmax()], len(here)


@pytest.mark.parametrize("least", [0.08, 0.2, 0.5, 4.0])
def test_the_slopes_are_those_of_what_is_drawn(least):
    mass = KROUPAS.masses(np.random.default_rng(7).random(100_000), least)
    assert least <= mass.min() < 1.001 * least
    assert mass.max() < 120
    edges = [*(edge for edge, _ in KROUPA), 120.0]
    for k, (_, slope) in enumerate(KROUPA):
        low, high = max(edges[k], least), edges[k + 1]
        if low < high:
            found, n = maximum_likelihood(mass, low, high)
            assert found == pytest.approx(slope, abs=4 * 1.3 / np.sqrt(n)), (least, low)


def test_masses_rise_with_chance():
    chance = np.linspace(0, 1, 1001, endpoint=False)
    mass = KROUPAS.masses(chance, 0.3)
    assert (np.diff(mass) > 0).all()
    heavier = [KROUPAS.number(np.array([m]), np.array([120.0]))[0] for m in mass[::100]]
    assert np.array(heavier) / heavier[0] == pytest.approx(1 - chance[::100], abs=1e-9)
