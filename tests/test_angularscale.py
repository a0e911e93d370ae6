"""angularscale: as astropy has it, and NaN where there is no redshift."""

import numpy as np
import pytest
from astropy.cosmology import FlatLambdaCDM

from skycnn.shapes.angularscale import FARTHEST, kpc_per_arcsec


def test_it_is_that_of_flat_space():
    z = np.array([1e-3, 0.02, 0.1, 0.23, 0.3, 1.0, 3.0, FARTHEST])
    expected = 1000 * FlatLambdaCDM(70, 0.3, Tcmb0=0).angular_diameter_distance(z).value * np.pi / 648000
    assert kpc_per_arcsec(z) == pytest.approx(expected, rel=1e-4)


def test_what_is_no_redshift_has_none():
    assert np.isnan(kpc_per_arcsec(np.array([-0.1, FARTHEST + 1, np.nan]))).all()
    assert kpc_per_arcsec(np.array([0.0])) == 0
