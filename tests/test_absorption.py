import numpy as np
import pytest

from skycnn.simulate import absorption


def test_dust_is_calzettis():
    k = absorption.calzetti(np.array([1500.0, 5500.0, 6299.9, 6300.1, 22000.0, 40000.0]))
    assert k[1] == pytest.approx(absorption.R_V, abs=0.02)  # A_V = R_V E(B-V)
    assert k[0] == pytest.approx(10.33, abs=0.05)  # eq. 4 at 1500 Angstrom, by hand
    assert k[2] == pytest.approx(k[3], abs=0.1)
    assert 0 <= k[5] < k[4] < 0.4


def test_dust_goes_on_straight_beyond_the_law():
    k = absorption.calzetti(np.array([1000.0, 1100.0, 1200.0]))
    assert k[0] - k[1] == pytest.approx(k[1] - k[2], rel=1e-6)
    assert k[0] > k[2]


def test_hydrogen_takes_what_madau_found():
    seen = absorption.hydrogen(np.array([1216.0 * 4 + 5, 1100.0 * 4, 900.0 * 4]), 3.0)
    assert seen[0] == 1
    assert seen[1] == pytest.approx(np.exp(-0.0036 * (4400 / 1215.67) ** 3.46), rel=1e-3)
    assert seen[2] == pytest.approx(np.exp(-0.49 - 0.27), abs=0.01)  # four lines, and what ionises; by hand


def test_hydrogen_takes_more_from_farther_and_nothing_from_here():
    wavelength = np.array([3500.0])
    assert np.all(np.diff([absorption.hydrogen(wavelength, z)[0] for z in (1.5, 2, 2.5, 3, 3.5)]) < 0)
    assert absorption.hydrogen(np.array([1300.0, 5000.0]), 0.0) == pytest.approx(1)
