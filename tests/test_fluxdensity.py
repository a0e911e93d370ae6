"""Density of fluxes and their errors: what it calls unlike the training sample."""

from pathlib import Path

import numpy as np
import pytest
import torch
from astropy.io import fits

from skycnn.network import fluxdensity, model
from skycnn.network.likeness import Likeness

BANDS = 3


def galaxies(n, seed, fainter=0.0, scatter=0.1):
    """Return fluxes and errors of n galaxies in three bands; fainter ones keep their errors."""
    random = np.random.default_rng(seed)
    magnitude = random.normal(20, 0.7, n)
    colour = random.normal((0.8, 0.0, -0.4), (0.1, 0.05, 0.1), (n, 3)) + 0.2 * (magnitude[:, None] - 20)
    flux = 10 ** (-0.4 * (magnitude[:, None] + colour - 23.9))
    error = np.hypot(0.3, 0.02 * flux) * random.lognormal(0, scatter, flux.shape)
    flux = flux * 10 ** (-0.4 * fainter) + error * random.normal(size=flux.shape)
    return flux.astype("f4"), error.astype("f4")


def fit(train, valid):
    given = (tuple(map(torch.from_numpy, part)) for part in (train, valid))
    return fluxdensity.fit(*given, alarms=0.005, most=5000)


def unlike(density, flux, error):
    parts = (torch.from_numpy(np.ascontiguousarray(part, "f4")) for part in (flux, error, density.softening))
    return density.below(*fluxdensity.quantities(*parts)).numpy()


@pytest.fixture(scope="module")
def density():
    return fit(galaxies(6000, 1), galaxies(3000, 2))


def test_rows_of_the_same_sort_are_alike_and_others_are_not(density):
    flux, error = galaxies(4000, 3)
    assert 0.002 < unlike(density, flux, error).mean() < 0.012
    assert unlike(density, *galaxies(2000, 4, fainter=3)).mean() > 0.9
    assert unlike(density, error * np.random.default_rng(5).normal(size=error.shape), error).mean() > 0.95
    assert unlike(density, flux[:, ::-1], error).mean() > 0.95  # colours turned round
    assert unlike(density, flux, 10 * error).mean() > 0.95  # ten times the errors
    assert unlike(density, flux, error / 10).mean() > 0.95


@pytest.mark.parametrize("gone", [(0,), (1,), (2,)])
def test_a_missing_band_is_neither_a_reason_nor_a_hiding_place(density, gone):
    flux, error = galaxies(4000, 6)
    flux[:, gone] = np.nan
    assert 0.002 < unlike(density, flux, error).mean() < 0.012
    noise = error * np.random.default_rng(7).normal(size=error.shape)
    noise[:, gone] = np.nan
    assert unlike(density, noise, error).mean() > 0.9
    error[:, gone] = 0  # an error that is none leaves its band out as well
    assert 0.002 < unlike(density, np.nan_to_num(flux, nan=1.0), error).mean() < 0.012


def test_errors_that_follow_the_magnitudes_closely_leave_room_for_others():
    strict = fit(galaxies(2500, 1, scatter=0.001), galaxies(2000, 2, scatter=0.001))
    flux, error = galaxies(2000, 3, scatter=0.001)
    for times in (0.9, 1.1):
        assert unlike(strict, flux, times * error).mean() < 0.03
    assert unlike(strict, flux, 2.5 * error).mean() > 0.9
    assert unlike(strict, flux, 0.3 * error).mean() > 0.9


def test_errors_scatter_at_given_magnitudes_by_what_is_asked():
    random = np.random.default_rng(1)
    basis = random.normal(size=(6, 6)) * (1, 1, 1, 0.02, 0.02, 0.02)
    covariance = basis.T @ basis
    wider = fluxdensity.scattered(covariance, BANDS)

    def given(whole):
        known, both = whole[:BANDS, :BANDS], whole[:BANDS, BANDS:]
        return whole[BANDS:, BANDS:] - both.T @ np.linalg.solve(known, both)

    one = np.ones(BANDS)
    assert np.linalg.eigvalsh(given(wider)).min() >= fluxdensity.EACH**2 * (1 - 1e-9)
    assert 1 / (one @ np.linalg.solve(given(wider), one)) == pytest.approx(fluxdensity.COMMON**2)
    assert np.array_equal(wider[:BANDS], covariance[:BANDS])
    broad = covariance + np.diag([0, 0, 0, 1, 1, 1])
    assert np.allclose(fluxdensity.scattered(broad, BANDS), broad)  # errors that scatter by themselves stay


def test_the_order_and_number_of_rows_do_not_matter(density):
    flux, error = galaxies(5000, 11, fainter=1)
    flux[::7, 0] = np.nan
    whole = unlike(density, flux, error)
    parts = [unlike(density, flux[k : k + 999], error[k : k + 999]) for k in range(0, 5000, 999)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_too_few_rows_or_too_many_bands_have_none():
    few = galaxies(60, 1)
    assert fit(few, few) is None
    many = tuple(np.tile(part, 5) for part in galaxies(2000, 1))
    assert fit(many, many) is None
    assert fit(galaxies(1000, 1), galaxies(0, 1)) is None
    assert fit(galaxies(0, 1), galaxies(1000, 1)) is None


def shipped(name):
    whole = model.read(model.locate(name))
    return Likeness.of(whole.tensors, len(whole.card.bands), name).flux


@pytest.mark.parametrize("name", ["photoz-sdss-flux", "photoz-cosmos-flux", "photoz-csst-flux", "photoz-csst-hybrid"])
def test_models_of_fluxes_ship_with_one(name):
    assert shipped(name) is not None


@pytest.mark.parametrize("ratio", [10, 3, 1, 0.1])
def test_galaxies_seen_badly_in_all_bands_are_unlike_sdss_s(ratio):
    """Errors that are off, or noise far beyond the training sample's."""
    table = fits.getdata(Path(__file__).parents[1] / "examples" / "sdss_sample.fits", "GALAXIES")
    flux = np.stack([10 ** (-0.4 * (table[f"{band}mag"].astype(float) - 23.9)) for band in "ugriz"], 1)
    error = flux / ratio
    flux = flux + error * np.random.default_rng(1).normal(size=flux.shape)
    assert unlike(shipped("photoz-sdss-flux"), flux, error).mean() > 0.99
