"""AngleColumn: units by TUNIT and by name, sexagesimal text as astropy reads it."""

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import Angle

from columns import column
from skycnn.errors import InputError
from skycnn.images.positions.angles import angle


def test_units():
    values = np.random.default_rng(1).uniform(-12, 12, 50)
    for unit, theirs in {
        "deg": units.deg, "degrees": units.deg, "rad": units.rad, "Radians": units.rad, "h": units.hourangle,
        "hour": units.hourangle, "hr": units.hourangle, "hourangle": units.hourangle, "arcmin": units.arcmin,
        "arcsec": units.arcsec, "mas": units.mas, "marcsec": units.mas, "uas": units.uas, "[deg]": units.deg,
    }.items():  # fmt: skip
        ours = angle(column("RA", "D", unit), True, "cat")
        np.testing.assert_allclose(ours.degrees(values), (values * theirs).to_value(units.deg), rtol=1e-14)


def test_without_a_unit():
    for name, unit in {
        "RA": "deg",
        "ra_hours": "hour",
        "AL2000": "hour",
        "RAh": "hour",
        "ra_rad": "rad",
        "DEC_RAD": "rad",
        "GRAD": "deg",
    }.items():
        found = angle(column(name, "D"), True, "cat")
        assert (found.unit, found.shown) == (unit, f"{unit} (it has no unit)")
    assert angle(column("DEC", "D"), False, "cat", unit="rad").unit == "rad"


def test_absent_values():
    found = angle(column("RA", "D", "deg"), True, "cat")
    values = [10.0, np.nan, np.inf, -np.inf, -99.0, -999.0, 9999.0, 1e20, -1e30, -98.9, 0.0]
    assert np.isfinite(found.degrees(values)).tolist() == [True] + [False] * 8 + [True, True]
    small = angle(column("DEC", "D", "arcsec"), False, "cat").degrees(np.array([-99.0, 999.0, 1e9]))
    np.testing.assert_array_equal(small, [-99 / 3600, 999 / 3600, np.nan])
    assert found.degrees(np.array([3, 4], np.int16)).tolist() == [3.0, 4.0]
    assert found.degrees(np.zeros(0)).tolist() == []


GOOD = [
    "12:34:56.789", "12 34 56.789", "+12:34:56", "-00:30:00.5", "-0 0 30", "1:2:3", "23:59:59.9999999", "12:34",
    "12 34", " 05:06:07.8 ", "12:34:05.", "12:34.5",
]  # fmt: skip


@pytest.mark.parametrize("longitude", [True, False])
def test_text_is_astropys(longitude):
    found = angle(column("RA", "16A"), longitude, "cat")
    unit = units.hourangle if longitude else units.deg
    wanted = [Angle(text.strip(), unit=unit).deg for text in GOOD]
    np.testing.assert_allclose(found.degrees(np.array(GOOD)), wanted, rtol=1e-13)


MARKED = ["12h34m56.7s", "12d34m56.7s", "-12d34m", "12h", "7d", "12H34M56S"]


def test_text_that_tells_its_unit():
    for longitude in (True, False):
        ours = angle(column("RA", "16A"), longitude, "cat").degrees(np.array([*MARKED, "188.7362", "-0.25"]))
        np.testing.assert_allclose(ours, [*(Angle(text.lower()).deg for text in MARKED), 188.7362, -0.25], rtol=1e-13)
    degrees = angle(column("RA", "16A", '"d:m:s"'), True, "cat")
    assert degrees.degrees(np.array(["12:30:00"])).tolist() == [12.5]
    assert angle(column("RA", "16A", '"h:m:s"'), True, "cat").degrees(np.array(["12:30:00"])).tolist() == [187.5]


def test_bad_text_is_nan_alone():
    texts = ["12:34:56", "", "   ", "nan", "12:77:00", "12:34:61", "1e5", "12:34:56:78", "a12", "--:--", "-", "12:"]
    found = angle(column("RA", "16A"), False, "cat").degrees(np.array(texts))
    assert np.isfinite(found).tolist() == [True] + [False] * 11


BAD = [
    (column("RA", "D", "pix"), True, "unit of RA is no unit of a position: 'pix'"),
    (column("RA", "D", "mag"), True, "no unit of a position"),
    (column("RA", "D", "!?"), True, "no unit of a position"),
    (column("DEC", "D", "hour"), False, "no unit of a position"),
    (column("COORD", "2D", "deg"), True, "column 'COORD' is 2D"),
    (column("RA", "L"), True, "column 'RA' is L"),
]


@pytest.mark.parametrize(("held", "longitude", "told"), BAD)
def test_what_is_no_angle(held, longitude, told):
    with pytest.raises(InputError, match=told):
        angle(held, longitude, "cat[1]")
