"""Starlight: what circles and weights gather of a star, against stars that the renderer draws."""

import numpy as np
import pytest

from skycnn import survey
from skycnn.simulate.components import Components
from skycnn.simulate.optics import psf_of
from skycnn.simulate.psf import Gaussian, Moffat
from skycnn.simulate.psfimage import ImagePSF
from skycnn.simulate.render import Renderer
from skycnn.simulate.starlight import Starlight


def drawn(psf, scale, side=40):
    """Return stars (m, side, side) of unit flux at 64 places in a pixel, and these places (m, 2)."""
    offset = (np.mgrid[0:8, 0:8].reshape(2, -1).T + 0.5) / 8 - 0.5
    ones = np.ones((64, 1))
    light = Components(np.ones((64, 1, 1), np.float32), 1e-4 * ones, ones, ones, 0 * ones)
    return light.stamps(Renderer([psf], scale, side), offset)[:, 0], offset


def circle(side, radius, offset, fine=9):
    steps = (np.arange(side * fine) + 0.5) / fine - side / 2
    inside = np.hypot(steps - offset[0], steps[:, None] - offset[1]) <= radius
    return inside.reshape(side, fine, side, fine).mean(axis=(1, 3))


CSST = survey.load("csst")
PSFS = {
    "a survey's": (psf_of(CSST, "g"), CSST.pixel_scale),
    "narrower than a pixel": (Gaussian.of_fwhm(0.5), 1.0),
    "wide": (Gaussian.of_fwhm(6.0), 1.0),
    "with wings": (Moffat.of_fwhm(3.0, 3.5), 1.0),
    "an image of the pixels": (ImagePSF(np.array([[0, 1, 0], [1, 3, 1], [0, 1, 0]]), 1.0, pixelated=True), 1.0),
}


@pytest.mark.parametrize("name", PSFS)
def test_sums_are_means_over_where_the_star_lies(name):
    psf, scale = PSFS[name]
    stars, offset = drawn(psf, scale)
    starlight = Starlight(psf, scale, 4.0)
    for radius in (1.4, 4.0):
        share = np.stack([circle(40, radius, place) for place in offset])
        gathered, squared = starlight.gathered(radius)
        assert gathered == pytest.approx((share * stars).sum(axis=(1, 2)).mean(), rel=0.01)
        assert squared == pytest.approx((share**2 * stars).sum(axis=(1, 2)).mean(), rel=0.015)
    for exponent in (2, 3):
        assert starlight.power(exponent) == pytest.approx((stars**exponent).sum(axis=(1, 2)).mean(), rel=0.01)


def test_a_wide_aperture_gathers_all_light():
    assert Starlight(Gaussian.of_fwhm(2.0), 1.0, 12.0).gathered(12.0) == pytest.approx((1, 1), abs=1e-3)
