"""cosmology: distances beside astropy's."""

import numpy as np
import pytest
from astropy.cosmology import FlatLambdaCDM

from skycnn import cosmology

Z = np.array([0.012, 0.1, 1.0, 3.0, 4.0])
TEXTBOOK = FlatLambdaCDM(70, 0.3)


def test_distance_moduli_are_those_of_the_textbook():
    assert cosmology.distance_modulus(Z) == pytest.approx(TEXTBOOK.distmod(Z).value, abs=1e-3)


def test_lengths_are_those_of_the_textbook():
    assert cosmology.kpc_per_arcsec(Z) == pytest.approx(TEXTBOOK.kpc_proper_per_arcmin(Z).value / 60, rel=1e-3)
    assert 75 * 0.1875 * cosmology.kpc_per_arcsec(np.array(2.0)) == pytest.approx(120, rel=0.02)  # what DeepMerge says


def test_volumes_and_distances_are_those_of_the_textbook():
    expected = TEXTBOOK.differential_comoving_volume(Z).value
    assert cosmology.comoving_volume(Z) == pytest.approx(expected, rel=1e-3)
    assert cosmology.comoving_distance(Z) == pytest.approx(TEXTBOOK.comoving_distance(Z).value, rel=1e-3)


def test_rates_and_densities_are_those_of_the_textbook():
    cold = FlatLambdaCDM(70, 0.3, Tcmb0=0)
    assert cosmology.expansion(Z) == pytest.approx(cold.efunc(Z), rel=1e-12)
    assert cosmology.matter_density(Z) == pytest.approx(cold.Om(Z), rel=1e-12)
    assert cosmology.critical_density(Z) == pytest.approx(cold.critical_density(Z).to("Msun/kpc3").value, rel=1e-4)


def test_a_halo_is_500_times_as_dense_as_critical_within_its_radius():
    log_mass, z = np.array([14.0, 14.5, 15.0]), np.array([0.1, 0.2, 0.3])
    radius = cosmology.r500(log_mass, z)
    within = 10**log_mass / (4 / 3 * np.pi * radius**3)
    assert within / TEXTBOOK.critical_density(z).to("Msun/kpc3").value == pytest.approx(500, rel=1e-3)
