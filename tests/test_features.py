"""features: asinh magnitudes against Pogson's, colours filled in, nothing but numbers out."""

import numpy as np
import pytest

from skycnn import features
from skycnn.features import LARGEST_ERROR, Features, learn

RNG = np.random.default_rng(5)


def galaxies(n=400):
    """A sample of three bands with colours 1.0 and 0.5 and 2 % errors."""
    magnitude = RNG.uniform(18, 21, n)[:, None] - np.array([0.0, 1.0, 1.5])
    flux = 10 ** (-0.4 * (magnitude - 23.9))
    return flux, 0.02 * flux


def fed(flux, error):
    return {"flux": flux, "error": error}


def test_bright_sources_have_pogson_magnitudes_and_errors():
    flux, error = galaxies()
    table = Features(fed(flux, error)).table(fed(100 * flux, error))
    assert table[:, :3] == pytest.approx(-2.5 * np.log10(100 * flux), abs=1e-3)
    assert table[:, 3:6] == pytest.approx(np.tile([1.0, 1.5, 0.5], (400, 1)), abs=1e-3)  # of every pair
    assert table[:, 6:] == pytest.approx(2.5 / np.log(10) * 0.0002 * np.ones((400, 3)), abs=1e-5)


def test_negative_fluxes_have_a_magnitude():
    flux, error = galaxies()
    features = Features(fed(flux, error))
    faint = features.table(fed(np.array([[-0.1, 0.0, 0.1]]), np.ones((1, 3))))
    assert np.isfinite(faint).all()
    assert faint[0, 0] > features.table(fed(np.array([[0.1, 0.0, 0.1]]), np.ones((1, 3))))[0, 0]


def test_a_missing_band_gets_the_median_colours_at_the_rows_brightness():
    flux, error = galaxies()
    features, holed = Features(fed(flux, error)), flux.copy()
    holed[:, 1] = np.nan
    assert features.table(fed(holed, error))[:, :6] == pytest.approx(features.table(fed(flux, error))[:, :6], abs=1e-3)
    assert features.near(fed(holed, error)) == pytest.approx(features.near(fed(flux, error)), abs=0.01)
    assert features.table(fed(holed, np.where(np.isnan(holed), np.nan, error)))[:, 7] == pytest.approx(LARGEST_ERROR)


def test_rows_without_any_band_and_samples_without_a_spread_give_numbers():
    flux, error = galaxies()
    empty = np.full((2, 3), np.nan)
    assert np.isfinite(Features(fed(flux, error)).near(fed(empty, empty))).all()
    assert np.isfinite(Features(fed(flux[:1], error[:1])).near(fed(flux, error))).all()
    assert np.isfinite(Features(fed(empty, empty)).table(fed(flux, error))).all()
    assert Features(fed(flux[:, :1], error[:, :1])).near(fed(flux[:, :1], error[:, :1])).shape == (400, 1)


def test_neighbours_are_looked_for_in_the_best_measured_band():
    flux, error = galaxies()
    error[:, 2] *= 0.1
    assert Features(fed(flux, error)).reference == 2


def test_a_table_is_scaled_for_neighbours_where_a_task_gives_no_coordinates():
    class Shapes:
        def __init__(self, inputs):
            self.seen = inputs

        def table(self, inputs):
            return np.column_stack([inputs["c"], np.ones(len(inputs["c"])), np.full(len(inputs["c"]), np.nan)])

    train = {"c": 5.0 + 2.0 * RNG.standard_normal(20_000)}
    learned = learn(Shapes, train)
    assert learned.table(train).shape == (20_000, 3)
    near = learned.near({"c": np.array([5.0, 7.0, np.nan])})
    assert near == pytest.approx(np.array([[0.0, 0, 0], [1.0, 0, 0], [0.0, 0, 0]]), abs=0.03)
    assert isinstance(learn(Features, fed(*galaxies())), Features)


def test_sets_of_features_and_what_they_need():
    class Redness:
        inputs = ("image", "z")

    assert features.sets(None) == {"": Features}
    assert features.sets(Redness) == {"": Redness}
    assert features.sets({"a": Redness, "b": Features}) == {"a": Redness, "b": Features}
    assert features.kinds(Redness) == ("image", "z")
    assert features.kinds(lambda inputs: None) == ("flux",)


def test_the_inputs_of_a_kind():
    held = {"flux": 1, "error": 2, "z": 3, "image gini 0": 4, "image": 5}
    assert features.of_kinds(held, ("flux",)) == {"flux": 1, "error": 2}
    assert features.of_kinds(held, ("image", "z")) == {"z": 3, "image gini 0": 4, "image": 5}
