"""Correlation: noise has the covariance that it was asked for, GalSim's with the same image."""

from pathlib import Path

import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.simulate import draws
from skycnn.simulate.correlation import Correlation

ACS = Path(__file__).parents[2] / "shared" / "data" / "galaxies" / "acs_I_unrot_sci_20_cf.fits"


def boxed():
    """Return the covariance of white noise averaged over 3 x 2 pixels, variance 7: a triangle in y times one in x."""
    y, x = np.mgrid[-3:4, -3:4]
    return 7 * np.maximum(1 - abs(y) / 3, 0) * np.maximum(1 - abs(x) / 2, 0)


def measured(correlation, side, count, bands=2):
    """Return the mean of the products of pixels (lag y, lag x), lags 0-4, and the fields it comes from."""
    fields = np.stack([correlation.field(draws.generator(3, k, "t"), (bands, side, side)) for k in range(count)])
    found = [
        [np.mean(fields[..., dy:, dx:] * fields[..., : side - dy, : side - dx]) for dx in range(5)] for dy in range(5)
    ]
    return np.array(found), fields


def test_covariance_is_what_was_asked_for():
    correlation = Correlation.of(boxed())
    assert (correlation.reach, correlation.values[3, 3]) == (3, 1.0)
    found, fields = measured(correlation, 20, 600)
    expected = np.zeros((5, 5))
    expected[:4, :4] = correlation.values[3:, 3:]
    np.testing.assert_allclose(found, expected, atol=0.02)
    assert fields.dtype == np.float32
    assert fields.mean() == pytest.approx(0, abs=0.02)
    np.testing.assert_allclose(fields.var(axis=(0, 1)), 1, atol=0.25)  # at every place of the stamp alike
    assert np.mean(fields[:, 0] * fields[:, 1]) == pytest.approx(0, abs=0.02)


def test_opposite_edges_are_not_neighbours():
    _, fields = measured(Correlation.of(boxed()), 6, 3000)
    first, last = fields[..., :, 0].ravel(), fields[..., :, -1].ravel()
    assert np.mean(first * last) == pytest.approx(0, abs=0.03)
    assert np.mean(fields[..., 0, :] * fields[..., -1, :]) == pytest.approx(0, abs=0.03)


def test_images_need_not_be_square():
    assert Correlation.of(boxed()).field(draws.generator(1, 0, "t"), (3, 9, 14)).shape == (3, 9, 14)


def test_no_lag_means_white_noise():
    alone = np.zeros((3, 3))
    alone[1, 1] = 4
    found, _ = measured(Correlation.of(alone), 12, 400)
    np.testing.assert_allclose(found, np.eye(5) * [1, 0, 0, 0, 0], atol=0.02)


def test_variance_is_one_though_power_below_zero_is_left_out():
    class Spike:
        def standard_normal(self, shape):
            white = np.zeros(shape)
            white[60, 60] = 1
            return white

    kernel = Correlation.of(np.outer([0, 1, 0], [0.505, 1, 0.505])).field(Spike(), (1, 121, 121))
    assert (kernel.astype(float) ** 2).sum() == pytest.approx(1, abs=2e-5)


def test_lags_hold_the_function():
    correlation = Correlation.of(boxed())
    lags = {(dy, dx): value for dy, dx, value in correlation.lags(1.9)}
    assert len(lags) == 9
    assert lags[0, 0] == 1
    assert lags[1, 0] == lags[-1, 0] == pytest.approx(2 / 3)
    assert lags[0, 1] == pytest.approx(1 / 2)
    assert len(correlation.lags(100)) == 49


@pytest.mark.skipif(not ACS.exists(), reason="the shared noise of HST is absent")
def test_noise_of_hst_is_that_of_galsim():
    galsim = pytest.importorskip("galsim")
    from astropy.io import fits

    image = fits.getdata(ACS)
    found, _ = measured(Correlation.of(image), 40, 400)
    there = galsim.getCOSMOSNoise(file_name=str(ACS), cosmos_scale=1.0, rng=galsim.BaseDeviate(5))
    there = there.withVariance(1.0)
    np.testing.assert_allclose(found[0, 0], there.getVariance(), rtol=0.02)
    pixels = []
    for _ in range(400):
        stamp = galsim.ImageD(40, 40, scale=1.0)
        stamp.addNoise(there)
        pixels.append(stamp.array)
    theirs = np.array(pixels)
    lags = [(0, 1), (1, 0), (1, 1), (0, 2), (2, 0)]
    expected = [np.mean(theirs[:, dy:, dx:] * theirs[:, : 40 - dy, : 40 - dx]) for dy, dx in lags]
    np.testing.assert_allclose([found[lag] for lag in lags], expected, atol=0.02)
    assert found[0, 1] > 0.2


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.ones((4, 4)), r"no image of a correlation function: \(4, 4\) \(expected a square with an odd"),
        (np.ones((3, 5)), r"no image of a correlation function: \(3, 5\)"),
        (np.ones(9), r"no image of a correlation function"),
        (np.zeros((3, 3)), "greatest at lag 0"),
        (np.arange(9.0).reshape(3, 3), "greatest at lag 0"),
        (np.full((3, 3), np.nan), "greatest at lag 0"),
        (np.array([[0, 0, 0], [0.9, 1, 0.9], [0, 0, 0]]), "its power spectrum falls below zero"),
    ],
)
def test_what_is_no_correlation_function_is_refused(image, message):
    with pytest.raises(InputError, match=message):
        Correlation.of(image)
