"""halos: one potential, and what follows from it."""

import numpy as np
import pytest

from skycnn.simulate.halos import GRAVITY, KMS, Halos

R = np.geomspace(0.05, 300, 40)
HALO = Halos.of(200.0, 60.0, 1.0)


def test_gravity_has_its_units():
    from astropy import constants, units

    unit = units.kpc**3 / (1e10 * units.Msun * units.Myr**2)
    assert constants.G.to_value(unit) == pytest.approx(GRAVITY, rel=1e-4)
    assert (1 * units.km / units.s).to_value(units.kpc / units.Myr) == pytest.approx(KMS, rel=1e-6)


def test_the_pull_is_the_slope_of_the_potential():
    step = 1e-4 * R
    slope = (HALO.potential(R + step) - HALO.potential(R - step)) / (2 * step)
    assert R * HALO.pull(R) == pytest.approx(slope, rel=1e-6)


def test_the_density_is_that_of_the_mass_within():
    step = 1e-4 * R
    shell = (HALO.enclosed(R + step) - HALO.enclosed(R - step)) / (2 * step)
    assert 4 * np.pi * R**2 * HALO.density(R) == pytest.approx(shell, rel=1e-5)
    assert HALO.enclosed(np.array(1e7)) == pytest.approx(HALO.mass, rel=1e-4)
    assert HALO.enclosed(np.array(60.0)) == pytest.approx(HALO.mass / 2, rel=0.01)


def test_stars_circle_at_one_speed():
    assert HALO.circular(np.array([4.0, 6.0, 10.0])) / KMS == pytest.approx(190, rel=0.06)
