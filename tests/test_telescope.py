"""A telescope's PSF beside closed forms, and beside the encircled energy that STScI publishes."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.special import j0, j1

from skycnn import survey
from skycnn.simulate.components import Components
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer
from skycnn.simulate.telescope import ARCSEC, Telescope, annulus

WFC3 = survey.load("m83-wfc3")
TABLE = Path(__file__).parents[2] / "shared" / "data" / "psf" / "wfc3uvis2_ee.csv"
with_data = pytest.mark.skipif(not TABLE.exists(), reason=f"{TABLE.name} is not at hand")


def pupil(obscuration, side=512):
    """Return the transfer function along x of an annular pupil, by correlation of its picture."""
    x = (np.arange(side) - side / 2 + 0.5) / (side / 4)
    apart = np.hypot(x, x[:, None])
    open_ = ((apart < 1) & (apart > obscuration)).astype(float)
    power = np.abs(np.fft.fft2(open_)) ** 2
    whole = np.fft.ifft2(power).real[0, : side // 2]
    return np.arange(side // 2) / (side / 2), whole / whole[0]


@pytest.mark.parametrize("obscuration", [0.0, 0.1, 0.33, 0.6])
def test_an_annulus_is_the_overlap_of_pupils(obscuration):
    nu, whole = pupil(obscuration)
    assert annulus(nu, obscuration) == pytest.approx(whole, abs=0.01)
    assert annulus(np.array([0.0, 1.0, 3.0]), obscuration) == pytest.approx([1, 0, 0], abs=1e-9)


def test_a_clear_mirror_makes_airys_disc():
    psf = Telescope(2.0, 0.0, 5000.0)
    disc = 5000e-10 / 2.0 / ARCSEC  # lambda / D
    assert psf.fwhm == pytest.approx(1.029 * disc, rel=1e-3)
    assert psf.within(np.array([1.2197 * disc]))[0] == pytest.approx(0.8378, abs=2e-3)  # in the first dark ring
    r = np.array([0.4, 1.0, 2.0]) * disc
    v = np.pi * r / disc
    light = (2 * j1(v) / v) ** 2
    k = np.linspace(0, psf.end, 20_001)
    seen = np.trapezoid(k * psf.radial(k) * j0(np.outer(r, k)), k, axis=1)
    assert seen / np.trapezoid(k * psf.radial(k), k) == pytest.approx(light, abs=1e-4)


def test_blur_and_halo():
    psf = Telescope(2.4, 0.33, 4000.0, blur=0.03, halo=0.2, halo_width=0.3)
    k = np.array([0.0, 5.0, 40.0, 1e4])
    mirror = Telescope(2.4, 0.33, 4000.0).radial(k)
    assert psf.radial(k) == pytest.approx(mirror * np.exp(-((0.03 * k) ** 2) / 2) * (0.8 + 0.2 * np.exp(-0.3 * k)))
    assert psf.radial(np.array([psf.limit(1e-3), 1.01 * psf.limit(1e-3)])).min() < 1e-3
    assert psf.within(np.array([psf.r80]))[0] == pytest.approx(0.8, abs=1e-6)


@with_data
@pytest.mark.parametrize("band", WFC3.bands)
def test_encircled_energy_of_wfc3(band):
    """Within 0.02 at every radius of the table, 0.04 to 2 arcsec, on the stamps that are drawn."""
    with TABLE.open() as lines:
        rows = list(csv.DictReader(lines))
    row = next(row for row in rows if row["FILTER"] == band)
    radius, share = np.array([(float(key[5:]), float(row[key])) for key in row if key.startswith("APER#")])[:-1].T
    fine, side = 5, 501  # fifths of a pixel
    scale = WFC3.pixel_scale / fine
    star = Components(np.ones((1, 1, 1), np.float32), *(np.full((1, 1), value) for value in (0.0, 1.0, 1.0, 0.0)))
    place = (np.arange(side) - side // 2) * scale
    light = star.stamps(Renderer([psf_of(WFC3, band)], scale, side))[0, 0].astype(float)
    kernel = np.ones(fine) / fine
    light = np.apply_along_axis(np.convolve, 0, light, kernel, mode="same")
    light = np.apply_along_axis(np.convolve, 1, light, kernel, mode="same")
    apart = np.hypot(place, place[:, None])
    within = np.array([(light * np.clip((r - apart) / scale + 0.5, 0, 1)).sum() for r in radius])
    assert np.abs(within - share).max() < 0.02


@pytest.mark.parametrize("band", WFC3.bands)
def test_the_survey_tells_the_widths_of_its_telescope(band):
    psf = psf_of(WFC3, band)
    assert isinstance(psf, Telescope)
    blur = np.hypot(psf.blur, WFC3.pixel_scale / np.sqrt(12))
    pixels = Telescope(psf.mirror, psf.obscuration, psf.wavelength, blur, psf.halo, psf.halo_width)
    assert pixels.fwhm == pytest.approx(WFC3.psf[band], rel=0.005)
    assert pixels.r80 == pytest.approx(WFC3.r80[band], rel=0.005)
