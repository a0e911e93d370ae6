"""features: asinh magnitudes against Pogson's, colours filled in, nothing but numbers out."""

import numpy as np
import pytest

from skycnn.features import LARGEST_ERROR, Features

RNG = np.random.default_rng(5)


def galaxies(n=400):
    """A sample of three bands with colours 1.0 and 0.5 and 2 % errors."""
    magnitude = RNG.uniform(18, 21, n)[:, None] - np.array([0.0, 1.0, 1.5])
    flux = 10 ** (-0.4 * (magnitude - 23.9))
    return flux, 0.02 * flux


def test_bright_sources_have_pogson_magnitudes_and_errors():
    flux, error = galaxies()
    table = Features(flux, error).table(100 * flux, error)
    assert table[:, :3] == pytest.approx(-2.5 * np.log10(100 * flux), abs=1e-3)
    assert table[:, 3:5] == pytest.approx(np.tile([1.0, 0.5], (400, 1)), abs=1e-3)
    assert table[:, 5:] == pytest.approx(2.5 / np.log(10) * 0.0002 * np.ones((400, 3)), abs=1e-5)


def test_negative_fluxes_have_a_magnitude():
    flux, error = galaxies()
    features = Features(flux, error)
    faint = features.table(np.array([[-0.1, 0.0, 0.1]]), np.ones((1, 3)))
    assert np.isfinite(faint).all()
    assert faint[0, 0] > features.table(np.array([[0.1, 0.0, 0.1]]), np.ones((1, 3)))[0, 0]


def test_a_missing_band_gets_the_median_colours_at_the_rows_brightness():
    flux, error = galaxies()
    features, holed = Features(flux, error), flux.copy()
    holed[:, 1] = np.nan
    assert features.table(holed, error)[:, :5] == pytest.approx(features.table(flux, error)[:, :5], abs=1e-3)
    assert features.near(holed, error) == pytest.approx(features.near(flux, error), abs=0.01)
    assert features.table(holed, np.where(np.isnan(holed), np.nan, error))[:, 6] == pytest.approx(LARGEST_ERROR)


def test_rows_without_any_band_and_samples_without_a_spread_give_numbers():
    flux, error = galaxies()
    empty = np.full((2, 3), np.nan)
    assert np.isfinite(Features(flux, error).near(empty, empty)).all()
    assert np.isfinite(Features(flux[:1], error[:1]).near(flux, error)).all()
    assert np.isfinite(Features(empty, empty).table(flux, error)).all()
    assert Features(flux[:, :1], error[:, :1]).near(flux[:, :1], error[:, :1]).shape == (400, 1)


def test_neighbours_are_looked_for_in_the_best_measured_band():
    flux, error = galaxies()
    error[:, 2] *= 0.1
    assert Features(flux, error).reference == 2
