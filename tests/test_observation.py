from pathlib import Path

import numpy as np
import pytest

from skycnn import survey
from skycnn.simulate.population import Population

COSMOS = survey.load("cosmos")
POPULATION = Population.load()
OBSERVATION = POPULATION.observations["cosmos"]
N = 8192
GALAXIES = POPULATION.draw(COSMOS, COSMOS.bands, 2, np.arange(N), "cosmos")
FLUX, ERROR = POPULATION.observe(COSMOS, COSMOS.bands, GALAXIES, 2)
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
