"""What an image of a PSF does, and which are refused."""

import numpy as np
import pytest

from skycnn.simulate import psf
from skycnn.simulate.psfimage import ImagePSF, core


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
