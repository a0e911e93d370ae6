from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp

from skycnn import survey
from skycnn.errors import InputError
from skycnn.simulate import population as module
from skycnn.simulate.population import Population

CSST, COSMOS = survey.load("csst"), survey.load("cosmos")
POPULATION = Population.load()
REAL = Path(__file__).parents[2] / "shared" / "data" / "cosmos_galaxies.fits"


def test_rows_are_the_same_bits_in_any_company():
    whole = POPULATION.draw(CSST, CSST.bands, 1, np.arange(3000), "paper")
    some = np.array([2999, 5, 1024, 1023, 5])
    part = POPULATION.draw(CSST, CSST.bands, 1, some, "paper")
    assert part.row.tolist() == some.tolist()
    for name, value in vars(part.light).items():
        assert np.array_equal(value, getattr(whole.light, name)[some]), name
    for name, value in part.truth.items():
        assert np.array_equal(value, whole.truth[name][some]), name


def test_the_population_is_that_of_the_first_release():
    """Models were trained on it: another fit of it is another release."""
    truth = Population.load().draw(CSST, ("g", "r", "i"), 1, np.arange(4), "all").truth
    assert truth["Z"] == pytest.approx([1.18705, 0.41116, 1.24759, 1.17868], abs=1e-5)
    assert truth["EBV"] == pytest.approx([0.04542, 0.08816, 0.05561, 0.03409], abs=1e-5)
    assert truth["R_E"] == pytest.approx([0.4104, 0.1552, 0.16702, 0.18905], abs=1e-5)


def test_another_seed_repeats_no_galaxy():
    one, two = (POPULATION.draw(CSST, ["g"], seed, np.arange(2048), "all").truth["Z"] for seed in (1, 2))
    assert len(np.intersect1d(one, two)) == 0
    assert len(np.unique(one)) == 2048


def test_a_galaxy_is_the_same_whatever_sees_it():
    ours, theirs = (POPULATION.draw(s, ["z"] if s is CSST else ["Z"], 1, np.arange(500), "all") for s in (CSST, COSMOS))
    assert all(np.array_equal(ours.truth[name], theirs.truth[name]) for name in ours.truth)
    ratio = ours.light.flux.sum(axis=1) / theirs.light.flux.sum(axis=1)  # both z bands are about 9050 Angstrom
    assert np.median(ratio) == pytest.approx(1, abs=0.03)


def test_fluxes_are_of_the_magnitude_drawn():
    facts = survey.parse(
        'name="acs"\nbands=["I"]\npixel_scale=1\npsf={I=1}\ndepth={I=25}\nextinction={I=1}\n'
        "wavelength={I=8060}\nlow={I=7063}\nhigh={I=8919}\n",
        "acs.toml",
        cited=False,
    )
    drawn = POPULATION.draw(facts, ["I"], 1, np.arange(2000), "all")
    mag = 23.9 - 2.5 * np.log10(drawn.light.flux.sum(axis=(1, 2)))
    assert mag == pytest.approx(drawn.truth["MAG_I"], abs=1e-3)
    share = drawn.light.flux[:, :, 0] / drawn.light.flux.sum(axis=1)
    assert share[:, 0] == pytest.approx(drawn.truth["BULGE"], abs=1e-3)
    assert share[:, 2:].sum(axis=1) == pytest.approx(drawn.truth["CLUMPS"], abs=1e-3)


def test_colours_change_over_the_face():
    drawn = POPULATION.draw(CSST, ["g", "i"], 1, np.arange(4000), "paper")
    near = drawn.truth["Z"] < 2
    flux = np.maximum(drawn.light.flux[near], 1e-9)
    colour = -2.5 * np.log10(flux[:, :, 0] / flux[:, :, 1])
    clumpy = drawn.truth["CLUMPS"][near] > 0.02
    assert np.median(colour[:, 0] - colour[:, 1]) > 0.2
    assert np.median((colour[:, 1] - colour[:, 2])[clumpy]) > 0.05


def test_light_is_finite_and_far_galaxies_drop_out():
    drawn = POPULATION.draw(CSST, CSST.bands, 1, np.arange(8000), "all")
    assert np.isfinite(drawn.light.flux).all()
    assert (drawn.light.flux >= 0).all()
    far = drawn.truth["Z"] > 3.5
    assert far.sum() > 20
    whole = drawn.light.flux[far].sum(axis=1)
    assert np.median(whole[:, 0] / whole[:, 4]) < 1e-3


def test_bends_are_as_large_as_told_and_smooth():
    normal = np.random.default_rng(0).normal(size=(4000, len(module.KNOTS)))
    centre = np.log([4000.0, 4100.0, 6500.0, 8060.0])
    size = -2.5 * np.log10(module.bend(normal, centre, np.full(4000, 0.5)))
    assert np.array_equal(size[:, -1], np.zeros(4000))
    assert size[:, 0].std() == pytest.approx(module.BEND * np.sqrt(2), rel=0.15)  # far from the last band
    assert (size[:, 0] - size[:, 1]).std() < 0.2 * module.BEND


def test_a_sample_chosen_by_colour_has_spectra_of_its_own():
    """BOSS's galaxies at z = 0.5 are red; at the same magnitude and redshift the sky's are of all kinds."""
    sdss = survey.load("sdss")
    colour = {}
    for selection in ("sdss", "all"):
        drawn = POPULATION.draw(sdss, ["g", "i"], 1, np.arange(40_000), selection)
        near = (np.abs(drawn.truth["Z"] - 0.5) < 0.1) & (np.abs(drawn.truth["MAG_I"] - 20) < 1)
        flux = drawn.light.flux[near].sum(axis=1)
        colour[selection] = -2.5 * np.log10(flux[:, 0] / flux[:, 1])
    assert np.median(colour["sdss"]) > np.median(colour["all"]) + 0.2
    assert colour["sdss"].std() < 0.75 * colour["all"].std()


def test_fitted_numbers_are_small():
    from importlib.resources import files

    for file in files("skycnn").joinpath("populations").iterdir():
        assert len(file.read_bytes()) <= 100_000, file.name


def test_an_unknown_selection_is_told():
    with pytest.raises(InputError, match="no such selection"):
        POPULATION.draw(CSST, ["g"], 1, [0], "zcosmos")


@pytest.mark.skipif(not (REAL.parent / "sdss_galaxies.fits").is_file(), reason="../shared/data is not here")
def test_mocks_of_sdss_are_like_its_sample():
    """Rows that the fit saw among others that it did not; the recipe's table is about the latter alone."""
    from astropy.io import fits

    table = fits.getdata(REAL.parent / "sdss_galaxies.fits")
    table = table[table["Z_SPEC"] > 0.004]
    sdss = survey.load("sdss")
    drawn = POPULATION.draw(sdss, sdss.bands, 9, np.arange(12_000), "sdss")
    flux, _ = POPULATION.observe(sdss, sdss.bands, drawn, 9)
    ours = 23.9 - 2.5 * np.log10(flux)
    assert ks_2samp(drawn.truth["Z"], table["Z_SPEC"].astype(float)).statistic < 0.05
    for j, (one, two) in enumerate(zip("UGRI", "GRIZ", strict=True)):
        real = (table[f"MAG_{one}"] - table[f"MAG_{two}"]).astype(float)
        assert ks_2samp(ours[:, j] - ours[:, j + 1], real, nan_policy="omit").statistic < 0.08, (one, two)


@pytest.mark.skipif(not REAL.is_file(), reason="../shared/data is not here")
def test_mocks_of_cosmos_are_like_cosmos():
    """The bounds of the recipe on tiles that the fit never saw, with what 12,000 mocks add by chance."""
    import zlib

    from astropy.io import fits

    table = fits.getdata(REAL)
    held = np.array([zlib.crc32(str(int(tile)).encode()) % 4 == 0 for tile in table["TILE"]]) & (table["Z"] > 0.01)
    drawn = POPULATION.draw(COSMOS, COSMOS.bands, 9, np.arange(12_000), "cosmos")
    flux, _ = POPULATION.observe(COSMOS, COSMOS.bands, drawn, 9)
    ours = 23.9 - 2.5 * np.log10(flux)
    assert ks_2samp(drawn.truth["Z"], table["Z"][held].astype(float)).statistic < 0.09
    assert ks_2samp(drawn.truth["MAG_I"], table["ACS_F814W"][held].astype(float)).statistic < 0.05
    for j, (one, two) in enumerate(zip(COSMOS.bands, COSMOS.bands[1:], strict=False)):
        real = (table[f"MAG_{one}"] - table[f"MAG_{two}"])[held].astype(float)
        mock = ours[:, j] - ours[:, j + 1]
        distance = ks_2samp(mock[np.isfinite(mock)], real[np.isfinite(real)]).statistic
        assert distance < 0.08, (one, two)
