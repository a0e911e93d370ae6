"""The grid of stars beside points, which are exact."""

import numpy as np
import pytest

from skycnn import survey
from skycnn.simulate import stargrid
from skycnn.simulate.optics import psf_of
from skycnn.simulate.points import Points
from skycnn.simulate.psf import Gaussian, Moffat
from skycnn.simulate.render import Renderer

WFC3 = survey.load("m83-wfc3")
RENDERERS = {
    "wfc3": Renderer([psf_of(WFC3, band) for band in WFC3.bands], WFC3.pixel_scale, 64),
    "ground": Renderer([Gaussian.of_fwhm(0.7), Moffat.of_fwhm(0.8, 3.5)], 0.2, 31),
}


@pytest.mark.parametrize("name", RENDERERS)
def test_stars_are_seen_as_points_are(name):
    renderer, rng = RENDERERS[name], np.random.default_rng(2)
    place = rng.uniform(-renderer.side / 2 + 1, renderer.side / 2 - 1, (300, 2))
    flux = rng.exponential(1.0, (300, len(renderer.psfs)))
    seen = stargrid.of(renderer).stamp(place, flux)
    exact = Points.of([place * renderer.pixel_scale], [flux]).stamps(renderer)[0]
    peak = exact.max(axis=(1, 2), keepdims=True)
    assert (np.abs(seen - exact) <= 0.02 * peak).all()
    # Wings that leave the grid come back on its other side.
    assert seen.sum(axis=(1, 2)) == pytest.approx(exact.sum(axis=(1, 2)), rel=0.03)


def test_a_renderer_has_one_grid():
    assert stargrid.of(RENDERERS["wfc3"]) is stargrid.of(RENDERERS["wfc3"])
    assert stargrid.of(RENDERERS["wfc3"]) is not stargrid.of(RENDERERS["ground"])
