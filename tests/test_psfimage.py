"""What an image of a PSF does, and which are refused."""

import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.simulate import psf
from skycnn.simulate.psfimage import ImagePSF, check, core


def test_an_image_has_the_transfer_function_of_what_it_shows():
    gaussian, scale = psf.Gaussian(0.2), 0.08
    y, x = (np.indices((41, 33)) - np.array([20, 16])[:, None, None]) * scale
    image = ImagePSF(7 * np.exp(-((x - 0.1) ** 2 + (y + 0.05) ** 2) / (2 * 0.2**2)), scale, pixelated=False)
    kx, ky = np.linspace(-30, 30, 7), np.linspace(-20, 20, 5)
    expected = gaussian.transfer(kx, ky) * np.exp(-1j * (0.1 * kx - 0.05 * ky[:, None]))
    assert np.abs(image.transfer(kx, ky) - expected).max() < 1e-5
    assert image.limit(1e-3) == pytest.approx(gaussian.limit(1e-3), rel=0.02)
    assert image.transfer(np.array([40.0]), np.array([0.0])) == 0  # finer than its pixels


@pytest.mark.parametrize("pixels", [np.ones(5), np.full((3, 3), np.nan), -np.ones((3, 3)), np.zeros((3, 3))])
def test_what_is_no_image_of_a_psf_is_refused(pixels):
    with pytest.raises(ValueError, match="two-dimensional, finite and of positive sum"):
        ImagePSF(pixels, 0.1, pixelated=False)


def test_an_image_tells_its_widths_and_where_its_star_is():
    gaussian, scale = psf.Gaussian(0.2), 0.02
    y, x = (np.indices((122, 130)) - np.array([61.3, 60.8])[:, None, None]) * scale
    pixels = np.exp(-(x**2 + y**2) / (2 * 0.2**2))
    assert core(pixels) == pytest.approx((61.3, 60.8), abs=0.05)
    image = ImagePSF(pixels, scale, pixelated=False, centre=core(pixels))
    assert (image.r80, image.fwhm) == pytest.approx((gaussian.r80, gaussian.fwhm), rel=0.02)
    k = np.array([-5.0, 0.0, 5.0])
    assert np.abs(image.transfer(k, k) - gaussian.transfer(k, k)).max() < 0.01  # no phase: the star is in the middle


def seen(kind, fwhm, place, side=65):
    """Return an image of a profile sampled at the middles of pixels: a Gaussian, or Moffat's of a beta."""
    square = np.square(np.indices((side, side)) - (side - 1) / 2 - np.reshape(place, (2, 1, 1))).sum(axis=0)
    if kind is None:
        return np.exp(-4 * np.log(2) * square / fwhm**2)
    return (1 + square / psf.Moffat.of_fwhm(fwhm, kind).alpha ** 2) ** -kind


@pytest.mark.parametrize("kind", [None, 2.5, 3.5, 4.8])
@pytest.mark.parametrize("fwhm", [2.5, 2.7, 3.3, 5.0, 9.3, 30.0])
def test_the_width_is_finer_than_the_pixels(kind, fwhm):
    for place in np.random.default_rng(5).uniform(-0.5, 0.5, (12, 2)):
        image = ImagePSF(seen(kind, fwhm, place), 0.074, pixelated=False)
        assert image.fwhm == pytest.approx(0.074 * fwhm, rel=0.02)


def test_noise_and_the_edges_leave_the_width():
    noise = 0.002 * np.random.default_rng(6).standard_normal((65, 65))
    assert ImagePSF(seen(3.5, 4.0, (0.3, 0.1)) + noise, 1.0, pixelated=False).fwhm == pytest.approx(4, rel=0.02)
    assert ImagePSF(seen(None, 4.0, (-26.0, 27.0)), 1.0, pixelated=False).fwhm == pytest.approx(4, rel=0.02)
    flat = ImagePSF(np.ones((400, 400)), 1.0, pixelated=False)
    assert flat.fwhm == pytest.approx(400 * np.sqrt(4 / np.pi), rel=0.01)


@pytest.mark.parametrize("side", [1, 5])
def test_light_of_one_pixel_has_a_width(side):
    image = ImagePSF(np.pad([[1.0]], side // 2), 0.1, pixelated=True)
    assert image.r80 == pytest.approx(0.1 * np.sqrt(0.8 / np.pi))
    assert 0.03 < image.fwhm < 0.15


@pytest.mark.parametrize(
    ("scale", "fwhm", "told"),
    [
        (
            0.002,
            100.0,
            r"psf\.fits is too fine for the stamps: 0\.002 arcsec a pixel \(expected 0\.003125 or more",
        ),
        (
            0.01,
            3.0,
            r"psf\.fits has a star of another size: FWHM 0\.03\d* arcsec, 0\.15 of .*\(expected 0\.2 to 300 p",
        ),
    ],
)
def test_an_image_that_does_not_suit_the_survey_is_told(scale, fwhm, told):
    image = ImagePSF(seen(None, fwhm, (0, 0)), scale, pixelated=False)
    with pytest.raises(InputError, match=told):
        check(image, 0.2, "psf.fits")
    check(image, 2 * scale, "psf.fits")


def test_memory_is_not_spent_on_detail_without_end():
    image = ImagePSF(seen(None, 3.0, (0, 0)), 1e-8, pixelated=False)
    k = np.linspace(0, 1, 8192)
    with pytest.raises(InputError, match=r"1e-08 arcsec a pixel is too fine to draw with"):
        image.transfer(k, np.concatenate([k, -k]))
