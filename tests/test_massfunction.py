"""massfunction: the number of halos beside colossus's, and the spectrum that it comes from."""

import numpy as np
import pytest

from skycnn import cosmology
from skycnn.simulate import massfunction

LOG_MASS = np.array([13.5, 14.0, 14.3, 14.6, 15.0])
Z = np.array([0.1, 0.2, 0.3])


def test_halos_are_as_many_as_another_program_says():
    theirs = pytest.importorskip("colossus.cosmology.cosmology", exc_type=ImportError)
    mass_function = pytest.importorskip("colossus.lss.mass_function", exc_type=ImportError)
    theirs.setCosmology("ours", flat=True, H0=70, Om0=0.3, Ob0=0.049, sigma8=0.8, ns=0.965, persistence="")
    density = [
        mass_function.massFunction(0.7 * 10**LOG_MASS, z, mdef="500c", model="tinker08", q_out="dndlnM") for z in Z
    ]
    expected = np.array(density) * 0.7**3 * np.log(10) * cosmology.comoving_volume(Z)[:, None]
    assert massfunction.number(LOG_MASS, Z) == pytest.approx(expected, rel=0.05)


def test_structure_grows_as_another_program_says():
    theirs = pytest.importorskip("colossus.cosmology.cosmology", exc_type=ImportError)
    known = theirs.setCosmology("ours", flat=True, H0=70, Om0=0.3, Ob0=0.049, sigma8=0.8, ns=0.965, persistence="")
    z = np.array([0.0, 0.3, 1.0])
    assert massfunction.growth(z) == pytest.approx(known.growthFactor(z), rel=1e-3)


def test_structure_grows_with_the_scale_while_matter_rules():
    assert massfunction.growth(20.0) / massfunction.growth(41.0) == pytest.approx(2, rel=5e-3)
    assert massfunction.growth(0.0) == pytest.approx(1)


def test_the_spread_within_eight_megaparsecs_is_sigma8():
    radius = 8 / cosmology.HUBBLE
    mass = 4 / 3 * np.pi * radius**3 * 1e9 * cosmology.CRITICAL * cosmology.MATTER
    grid, log_sigma, slope = massfunction._spread()
    assert np.exp(np.interp(np.log10(mass), grid, log_sigma)) == pytest.approx(massfunction.SIGMA8, rel=2e-3)
    assert (slope > 0).all()


def test_waves_longer_than_all_horizons_pass():
    wavenumber = np.array([1e-5, 1e-3, 0.1, 1.0])
    passed = massfunction.transfer(wavenumber)
    assert passed[0] == pytest.approx(1, abs=1e-3)
    assert (np.diff(passed) < 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (3, 5)])
def test_numbers_have_a_row_a_redshift(shape):
    z, mass = shape
    whole = massfunction.number(np.linspace(13.5, 15, mass), np.linspace(0.1, 0.3, z))
    assert whole.shape == shape
    assert (np.diff(whole, axis=1) < 0).all()  # more massive, fewer
    assert (np.diff(whole, axis=0) > 0).all()  # there is more room farther away
