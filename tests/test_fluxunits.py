import astropy.units as u
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skycnn.fits import fluxunits
from skycnn.fits.fluxunits import Unit, deviation, microjansky, read

MAG = read("mag(AB)")
B = {"u": 1.4e-10, "g": 0.9e-10, "r": 1.2e-10, "i": 1.8e-10, "z": 7.4e-10}
ZERO_FLUX = {"u": 24.63, "g": 25.11, "r": 24.80, "i": 24.36, "z": 22.83}  # Stoughton et al. 2002, table 21


@pytest.mark.parametrize(
    "text",
    [
        "nmgy",
        "nanomaggies",
        "nanomaggy",
        "nanomaggie",
        "nMgy",
        " Nanomaggies ",
        "nmaggy",
        "zp22.5",
        "ZP=22.5",
        "[nmgy]",
    ],
)
def test_nanomaggies_however_spelled(text):
    unit = read(text)
    assert unit.kind == "flux" and not unit.inverse
    assert unit.scale == pytest.approx((1e-9 * u.ABflux).to_value(u.uJy), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "microjansky"),
    [
        ("Jy", 1e6),
        ("mJy", 1e3),
        ("uJy", 1),
        ("µJy", 1),
        ("μJy", 1),
        ("µJy".encode().decode("latin-1"), 1),
        ("μJy".encode().decode("latin-1"), 1),
        ("microJy", 1),
        ("microjansky", 1),
        ("nJy", 1e-3),
        ("NJY", 1e-3),
        ("MJy", 1e12),
        ("1e-3 mJy", 1),
        ("erg/s/cm2/Hz", 1e29),
        ("erg s-1 cm-2 Hz-1", 1e29),
        ("10**-29 erg s-1 cm-2 Hz-1", 1),
        ("W m-2 Hz-1", 1e32),
        ("maggies", 10 ** (0.4 * 23.9)),
        ("zp23.9", 1),
        ("zp30", 10 ** (0.4 * (23.9 - 30))),
    ],
)
def test_fluxes_are_read(text, microjansky):
    unit = read(text)
    assert (unit.kind, unit.inverse) == ("flux", False)
    assert unit.scale == pytest.approx(microjansky, rel=1e-9)


@pytest.mark.parametrize(
    "text",
    ["1/nanomaggy^2", "1/nanomaggies^2", "nanomaggies^-2", "nanomaggy-2", "nmgy**-2", "1/(nmgy)**2", "(nmgy)^(-2)"],
)
def test_inverse_variances_are_read(text):
    assert (read(text).name, read(text).inverse) == ("1/nanomaggy^2", True)
    assert read(text).scale == pytest.approx(10 ** (0.4 * (23.9 - 22.5)))


def test_inverse_variances_that_astropy_alone_knows():
    unit = read("erg-2 s2 cm4 Hz2")
    assert unit.inverse
    assert unit.scale == pytest.approx(1e29)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [(t, "mag", "mag") for t in ("mag", "MAG", "mags", "magnitude", "[mag]")]
    + [
        (t, "mag", "mag(AB)")
        for t in ("mag(AB)", "ABmag", "AB mag", "AB", "mag_AB", "mag [AB]", "M(AB)", "AB magnitude")
    ]
    + [(t, "vega", "mag(Vega)") for t in ("Vega", "mag(Vega)", "VegaMag", "vega mag")]
    + [(t, "asinh", "mag(asinh)") for t in ("asinh", "luptitude", "mag(asinh)", "asinh mag")],
)
def test_magnitudes_are_read(text, kind, name):
    assert read(text) == Unit(name, kind)


@pytest.mark.parametrize(
    "text", [None, "", "  ", "-", "none", "deg", "arcsec", "adu", "ct/s", "km/s", "foo", "1/foo^2", "erg"]
)
def test_what_is_no_photometry_is_no_unit(text):
    assert read(text) is None


@given(st.floats(0.5, 39.5), st.floats(1e-3, 40))
def test_magnitudes_agree_with_astropy(magnitude, error):
    flux, sigma = microjansky(np.array([magnitude]), np.array([error]), MAG)
    expected = (magnitude * u.ABmag).to_value(u.uJy)
    assert flux[0] == pytest.approx(expected, rel=1e-6)
    assert sigma[0] == pytest.approx(expected * error * np.log(10) / 2.5, rel=1e-6)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 50), st.sampled_from(["nmgy", "uJy", "nJy", "zp25"]))
def test_fluxes_make_the_round_trip(value, sigma, name):
    unit = read(name)
    flux, error = microjansky(np.array([value]), deviation(np.array([sigma]), unit, "flux"), unit)
    if value in (-99, 9999, -9999):
        assert np.isnan(flux[0])
    else:
        assert flux[0] / unit.scale == pytest.approx(value, rel=1e-6, abs=1e-30)
        assert error[0] / unit.scale == pytest.approx(sigma, rel=1e-6)


@given(st.floats(-1e3, 1e5), st.floats(1e-3, 1e2), st.sampled_from("ugriz"))
def test_asinh_magnitudes_make_the_round_trip(nanomaggies, sigma, band):
    b = B[band]  # Lupton et al. 1999, eqs. 3 and 9, from flux to magnitude
    x = nanomaggies * 1e-9
    magnitude = -2.5 / np.log(10) * (np.arcsinh(x / (2 * b)) + np.log(b))
    error = 2.5 / np.log(10) * sigma * 1e-9 / np.hypot(2 * b, x)
    if not 0 <= magnitude <= 40:
        return
    flux, back = microjansky(np.array([magnitude]), np.array([error]), read("asinh"), softening=b)
    nmgy = read("nmgy").scale
    assert flux[0] / nmgy == pytest.approx(nanomaggies, rel=1e-4, abs=1e-4)
    assert back[0] / nmgy == pytest.approx(sigma, rel=1e-4)


@pytest.mark.parametrize("band", "ugriz")
def test_zero_flux_is_where_the_survey_says(band):
    m = np.array([ZERO_FLUX[band]])
    flux, _ = microjansky(m, np.array([0.1]), read("asinh"), softening=B[band])
    assert abs(flux[0]) < 0.01 * 2 * B[band] * fluxunits.MAGGY  # table 21 rounds to 0.01 mag


def test_asinh_and_pogson_agree_on_bright_objects():
    m, e = np.array([18.0]), np.array([0.01])
    asinh, pogson = microjansky(m, e, read("asinh"), softening=1.2e-10), microjansky(m, e, MAG)
    assert np.allclose(asinh, pogson, rtol=1e-4)


def test_vega_magnitudes_are_shifted():
    flux, _ = microjansky(np.array([20.0]), np.array([0.1]), read("vega"), vega=0.9)
    assert flux[0] == pytest.approx((20.9 * u.ABmag).to_value(u.uJy))


@pytest.mark.parametrize(
    "value", [-99, 99, 99.99, 999, -999, 9999, -9999, -1e30, 1e20, np.nan, np.inf, -np.inf, -0.1, 0.0, -0.0, 40.1]
)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_absent_magnitudes(value, dtype):
    flux, error = microjansky(np.array([value, 20], dtype).astype(float), np.array([0.1, 0.1]), MAG)
    assert np.isnan([flux[0], error[0]]).all() and np.isfinite([flux[1], error[1]]).all()


@pytest.mark.parametrize("value", [-99, 9999, -9999, -1e30, 1e20, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_absent_fluxes(value, dtype):
    flux, error = microjansky(np.array([value, 20], dtype).astype(float), np.array([0.1, 0.1]), read("uJy"))
    assert np.isnan([flux[0], error[0]]).all() and np.isfinite([flux[1], error[1]]).all()


@pytest.mark.parametrize("value", [-5.0, 0.0, 99, 99.99, 999, -999, -98.9])
def test_these_fluxes_are_data(value):
    flux, _ = microjansky(np.array([value]), np.array([0.1]), read("uJy"))
    assert flux[0] == np.float32(value)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("error", [0, -1, -99, 99, 99.99, 999, 9999, -1e30, 1e20, np.nan, np.inf])
@pytest.mark.parametrize("kind", ["mag", "flux"])
def test_absent_errors(error, kind, dtype):
    unit = read("mag" if kind == "mag" else "uJy")
    sigma = deviation(np.array([error, 0.1], dtype).astype(float), unit, kind)  # as a catalogue gives them
    assert np.isnan(sigma[0]) and sigma[1] == pytest.approx(0.1)


@pytest.mark.parametrize(("error", "present"), [(10, True), (50, True), (50.1, False), (14749, False)])
def test_a_large_magnitude_error_is_a_faint_source_up_to_50(error, present):
    assert np.isfinite(deviation(np.array([float(error)]), MAG, "mag")[0]) == present


@pytest.mark.parametrize("ivar", [0, -1, np.nan, np.inf, 1e20])
def test_absent_inverse_variances(ivar):
    assert np.isnan(deviation(np.array([ivar]), read("nmgy-2"), "flux")[0])


def test_inverse_variance_is_a_standard_deviation():
    assert deviation(np.array([4.0]), read("1/uJy^2"), "flux")[0] == 0.5
    assert deviation(np.array([4.0]), read("1/mag^2"), "mag")[0] == 0.5
    assert deviation(np.array([99.0]), read("1/uJy^2"), "flux")[0] == pytest.approx(99**-0.5)  # no sentinel


def test_what_float32_cannot_hold_is_absent():
    flux, error = microjansky(np.array([1e19, 1.0, 1.0]), np.array([1e30, 1e-50, 1e300]), Unit("x", "flux", 1e25))
    assert np.isnan(flux).all() and np.isnan(error).all()
