"""Points: stamps beside the exact sum of shifted PSFs."""

import numpy as np
import pytest

from skycnn.simulate import psf
from skycnn.simulate.components import Components
from skycnn.simulate.points import Points, shared
from skycnn.simulate.psfimage import ImagePSF
from skycnn.simulate.render import Renderer

OFF = np.outer(*[[0, 1, 4, 6, 4, 1]] * 2)  # its light lies off its middle
CASES = {
    "space": ((psf.Gaussian.of_fwhm(0.177), psf.Gaussian.of_fwhm(0.217)), 0.074, 32),
    "ground": ((psf.Moffat.of_fwhm(0.7, 3.5), psf.Gaussian.of_fwhm(0.9)), 0.2, 33),
    "narrow": ((psf.Gaussian.of_fwhm(0.05), psf.Gaussian.of_fwhm(0.1)), 0.1, 21),
    "image": ((ImagePSF(OFF, 0.1, pixelated=True),), 0.1, 24),
}


def exact(renderer, place, flux, offset):
    """Return the stamp (band, side, side) of points as components of no radius."""
    one = np.ones((1, len(place)))
    return Components(flux[None], 0 * one, one, one, 0 * one, place[None]).stamps(renderer, offset)[0].astype(float)


@pytest.mark.parametrize("count", [1, 5, 200])
@pytest.mark.parametrize("case", CASES)
def test_a_stamp_is_the_sum_of_shifted_psfs(case, count):
    psfs, scale, side = CASES[case]
    renderer, rng = Renderer(psfs, scale, side), np.random.default_rng(count)
    place, flux = rng.normal(0, side * scale / 6, (count, 2)), rng.uniform(0.1, 1, (count, len(psfs)))
    offset = rng.uniform(-0.5, 0.5, (1, 2))
    ours = Points.of([place], [flux]).stamps(renderer, offset)[0]
    theirs = exact(renderer, place, flux, offset)
    assert (np.abs(ours - theirs).max(axis=(1, 2)) < 0.006 * theirs.max(axis=(1, 2))).all()
    assert ours.sum(axis=(1, 2)) == pytest.approx(theirs.sum(axis=(1, 2)), rel=1e-3)


def test_points_off_the_stamp_give_their_wings_alone():
    renderer = Renderer([psf.Moffat.of_fwhm(0.7, 3.5)], 0.2, 24)
    place, flux = np.array([[3.0, 0.0], [0.0, -1e3], [1e9, 0.0]]), np.array([[50.0], [7.0], [7.0]])
    light = Points.of([place], [flux])
    ours = light.stamps(renderer)[0]
    theirs = exact(renderer, place[:1], flux[:1], None)
    assert np.abs(ours - theirs).max() < 0.006 * theirs.max()
    assert light.total() == pytest.approx(np.array([[64.0]]))


def test_light_far_off_does_not_come_back_on_the_other_side():
    seen = [psf.Moffat.of_fwhm(0.7, 3.5)]
    place = np.array([[0.0, 0.0], [4.4, 0.0], [-3.8, 3.9], [0.0, -5.6]])
    flux = np.array([[1.0], [5.0], [5.0], [5.0]])
    ours = Points.of([place], [flux]).stamps(Renderer(seen, 0.2, 24))[0]
    theirs = exact(Renderer(seen, 0.2, 96), place, flux, None)[:, 36:60, 36:60]
    assert np.abs(ours - theirs).max() < 0.006 * theirs.max()


def test_light_is_shared_out_by_how_near_the_nodes_are():
    light = shared(np.array([[1.25, 2.0], [-0.1, 1.0], [1.0, 3.0]]), np.array([[4.0, 8.0], [1.0, 1.0], [1.0, 1.0]]), 4)
    expected = np.zeros((2, 4, 4))
    expected[:, 2, 1:3] = [[3.0, 1.0], [6.0, 2.0]]
    assert np.array_equal(light, expected)
