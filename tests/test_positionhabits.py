"""PositionHabits: which pairs of columns are positions, and in which order."""

import pytest

from columns import column, columns
from skycnn.images.positions.positionhabits import STYLES, pairs


def named(names, **more):
    return [(pair.lon.name, pair.lat.name, pair.frame) for pair in pairs(columns(names, form="D", **more))]


@pytest.mark.parametrize(("lon", "lat", "frame"), STYLES, ids=lambda word: word)
def test_every_style_as_written_and_in_lower_case(lon, lat, frame):
    for write in (str, str.lower):
        assert named(f"ID {write(lon)} {write(lat)} Z", unit="deg")[0] == (write(lon), write(lat), frame)


def test_styles_are_told_once():
    assert len({style[:2] for style in STYLES}) == len(STYLES)


def test_single_letters_need_degrees():
    assert named("L B") == []
    assert named("l b", unit="deg") == [("l", "b", "Galactic")]


def test_the_best_comes_first():
    assert named("GLON GLAT ALPHA_J2000 DELTA_J2000 RA_1 DEC_1 RA1950 DEC1950 RA DEC ELON ELAT") == [
        ("RA", "DEC", "equatorial"),
        ("ALPHA_J2000", "DELTA_J2000", "equatorial"),
        ("RA_1", "DEC_1", "equatorial"),
        ("RA1950", "DEC1950", "B1950"),
        ("GLON", "GLAT", "Galactic"),
        ("ELON", "ELAT", "other"),
    ]


def test_affixes():
    assert named("GAIA_RA GAIA_DEC") == [("GAIA_RA", "GAIA_DEC", "equatorial")]
    assert named("ra_sdss dec_sdss") == [("ra_sdss", "dec_sdss", "equatorial")]
    assert named("RAJ2000_1 DEJ2000_1") == [("RAJ2000_1", "DEJ2000_1", "equatorial")]
    assert named("RA_ERR DEC_ERR ERR_RA ERR_DEC PM_RA PM_DEC RA_OFFSET DEC_OFFSET SIGMA_RA SIGMA_DEC") == []
    assert named("pmra pmdec e_RAJ2000 e_DEJ2000 RA_1 DEC_2 FRA FDEC") == []


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ("RA(deg)", "DEC(deg)"),
        ("RA [deg]", "Dec [deg]"),
        ("R.A.", "Decl."),
        ("RA", "Dec."),
        ("RA-J2000", "DEC-J2000"),
        (" ra ", "dec"),
        ("RA (J2000)", "Dec (J2000)"),
        ("RA-SDSS", "DEC-SDSS"),
    ],
)
def test_names_as_people_write_them(lon, lat):
    found = [column("ID", "J"), column(lon, "D"), column(lat, "D")]
    assert [(pair.lon.name, pair.lat.name) for pair in pairs(found)] == [(lon, lat)]


def test_errors_are_no_positions_however_they_are_written():
    assert pairs([column(name, "D") for name in ("RA (err)", "DEC (err)", "RA-error", "DEC-error")]) == []


def ucd(name, word, form="D"):
    return column(name, form, "deg", word)


def by_ucd(*told):
    return [(pair.lon.name, pair.lat.name, pair.frame) for pair in pairs([ucd(*one) for one in told])]


def test_ucds():
    eq = [("A", "pos.eq.ra;meta.main"), ("B", "pos.eq.dec;meta.main")]
    assert by_ucd(*eq) == [("A", "B", "equatorial")]
    assert by_ucd(*eq, ("RA", ""), ("DEC", ""))[0] == ("A", "B", "equatorial")
    assert by_ucd(("C", "pos.eq.ra"), ("D", "pos.eq.dec"), *eq)[0] == ("A", "B", "equatorial")
    assert by_ucd(("A", "POS_EQ_RA_MAIN"), ("B", "POS_EQ_DEC_MAIN")) == [("A", "B", "equatorial")]
    assert by_ucd(("A", "pos.galactic.lon"), ("B", "pos.galactic.lat")) == [("A", "B", "Galactic")]
    assert by_ucd(("RAB1950", "pos.eq.ra"), ("DEB1950", "pos.eq.dec"))[0] == ("RAB1950", "DEB1950", "B1950")


def test_ucds_of_errors_do_not_count():
    assert by_ucd(("A", "stat.error;pos.eq.ra"), ("B", "stat.error;pos.eq.dec")) == []
    assert by_ucd(("A", "pos.eq.ra;stat.error"), ("B", "pos.eq.dec;stat.error")) == []
    assert by_ucd(("A", "pos.pm;pos.eq.ra"), ("B", "pos.pm;pos.eq.dec")) == []
    assert by_ucd(("A", "pos.eq.ra;stat.mean"), ("B", "pos.eq.dec;stat.mean")) == [("A", "B", "equatorial")]


def test_numbers_before_text():
    told = [("T", "pos.eq.ra", "12A"), ("U", "pos.eq.dec", "12A"), ("N", "pos.eq.ra"), ("M", "pos.eq.dec")]
    assert by_ucd(*told)[:2] == [("N", "M", "equatorial"), ("T", "U", "equatorial")]
    assert by_ucd(told[0], *told[2:]) == [("N", "M", "equatorial")]  # text without a partner


def test_what_holds_no_number():
    assert pairs([column("RA", "2D"), column("DEC", "2D")]) == []
    assert pairs([column("RA", "L"), column("DEC", "D")]) == []
    assert pairs([]) == []


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ("sky.ra", "sky.dec"),  # astropy, a SkyCoord
        ("sky_centroid.ra", "sky_centroid.dec"),  # photutils
        ("sky_centroid_win.ra", "sky_centroid_win.dec"),
        ("coord.ra", "coord.dec"),
        ("gaia_dr3_ra", "gaia_dr3_dec"),
        ("world_centroid_alpha", "world_centroid_delta"),  # SourceXtractor++
        ("my target_RA", "my target_DEC"),
        ("ra_ls", "dec_ls"),
        ("cat2.raJ2000", "cat2.deJ2000"),
    ],
)
def test_any_common_prefix_or_suffix_makes_a_pair(lon, lat):
    found = [column("ID", "J"), column("pm.ra_err", "D"), column(lon, "D"), column(lat, "D")]
    assert [(pair.lon.name, pair.lat.name) for pair in pairs(found)] == [(lon, lat)]


def test_pairs_of_other_prefixes_are_not_mixed():
    found = [column(name, "D") for name in ("a.ra", "b.dec", "ra_error", "dec_error")]
    assert pairs(found) == []
    both = [column(name, "D") for name in ("a.ra", "b.ra", "b.dec", "a.dec")]
    assert [pair.names for pair in pairs(both)] == ["a.ra and a.dec", "b.ra and b.dec"]


def test_names_that_stand_twice_are_two_pairs():
    found = [column(name, "D") for name in ("RA", "DEC", "RA#3", "DEC#4")]
    assert [pair.names for pair in pairs(found)] == ["RA and DEC", "RA#3 and DEC#4"]
