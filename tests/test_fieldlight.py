"""Light of whole fields as Gaussians on wide pixels."""

import numpy as np
import pytest
from scipy.special import erf

from skycnn import survey
from skycnn.simulate.components import Components
from skycnn.simulate.fieldlight import FieldLight, Spots, gaussians
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer

SCALE, SIDE = 6.336, 32


@pytest.fixture(scope="module")
def renderer():
    sdss = survey.load("sdss")
    return Renderer([psf_of(sdss, band) for band in "ur"], SCALE, SIDE)


def light(*spots, sky=0.0, seeing=1.0, gain=1.0):
    n = len(spots)
    return FieldLight(spots, np.full((n, 2, 3), sky), np.full(n, seeing), np.full((n, 2), gain))


@pytest.mark.parametrize(
    ("index", "radius", "off"),
    [(1.0, 1.5, 0.01), (1.0, 30.0, 0.01), (4.0, 1.5, 0.02), (4.0, 10.0, 0.01), (4.0, 40.0, 0.06)],
)
def test_profiles_are_those_of_sersic(renderer, index, radius, off):
    whole, weight_sigma, place = np.array([50.0, 100.0]), gaussians(index), np.array([[0.2, -0.3]])
    exact = Components(
        whole[None, None], np.full((1, 1), radius), np.full((1, 1), index), np.ones((1, 1)), np.zeros((1, 1))
    ).stamps(renderer, place)
    weight, sigma = weight_sigma
    spots = Spots(np.zeros((len(weight), 2)), weight[:, None] * whole, sigma * radius)
    got = light(spots).stamps(renderer, place)
    assert abs(got - exact).max() < off * exact.max()
    assert got.sum((2, 3)) == pytest.approx(exact.sum((2, 3)), rel=0.02)


def test_ellipses_lie_along_their_angle(renderer):
    spots = Spots(np.zeros((1, 2)), np.full((1, 2), 100.0), np.array([30.0]), np.array([0.5]), np.array([90.0]))
    stamp = light(spots).stamps(renderer)[0, 1]
    place = (np.arange(SIDE) - (SIDE - 1) / 2) * SCALE
    across, along = ((stamp * place**2).sum() / stamp.sum(), (stamp * place[:, None] ** 2).sum() / stamp.sum())
    assert np.sqrt(along) == pytest.approx(30, rel=0.05) and np.sqrt(across) == pytest.approx(15, rel=0.05)


def test_light_lies_where_it_was_put_and_off_the_stamp_it_is_cut(renderer):
    place = np.array([[3 * SCALE, -5 * SCALE], [-SCALE * SIDE / 2, 0.0], [9e3, 0.0]])
    stamp = light(Spots(place, np.full((3, 2), 10.0), np.full(3, 0.3))).stamps(renderer, np.array([[0.5, 0.5]]))[0, 0]
    assert np.unravel_index(stamp.argmax(), stamp.shape) == (11, 19)
    assert stamp[11, 19] == pytest.approx(10, rel=0.02)
    assert stamp[:, 0].sum() == pytest.approx(10, rel=0.02)  # of the second one, on the edge's pixel
    assert stamp.sum() == pytest.approx(20, rel=0.02)


@pytest.mark.parametrize("sigma", [0.1, 0.5, 0.6, 1.9, 2.1, 5.0])
def test_a_spot_is_integrated_over_its_pixels_however_wide(renderer, sigma):
    spot = Spots(np.zeros((1, 2)), np.ones((1, 2)), np.array([sigma * SCALE]))
    peak = light(spot).stamps(renderer)[0, 1].max()  # of a pixel that has a corner at its centre
    psf = renderer.psfs[1].r80 / 1.794 / SCALE
    assert peak == pytest.approx((erf(1 / np.hypot(sigma, psf) / np.sqrt(2)) / 2) ** 2, rel=0.01)


def test_seeing_gain_and_sky_are_a_rows_own(renderer):
    star = Spots(np.zeros((1, 2)), np.full((1, 2), 100.0), np.zeros(1))
    sharp, wide, doubled = (light(star, **kind).stamps(renderer)[0, 1] for kind in ({}, {"seeing": 4.0}, {"gain": 2.0}))
    assert wide.max() < 0.95 * sharp.max() and wide.sum() == pytest.approx(sharp.sum(), rel=0.01)
    assert doubled == pytest.approx(2 * sharp)
    level = light(star, sky=1e-3).stamps(renderer)[0, 1] - sharp
    assert level.mean() == pytest.approx(1e-3 * SCALE**2, rel=1e-3)
    assert level[-1, -1] > level[0, 0]


def test_rows_can_be_taken_and_their_totals_told():
    both = light(*(Spots(np.full((k, 2), 60.0), np.full((k, 2), 1.5), np.ones(k)) for k in (2, 4)), gain=1.1)
    assert both.total()[:, 0] == pytest.approx([3.3, 6.6])
    assert both.take(np.array([1])).total()[0, 0] == pytest.approx(6.6)
    assert both.take(np.array([], int)).total().shape == (0, 2)
    assert both.extent(np.zeros(2), SCALE) == pytest.approx(60 * np.sqrt(2) / SCALE)
