"""orbit: two galaxies that pass or become one."""

import numpy as np
import pytest

from skycnn.simulate import orbit
from skycnn.simulate.halos import GRAVITY, Halos


def pair(ratio=1.0):
    speed = 200 * np.array([1.0, ratio ** (1 / 3)])
    return Halos.of(speed, 60 * speed / 200, np.ones(2))


def test_without_friction_energy_and_pericentre_are_kept(monkeypatch):
    monkeypatch.setattr(orbit, "COULOMB", 0.0)
    way = orbit.follow(pair(0.5), 100.0, 0.95, 12.0)
    assert way.pericentre == pytest.approx(12.0, abs=0.05)
    assert way.coalescence is None
    apart = way.place[:, 1] - way.place[:, 0]
    speed = (apart[2:] - apart[:-2]) / 2
    joint = Halos(pair(0.5).mass.sum(), np.hypot(*pair(0.5).radius) / np.sqrt(2), np.sqrt(2.0))
    energy = 0.5 * (speed**2).sum(1) + joint.potential(np.hypot(*apart[1:-1].T))
    deep = abs(joint.potential(np.array(12.0)))
    assert np.ptp(energy) < 2e-3 * deep
    assert energy.mean() == pytest.approx(-(1 - 0.95**2) * abs(joint.potential(np.array(100.0))), abs=1e-3 * deep)


def test_the_centre_of_mass_rests():
    way = orbit.follow(pair(0.3), 100.0, 1.0, 8.0)
    assert np.abs((pair(0.3).mass[:, None] * way.place).sum(1)).max() < 1e-9


def test_friction_makes_them_one_and_wide_or_unequal_pairs_later():
    times = {}
    for ratio, wide in ((1.0, 5.0), (1.0, 10.0), (1.0, 20.0), (0.3, 10.0)):
        way = orbit.follow(pair(ratio), 100.0, 1.0, wide)
        times[ratio, wide] = way.coalescence - way.closest
        apart = np.hypot(*(way.place[:, 1] - way.place[:, 0]).T)
        assert (apart[way.coalescence :] < orbit.ONE).all() and apart[way.coalescence - 1] >= orbit.ONE
        assert len(way.place) > way.coalescence + 1000
    assert times[1.0, 5.0] < times[1.0, 10.0] < times[1.0, 20.0]
    assert times[1.0, 10.0] < times[0.3, 10.0]
    assert 300 < times[1.0, 10.0] < 600  # what COULOMB was chosen by


def test_a_fast_pair_parts_for_good():
    way = orbit.follow(pair(), 100.0, 1.8, 15.0)
    assert way.coalescence is None
    assert way.pericentre == pytest.approx(15.0, abs=0.5)
    assert np.hypot(*(way.place[-1, 1] - way.place[-1, 0])) > 300


def test_friction_is_chandrasekhars():
    """At one point, by hand: both galaxies' friction on the relative motion."""
    from scipy.special import erf

    both, r, v = pair(0.5), np.array(15.0), 0.3
    one, other = (Halos(*(part[k] for part in (both.mass, both.radius, both.softening))) for k in (0, 1))
    dense = one.enclosed(np.array(r)) * other.density(np.array(r)) + other.enclosed(np.array(r)) * one.density(
        np.array(r)
    )
    swift = v / 0.2
    wanted = 4 * np.pi * GRAVITY**2 * orbit.COULOMB * dense / v**2
    wanted *= erf(swift) - 2 * swift / np.sqrt(np.pi) * np.exp(-(swift**2))
    got = orbit._friction(both)(15.0) * (erf(swift) - 2 / np.sqrt(np.pi) * swift * np.exp(-(swift**2))) / v**3 * v
    assert got == pytest.approx(float(wanted), rel=1e-3)


def test_an_orbit_that_is_none():
    with pytest.raises(ValueError, match="no orbit from 20 kpc passes at 19"):
        orbit.follow(pair(), 20.0, 0.5, 19.0)
