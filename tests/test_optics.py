import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from skycnn import survey
from skycnn.errors import InputError
from skycnn.simulate.components import Components
from skycnn.simulate.optics import psf_of
from skycnn.simulate.psf import Gaussian, Moffat
from skycnn.simulate.render import Renderer

CSST = survey.load("csst")


@pytest.mark.parametrize("band", CSST.bands)
def test_csst_has_both_its_widths(band):
    psf = psf_of(CSST, band)
    seen = Gaussian(np.sqrt(psf.sigma**2 + CSST.pixel_scale**2 / 12))
    assert seen.r80 == pytest.approx(CSST.r80[band], rel=1e-9)
    assert seen.fwhm == pytest.approx(CSST.psf[band], rel=0.01)
    fine, side = 5, 305  # the pixel's fifths
    optics = Renderer([psf], CSST.pixel_scale / fine, side)
    light = Components(np.ones((1, 1, 1)), *(np.full((1, 1), value) for value in (0.0, 1.0, 1.0, 0.0)))
    star = uniform_filter(light.stamps(optics)[0, 0].astype(float), fine)
    place = (np.arange(side) - side // 2) * CSST.pixel_scale / fine
    within = star[np.hypot(place, place[:, None]) < CSST.r80[band]].sum()
    assert within == pytest.approx(0.8, abs=0.015)


def test_both_widths_make_a_moffat_profile():
    told = Moffat.of_fwhm(0.8, 2.7)
    where = survey.parse(
        f'name = "a"\nbands = ["x"]\npixel_scale = 0.2\npsf = {{ x = 0.8 }}\nr80 = {{ x = {told.r80} }}\n'
        "depth = { x = 24 }\nextinction = { x = 1 }",
        "a.toml",
        cited=False,
    )
    psf = psf_of(where, "x")
    assert isinstance(psf, Moffat)
    assert psf.beta == pytest.approx(2.7, rel=1e-6)
    assert 0.96 < psf.fwhm / 0.8 < 0.99  # the pixel is taken off
    assert psf.r80 / psf.fwhm == pytest.approx(told.r80 / 0.8, rel=1e-6)


def test_the_ground_has_wings():
    psf = psf_of(survey.load("sdss"), "r")
    assert isinstance(psf, Moffat)
    assert psf.fwhm == pytest.approx(survey.load("sdss").psf["r"], rel=0.03)
    assert psf.r80 / psf.fwhm > 1.05 * Gaussian(1.0).r80 / Gaussian(1.0).fwhm


def test_a_band_that_is_none():
    with pytest.raises(InputError, match="csst has no band q"):
        psf_of(CSST, "q")
