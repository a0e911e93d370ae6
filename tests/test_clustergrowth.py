"""Growth of clusters' light: the table beside rendered clusters, radii and fluxes beside what was put in."""

import numpy as np
import pytest

from clustered import BANDS, WFC3, clusters, fit, scenes
from skycnn.shapes import aperturelight
from skycnn.simulate.cluster import Cluster
from skycnn.simulate.clustergrowth import GAMMAS
from skycnn.simulate.clusterprofile import EFF
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer

GROWTH = fit()._growth(64)
SMOOTH = np.full((1, 3), 1e-6)


def smooth(radius, gamma=2.5, flux=(300.0, 200.0, 100.0)):
    """Return the stamp of a cluster of countless stars."""
    nothing = np.zeros((0, 2), np.float32), np.zeros((0, 3), np.float32)
    light = scenes([Cluster(*nothing, np.array(flux), radius, EFF(gamma))])
    renderer = Renderer([psf_of(WFC3, band) for band in BANDS], WFC3.pixel_scale, 64)
    return light.stamps(renderer, np.array([[0.2, -0.3]]))


@pytest.mark.parametrize("model", [1, 45, 107])
def test_the_table_is_what_rendered_clusters_show(model):
    radius, gamma = GROWTH.radius[model // len(GAMMAS)], GAMMAS[model % len(GAMMAS)]
    seen = aperturelight.measure(smooth(radius, gamma, (1.0, 1.0, 1.0)), np.array([[0.2, -0.3]]))
    assert np.cumsum(GROWTH.share[model], axis=1) == pytest.approx(seen.flux[0], abs=0.025)
    assert (np.diff(np.cumsum(GROWTH.share[model], axis=1)) > 0).all()


@pytest.mark.parametrize("radius", [0.06, 0.12, 0.2])
def test_radius_and_flux_of_a_cluster_of_countless_stars(radius):
    found = GROWTH.fit(aperturelight.measure(smooth(radius)), np.full(3, 1e4), SMOOTH)
    assert found.probability.sum() == pytest.approx(1)
    assert np.exp(found.probability[0] @ np.log(GROWTH.radius)) == pytest.approx(radius, rel=0.08)
    assert found.flux[0] == pytest.approx([300, 200, 100], rel=0.05)


def test_chance_makes_radii_uncertain_and_a_band_that_is_absent_counts_for_nothing():
    stamps, _ = clusters(12, log_mass=4.5, radius=0.15)
    seen, gain = aperturelight.measure(stamps), np.full(3, 4000.0)
    sure, unsure = (GROWTH.fit(seen, gain, np.full((12, 3), v)).probability for v in (1e-4, 0.1))
    spread = [(p @ np.log(GROWTH.radius) ** 2 - (p @ np.log(GROWTH.radius)) ** 2).mean() for p in (sure, unsure)]
    assert spread[1] > 2 * spread[0]
    stamps[0, 1] = np.nan
    some = GROWTH.fit(aperturelight.measure(stamps), gain, np.full((12, 3), 0.1))
    assert np.isinf(some.variance[0, 1]) and np.isfinite(np.delete(some.variance, 1, axis=1)).all()
    assert np.isfinite(some.probability).all() and np.isfinite(some.common).all()
