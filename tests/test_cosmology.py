"""cosmology: distances beside astropy's."""

import numpy as np
import pytest
from astropy.cosmology import FlatLambdaCDM

from skycnn.simulate import cosmology

Z = np.array([0.012, 0.1, 1.0, 3.0, 4.0])
TEXTBOOK = FlatLambdaCDM(70, 0.3)


def test_distance_moduli_are_those_of_the_textbook():
    assert cosmology.distance_modulus(Z) == pytest.approx(TEXTBOOK.distmod(Z).value, abs=1e-3)


def test_lengths_are_those_of_the_textbook():
    assert cosmology.kpc_per_arcsec(Z) == pytest.approx(TEXTBOOK.kpc_proper_per_arcmin(Z).value / 60, rel=1e-3)
    assert 75 * 0.1875 * cosmology.kpc_per_arcsec(np.array(2.0)) == pytest.approx(120, rel=0.02)  # what DeepMerge says
