"""Transfer functions and widths against GalSim's."""

import numpy as np
import pytest

from skycnn.simulate import psf

ROUND = {
    "gaussian": psf.Gaussian(0.3),
    "moffat": psf.Moffat.of_fwhm(0.7, 3.5),
    "moffat of heavy wings": psf.Moffat.of_fwhm(1.2, 1.8),
}


def oracle(seen):
    """Return GalSim's PSF of the same parameters."""
    galsim = pytest.importorskip("galsim", reason="GalSim is not installed")
    if isinstance(seen, psf.Gaussian):
        return galsim.Gaussian(sigma=seen.sigma)
    strict = galsim.GSParams(kvalue_accuracy=1e-7, maximum_fft_size=8192)
    return galsim.Moffat(beta=seen.beta, scale_radius=seen.alpha, gsparams=strict)


@pytest.mark.parametrize("name", ROUND)
def test_the_transfer_function_is_galsims(name):
    seen, theirs = ROUND[name], oracle(ROUND[name])
    k = np.linspace(0, 1.2 * seen.limit(1e-3), 50)
    assert seen.radial(k) == pytest.approx([theirs.kValue(one, 0).real for one in k], abs=2e-6)
    grid = seen.transfer(k[:3], k[:4])
    assert (grid.shape, grid.dtype) == ((4, 3), np.float64)
    assert grid[3, 2] == pytest.approx(theirs.kValue(k[2], k[3]).real, abs=2e-6)


@pytest.mark.parametrize("name", ROUND)
def test_the_widths_are_galsims(name):
    seen, theirs = ROUND[name], oracle(ROUND[name])
    assert seen.fwhm == pytest.approx(theirs.fwhm, rel=1e-6)


@pytest.mark.parametrize(("kind", "shape"), [(psf.Gaussian, ()), (psf.Moffat, (2.5,))])
def test_a_width_makes_the_psf_that_has_it(kind, shape):
    assert kind.of_r80(0.15, *shape).r80 == pytest.approx(0.15, rel=1e-6)
    assert kind.of_fwhm(0.9, *shape).fwhm == pytest.approx(0.9, rel=1e-6)


def test_the_r80_holds_four_fifths():
    moffat, gaussian = psf.Moffat.of_r80(0.15, 3.0), psf.Gaussian.of_r80(0.15)
    radius = np.linspace(0, 0.15, 20001)
    light = (moffat.beta - 1) / (np.pi * moffat.alpha**2) * (1 + (radius / moffat.alpha) ** 2) ** -moffat.beta
    assert np.trapezoid(2 * np.pi * radius * light, radius) == pytest.approx(0.8, abs=1e-6)
    light = np.exp(-(radius**2) / (2 * gaussian.sigma**2)) / (2 * np.pi * gaussian.sigma**2)
    assert np.trapezoid(2 * np.pi * radius * light, radius) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize("name", ROUND)
@pytest.mark.parametrize("tolerance", [1e-2, 1e-4])
def test_beyond_the_limit_there_is_less(name, tolerance):
    seen = ROUND[name]
    limit = seen.limit(tolerance)
    assert np.abs(seen.radial(limit * np.linspace(1.0001, 3, 50))).max() <= tolerance
    assert seen.radial(np.array(limit * 0.999)) > tolerance
