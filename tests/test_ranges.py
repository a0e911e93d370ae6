"""The magnitudes and colours that a network was trained on, and rows outside them."""

import numpy as np

from skycnn.network import ranges

BANDS = ("g", "r")


def fluxes(g, r, relative=0.01):
    flux = 10 ** (-0.4 * (np.array([g, r], float).T.reshape(-1, 2) - 23.9))
    return flux, relative * flux


def test_measured_ranges_are_magnitudes_and_colours_with_a_margin():
    g = np.linspace(18, 20, 1001)
    found = ranges.measure(*fluxes(g, g - 0.5), BANDS)
    assert list(found) == ["g", "r", "g-r"]
    assert np.allclose(found["g"], [18 + 0.002 - 0.1, 20 - 0.002 + 0.1], atol=2e-3)
    assert np.allclose(found["g-r"], [0.4, 0.6], atol=2e-3)


def test_a_band_never_seen_has_no_range():
    flux, error = fluxes(np.linspace(18, 20, 50), np.linspace(18, 20, 50))
    flux[:, 1] = np.nan
    assert list(ranges.measure(flux, error, BANDS)) == ["g"]


def test_rows_are_outside_by_three_of_their_errors():
    trained = {"g": [17.0, 20.0], "g-r": [0.0, 1.0]}
    sigma = 0.01 * 2.5 / np.log(10)
    g = np.array([19.0, 20 + 2.9 * sigma, 20 + 3.1 * sigma, 16.5, 19.0, 19.0])
    r = np.array([18.5, 19.5, 19.5, 16.0, 17.5, 19.5])
    assert ranges.outside(trained, *fluxes(g, r), BANDS).tolist() == [False, False, True, True, True, True]


def test_what_is_not_seen_is_not_outside():
    flux, error = fluxes([25.0, 15.0], [19.0, 19.0])
    error[0, 0] = flux[0, 0]  # a signal of one sigma tells no magnitude
    flux[1, 0] = np.nan
    assert not ranges.outside({"g": [17.0, 20.0], "g-r": [0.0, 1.0]}, flux, error, BANDS).any()
