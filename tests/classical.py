"""What tests of the baselines share: galaxies whose colour is their redshift, and baselines by name."""

import numpy as np
import pytest

from skycnn import baselines
from skycnn.baselines import boosting, forest


def sky(n=600, seed=0):
    """Return fluxes of three bands whose colour is the redshift, some absent."""
    random = np.random.default_rng(seed)
    z = random.uniform(0, 1, n)
    flux = 10 ** random.uniform(1, 2, n)[:, None] * 10 ** (0.4 * z[:, None] * np.array([0.0, 1.0, 3.0]))
    error = 0.01 * flux
    flux = flux + error * random.standard_normal(flux.shape)
    flux[random.random(flux.shape) < 0.02] = np.nan
    return {"flux": flux, "error": np.where(np.isnan(flux), np.nan, error)}, z


def made(name, classes=False):
    """Return a baseline, or skip the test."""
    if not baselines.available(name):
        pytest.skip("scikit-learn is not installed")
    return baselines.build(name, classes)


@pytest.fixture
def few_trees(monkeypatch):
    """Make trees quick: for what they do, not for how well."""
    monkeypatch.setattr(boosting, "STEPS", 60)
    monkeypatch.setattr(forest, "TREES", 20)
