"""Aperture: honest errors, the survey's depth, no loss of signal to noise, and the same without pixels."""

import numpy as np
import pytest

from skycnn import survey
from skycnn.simulate.aperture import AperturePhotometry, circles
from skycnn.simulate.components import Components
from skycnn.simulate.correlation import Correlation
from skycnn.simulate.noise import Noise
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer

CSST = survey.load("csst")
SCALE, SIDE = CSST.pixel_scale, 32
BANDS = ("NUV", "g", "i", "y")
PSFS = [psf_of(CSST, band) for band in BANDS]
NOISE = Noise.of(CSST, BANDS)
PHOTOMETRY = AperturePhotometry(NOISE, [psf.r80 for psf in PSFS], SCALE, SIDE)
RENDER = Renderer(PSFS, SCALE, SIDE)


def galaxies(n, index, radius, magnitude, ratio=1.0):
    flux = 10 ** (0.4 * (23.9 - magnitude))
    one = np.ones((n, 1))
    return Components(np.full((n, 1, len(PSFS)), flux), radius * one, index * one, ratio * one, 30 * one)


def offsets(n):
    return np.random.default_rng(n).uniform(-0.5, 0.5, (n, 2))


@pytest.mark.parametrize(
    ("radius", "x", "y"), [(1.82, 0.0, 0.0), (1.3, 0.31, -0.44), (7.7, 0.2, 0.5), (15.5, -0.5, 0.1)]
)
def test_circles_share_pixels_as_a_fine_grid_does(radius, x, y):
    fine = (np.arange(SIDE * 25) + 0.5) / 25 - SIDE / 2
    inside = np.hypot(fine - x, (fine - y)[:, None]) < radius
    expected = inside.reshape(SIDE, 25, SIDE, 25).mean(axis=(1, 3))
    found = circles(np.array([radius]), np.array([[x, y]]), SIDE)[0]
    assert np.abs(found - expected).max() < 0.03
    assert found.sum() == pytest.approx(np.pi * radius**2, rel=0.005)


def test_stars_have_the_depth_of_the_survey():
    n = 1000
    stars, offset = galaxies(n, 1.0, 0.0, 25.0), offsets(n)
    clean = stars.stamps(RENDER, offset)
    dark = NOISE.add(np.zeros_like(clean), 11, np.arange(n))
    for band, name in enumerate(BANDS):
        radius = np.full(n, CSST.r80[name])
        light = PHOTOMETRY.measure(clean, offset, radius).flux[:, band].mean() / 10 ** (0.4 * (23.9 - 25))
        sky = PHOTOMETRY.measure(dark, offset, radius)
        assert light == pytest.approx(0.78, abs=0.01)  # the circle's share of pixels at its edge blurs once more
        error = sky.error[:, band].mean()
        own = light * 10 ** (0.4 * (23.9 - CSST.depth[name])) / CSST.electrons[name]  # of the star's own photons
        limit = 23.9 - 2.5 * np.log10(5 * np.hypot(error, np.sqrt(own)) / light)
        assert limit == pytest.approx(CSST.depth[name], abs=0.03)
        assert sky.flux[:, band].std() == pytest.approx(error, rel=0.06)


@pytest.mark.parametrize(
    ("index", "radius", "magnitude", "ratio"), [(1.0, 0.3, 24.0, 0.6), (4.0, 0.4, 23.0, 1.0), (1.0, 0.0, 21.0, 1.0)]
)
def test_errors_are_honest(index, radius, magnitude, ratio):
    n = 1500
    offset = offsets(n)
    clean = galaxies(n, index, radius, magnitude, ratio).stamps(RENDER, offset)
    found = PHOTOMETRY.measure(NOISE.add(clean, 12, np.arange(n)), offset)
    true = PHOTOMETRY.measure(clean, offset, found.radius)
    pull = (found.flux - true.flux) / found.error
    assert np.abs(pull.mean(axis=0)).max() < 0.15  # the aperture's size leans a little on the noise
    assert np.abs(pull.mean()) < 0.06
    assert np.abs(pull.std(axis=0) - 1).max() < 0.06
    assert pull.std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("index", "radius"), [(1.0, 0.3), (1.0, 0.6), (4.0, 0.3), (1.0, 0.0), (0.5, 0.2)])
def test_the_aperture_loses_no_signal_to_noise(index, radius):
    n, band = 20, 2
    offset = offsets(n)
    clean = galaxies(n, index, radius, 25.0).stamps(RENDER, offset)

    def signal(measured):
        return (measured.flux[:, band] / measured.error[:, band]).mean()

    best = max(signal(PHOTOMETRY.measure(clean, offset, np.full(n, r))) for r in np.geomspace(0.1, 1.1, 40))
    assert signal(PHOTOMETRY.measure(clean, offset)) > 0.98 * best


def test_apertures_stay_on_the_stamp():
    found = PHOTOMETRY.measure(galaxies(3, 1.0, 3.0, 18.0).stamps(RENDER, offsets(3)), offsets(3))
    assert np.allclose(found.radius, (SIDE / 2 - 0.5) * SCALE)


@pytest.mark.parametrize(
    ("index", "radius", "ratio"), [(1.0, 0.3, 1.0), (4.0, 0.3, 0.8), (1.0, 0.0, 1.0), (1.0, 0.4, 0.5)]
)
def test_without_pixels_it_is_the_same(index, radius, ratio):
    n = 60
    light, offset = galaxies(n, index, radius, 23.0, ratio), offsets(60)
    seen, told = PHOTOMETRY.measure(light.stamps(RENDER, offset), offset), light.expected(PHOTOMETRY)
    room = 0.02 if ratio > 0.6 else 0.05
    assert np.allclose(told.flux.mean(axis=0), seen.flux.mean(axis=0), rtol=room)
    assert np.allclose(told.error.mean(axis=0), seen.error.mean(axis=0), rtol=room + 0.01)
    assert told.radius.mean() == pytest.approx(seen.radius.mean(), rel=room)
    signal = ((one.flux / one.error).mean(axis=0) for one in (told, seen))
    assert np.allclose(*signal, rtol=0.03)


def test_observed_errors_are_honest():
    n = 40_000
    light = galaxies(n, 1.0, 0.3, 24.0)
    true = light.expected(PHOTOMETRY)
    found = PHOTOMETRY.observed(true, np.random.default_rng(0).standard_normal(true.flux.shape))
    pull = (found.flux - true.flux) / found.error
    assert np.abs(pull.mean(axis=0)).max() < 0.03
    assert np.abs(pull.std(axis=0) - 1).max() < 0.03


def test_correlated_noise_has_larger_errors():
    lag = np.hypot(*np.meshgrid(np.arange(-4, 5), np.arange(-4, 5)))
    noise = Noise.of(CSST, BANDS, correlation=Correlation.of(np.exp(-(lag**2) / 4)))
    photometry = AperturePhotometry(noise, [psf.r80 for psf in PSFS], SCALE, SIDE)
    n, radius = 600, np.full(600, 0.5)
    blank = np.zeros((n, len(PSFS), SIDE, SIDE), np.float32)
    found = photometry.measure(noise.add(blank, 3, np.arange(n)), None, radius)
    assert (found.flux / found.error).std() == pytest.approx(1, abs=0.04)
    assert found.error[0, 0] > 1.3 * PHOTOMETRY.measure(blank[:1], None, radius[:1]).error[0, 0]


def test_a_galaxy_is_measured_by_itself():
    offset = offsets(9)
    images = NOISE.add(galaxies(9, 1.0, 0.3, 23.0).stamps(RENDER, offset), 4, np.arange(9))
    whole, part = PHOTOMETRY.measure(images, offset), PHOTOMETRY.measure(images[4:6], offset[4:6])
    assert np.array_equal(whole.flux[4:6], part.flux)
    assert np.array_equal(whole.error[4:6], part.error)


def test_none_is_no_error():
    none = PHOTOMETRY.measure(np.empty((0, len(BANDS), SIDE, SIDE), np.float32), np.empty((0, 2)))
    assert (none.flux.shape, none.error.shape, none.radius.shape) == ((0, len(BANDS)), (0, len(BANDS)), (0,))
    assert galaxies(0, 1.0, 0.3, 23.0).expected(PHOTOMETRY).flux.shape == (0, len(BANDS))
