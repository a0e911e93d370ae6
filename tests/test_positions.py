"""Positions: found by UCD, name and unit, brought to ICRS; what is not told plainly is an error."""

import numpy as np
import pytest
from astropy.coordinates import FK4, FK5, Galactic, SkyCoord

from columns import column, columns
from skycnn.errors import InputError
from skycnn.images.positions.positions import find

RNG = np.random.default_rng(1)
SKY = SkyCoord(RNG.uniform(0, 360, 500), np.degrees(np.arcsin(RNG.uniform(-1, 1, 500))), unit="deg")


def deg(names, unit="deg"):
    return columns(names, unit=unit, form="D")


def apart(found, lon, lat):
    a, b = found.of(dict(zip(found.columns, (lon, lat), strict=True)))
    assert a.dtype == b.dtype == np.float64
    return SKY.separation(SkyCoord(a, b, unit="deg")).arcsec.max()


def test_degrees():
    found = find(deg("ID RA DEC Z"), {})
    assert (found.columns, found.kind) == (("RA", "DEC"), "sky")
    assert found.notes == ("positions: RA DEC in deg, ICRS (no RADESYS card)",)
    assert apart(found, SKY.ra.deg, SKY.dec.deg) == 0
    assert apart(found, SKY.ra.deg - 360, SKY.dec.deg) < 1e-8
    assert apart(found, SKY.ra.deg + 360, SKY.dec.deg) < 1e-8


def test_other_units():
    hours = find([column("RA", "D", "h"), column("DEC", "D", "deg")], {"RADESYS": "ICRS"})
    assert hours.notes == ("positions: RA DEC in hour and deg, ICRS",)
    assert apart(hours, SKY.ra.hour, SKY.dec.deg) < 1e-8
    assert apart(find(deg("coord_ra coord_dec", "rad"), {}), SKY.ra.rad, SKY.dec.rad) < 1e-8
    mixed = find([column("coord_ra", "D", "rad"), column("coord_dec", "D")], {})
    assert apart(mixed, SKY.ra.rad, SKY.dec.rad) < 1e-8
    text = find([column("RAJ2000", "12A"), column("DEJ2000", "12A")], {})
    assert "text, h m s" in text.notes[0]
    lon, lat = (a.to_string(sep=":", precision=6, unit=u) for a, u in ((SKY.ra, "hour"), (SKY.dec, "deg")))
    assert apart(text, np.array(lon), np.array(lat)) < 2e-5


FRAMES = [
    ("GLON GLAT", {}, Galactic(), "Galactic, converted to ICRS"),
    ("l b", {"RADESYS": "ICRS"}, Galactic(), "Galactic, converted to ICRS"),
    ("RA DEC", {"RADESYS": "FK5"}, FK5(), "FK5 J2000, converted"),
    ("RA DEC", {"EQUINOX": 2000.0}, FK5(), "FK5 J2000, converted"),
    ("RA DEC", {"RADECSYS": "FK5", "EQUINOX": 1975.0}, FK5(equinox="J1975"), "FK5 J1975, converted"),
    ("RA DEC", {"EQUINOX": 1950.0}, FK4(equinox="B1950"), "FK4 B1950, converted"),
    ("RAB1950 DEB1950", {}, FK4(equinox="B1950"), "FK4 B1950 by their names, converted"),
    ("RAJ2000 DEJ2000", {"EQUINOX": 1950.0}, "icrs", "ICRS by their names"),
]


@pytest.mark.parametrize(("names", "header", "frame", "told"), FRAMES)
@pytest.mark.parametrize("named", [False, True])
def test_other_frames(names, header, frame, told, named):
    """Whether the columns are found or named by --radec."""
    there = SKY.transform_to(frame).spherical
    found = find(deg(f"ID {names}"), header, sky=tuple(names.split()) if named else None)
    assert told in found.notes[0]
    assert apart(found, there.lon.deg, there.lat.deg) < 1e-6


def test_rows_without_a_position():
    found = find(deg("RA DEC"), {"RADESYS": "FK5"})
    lon = np.array([1.0, np.nan, 3.0, np.inf, 5.0, -99.0, -999.0, 1e9, 9.0, 10.0])
    lat = np.array([1.0, 2.0, np.nan, 4.0, -90.001, -9.0, -999.0, 8.0, 99.0, -90.0])
    a, b = found.of({"RA": lon, "DEC": lat})
    good = [True] + [False] * 8 + [True]
    assert np.isfinite(a).tolist() == np.isfinite(b).tolist() == good
    assert [len(axis) for axis in found.of({"RA": lon[:0], "DEC": lat[:0]})] == [0, 0]


def test_pixels():
    found = find(columns("ID X_IMAGE Y_IMAGE RA DEC", form="E"), {}, xy=("x_image", "Y_IMAGE"))
    assert (found.kind, found.columns) == ("pixel", ("X_IMAGE", "Y_IMAGE"))
    assert "the first is 1" in found.notes[0]
    x = np.array([1.0, 0.5, np.nan, 7.0, -99.0, 2e9, -3.0, 999.0, 99.0])
    y = np.array([1, 2, 3, -9999, 5, 6, 7, 9999, 99], np.int32)
    a, b = found.of({"X_IMAGE": x, "Y_IMAGE": y})
    np.testing.assert_array_equal(a, [0.0, -0.5, np.nan, np.nan, np.nan, np.nan, -4.0, 998.0, 98.0])
    np.testing.assert_array_equal(b, [0.0, 1.0, np.nan, np.nan, np.nan, np.nan, 6.0, 9998.0, 98.0])


def test_named_columns_of_any_name():
    found = find(deg("U V RA DEC"), {}, sky=("u", "V"))
    assert found.columns == ("U", "V")
    assert apart(found, SKY.ra.deg, SKY.dec.deg) == 0


BAD = [
    (deg("ID Z"), {}, "no columns that are known as positions.*--radec RA,DEC.*It has: ID, Z"),
    ([], {}, "no columns that are known"),
    (deg("RA"), {}, "no columns that are known"),
    (deg("L B", "kpc"), {}, "no columns that are known"),
    (deg("ELON ELAT"), {}, "not converted: ELON and ELAT"),
    (deg("RA_1 DEC_1 RA_2 DEC_2"), {}, "several positions: RA_1 and DEC_1; RA_2 and DEC_2.*--radec RA_1,DEC_1"),
    (deg("RA DEC ra dec"), {}, "several positions: RA and DEC; ra and dec"),
    (deg("RA DEC", "pix"), {}, "unit of RA is no unit"),
    (deg("U V RA DEC"), {"sky": ("U", "W")}, "has no column 'W', which --radec names"),
    (deg("RIGHT_ASC DECL"), {"sky": ("RIGHT_ASK", "DECL")}, "Did you mean RIGHT_ASC"),
    (deg("RA DEC"), {"sky": ("DEC", "RA")}, "Turn them: --radec RA,DEC"),
    (deg("ELON ELAT"), {"sky": ("ELON", "ELAT")}, "not converted"),
    (deg("RA DEC X Y"), {"sky": ("RA", "DEC"), "xy": ("X", "Y")}, "two ways"),
    (deg("X Y"), {"xy": ("X", "Q")}, "has no column 'Q', which --xy names"),
    ([column("X", "2E"), column("Y", "2E")], {"xy": ("X", "Y")}, "column 'X' is 2E"),
    ([column("RA", "3A"), column("DEC", "2D")], {"sky": ("RA", "DEC")}, "column 'DEC' is 2D"),
]


@pytest.mark.parametrize(("held", "options", "told"), BAD)
def test_what_is_not_plain_is_an_error(held, options, told):
    with pytest.raises(InputError, match=told):
        find(held, {}, **options, label="cat.fits[1]")


def test_unknown_frame():
    with pytest.raises(InputError, match=r"cat\.fits\[1\]: its RADESYS is not known"):
        find(deg("RA DEC"), {"RADESYS": "LOCAL"}, label="cat.fits[1]")


def test_positions_of_equal_names_are_chosen_by_number():
    names = ("RA", "DEC", "RA#3", "DEC#4")
    twice = [column(name, "D", "deg") for name in names]
    with pytest.raises(InputError, match="has several positions: RA#1 and DEC#2; RA#3 and DEC#4") as error:
        find(twice, {})
    assert error.value.hint == "Choose with --radec, e.g. --radec RA#1,DEC#2."
    assert find(twice, {}, sky=("RA#1", "DEC#2")).columns == ("RA", "DEC")
    assert find(twice, {}, sky=("RA#3", "DEC#4")).columns == ("RA#3", "DEC#4")
    with pytest.raises(InputError, match="has the column 'RA' more than once: RA#1 and RA#3"):
        find(twice, {}, sky=("RA", "DEC"))
