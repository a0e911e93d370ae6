"""Aperture photometry as features: names, half-light radii, and that a forest learns colours from it."""

import numpy as np
import pytest

from classical import few_trees  # noqa: F401
from skycnn import baselines, features
from skycnn.shapes import aperturefeatures
from skycnn.shapes.aperturefeatures import ApertureFeatures
from skycnn.shapes.aperturelight import RADII
from test_aperturelight import gaussian


def clusters(n, seed=0):
    """Return stamps (n, 2, 64, 64), the colour of each and its width in pixels."""
    random = np.random.default_rng(seed)
    colour, width = random.uniform(-1, 1, n), random.uniform(1, 4, n)
    light = np.stack([gaussian(64, sigma, 100.0) for sigma in width])
    stamps = np.stack([light, light * 10 ** (0.4 * colour)[:, None, None]], axis=1)
    return (stamps + random.normal(3, 0.02, stamps.shape)).astype(np.float32), colour, width


def test_each_radius_and_band_has_its_numbers():
    stamps, *_ = clusters(3)
    found = ApertureFeatures.measure({"image": stamps})
    assert features.kinds(ApertureFeatures) == ("image",)
    assert len(found) == 2 * (2 * len(RADII) + 1)
    assert all(values.shape == (3,) and values.dtype == np.float32 for values in found.values())
    assert found["image flux 10 0"] == pytest.approx(found["image flux 6 0"], rel=0.4)
    assert set(ApertureFeatures.measure({"image": np.zeros((0, 2, 64, 64))})) == set(found)


def test_the_radius_of_half_the_light_is_the_formula_s():
    stamps, _, width = clusters(40)
    found = ApertureFeatures.measure({"image": stamps})["image half 1"]
    seen = np.hypot(width, np.sqrt(1 / 12))
    expected = seen * np.sqrt(-2 * np.log(0.5 + 0.5 * np.exp(-50 / seen**2)))  # of the light within 10 pixels
    assert found == pytest.approx(expected, rel=0.1)
    assert np.isnan(aperturefeatures.half_light(np.array([np.full(6, -1.0), np.full(6, np.nan)]))).all()


def test_magnitudes_colours_and_concentrations_are_finite_and_told_by_brightness():
    stamps, colour, _ = clusters(60)
    stamps[1, 0] = np.nan
    inputs = ApertureFeatures.measure({"image": stamps})
    learned = ApertureFeatures(inputs)
    table = learned.table(inputs)
    assert table.shape == (60, 2 * 6 + 2 * 5 + 2 + 2 + 2) and table.dtype == np.float32
    assert np.isfinite(table[2:]).all() and np.isnan(table[1]).any() and np.isfinite(table[1]).any()
    assert table[2:, 23] == pytest.approx(colour[2:], abs=0.05)
    bare = {name: np.full(4, np.nan, np.float32) for name in inputs}
    assert np.isnan(ApertureFeatures(bare).table(bare)).all()


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("name", ["forest", "extratrees", "boosting", "knn"])
def test_baselines_learn_from_it(name):
    if not baselines.available(name):
        pytest.skip("scikit-learn is not installed")
    (stamps, colour, _), (others, truth, _) = clusters(250), clusters(60, 1)
    baseline = baselines.build(name, features=ApertureFeatures)
    baseline.fit(ApertureFeatures.measure({"image": stamps}), colour)
    answer = baseline.answer(ApertureFeatures.measure({"image": others}))
    assert np.abs(answer.value - truth).mean() < 0.15
