from pathlib import Path

import numpy as np
import pytest

from skycnn import survey
from skycnn.simulate.observation import Joined, Observation
from skycnn.simulate.population import Population

COSMOS = survey.load("cosmos")
POPULATION = Population.load()
OBSERVATION = POPULATION.observations["cosmos"]
N = 8192
GALAXIES = POPULATION.draw(COSMOS, COSMOS.bands, 2, np.arange(N), "cosmos")
FLUX, ERROR = POPULATION.observe(COSMOS, COSMOS.bands, GALAXIES, 2)
SDSS = survey.load("sdss")
CATALOGUES = POPULATION.observations["sdss"]
MAIN, BOSS = CATALOGUES.parts
ROW = np.arange(N)
REAL = Path(__file__).parents[2] / "shared" / "data" / "cosmos_galaxies.fits"


def test_what_is_missing_is_missing_in_both():
    assert np.array_equal(np.isnan(FLUX), np.isnan(ERROR))
    assert np.nanmin(FLUX) > 0
    assert np.nanmin(ERROR) > 0
    missing = dict(zip(COSMOS.bands, np.isnan(FLUX).mean(axis=0), strict=True))
    assert 0.12 < missing["NUV"] < 0.30
    assert max(missing[band] for band in "UBGVRJK") < 0.01


def test_a_survey_without_a_catalogue_has_no_habits():
    csst = survey.load("csst")
    assert POPULATION.observe(csst, ["g"], POPULATION.draw(csst, ["g"], 1, np.arange(2), "all"), 1) is None


def test_a_rows_bits_depend_on_seed_and_row_alone():
    some = np.arange(100, 140)
    part = POPULATION.draw(COSMOS, ["R", "U"], 2, some, "cosmos")
    flux, error = POPULATION.observe(COSMOS, ["R", "U"], part, 2)
    for j, band in enumerate(("R", "U")):
        assert flux[:, j] == pytest.approx(FLUX[some, COSMOS.bands.index(band)], rel=2e-6, nan_ok=True)
        assert error[:, j] == pytest.approx(ERROR[some, COSMOS.bands.index(band)], rel=2e-6, nan_ok=True)
    other, _ = POPULATION.observe(COSMOS, ["R", "U"], part, 3)
    assert not np.isclose(other, flux).any()


def test_lost_light_is_common_to_all_bands_and_larger_for_bright_galaxies():
    true = GALAXIES.light.flux.sum(axis=1)
    lost = 2.5 * np.log10(true / FLUX)[:, [COSMOS.bands.index(band) for band in "VRIZ"]]
    assert np.ma.corrcoef(np.ma.masked_invalid(lost), rowvar=False).data.min() > 0.9
    bright, faint = GALAXIES.truth["MAG_I"] < 20, GALAXIES.truth["MAG_I"] > 22
    assert np.nanmedian(lost[bright]) > np.nanmedian(lost[faint]) + 0.1


def test_deviations_are_as_correlated_and_wide_as_told():
    bands = ["B", "I", "Z"]
    at = [OBSERVATION.bands.index(band) for band in bands]
    flux = np.full((N, 3), 20.0)
    seen, error = OBSERVATION(bands, flux, np.full(N, 21.0), 5, np.arange(N))
    ratio = np.log(seen / np.nanmedian(seen, axis=0))
    colour = ratio[:, 1] - ratio[:, 2]  # lost light cancels
    honest = [float(OBSERVATION.honesty) * np.nanmedian(error[:, j]) / np.nanmedian(seen[:, j]) for j in (1, 2)]
    extra = [np.interp(21.0, OBSERVATION.total, OBSERVATION.scatter[b]) for b in at[1:]]
    one, two = np.hypot(honest[0], extra[0]), np.hypot(honest[1], extra[1])
    wide = np.sqrt(one**2 + two**2 - 2 * OBSERVATION.correlation[at[1], at[2]] * one * two)
    assert np.nanmedian(np.abs(colour - np.nanmedian(colour))) == pytest.approx(0.8165 * wide, rel=0.06)  # of t, 2


@pytest.mark.skipif(not REAL.is_file(), reason="../shared/data is not here")
def test_magnitudes_and_errors_are_like_the_catalogues():
    from astropy.io import fits

    table = fits.getdata(REAL)
    for j, band in enumerate(COSMOS.bands):
        mag, err = table[f"MAG_{band}"].astype(float), table[f"ERR_{band}"].astype(float)
        assert np.nanmedian(23.9 - 2.5 * np.log10(FLUX[:, j])) == pytest.approx(np.nanmedian(mag), abs=0.12)
        ours = np.nanmedian(ERROR[:, j] / FLUX[:, j] * 2.5 / np.log(10))
        assert ours == pytest.approx(np.nanmedian(err), rel=0.25)


def habits(**others):
    """Return those of a catalogue of two bands, with errors of 1 and 2 microjansky and no other noise."""
    flat = np.zeros((2, 2))
    told = {"offset": flat, "scatter": flat, "lost": np.zeros((2, 7)), "missing": flat, "spread": flat}
    told |= {"total": np.array([15.0, 25.0]), "honesty": np.array(1.0), "correlation": np.eye(2)}
    told |= {"magnitude": np.array([[15.0, 25.0]] * 2), "error": np.log10([[1.0, 1.0], [2.0, 2.0]])}
    return Observation(("a", "b"), **told | others)


def widths(observation, mean=1e4):
    seen, error = observation(["a", "b"], np.full((N, 2), mean), np.full(N, 20.0), 4, ROW)
    return seen, np.log10(error)


@pytest.mark.parametrize("freedom", [2, 5, 100])
def test_true_errors_are_of_each_bands_honesty_and_the_tails_of_the_freedom(freedom):
    from scipy.stats import t

    seen, _ = widths(habits(honesty=np.array([0.5, 2.0]), freedom=np.array(freedom)))
    for j, true in enumerate((0.5, 4.0)):
        for level in (0.75, 0.98):
            found = np.quantile(seen[:, j] - 1e4, level)
            assert found == pytest.approx(true * t.ppf(level, freedom), rel=0.12)


@pytest.mark.parametrize("common", [0.0, 0.714, 0.95])
def test_quoted_errors_vary_together_as_told(common):
    _, error = widths(habits(spread=np.array([[0.1, 0.1], [0.2, 0.2]]), common=np.array([common, common])))
    assert error.std(axis=0) == pytest.approx([0.1, 0.2], rel=0.03)
    assert np.corrcoef(error, rowvar=False)[0, 1] == pytest.approx(common**2, abs=0.03)


def test_where_all_have_flux_noise_is_drawn_until_there_is_some():
    some, _ = widths(habits(), 0.5)
    assert np.isnan(some).mean() > 0.3
    seen, _ = widths(habits(positive=np.array(True)), 0.5)
    assert np.nanmin(seen) > 0
    assert np.isnan(seen).mean() < 0.002
    as_before = np.isfinite(some)
    assert np.array_equal(seen[as_before], some[as_before])
    redrawn, drawn = seen[~as_before], some[as_before]
    assert np.quantile(redrawn, 0.5) == pytest.approx(np.quantile(drawn, 0.5), rel=0.2)


def test_which_catalogue_a_galaxy_is_in_goes_by_its_magnitude():
    joined = Joined(
        (habits(), habits(error=np.full((2, 2), 1.0))), np.array([16.0, 18.0]), np.array([[1, 0], [0, 1.0]])
    )
    magnitude = np.linspace(15, 19, N)
    _, error = joined(["b"], np.full((N, 1), 1e4), magnitude, 1, ROW)
    second = error[:, 0] > 5
    assert np.array_equal(second, joined.part(magnitude, 1, ROW) == 1)
    assert not second[magnitude < 16].any()
    assert second[magnitude > 18].all()
    assert second[np.abs(magnitude - 17.5) < 0.1].mean() == pytest.approx(0.75, abs=0.08)
    some = ROW[100:140]
    again = joined(["b"], np.full((40, 1), 1e4), magnitude[some], 1, some)
    assert np.array_equal(again[1], error[some])


def test_bright_galaxies_of_sdss_are_of_its_main_sample_and_faint_ones_of_boss():
    magnitude = np.array([[16.0], [20.0]])
    share = [(CATALOGUES.part(np.full(N, m), 1, ROW) == 1).mean() for m in magnitude[:, 0]]
    assert share[0] < 0.1
    assert share[1] > 0.99
    for part, ratio in ((MAIN, 2.0), (BOSS, 1.0)):  # photons and size of large galaxies; none of it in BOSS
        bright, faint = (10 ** np.interp(m, part.magnitude[2], part.error[2]) for m in (16.0, 17.5))
        assert bright / faint == pytest.approx(ratio, rel=0.15)


@pytest.mark.skipif(not (REAL.parent / "sdss_galaxies.fits").is_file(), reason="../shared/data is not here")
def test_errors_of_sdss_mocks_are_those_of_test_rows_at_equal_i():
    """The table of examples/recipes/sdss_observation.py --check, with what few mocks add by chance."""
    import sys

    from astropy.table import Table

    sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "recipes"))
    from photoz_sdss_flux import split

    drawn = POPULATION.draw(SDSS, SDSS.bands, 9, np.arange(20_000), "sdss")
    flux, error = POPULATION.observe(SDSS, SDSS.bands, drawn, 9)
    table = Table.read(REAL.parent / "sdss_galaxies.fits")
    table = table[split(table) == "test"]
    mag, err = (np.stack([table[f"{kind}_{b.upper()}"] for b in SDSS.bands], 1) for kind in ("MAG", "MAGERR"))
    real = 10 ** (-0.4 * (mag - 23.9)) * err * np.log(10) / 2.5
    bins = 0
    for low in np.arange(15.0, 23, 0.5):
        ours = np.abs(23.9 - 2.5 * np.log10(flux[:, 3]) - low - 0.25) < 0.25
        theirs = np.abs(mag[:, 3] - low - 0.25) < 0.25
        if min(ours.sum(), theirs.sum()) >= 50:
            ratio = np.nanmedian(error[ours], axis=0) / np.median(real[theirs], axis=0)
            assert ratio == pytest.approx(np.ones(5), abs=0.15), low
            bins += 1
    assert bins >= 12
