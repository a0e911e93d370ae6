"""Clusters in a disc and what is none: shares, ranges, truth, and that no row depends on another."""

import numpy as np
import pytest

from skycnn import survey
from skycnn.errors import InputError
from skycnn.simulate import clusterview
from skycnn.simulate.noise import Noise
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer
from skycnn.simulate.starclusters import AGES, EXTINCTIONS, KINDS, MASSES, MIX, RADII, draw, given

WFC3 = survey.load("m83-wfc3")
RENDERER = Renderer([psf_of(WFC3, band) for band in WFC3.bands], WFC3.pixel_scale, 64)
ROWS = np.arange(400)


@pytest.fixture(scope="module")
def drawn():
    return draw(WFC3, WFC3.bands, 5, ROWS, "all")


def test_kinds_have_their_shares_and_only_clusters_have_truths(drawn):
    truth = drawn.truth
    assert np.abs(np.bincount(truth["KIND"], minlength=len(KINDS)) / len(ROWS) - MIX).max() < 0.08
    cluster = truth["CLUSTER"] == 1
    assert (cluster == (truth["KIND"] == 0)).all()
    for name in ("LOG_AGE", "A_V", "LOG_MASS", "R_H", "R_H_PC", "VISIBILITY"):
        assert (np.isfinite(truth[name]) == cluster).all(), name


def test_truths_fill_their_ranges_evenly(drawn):
    ends = {"LOG_AGE": AGES, "A_V": EXTINCTIONS, "LOG_MASS": np.log10(MASSES)}
    for name, (low, high) in ends.items():
        share = (drawn.truth[name] - low) / (high - low)
        share = share[np.isfinite(share)]
        assert share.min() >= 0 and share.max() <= 1
        assert np.abs(np.quantile(share, (0.25, 0.5, 0.75)) - (0.25, 0.5, 0.75)).max() < 0.12, name
    radius = drawn.truth["R_H"][drawn.truth["CLUSTER"] == 1]
    assert RADII[0] <= radius.min() and radius.max() <= RADII[1]
    assert abs(np.median(np.log(radius)) - np.log(RADII).mean()) < 0.25


def test_an_arcsec_is_as_many_parsecs_as_the_distance_says(drawn):
    cluster = drawn.truth["CLUSTER"] == 1
    ratio = (drawn.truth["R_H_PC"] / drawn.truth["R_H"])[cluster]
    assert np.allclose(ratio, 21.817, rtol=1e-3)  # 4.5 Mpc / 206265
    far = draw(WFC3, WFC3.bands, 5, ROWS[:40], "all", distance=9.0)
    here = cluster[:40]
    assert np.allclose((far.truth["R_H_PC"] / far.truth["R_H"])[here], 43.63, rtol=1e-3)
    assert np.allclose(far.light.total()[here], drawn.light.total()[:40][here] / 4, rtol=1e-3)


def test_a_steep_mass_function_has_light_clusters():
    steep = draw(WFC3, WFC3.bands, 5, ROWS[:200], "all", mass_slope=2.0).truth["LOG_MASS"]
    share = 1 - (MASSES[0] / 10 ** np.nanmedian(steep))  # of those lighter, about, under M^-2
    assert abs(share - 0.5) < 0.12


def test_a_row_is_the_same_in_any_company(drawn):
    alone = draw(WFC3, WFC3.bands, 5, [17, 3], "all")
    for name, values in drawn.truth.items():
        assert np.array_equal(alone.truth[name], values[[17, 3]], equal_nan=True), name
    offset = np.full((2, 2), 0.25)
    both = drawn.light.take(np.array([17, 3])).stamps(RENDERER, offset)
    assert np.array_equal(both[1:], draw(WFC3, WFC3.bands, 5, [3], "all").light.stamps(RENDERER, offset[1:]))


def test_visibility_is_that_of_the_rendered_cluster(drawn):
    """Within the seen half-light radius a cluster's mean pixel is what truth says, over the scatter of its frame."""
    some = np.flatnonzero(drawn.truth["VISIBILITY"] > 3)[:40]
    light = drawn.light.take(some)
    stamps = drawn.upon(np.zeros((len(ROWS), 3, 8, 8))).light.take(some).stamps(RENDERER)
    view = clusterview.of(WFC3, WFC3.bands, 4.5)
    y, x = np.mgrid[:64, :64] - 31.5
    ratios = []
    for stamp, row, radius in zip(stamps, some, drawn.truth["R_H"][some], strict=True):
        for band in range(3):
            reach = np.hypot(radius, view.core[band]) / WFC3.pixel_scale
            inside = np.hypot(x, y) < reach
            if inside.sum() > 12 and drawn.surface[row, band] > 0:
                ratios.append(stamp[band][inside].mean() / drawn.surface[row, band])
    assert abs(np.median(ratios) - 1) < 0.2  # light that chance put further out is missed
    assert len(light.row) == len(some)


def test_upon_a_frame_there_is_no_disc_and_visibility_is_the_frames(drawn):
    noise = np.random.default_rng(1).normal(2.0, 0.01, (len(ROWS), 3, 32, 32))
    upon = drawn.upon(noise)
    assert all(field is None for field in upon.light.fields)
    cluster = drawn.truth["CLUSTER"] == 1
    assert np.allclose(upon.truth["VISIBILITY"][cluster], drawn.surface[cluster].mean(axis=1) / 0.01, rtol=0.1)
    empty = np.flatnonzero(drawn.truth["KIND"] == 1)[:3]
    assert not upon.light.take(empty).stamps(RENDERER).any()


def test_the_scatter_of_empty_stamps_is_what_visibility_counts_with(drawn):
    empty = np.flatnonzero(drawn.truth["KIND"] == 1)[:40]
    stamps = Noise.counted(WFC3, WFC3.bands).add(drawn.light.take(empty).stamps(RENDERER), 5, ROWS[empty])
    middle = np.median(stamps, axis=(2, 3), keepdims=True)
    seen = 1.48 * np.median(np.abs(stamps - middle), axis=(2, 3))
    view = clusterview.of(WFC3, WFC3.bands, 4.5)
    told = np.array([view.scatter(drawn.light.fields[k]) for k in empty])
    assert np.abs(np.median(seen / told, axis=0) - 1).max() < 0.15


def test_a_survey_without_vega_magnitudes_is_refused():
    with pytest.raises(InputError, match="does not tell 'vega' of g"):
        draw(survey.load("sdss"), ("g",), 1, [0], "all")


def test_given_clusters_have_what_was_given_and_the_flux_asked_for():
    n = 6
    known = {"log_age": np.linspace(6.7, 9.9, n), "a_v": np.linspace(0, 2, n), "log_mass": np.linspace(3.6, 5.2, n)}
    flux = np.linspace(1, 4, 3 * n).reshape(n, 3)
    made = given(WFC3, WFC3.bands, 3, **known, radius=np.full(n, 0.1), distance=9.9, flux=flux)
    for name, values in known.items():
        assert np.array_equal(made.truth[name.upper()], values)
    assert np.allclose(made.light.total(), flux, rtol=1e-5)
    bare = given(WFC3, WFC3.bands, 3, **known, radius=np.full(n, 0.1), distance=9.9, flux=flux, disc=False)
    assert not any(bare.light.fields) and (bare.truth["VISIBILITY"] >= made.truth["VISIBILITY"]).all()
    own = given(WFC3, WFC3.bands, 3, **known, radius=np.full(n, 0.1), distance=9.9).light.total()
    assert not np.allclose(own, flux, rtol=0.5)
