"""Catalogues and images as they should not be, each through the command line: an error that helps, or a flagged row."""

import re

import numpy as np
import pytest
from astropy.coordinates import FK4, FK5, Galactic, SkyCoord
from astropy.io import fits
from astropy.table import Table

import cutouts
import field as fields
import skyserver
from field import SIDE, read, slices, told, words
from sdsslike import snapshot
from skycnn.schema import Flag


@pytest.fixture
def made(tmp_path):
    return fields.make(tmp_path)


def refused(cut, made, *more):
    """See that a run is refused with two lines and writes nothing; return them."""
    before = snapshot(made.folder)
    said = cut(*words(made), *more)
    assert said.code == 2, said.err
    assert snapshot(made.folder) == before
    return told(said)


def rewritten(made, band, change):
    """Write a band's image anew, changed."""
    with fits.open(made.path(band)) as units:
        unit = fits.PrimaryHDU(units[0].data.copy(), units[0].header)
    unit = change(unit) or unit
    unit.writeto(made.path(band), overwrite=True)


# World coordinates


def test_no_wcs(cut, made):
    for band in made.bands:
        fits.writeto(made.path(band), made.pixels[band], overwrite=True)
    error, hint = refused(cut, made)
    assert re.search(r"field_g\.fits.* has no celestial WCS", error)
    assert "--xy X,Y" in hint


def test_a_wcs_that_maps_elsewhere(cut, made):
    for band in made.bands:
        fields.image(made.path(band), made.pixels[band], fields.wcs(centre=(20.0, -60.0)))
    said = cut(*words(made))
    assert said.code == 0
    assert "warning: no row of 40 lies on any image: the first image lies about RA 20.0" in said.err
    assert (read(made.folder / "stamps.fits")[1]["FLAG"] & Flag.OFF_IMAGE).all()


FRAMES = {
    "FK5 J2000": ("RADESYS", "FK5", 2000.0, FK5(equinox="J2000")),
    "FK5 J1975": ("RADESYS", "FK5", 1975.0, FK5(equinox="J1975")),
    "FK4 B1950": ("RADESYS", "FK4", 1950.0, FK4(equinox="B1950")),
    "Galactic": ("CTYPE", "GLON", None, Galactic()),
}


@pytest.mark.parametrize("what", FRAMES)
def test_images_in_other_frames(cut, made, what):
    kind, name, equinox, frame = FRAMES[what]
    grid = fields.wcs()
    native = SkyCoord(150.1, 2.2, unit="deg").transform_to(frame)
    lon, lat = (native.l.deg, native.b.deg) if kind == "CTYPE" else (native.ra.deg, native.dec.deg)
    grid.wcs.crval = [lon, lat]
    if kind == "CTYPE":
        grid.wcs.ctype = ["GLON-TAN", "GLAT-TAN"]
    else:
        grid.wcs.radesys, grid.wcs.equinox = name, equinox
    for band in made.bands:
        fields.image(made.path(band), made.pixels[band], grid)
    sky = grid.all_pix2world(made.x, made.y, 0)
    icrs = SkyCoord(*sky, unit="deg", frame=frame).icrs
    with fits.open(made.cat, mode="update") as units:
        units[1].data["RA"], units[1].data["DEC"] = icrs.ra.deg, icrs.dec.deg
    said = cut(*words(made))
    assert said.code == 0, said.err
    assert np.array_equal(read(made.folder / "stamps.fits")[0], made.stamps(SIDE))


# Positions


def galactic(made, names, ucds=()):
    """Give the catalogue Galactic coordinates in place of RA and DEC."""
    with fits.open(made.cat) as units:
        table = Table(np.array(units[1].data))
    place = SkyCoord(table["RA"], table["DEC"], unit="deg").galactic
    table["RA"], table["DEC"] = place.l.deg, place.b.deg
    for old, new in zip(("RA", "DEC"), names, strict=True):
        table.rename_column(old, new)
        table[new].unit = "deg"
    table.write(made.cat, overwrite=True)
    with fits.open(made.cat, mode="update") as units:
        for number, ucd in enumerate(ucds, 2):
            units[1].header[f"TUCD{number}"] = ucd


@pytest.mark.parametrize(
    ("names", "ucds"),
    [(("GLON", "GLAT"), ()), (("one", "two"), ("pos.galactic.lon", "pos.galactic.lat"))],
    ids=["by name", "by UCD"],
)
def test_a_catalogue_in_galactic_coordinates_is_converted_and_said(cut, made, names, ucds):
    galactic(made, names, ucds)
    said = cut(*words(made))
    assert said.code == 0, said.err
    assert re.search("Galactic", said.err)
    assert np.array_equal(read(made.folder / "stamps.fits")[0], made.stamps(SIDE))


def test_a_catalogue_without_coordinates(cut, made):
    galactic(made, ("one", "two"))
    error, hint = refused(cut, made)
    assert re.search(r"cat\.fits\[1\] has no .*position", error)
    assert "--radec RA,DEC" in hint
    assert refused(cut, made, "--radec", "one,three")[0].startswith("skycnn: error: ")


def test_nan_and_absurd_coordinates_are_flagged_alone(cut, made):
    absurd = [np.nan, np.inf, -999.0, 1e30]
    with fits.open(made.cat, mode="update") as units:
        units[1].data["RA"][:2] = absurd[:2]
        units[1].data["DEC"][2:4] = absurd[2:]
    said = cut(*words(made))
    assert said.code == 0
    pixels, table, _, _ = read(made.folder / "stamps.fits")
    assert (table["FLAG"][:4] & Flag.NO_POSITION).all()
    assert np.isnan(pixels[:4]).all()
    assert np.isnan(table["DX"][:4]).all()
    assert np.array_equal(pixels[4:], made.stamps(SIDE)[4:])
    assert (table["FLAG"][4:] == 0).all()


def test_a_row_on_the_far_side_of_the_sky_is_flagged_alone(cut, made):
    with fits.open(made.cat, mode="update") as units:
        units[1].data["RA"][7], units[1].data["DEC"][7] = 330.1, -2.2
    assert cut(*words(made)).code == 0
    pixels, table, _, _ = read(made.folder / "stamps.fits")
    assert np.flatnonzero(table["FLAG"]).tolist() == [7]
    assert table["FLAG"][7] & Flag.OFF_IMAGE
    rest = np.arange(40) != 7
    assert np.array_equal(pixels[rest], made.stamps(SIDE)[rest])


@pytest.mark.parametrize("side", [15, 16])
def test_exactly_on_corners_and_centres_of_pixels(cut, tmp_path, side):
    x = [50.0, 50.5, 51.0, 49.5, 50.5, -0.5, 239.5]
    y = [60.0, 60.5, 60.5, 61.0, 59.5, -0.5, 179.5]
    made = fields.make(tmp_path, x=x, y=y, X=np.array(x) + 1, Y=np.array(y) + 1)
    said = cut(*words(made, side=side), "--xy", "X,Y")
    assert said.code == 0, said.err
    pixels, table, _, _ = read(made.folder / "stamps.fits")
    assert np.array_equal(pixels, made.stamps(side), equal_nan=True)
    assert set(table["DX"].tolist()) <= ({0.0, -0.5})
    on = (table["FLAG"] & Flag.OFF_IMAGE) == 0
    assert on.tolist() == [True] * 6 + [False], "pixel i covers [i - 0.5, i + 0.5)"


@pytest.mark.parametrize("side", [1, 500])
def test_a_stamp_of_one_pixel_and_one_larger_than_the_image(cut, made, side):
    assert cut(*words(made, side=side)).code == 0
    assert np.array_equal(read(made.folder / "stamps.fits")[0], made.stamps(side), equal_nan=True)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ("0", "makes stamps of 0 pixels"),
        ("-5", "--size is not understood"),
        ("12.5", "--size is not understood"),
        ("12 miles", "--size is not understood"),
        ("0.001arcsec", "makes stamps of 0 pixels"),
        ("90deg", "makes stamps of 810000 pixels"),
    ],
)
def test_no_size(cut, made, size, message):
    assert message in refused(cut, made, "--size", size)[0]


# Images


def test_an_image_shorter_than_its_header(cut, made):
    with made.path("g").open("r+b") as file:
        file.truncate(40_000)
    error = refused(cut, made)[0]
    assert re.search(r"field_g\.fits.*(shorter|truncated)", error)


@pytest.mark.parametrize(
    "content", [b"", b"<!DOCTYPE html><html>", b"\x89HDF\r\n\x1a\n", b"\x1f\x8b\x08not an archive"]
)
def test_what_is_no_image(cut, made, content):
    made.path("g").write_bytes(content)
    error = refused(cut, made)[0]
    assert "field_g.fits" in error


def test_a_table_is_no_image(cut, made):
    fits.BinTableHDU(np.zeros(3, [("A", ">f4")])).writeto(made.path("g"), overwrite=True)
    error = refused(cut, made)[0]
    assert re.search(r"field_g\.fits has no (2-D )?image", error)


def tiles(made, broken):
    """Split the field's band g into a left and a right half, one of which cannot be read."""
    grid = fields.wcs(angle=20.0)
    for name, part, start in (("left", slice(0, 120), 0), ("right", slice(120, 240), 120)):
        own = grid.deepcopy()
        own.wcs.crpix = [grid.wcs.crpix[0] - start, grid.wcs.crpix[1]]
        fields.image(made.folder / f"tile_{name}.fits", made.pixels["g"][:, part], own)
    made.path("g").unlink()
    broken(made.folder / "tile_right.fits")
    return [made.cat, "--images", f"g={made.folder}/tile_*.fits", "--size", SIDE, "--out", made.folder / "stamps.fits"]


def cut_short(path):
    with path.open("r+b") as file:
        file.truncate(20_000)


@pytest.mark.parametrize("broken", [cut_short, lambda path: path.write_text("not found")], ids=["short", "text"])
def test_one_unreadable_file_among_many_is_named_once(cut, made, broken):
    said = cut(*tiles(made, broken))
    assert said.code == 0, said.err
    named = [line for line in said.err.splitlines() if "tile_right.fits" in line]
    assert len(named) == 1
    assert named[0].startswith("skycnn: warning: ")
    pixels, table, _, _ = read(made.folder / "stamps.fits")
    expected = slices(np.where(np.arange(240) < 120, made.pixels["g"], np.nan), made.x, made.y, SIDE)
    whole = made.x < 110
    assert np.array_equal(pixels[whole, 0], expected[whole])
    assert (table["FLAG"][whole] == 0).all()
    assert (table["FLAG"][made.x > 121] != 0).all()


def test_stamps_across_a_seam_are_whole(cut, made):
    said = cut(*tiles(made, lambda path: None))
    assert said.code == 0, said.err
    pixels, table, _, _ = read(made.folder / "stamps.fits")
    assert np.array_equal(pixels, made.stamps(SIDE)[:, :1])
    assert (table["FLAG"] == 0).all()


def test_a_corrupt_compressed_tile_costs_its_stamps_alone(cut, made):
    plain = fits.ImageHDU(made.pixels["g"], fields.wcs(angle=20.0).to_header())
    packed = fits.CompImageHDU(
        plain.data, plain.header, compression_type="GZIP_1", tile_shape=(1, 240), quantize_level=0
    )
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(made.path("g"), overwrite=True)
    row = int(made.y[3])
    with fits.open(made.path("g"), disable_image_compression=True) as units:
        header, start = units[1].header, units[1]._data_offset
    assert header["TFORM1"].startswith("1P")
    content = bytearray(made.path("g").read_bytes())
    length, offset = np.frombuffer(content, ">i4", 2, start + row * header["NAXIS1"])
    heap = start + header["NAXIS1"] * header["NAXIS2"]
    content[heap + offset : heap + offset + length] = bytes(int(length))
    made.path("g").write_bytes(content)
    said = cut(*words(made))
    assert said.code == 0, said.err
    pixels, table, _, _ = read(made.folder / "stamps.fits")
    struck = (np.floor(made.y - 7.5 + 0.5) <= row) & (row < np.floor(made.y - 7.5 + 0.5) + 16)
    assert ((table["FLAG"] & Flag.UNREADABLE) != 0).tolist() == struck.tolist()
    assert np.array_equal(pixels[~struck], made.stamps(SIDE)[~struck])
    assert np.array_equal(pixels[:, 1], made.stamps(SIDE)[:, 1])
    known = np.isfinite(pixels[:, 0])
    assert np.array_equal(pixels[:, 0][known], made.stamps(SIDE)[:, 0][known])
    assert len([line for line in said.err.splitlines() if "warning: " in line and "field_g.fits" in line]) == 1


def test_bands_that_overlap_partly(cut, made):
    grid = fields.wcs(angle=20.0)
    grid.wcs.crpix = [grid.wcs.crpix[0] - 100, grid.wcs.crpix[1]]
    fields.image(made.path("r"), made.pixels["r"][:, 100:], grid)
    made.pixels["r"] = np.where(np.arange(240) < 100, np.nan, made.pixels["r"])
    assert cut(*words(made)).code == 0
    pixels, table, _, _ = read(made.folder / "stamps.fits")
    assert np.array_equal(pixels, made.stamps(SIDE), equal_nan=True)
    gone = np.isnan(made.stamps(SIDE)[:, 1]).all(axis=(1, 2))
    assert gone.any()
    assert ((table["FLAG"] & Flag.MISSING_BAND) != 0).tolist() == gone.tolist()
    assert ((table["FLAG"] & Flag.OFF_IMAGE) == 0).all(), "one band has them all"


OTHER_GRIDS = {
    "scale": ({"scale": 0.6, "angle": 20.0}, r"0\.4\d* arcsec.*0\.6|0\.6\d* arcsec.*0\.4"),
    "rotation": ({"angle": 50.0}, r"20\.?\d*.*50|50\.?\d*.*20"),
}


@pytest.mark.parametrize("what", OTHER_GRIDS)
def test_bands_on_other_pixel_grids_are_refused_with_both_values(cut, made, what):
    settings, message = OTHER_GRIDS[what]
    fields.image(made.path("r"), made.pixels["r"], fields.wcs(**settings), BUNIT="nmgy")
    error, hint = refused(cut, made)
    assert re.search(message, error), error
    assert "--resample" in hint
    said = cut(*words(made), "--resample")
    assert said.code == 0, said.err
    pixels, _, header, _ = read(made.folder / "stamps.fits")
    assert np.array_equal(pixels[:, 0], made.stamps(SIDE)[:, 0])
    assert "correlated" in header["RESAMPLE"]
    assert np.isfinite(pixels[:, 1]).any()


def test_a_band_that_is_turned_over_is_refused(cut, made):
    grid = fields.wcs(angle=20.0)
    grid.wcs.cd = grid.wcs.cd @ np.diag([-1.0, 1.0])
    fields.image(made.path("r"), made.pixels["r"], grid)
    error = refused(cut, made)[0]
    assert re.search("parity|mirror|handed", error), error


def test_several_images_in_pixels(cut, made):
    assert "one image a band" in refused(cut, made, "--images", f"g={made.path('r')}", "--xy", "ID,FLUX")[0]


def test_a_mask_makes_pixels_nan(cut, made):
    mask = np.zeros(fields.SHAPE, np.int16)
    mask[int(made.y[0]), int(made.x[0])] = 4
    fields.image(made.folder / "m.fits", mask, fields.wcs(angle=20.0))
    assert cut(*words(made), "--mask", f"g={made.folder / 'm.fits'}").code == 0
    pixels, table, _, _ = read(made.folder / "stamps.fits")
    made.pixels["g"] = np.where(mask != 0, np.nan, made.pixels["g"])
    assert np.array_equal(pixels, made.stamps(SIDE), equal_nan=True)
    assert table["FLAG"][0] & Flag.NAN_PIXELS


# A server


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with skyserver.serving(SKY.answer) as running:
        yield running


SKY = cutouts.Sky()
BROKEN = ("404", "500", "truncated", "html", "endless", "hangup", "empty")


def test_every_fault_of_a_server_is_a_flagged_row_and_one_line(cut, server, tmp_path):
    x, y = SKY.places(10)[0]
    ra, dec = SKY.places(10)[1]
    path = tmp_path / "remote.fits"
    Table({"RA": ra, "DEC": dec, "HOW": ["ok", *BROKEN, "ok", "ok"]}).write(path)
    template = server.url + "/{HOW}?ra={ra}&dec={dec}&size={size_px}"
    line = [path, "--images", f"r={template}", "--size", 16, "--out", tmp_path / "s.fits"]
    once = ["--retries", 0]
    said = cut(*line, *once)
    assert said.code == 0, said.err
    pixels, table, _, cards = read(tmp_path / "s.fits")
    failed = [k for k, flag in enumerate(table["FLAG"]) if flag & Flag.UNREADABLE]
    assert failed == list(range(1, 8))
    assert np.isnan(pixels[1:8]).all()
    for k in (0, 8, 9):
        assert np.array_equal(pixels[k, 0], SKY.stamp(x[k], y[k], 16)[0])
    lines = [text for text in said.err.splitlines() if text.startswith("skycnn: warning: ")]
    assert len(lines) == len(BROKEN), said.err
    assert all("ra=" not in text for text in lines), "queries are not told"
    assert "http" in "".join(map(str, cards["HISTORY"]))
    assert "nothing to do" in cut(*line, *once).err


def test_a_server_that_hangs_holds_up_its_rows_alone(cut, server, tmp_path):
    """The second run has the sound rows from the cache: no load of the machine makes them late."""
    ra, dec = SKY.places(4)[1]
    path = tmp_path / "remote.fits"
    template = server.url + "/{HOW}?ra={ra}&dec={dec}&size={size_px}"
    line = [path, "--images", f"r={template}", "--size", 16]
    for out, how, times in (
        ("sound", ["ok"] * 4, ()),
        ("hangs", ["ok", "slow", "ok", "drip"], ("--read-timeout", 0.3, "--row-timeout", 3)),
    ):
        Table({"RA": ra, "DEC": dec, "HOW": how}).write(path, overwrite=True)
        said = cut(*line, *times, "--retries", 0, "--out", tmp_path / out)
        assert said.code == 0, said.err
    sound, hangs = (read(tmp_path / name) for name in ("sound", "hangs"))
    assert (hangs[1]["FLAG"] & Flag.UNREADABLE != 0).tolist() == [False, True, False, True]
    assert np.array_equal(hangs[0][::2], sound[0][::2])
    assert np.isnan(hangs[0][1::2]).all()
    assert "no packet within 0.3 s" in said.err and "the row's time is over" in said.err
