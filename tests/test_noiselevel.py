"""NoiseLevel: what --noise may say, and each object's own factor."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import mocking
from skycnn import survey
from skycnn.errors import InputError
from skycnn.network.layers import roughness
from skycnn.simulate.mocks import Mocks
from skycnn.simulate.noise import Noise
from skycnn.simulate.noiselevel import NoiseLevel

CSST = replace(survey.load("csst"), matched=0.5)


@pytest.mark.parametrize(
    ("text", "level", "written"),
    [
        ("depth", NoiseLevel("depth"), "depth"),
        ("counted:0.5", NoiseLevel("counted", 0.5, 0.5), "counted:0.5"),
        ("depth:.5-2", NoiseLevel("depth", 0.5, 2.0), "depth:0.5-2"),
        ("matched", NoiseLevel("counted", 0.5, 0.5, matched=True), "difficulty-matched, counted:0.5"),
        ("matched:2", NoiseLevel("counted", 1.0, 1.0, matched=True), "difficulty-matched, counted"),
        ("none", NoiseLevel("none"), "none"),
    ],
)
def test_what_may_be_said(text, level, written):
    assert NoiseLevel.of(text, CSST) == level
    assert str(level) == written


@pytest.mark.parametrize(
    "text", ["", "loud", "counted:", "counted:0", "counted:2-1", "depth:1-", "depth:1e3", "x:1", "none:1", "none:2-3"]
)
def test_what_may_not_be_said(text):
    with pytest.raises(InputError, match=r"no such noise.* \(expected depth, counted or matched"):
        NoiseLevel.of(text, CSST)


def test_a_survey_without_a_factor_has_no_matched_noise():
    with pytest.raises(InputError, match="survey sdss has no factor 'matched' for its noise"):
        NoiseLevel.of("matched", survey.load("sdss"))


def factors(level, rows):
    noise = level.noise(CSST, ["g"])
    return np.broadcast_to(level.each(noise, 3, rows).sigma, (len(rows), 1))[:, 0] / Noise.of(CSST, ["g"]).sigma


def test_each_object_has_a_factor_of_its_own():
    level = NoiseLevel("depth", 0.5, 2.0)
    factor = factors(level, np.arange(4000))
    assert (factor.min(), factor.max()) == pytest.approx((0.5, 2.0), rel=0.01)
    assert np.log(factor).mean() == pytest.approx(0, abs=0.02)
    np.testing.assert_array_equal(factors(level, np.arange(1000, 1010)), factor[1000:1010])
    np.testing.assert_allclose(factors(NoiseLevel("depth", 0.7, 0.7), [5, 6]), [0.7, 0.7])


def test_stamps_and_quoted_errors_have_the_object_s_noise():
    level = NoiseLevel("counted", 0.25, 4.0)
    made = Mocks(mocking.recipe(judged=(), selection="all", noise=level))
    block = made.stamps(0)
    factor = level.each(made.noise, made.recipe.seed, block.row).sigma[:, 0] / made.noise.sigma[0]
    faint = block.total.max(axis=1) < np.median(block.total.max(axis=1))
    seen = roughness(torch.from_numpy(block.pixels)).numpy() / made.noise.sigma
    np.testing.assert_allclose(np.median(seen[faint] / factor[faint, None], axis=0), 1, atol=0.1)
    assert np.corrcoef(np.log(seen[faint].mean(axis=1)), np.log(factor[faint]))[0, 1] > 0.97
    rise = block.measured.error[faint] / factor[faint, None] / block.measured.radius[faint, None]
    assert (rise.std(axis=0) / rise.mean(axis=0)).max() < 0.2
    fluxes = made.fluxes(0)
    assert np.corrcoef(np.log(fluxes.measured.error[:128, 0]), np.log(factor))[0, 1] > 0.8


def test_none_leaves_the_pixels_alone_and_quotes_the_errors_of_the_depth():
    silent, noisy = (
        Mocks(mocking.recipe(judged=(), selection="all", noise=NoiseLevel(kind))) for kind in ("none", "depth")
    )
    block, other = silent.stamps(0), noisy.stamps(0)
    light = silent.recipe.drawn(block.row).light.stamps(silent.renderer, block.offset)
    np.testing.assert_array_equal(block.pixels, light.astype(np.float32))
    assert (other.pixels != block.pixels).mean() > 0.99
    error = silent.photometry.measure(block.pixels, block.offset, other.measured.radius).error
    np.testing.assert_allclose(error, other.measured.error, rtol=0.1)  # photons are counted in the other alone
    fluxes = silent.fluxes(0)
    expected = silent.recipe.drawn(fluxes.row).light.expected(silent.photometry)
    np.testing.assert_array_equal(fluxes.measured.flux, expected.flux)
    assert (fluxes.measured.error > 0).all()
