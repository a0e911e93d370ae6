"""Density of the training sample: against an independent program, and what it calls unlike."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from astropy.io import fits
from scipy.stats import multivariate_normal

from skycnn.errors import InputError
from skycnn.network import density as densities
from skycnn.network import model
from skycnn.network.density import Density


def galaxies(n, seed, fainter=0.0):
    """Return fluxes and errors of n galaxies in three bands; fainter ones keep their errors."""
    random = np.random.default_rng(seed)
    magnitude = random.normal(20, 0.7, n)
    colour = random.normal((0.8, 0.0, -0.4), (0.1, 0.05, 0.1), (n, 3)) + 0.2 * (magnitude[:, None] - 20)
    flux = 10 ** (-0.4 * (magnitude[:, None] + colour - 23.9))
    error = np.hypot(0.3, 0.02 * flux) * random.lognormal(0, 0.1, flux.shape)
    flux = flux * 10 ** (-0.4 * fainter) + error * random.normal(size=flux.shape)
    return flux.astype("f4"), error.astype("f4")


def unlike(density, flux, error):
    return density.unlike(torch.from_numpy(flux.astype("f4")), torch.from_numpy(error.astype("f4"))).numpy()


def quantities(flux, error, softening):
    parts = (torch.from_numpy(np.asarray(part, "f4")) for part in (flux, error, softening))
    return densities._quantities(*parts)


@pytest.fixture(scope="module")
def density():
    return Density.fit(galaxies(6000, 1), galaxies(3000, 2))


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


def test_one_band_alone_is_not_judged(density):
    flux, error = galaxies(50, 8, fainter=9)
    flux[:, 1:] = np.nan
    assert not unlike(density, flux, error).any()


def test_log_densities_are_scipy_s(density):
    flux, error = galaxies(300, 9)
    x = quantities(flux, error, density.softening)
    for pattern in (0b111, 0b101):
        columns = densities._columns(pattern, 3)
        each = [
            np.log(weight)
            + multivariate_normal(mean[columns], covariance[np.ix_(columns, columns)]).logpdf(x[:, columns])
            for weight, mean, covariance in zip(density.weight, density.mean, density.covariance, strict=True)
        ]
        constant = len(columns) / 2 * np.log(2 * np.pi)
        ours = density._log_density(x[:, columns], pattern).numpy()
        assert np.allclose(ours, np.max(each, axis=0) + constant, rtol=2e-3, atol=0.02)


def test_the_mixture_is_as_likely_as_scikit_learn_s():
    from sklearn.mixture import GaussianMixture

    x = quantities(*galaxies(3000, 1), np.full(3, 0.3)).double().numpy()
    weight, mean, covariance = densities._mixture(x, 6, 1)
    ours = np.log(sum(w * multivariate_normal(m, c).pdf(x) for w, m, c in zip(weight, mean, covariance, strict=True)))
    other = GaussianMixture(6, reg_covar=1e-6, random_state=1).fit(x).score_samples(x)
    assert ours.mean() > other.mean() - 0.1
    assert weight.sum() == pytest.approx(1)


def test_it_survives_its_file_bit_for_bit(density):
    again = Density.of(density.tensors() | {"w": np.ones(1)}, 3, "m")
    flux, error = galaxies(500, 10, fainter=1)
    assert np.array_equal(unlike(again, flux, error), unlike(density, flux, error))
    assert all(value.dtype == np.float32 and np.isfinite(value).all() for value in density.tensors().values())
    assert Density.of({"w": np.ones(1)}, 3, "m") is None


def test_the_order_and_number_of_rows_do_not_matter(density):
    flux, error = galaxies(5000, 11, fainter=1)
    flux[::7, 0] = np.nan
    whole = unlike(density, flux, error)
    parts = [unlike(density, flux[k : k + 999], error[k : k + 999]) for k in range(0, 5000, 999)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_a_density_that_is_none_is_refused(density):
    with pytest.raises(InputError, match="does not fit its 4 bands"):
        Density.of(density.tensors(), 4, "m")
    short = {name: value for name, value in density.tensors().items() if not name.endswith("mean")}
    with pytest.raises(InputError, match="does not fit its 3 bands"):
        Density.of(short, 3, "m")
    turned = dataclasses.replace(density, covariance=-density.covariance)
    with pytest.raises(InputError, match="a covariance that is none"):
        Density.of(turned.tensors(), 3, "m")


def test_too_few_rows_or_too_many_bands_have_none():
    few = galaxies(60, 1)
    assert Density.fit(few, few) is None
    many = tuple(np.tile(part, 5) for part in galaxies(2000, 1))
    assert Density.fit(many, many) is None
    assert Density.fit(galaxies(1000, 1), galaxies(0, 1)) is None


@pytest.mark.parametrize("name", ["photoz-sdss-flux", "photoz-cosmos-flux", "photoz-csst-flux", "photoz-csst-hybrid"])
def test_models_of_fluxes_ship_with_one(name):
    whole = model.read(model.locate(name))
    assert Density.of(whole.tensors, len(whole.card.bands), name) is not None


@pytest.mark.parametrize("ratio", [10, 3, 1, 0.1])
def test_galaxies_seen_badly_in_all_bands_are_unlike_sdss_s(ratio):
    """Errors that are off, or noise far beyond the training sample's."""
    table = fits.getdata(Path(__file__).parents[1] / "examples" / "sdss_sample.fits", "GALAXIES")
    flux = np.stack([10 ** (-0.4 * (table[f"{band}mag"].astype(float) - 23.9)) for band in "ugriz"], 1)
    error = flux / ratio
    flux = flux + error * np.random.default_rng(1).normal(size=flux.shape)
    whole = model.read(model.locate("photoz-sdss-flux"))
    assert unlike(Density.of(whole.tensors, 5, "sdss"), flux, error).mean() > 0.99
