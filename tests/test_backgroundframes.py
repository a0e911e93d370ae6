"""BackgroundFrames: frames of any unit on one pixel grid, and the sources of a catalogue found on them."""

import json
import os

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from skycnn.errors import InputError
from skycnn.mockfiles import backgroundframes
from skycnn.mockfiles.backgroundframes import Avoid

SHAPE, SIDE = (70, 90), 16
BANDS = ("g", "r")
FACTOR = 3.630780547701014
"""Microjansky a nanomaggy."""


def wcs(shift=0.0, turned=0.0):
    """Return the cards of a WCS, displaced by so many pixels and turned by so many degrees about the middle."""
    made = WCS(naxis=2)
    made.wcs.ctype, made.wcs.crval, made.wcs.crpix = ["RA---TAN", "DEC--TAN"], [313.0, -5.7], [45.5 + shift, 35.5]
    angle, scale = np.radians(turned), 0.04 / 3600
    made.wcs.cd = scale * np.array([[-np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return made.to_header()


def changed(**cards):
    """Return the same cards, some with other values."""
    header = wcs()
    header.update(cards)
    return header


def write(name, seed=1, unit="uJy", cards=None, shape=SHAPE):
    pixels = np.random.default_rng(seed).normal(0, 1, shape).astype("f4")
    fits.PrimaryHDU(pixels, (cards or fits.Header()) + fits.Header({"BUNIT": unit})).writeto(name, overwrite=True)
    return pixels


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("g.fits", 1, cards=wcs())
    write("r.fits", 2, cards=wcs())
    return tmp_path


def read(avoid=None, **files):
    return backgroundframes.read({"g": "g.fits", "r": "r.fits", **files}, BANDS, SIDE, avoid)


X, Y = np.array([30.0, 60.25, 44.9]), np.array([40.0, 25.5, 35.0])
"""From 0."""


def catalogue(name="cat.fits", **more):
    """Write a table of three sources by all ways to say where they are, and one without a position."""
    known = WCS(wcs())
    where = known.pixel_to_world(X, Y)
    columns = {"RA": where.ra.deg, "DEC": where.dec.deg, "XC": X + 1, "YC": Y + 1, "CLASS": [1, 2, 4]}
    table = Table(columns | {"GLON": where.galactic.l.deg, "GLAT": where.galactic.b.deg} | more)
    table.add_row([np.nan if table[column].dtype.kind == "f" else 1 for column in table.colnames])
    Table(table, names=table.colnames).write(name, overwrite=True)
    return known


def kept(made):
    """Return the least distance of a place's centre from each source."""
    y, x = np.divmod(made._corners, made._across)
    return np.hypot(x[:, None] + (SIDE - 1) / 2 - X, y[:, None] + (SIDE - 1) / 2 - Y).min(axis=0)


def test_frames_of_several_units_are_in_microjansky():
    raw = write("n.fits", 3, "nanomaggy", wcs())
    made = read(r="n.fits")
    assert made.frames[1] == pytest.approx(FACTOR * raw, rel=1e-5)
    assert made.pixel_scale == pytest.approx(0.04, rel=1e-4)


def test_files_are_told_names_and_digests_without_folders(folder):
    os.mkdir("deep")
    for band in BANDS:
        os.rename(f"{band}.fits", f"deep/{band}.fits")
    catalogue("deep/cat.fits")
    paths = {band: str(folder / "deep" / f"{band}.fits") for band in BANDS}
    facts = read(Avoid(str(folder / "deep" / "cat.fits"), ("RA", "DEC")), **paths).facts
    assert [told["file"] for told in facts["frames"].values()] == ["g.fits", "r.fits"]
    assert (facts["avoid"]["file"], facts["avoid"]["sources"]) == ("cat.fits[1]", 3)
    assert str(folder) not in json.dumps(facts) and "deep" not in json.dumps(facts)
    write("deep/r.fits", 4, cards=wcs())
    again = read(Avoid("deep/cat.fits", xy=("XC", "YC")), **paths).facts
    assert again["frames"]["g"] == facts["frames"]["g"]
    assert again["frames"]["r"]["sha256"] != facts["frames"]["r"]["sha256"]


@pytest.mark.parametrize("columns", [{"radec": ("RA", "DEC")}, {"xy": ("XC", "YC")}, {"radec": ("GLON", "GLAT")}])
def test_sources_are_avoided_wherever_they_are_told(columns):
    catalogue()
    made = read(Avoid("cat.fits", **columns))
    assert (kept(made) > 4).all() and (kept(made) < 5.5).all()
    assert made.places < read().places


def test_positions_are_found_and_a_frame_without_a_wcs_follows_the_others():
    catalogue()
    table = Table.read("cat.fits")
    table.remove_columns(["GLON", "GLAT"])
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(Table({"A": [1]})), fits.BinTableHDU(table)]).writeto("two.fits")
    write("g.fits", 1)
    assert (kept(read(Avoid("two.fits"))) > 4).all()


def test_only_rows_that_meet_a_condition_are_avoided():
    catalogue()
    made = read(Avoid("cat.fits", xy=("XC", "YC"), where="CLASS in (1, 2)"))
    assert ((kept(made) > 4) == [True, True, False]).all()
    assert made.facts["avoid"]["sources"] == 2


def test_a_grid_may_be_told_otherwise():
    write("r.fits", 2, cards=wcs(0.3))
    assert read().places


@pytest.mark.parametrize(
    ("cards", "message"),
    [
        (wcs(3), "several pixel grids: g.fits and r.fits, the same sky lies up to 3.0 pixels apart (expected one grid"),
        (wcs(turned=5), "the same sky lies up to 4.9 pixels apart"),
        (wcs(turned=180), "the same sky lies up to 112.6 pixels apart"),
        (changed(CRVAL1=133.0), "they show other sky"),
        (changed(CTYPE1="RA---XYZ"), "r.fits: its WCS"),
        (changed(CD1_1=0.0, CD1_2=0.0, PC1_1=0.0, PC1_2=0.0), "r.fits: its WCS"),
    ],
)
def test_frames_of_several_grids_are_refused(cards, message):
    write("r.fits", 2, cards=cards)
    with pytest.raises(InputError) as caught:
        read()
    assert message in str(caught.value)


def test_a_catalogue_that_avoids_nothing_is_refused():
    known = catalogue()
    far = known.pixel_to_world(X + 500, Y)
    catalogue("far.fits", ALPHA=far.ra.deg, DELTA=far.dec.deg)
    for name, how, message in (
        ("far.fits", {"radec": ("ALPHA", "DELTA")}, "--avoid far.fits: of 4 rows none lies on the frames."),
        (
            "cat.fits",
            {"xy": ("XC", "YC"), "where": "CLASS > 4"},
            "of 0 rows that meet --where 'CLASS > 4' none lies",
        ),
        ("cat.fits", {"xy": ("XC", "YD")}, "has no column 'YD', which --xy names"),
        ("cat.fits", {"xy": ("XC", "YC"), "where": "CLAS > 4"}, "CLAS"),
        ("nix.fits", {}, "nix.fits does not exist"),
    ):
        with pytest.raises(InputError) as caught:
            read(Avoid(name, **how))
        assert message in str(caught.value)


def test_positions_on_the_sky_need_a_frame_that_tells_where_it_lies():
    catalogue()
    for band in BANDS:
        write(f"{band}.fits", 1)
    with pytest.raises(InputError) as caught:
        read(Avoid("cat.fits", ("RA", "DEC")))
    assert str(caught.value) == (
        "--avoid cat.fits[1] has positions on the sky, and no frame of --background has a WCS to find them by. "
        "--xy X,Y names columns of pixels, the first is 1."
    )
    assert (kept(read(Avoid("cat.fits", xy=("XC", "YC")))) > 4).all()
