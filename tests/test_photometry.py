import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from columns import columns
from skycnn import survey
from skycnn.photometry.fluxes import PhotometryOptions, find

SDSS = survey.load("sdss")
LN = np.log(10) / 2.5


def found(names, bands="gr", unit=None, survey=SDSS, dereddened="unknown", **options):
    return find(
        columns(names, unit), {}, list(bands), PhotometryOptions(**options), "t", survey=survey, dereddened=dereddened
    )


def chunk(**given):
    return {name: np.array(value, dtype=float) for name, value in given.items()}


def test_magnitudes_become_microjansky():
    p = found("MAG_*|gr MAGERR_*|gr", "ugr")
    f = p.fluxes(
        chunk(MAG_g=[23.9, 99, 21.4], MAGERR_g=[0.1, 0.1, -1], MAG_r=[21.4, 20, 23.9], MAGERR_r=[0.2, np.nan, 60])
    )
    assert f.flux.dtype == f.error.dtype == np.float32 and f.bad.dtype == bool
    nan = np.nan
    assert np.allclose(f.flux, [[nan, 1, 10], [nan, nan, nan], [nan, nan, nan]], equal_nan=True)
    assert np.allclose(f.error, [[nan, 0.1 * LN, 2 * LN], [nan] * 3, [nan] * 3], equal_nan=True)
    assert f.bad.tolist() == [False] * 3


@given(st.integers(0, 40), st.integers(1, 41))
def test_chunks_do_not_matter(n, size):
    p = found("FLUX_*|gr FLUX_IVAR_*|gr")
    rng = np.random.default_rng(n)
    whole = {c: rng.choice([-99.0, -3.0, 0.0, 5.0, np.nan, 1e20], n) for c in p.columns}
    parts = [p.fluxes({c: v[i : i + size] for c, v in whole.items()}) for i in range(0, n, size)]
    expected = p.fluxes(whole)
    got = np.concatenate([np.zeros((0, 2), np.float32), *(part.flux for part in parts)])
    assert np.array_equal(got, expected.flux, equal_nan=True)
    assert np.array_equal(np.isnan(expected.flux), np.isnan(expected.error))


def test_integer_and_float32_columns_will_do():
    p = found("FLUX_*|gr FLUXERR_*|gr")
    f = p.fluxes(
        {"FLUX_g": np.array([-5], ">i2"), "FLUXERR_g": np.array([2], np.uint8)} | chunk(FLUX_r=[-99], FLUXERR_r=[1])
    )
    assert f.flux[0, 0] == -5 and f.error[0, 0] == 2 and np.isnan(f.flux[0, 1])


def test_bad_rows_are_those_of_any_condition():
    p = found("MAG_*|gr MAGERR_*|gr FLAGS CLASS", bad=("flags != 0", "CLASS > 0.5 & CLASS < 0.9"))
    same = dict.fromkeys(("MAG_g", "MAG_r", "MAGERR_g", "MAGERR_r"), np.ones(4))
    f = p.fluxes(same | {"FLAGS": np.array([0, 1, 0, 0]), "CLASS": np.array([0, 0, 0.7, 1])})
    assert f.bad.tolist() == [False, True, True, False]
    assert np.isfinite(f.flux).all()  # what to do with a bad row is the reader's affair
    assert p.columns == ("MAG_g", "MAGERR_g", "MAG_r", "MAGERR_r", "FLAGS", "CLASS")


def test_masks_and_flags_drop_a_band_of_a_row():
    p = found("FLUX_*|gr FLUXERR_*|gr ALLMASK_*|gr Q", mask_band={"r": "Q"}, bad=("Q > 8",))
    assert p.columns == ("FLUX_g", "FLUXERR_g", "ALLMASK_g", "FLUX_r", "FLUXERR_r", "ALLMASK_r", "Q")
    same = dict.fromkeys(("FLUX_g", "FLUX_r", "FLUXERR_g", "FLUXERR_r"), np.ones(3))
    f = p.fluxes(same | {"ALLMASK_g": np.array([0, 1, 0]), "ALLMASK_r": np.array([2, 0, 0]), "Q": np.array([0, 0, 9])})
    assert np.isnan(f.flux).tolist() == np.isnan(f.error).tolist() == [[False, True], [True, False], [False, True]]
    assert f.bad.tolist() == [False, False, True]


@pytest.mark.parametrize("form", ["1L", "1J"])
def test_flags_of_truth_values(form):
    table = columns("*_psfFlux|gr *_psfFluxErr|gr") + columns("*_psfFlux_flag|gr", form=form)
    p = find(table, {}, "gr", None, "t")
    same = dict.fromkeys(("g_psfFlux", "r_psfFlux", "g_psfFluxErr", "r_psfFluxErr"), np.ones(2))
    flags = {"g_psfFlux_flag": np.array([True, False]), "r_psfFlux_flag": np.array([False, False])}
    assert np.isnan(p.fluxes(same | flags).flux).tolist() == [[True, False], [False, False]]


def test_extinction_is_corrected_in_flux_and_error():
    p = found("FLUX_*|gr FLUXERR_*|gr EBV", dereddened="yes")
    same = dict.fromkeys(("FLUX_g", "FLUX_r", "FLUXERR_g", "FLUXERR_r"), np.ones(2))
    f = p.fluxes(same | {"EBV": np.array([0.1, np.nan])})
    expected = 10 ** (0.4 * 0.1 * np.array([3.303, 2.285]))  # Schlafly & Finkbeiner 2011, table 6
    assert np.allclose(f.flux, [expected, [np.nan] * 2], equal_nan=True)
    assert np.allclose(f.error, f.flux, equal_nan=True)
    assert p.columns[-1] == "EBV"


def test_a_correction_is_taken_back():
    p = found("dered_*|gr modelMagErr_*|gr EBV", dereddened="no")
    same = dict.fromkeys(("dered_g", "dered_r"), np.full(1, 13.9)) | dict.fromkeys(
        ("modelMagErr_g", "modelMagErr_r"), np.ones(1)
    )
    f = p.fluxes(same | {"EBV": np.array([1.0])})
    assert np.allclose(f.flux, 10 ** (4 - 0.4 * np.array([[3.303, 2.285]])), rtol=1e-4)


@pytest.mark.parametrize("dereddened", ["yes", "no"])
def test_corrected_asinh_magnitudes_are_those_of_the_observed_flux(dereddened):
    p = found("dered_*|gr modelMagErr_*|gr extinction_*|gr", dereddened=dereddened, survey=SDSS)
    flux, sigma, a, b = np.array([-0.3, 0.0, 0.2, 50.0]), 0.1, 0.4, SDSS.softening["g"] * 1e9  # nanomaggies, mag
    pogson = 2.5 / np.log(10)
    magnitude = 22.5 - pogson * (np.arcsinh(flux / (2 * b)) + np.log(b))  # Lupton et al. 1999, eq. 3
    error = pogson * sigma / np.hypot(2 * b, flux)
    both = {f"dered_{k}": magnitude - a for k in "gr"} | {f"modelMagErr_{k}": error for k in "gr"}
    f = p.fluxes(both | {f"extinction_{k}": np.full(4, a) for k in "gr"})
    unit = 10 ** (0.4 * (23.9 - 22.5)) * (10 ** (0.4 * a) if dereddened == "yes" else 1.0)
    assert np.allclose(f.flux[:, 0], flux * unit, rtol=1e-5, atol=1e-6)
    assert np.allclose(f.error[:, 0], sigma * unit, rtol=1e-5)
    lost = p.fluxes(both | {f"extinction_{k}": np.full(4, np.nan) for k in "gr"})
    assert np.isfinite(lost.flux[:, 0]).all() == (dereddened == "yes")  # what is corrected already needs no dust


def test_asinh_magnitudes_of_sdss():
    table = columns("MAG_*|gr MAGERR_*|gr", "mag")
    p = find(table, {}, "gr", PhotometryOptions(unit={"*": "asinh"}), "t", survey=SDSS)
    f = p.fluxes(chunk(MAG_g=[26], MAGERR_g=[0.5], MAG_r=[20], MAGERR_r=[0.1]))
    assert f.flux[0, 0] < 0  # fainter than zero flux, g 25.11
    assert f.flux[0, 1] == pytest.approx(10 ** (0.4 * 3.9), rel=1e-3)


def test_settings_are_plain_and_in_order():
    options = PhotometryOptions(band={"r": "B", "g": "A"}, bad=("X",), photometry="psf")
    assert options.settings() == {"band": {"g": "A", "r": "B"}, "photometry": "psf", "bad": ["X"]}
    assert list(options.settings()["band"]) == ["g", "r"]
    assert PhotometryOptions().settings() == {}


def test_bands_are_spelled_as_the_model_does_where_no_other_is_meant():
    options = PhotometryOptions(band={"U": "a", "g": "b"}, error={"*": "0.1", "R": "c"}, unit={"q": "mag"})
    spelled = options.spelled(["u", "g", "r"])
    assert (spelled.band, spelled.error, spelled.unit) == ({"u": "a", "g": "b"}, {"*": "0.1", "r": "c"}, {"q": "mag"})
    assert PhotometryOptions(band={"R": "a"}).spelled(["R", "r"]).band == {"R": "a"}
    assert PhotometryOptions(band={"R": "a", "r": "b"}).spelled(["r"]).band == {"R": "a", "r": "b"}
