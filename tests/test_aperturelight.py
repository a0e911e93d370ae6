"""Apertures: circles on pixels beside fine grids, light beside a Gaussian's formula, errors beside drawn noise."""

import numpy as np
import pytest
from scipy.special import ndtr

from skycnn.shapes import aperturelight
from skycnn.shapes.aperturelight import RADII


def gaussian(side, sigma, flux=1.0, centre=(0.0, 0.0)):
    """Return a Gaussian as pixels see it, centre x and y from the stamp's."""
    edge = np.arange(side + 1) - side / 2
    x, y = (np.diff(ndtr((edge - at) / sigma)) for at in centre)
    return flux * y[:, None] * x


@pytest.mark.parametrize("centre", [(0.0, 0.0), (0.31, -0.47), (3.6, 2.2)])
@pytest.mark.parametrize("radius", [0.4, 1.0, 2.5, 6.0])
def test_a_circle_takes_the_exact_share_of_each_pixel(radius, centre):
    edge = np.arange(-5.0, 6.0)
    found = aperturelight.overlap(edge[None] - centre[0], edge[None] - centre[1], radius)[0]
    fine = (np.arange(10 * 200) + 0.5) / 200 - 5
    inside = (fine - centre[0]) ** 2 + (fine[:, None] - centre[1]) ** 2 < radius**2
    exact = inside.reshape(10, 200, 10, 200).mean(axis=(1, 3))
    assert np.abs(found - exact).max() < 4e-3
    if max(np.abs(centre)) + radius < 5:
        assert found.sum() == pytest.approx(np.pi * radius**2, rel=1e-9)


@pytest.mark.parametrize("side", [64, 63, 40])
@pytest.mark.parametrize("sigma", [1.2, 2.5])
def test_light_and_centre_are_those_of_the_formula(side, sigma):
    centre = 0.3, -0.6
    stamps = np.stack([gaussian(side, sigma, flux, centre) + sky for flux, sky in ((1.0, 5.0), (40.0, -2.0))])[None]
    found = aperturelight.measure(stamps)
    assert found.centre[0] == pytest.approx(centre, abs=0.03)
    assert found.sky[0] == pytest.approx([5, -2], abs=1e-5)
    radii = np.array(RADII)
    within = 1 - np.exp(-(radii**2) / 2 / (sigma**2 + 1 / 6))  # light is spread over pixels, and pixels are shared out
    assert found.flux[0, 0] == pytest.approx(within, abs=0.012)
    assert found.flux[0, 1] == pytest.approx(40 * found.flux[0, 0], rel=1e-4)
    fixed = aperturelight.measure(stamps, np.zeros((len(stamps), 2)))
    assert (fixed.centre == 0).all() and fixed.flux[0, 0, 0] < 0.99 * found.flux[0, 0, 0]


def test_errors_are_those_of_the_noise():
    random = np.random.default_rng(3)
    stamps = (7 + 0.2 * random.standard_normal((400, 2, 64, 64))).astype(np.float32)
    found = aperturelight.measure(stamps)
    assert np.median(found.noise) == pytest.approx(0.2, rel=0.02)
    fixed = aperturelight.measure(stamps, np.zeros((len(stamps), 2)))
    scatter = fixed.flux.std(axis=(0, 1))
    assert np.median(found.error, axis=(0, 1)) == pytest.approx(scatter, rel=0.25)
    assert scatter == pytest.approx(0.2 * np.sqrt(np.pi) * np.array(RADII), rel=0.25)


def test_a_structured_sky_makes_errors_larger():
    random = np.random.default_rng(4)
    wave = np.sin(np.arange(64) / 5 + 6 * random.random((50, 1, 64, 1))) * np.sin(np.arange(64) / 5 + 1)
    flat = 0.1 * random.standard_normal((50, 1, 64, 64))
    rough, smooth = (np.median(aperturelight.measure(s).error, axis=(0, 1)) for s in (flat + wave, flat))
    assert (rough[2:] > 3 * smooth[2:]).all()


def test_what_is_absent_is_nan_and_nothing_else():
    random = np.random.default_rng(5)
    stamps = np.stack([gaussian(64, 1.5, 50.0)] * 3)[None].repeat(4, axis=0) + random.normal(0, 0.01, (4, 3, 64, 64))
    whole = aperturelight.measure(stamps)
    stamps[0, 1] = np.nan  # a band
    stamps[1, 0, 32, 37] = np.nan  # a pixel of the largest circles
    stamps[2, 2, :4] = np.nan  # a corner of the border
    found = aperturelight.measure(stamps)
    assert np.isnan(found.flux[0, 1]).all() and np.isnan(found.error[0, 1]).all()
    assert np.isfinite(found.flux[0, [0, 2]]).all()
    assert np.isnan(found.flux[1, 0]).tolist() == [radius > 5 for radius in RADII]
    assert found.flux[2, 2] == pytest.approx(whole.flux[2, 2], abs=0.3)
    assert (found.flux[3] == whole.flux[3]).all()
    nothing = aperturelight.measure(np.full((1, 3, 64, 64), np.nan))
    assert np.isnan(nothing.flux).all() and (nothing.centre == 0).all()
    assert aperturelight.measure(np.zeros((0, 3, 64, 64))).flux.shape == (0, 3, len(RADII))


def test_rows_do_not_depend_on_their_company():
    random = np.random.default_rng(6)
    stamps = random.normal(1, 0.1, (130, 2, 48, 48)).astype(np.float32)
    whole, some = aperturelight.measure(stamps), aperturelight.measure(stamps[100:])
    assert np.allclose(whole.flux[100:], some.flux, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("side", [4, 9, 16])
def test_small_stamps_are_measured_as_far_as_they_reach(side):
    found = aperturelight.measure(gaussian(side, 1.0)[None, None])
    assert found.flux.shape == (1, 1, len(RADII)) and np.isfinite(found.flux).all()
