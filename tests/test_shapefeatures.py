"""Features of shapes: which numbers each set has, and that both measure once."""

import numpy as np

from skycnn import features
from skycnn.shapes import measured
from skycnn.shapes.shapefeatures import Extended, Shapes
from stampgalaxies import galaxies

_, NOISY = galaxies(6, seed=4)
IMAGE = {"image": NOISY.reshape(3, 2, 75, 75)}


def test_both_sets_measure_once():
    assert Shapes.measure is Extended.measure
    assert features.kinds(Shapes) == features.kinds(Extended) == ("image",)


def test_shapes_are_four_numbers_a_band_and_everything_is_all():
    inputs = {**Shapes.measure(IMAGE), "redshift": np.ones(3)}
    inputs["image gini 1"][0] = np.inf
    four, everything = Shapes(inputs), Extended(inputs)
    assert four.names == [
        f"image {name} {band}" for band in range(2) for name in ("concentration", "asymmetry", "gini", "m20")
    ]
    assert everything.names == measured.names(2)
    table = four.table(inputs)
    assert table.shape == (3, 8) and table.dtype == np.float32
    assert np.isnan(table[0, 6]) and np.isfinite(table[1:]).all()
    np.testing.assert_array_equal(table[:, 0], inputs["image concentration 0"])


def test_neighbours_are_looked_for_in_the_scaled_table():
    inputs = Shapes.measure(IMAGE)
    place = features.learn(Shapes, inputs).near(inputs)
    assert place.shape == (3, 8) and np.isfinite(place).all()
