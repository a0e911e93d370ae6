import numpy as np
import pytest

from columns import column
from skycnn import survey
from skycnn.errors import InputError
from skycnn.photometry.fields import Field, Fields
from skycnn.photometry.measure import measure

SDSS = survey.load("sdss")


def run(value, error, given=None, style="MAG_*", survey=None, more=()):
    found = [value, error, *more] if not isinstance(error, float) else [value, *more]
    fields = Fields(found, "cat.fits[1]", "m needs r")
    error = error if isinstance(error, float) else Field(error)
    return measure(fields, "r", Field(value), error, style, "R", given, survey, None)


@pytest.mark.parametrize(
    ("value", "error", "given", "style", "unit", "told"),
    [
        ("mag", "mag", None, "MAG_*", "mag", "AB magnitudes, assumed of TUNIT mag"),
        (None, None, None, "MAG_*", "mag", "AB magnitudes, assumed: no TUNIT"),
        ("--", None, None, "MAG_*", "mag", "AB magnitudes, assumed: no TUNIT"),
        ("mag(AB)", None, None, "MAG_*", "mag(AB)", "mag(AB), by TUNIT"),
        ("nmgy", "nmgy", None, "FLUX_*", "nanomaggy", "nanomaggy, by TUNIT"),
        ("nmgy", "nmgy", "uJy", "FLUX_*", "uJy", "uJy, by --unit"),
        ("adu", None, "zp25", "FLUX_*", "zp25", "zp25, by --unit"),
        (None, None, None, "*_psfFlux", "nJy", "nJy, by the habit of LSST"),
    ],
)
def test_the_unit_and_who_says_it(value, error, given, style, unit, told):
    m = run(column("R", unit=value), column("ERR_R", unit=error), given, style)
    assert (m.unit.name, m.unit_note) == (unit, told)


def flux(m, value, error, name="ERR_R"):
    got = m.microjansky({"R": np.array([value]), name: np.array([error])})
    return [float(x[0]) for x in got]


def test_value_and_error_may_have_units_of_their_own():
    m = run(column("R", unit="mJy"), column("ERR_R", unit="uJy"), style="FLUX_*")
    assert flux(m, 2.0, 3.0) == pytest.approx([2000, 3])


def test_millimagnitudes_of_an_error_are_converted():
    whole = flux(run(column("R", unit="mag"), column("ERR_R", unit="mag")), 20.0, 0.02)
    for unit in ("mmag", "millimag", "mMag", "millimags"):
        assert flux(run(column("R", unit="mag"), column("ERR_R", unit=unit)), 20.0, 20.0) == pytest.approx(whole)
    assert flux(run(column("R"), column("ERR_R", unit="mmag")), 20.0, 99.0)[1] > 0  # 99 mmag is an error


def test_the_option_overrules_both_units():
    m = run(column("R", unit="mJy"), column("ERR_R", unit="mJy"), "uJy", style="FLUX_*")
    assert flux(m, 2.0, 3.0) == pytest.approx([2, 3])


@pytest.mark.parametrize(
    ("name", "unit"), [("FLUX_IVAR_R", "uJy"), ("FLUX_IVAR_R", "1/uJy^2"), ("W_R", "uJy-2"), ("IVAR", "uJy")]
)
def test_inverse_variance_by_name_or_unit(name, unit):
    m = run(column("R", unit="uJy"), column(name, unit=unit), style="FLUX_*")
    assert flux(m, 2.0, 4.0, name) == pytest.approx([2, 0.5])


def test_a_number_is_an_error_in_the_unit_of_the_value():
    m = run(column("R", unit="mag"), 0.1)
    assert m.error_name == "0.1" and m.columns == ("R",)
    got = m.microjansky({"R": np.array([23.9, 99.0])})
    assert np.allclose(got, [[1, np.nan], [0.1 * np.log(10) / 2.5, np.nan]], equal_nan=True)


def test_an_error_in_mag_belongs_to_an_asinh_magnitude():
    m = run(column("R", unit="luptitude"), column("ERR_R", unit="mag"), survey=SDSS)
    value, error = flux(m, 20.0, 0.1)
    assert value == pytest.approx(10 ** (0.4 * 3.9), rel=1e-3)
    assert error == pytest.approx(value * 0.1 * np.log(10) / 2.5, rel=1e-3)


@pytest.mark.parametrize(
    ("value", "error", "given", "style", "message"),
    [
        (
            "mag",
            "uJy",
            None,
            "MAG_*",
            r"'ERR_R' is in uJy but 'R' in mag. Name the error of r with --error r=COLUMN, or give one number",
        ),
        ("uJy", "mag", None, "FLUX_*", r"'ERR_R' is in mag but 'R' in uJy"),
        (
            "adu",
            None,
            None,
            "FLUX_*",
            r"the unit of 'R' is not understood: 'adu'. Give it with --unit r=UNIT: nmgy, uJy",
        ),
        ("1/nmgy^2", None, None, "FLUX_*", "the unit of 'R' is not understood"),
        ("nJy", None, None, "FLUX_*", r"'R' is in nJy, and its error 'ERR_R' has no unit. .*: --unit nJy; else"),
        (None, "nJy", None, "*_cModelFlux_uJy", "gives no unit"),
        (
            None,
            "mJy",
            None,
            "*_psfFlux",
            r"'ERR_R' is in mJy but 'R', without a unit, by habit in nJy.*--unit mJy; else",
        ),
        (None, "1/mJy^2", None, "*_psfFlux", r"'ERR_R' is in 1/mJy\^2 but 'R'.*--unit mJy; else --unit r=UNIT"),
        ("mag", "mag", None, "FLUX_*", "'R' is in mag, which its name does not say. If its unit is right: --unit mag;"),
        ("uJy", "uJy", None, "*mag", "'R' is in uJy, which its name does not say. If its unit is right: --unit uJy;"),
        ("mag", "%", None, "MAG_*", r"'ERR_R' is in % but 'R' in mag.*in the unit of the values: --error 0.1"),
        ("uJy", "dex", None, "FLUX_*", "'ERR_R' is in dex but 'R' in uJy"),
        (None, None, None, "FLUX_X_*", r"cat.fits\[1\] gives no unit for 'R'. Give it with --unit r=UNIT: nmgy"),
        ("mag", None, "furlong", "MAG_*", r"--unit r is not understood: 'furlong' \(expected nmgy"),
        ("mag", None, "1/uJy^2", "MAG_*", r"--unit r is not understood"),
        (
            "mag",
            None,
            "asinh",
            "MAG_*",
            r"'R' is in mag\(asinh\) and no survey gives softening for r. If it is AB after all",
        ),
        (
            "Vega",
            None,
            None,
            "MAG_*",
            r"'R' is in mag\(Vega\) and no survey gives a Vega zero point for r.*--unit r='mag\(AB\)'",
        ),
    ],
)
def test_units_that_do_not_do(value, error, given, style, message):
    with pytest.raises(InputError, match=message) as caught:
        run(column("R", unit=value), column("ERR_R", unit=error), given, style)
    assert caught.value.exit_code == 2


def test_an_error_of_text_is_refused():
    with pytest.raises(InputError, match=r"column 'ERR_R' holds text \(4A\), not one number.*--error r=COLUMN"):
        run(column("R"), column("ERR_R", "4A"))


def test_flags_of_the_band_are_honoured():
    flag = column("r_psfflux_FLAG", "1L")
    m = run(column("r_psfFlux"), column("r_psfFluxErr"), style="*_psfFlux", more=[flag, column("g_psfFlux_flag", "1L")])
    assert [f.name for f in m.flags] == ["r_psfflux_FLAG"]
    assert m.flagged({"r_psfflux_FLAG": np.array([True, False])})[0].tolist() == [True, False]


def test_a_null_flag_is_not_set():
    m = run(
        column("FLUX_R", unit="uJy"), column("FLUXERR_R", unit="uJy"), style="FLUX_*", more=[column("ALLMASK_R", "1J")]
    )
    assert m.flagged({"ALLMASK_R": np.array([np.nan, 0, 2])})[0].tolist() == [False, False, True]


def test_a_flag_of_text_is_no_flag():
    m = run(
        column("FLUX_R", unit="uJy"), column("FLUXERR_R", unit="uJy"), style="FLUX_*", more=[column("ALLMASK_R", "3A")]
    )
    assert m.flags == () and m.flagged({}) == []
