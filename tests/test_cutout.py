"""cutout from end to end: what is in a stamp file, what a second run does, and what stamps do not depend on."""

import json
import re
import shutil

import numpy as np
import pytest
from astropy.io import fits

import field as fields
from field import SIDE, read, told, words
from sdsslike import sha256, snapshot
from skycnn.errors import Interrupted
from skycnn.schema import Flag
from skycnn.stamps.stampfile import stampfile
from skycnn.stamps.stamps import Census
from skycnn.verbs import cutout as verb
from test_binning import slow


@pytest.fixture
def made(tmp_path):
    return fields.make(tmp_path)


@pytest.fixture
def edges(tmp_path):
    """A field with rows well inside, half off, just off, far off and nowhere."""
    x = [100.2, -3.1, 120.3, 239.4, 5000.2, 60.1, 77.7]
    y = [90.7, 50.2, -5.2, 179.4, 5000.3, 60.1, 88.8]
    made = fields.make(tmp_path, x=x, y=y)
    with fits.open(made.cat, mode="update") as units:
        units[1].data["RA"][5] = np.nan
    made.x[5] = np.nan
    return made


# What is in the file


@pytest.mark.parametrize("side", [1, 15, 16])
def test_stamps_are_slices_of_the_images(cut, edges, side):
    said = cut(*words(edges, side=side))
    assert said.code == 0, said.err
    pixels, table, _, _ = read(edges.folder / "stamps.fits")
    assert pixels.dtype == np.dtype(">f4")
    assert np.array_equal(pixels, edges.stamps(side), equal_nan=True)
    known = np.isfinite(table["DX"])
    assert np.array_equal(known, np.isfinite(edges.stamps(side)).any(axis=(1, 2, 3)))
    for name, at in (("DX", edges.x), ("DY", edges.y)):
        rest = at - np.floor(at - (side - 1) / 2 + 0.5) - (side - 1) / 2
        assert np.allclose(table[name][known], rest[known], atol=1e-6)


def test_coarse_stamps_of_the_images_pixels(cut, edges):
    """--size counts coarse pixels, also as an angle; a second run knows them, and finer ones are others."""
    scale = fields.SCALE * 5
    said = cut(*words(edges, side=6), "--bin", 5, "--resample")
    assert said.code == 0, said.err
    resampled, _, head, _ = read(edges.folder / "stamps.fits")
    assert (head["PIXSCALE"], "BINNING" in head) == (pytest.approx(scale), False)
    said = cut(*words(edges, side=f"{6 * scale}arcsec"), "--bin", 5, "--overwrite")
    assert said.code == 0, said.err
    assert "7 stamps of 6x6 pixels in g r, 2 arcsec a pixel" in said.err
    pixels, table, head, _ = read(edges.folder / "stamps.fits")
    assert (head["PIXSCALE"], head["BINNING"]) == (pytest.approx(scale), 5)
    fine = edges.stamps(30)
    light = np.stack([slow(fine[:, band], 5) for band in range(2)], 1)
    np.testing.assert_allclose(pixels, light, rtol=1e-5, atol=1e-4)
    known = np.isfinite(light).any(axis=(1, 2, 3))
    for name, at in (("DX", edges.x), ("DY", edges.y)):
        rest = at - np.floor(at - 14.5 + 0.5) - 14.5
        assert np.allclose(table[name][known], rest[known] / 5, atol=1e-6)
    smooth = np.abs(resampled - pixels)[known & (table["FLAG"] == 0)]
    assert np.median(smooth) < 5  # of a sum of 25 of scatter 1, half a pixel off at most
    assert "holds these stamps already" in cut(*words(edges, side=6), "--bin", 5).err
    assert cut(*words(edges, side=6)).code == 2


def test_flags_tell_what_is_the_matter(cut, edges):
    said = cut(*words(edges))
    assert said.code == 0
    table = read(edges.folder / "stamps.fits")[1]
    lost = Flag.MISSING_BAND
    expected = [0, Flag.EDGE | Flag.OFF_IMAGE, Flag.EDGE | Flag.OFF_IMAGE, Flag.EDGE]
    expected += [Flag.OFF_IMAGE | lost, Flag.NO_POSITION | lost, 0]
    assert table["FLAG"].tolist() == [int(flag) for flag in expected]
    assert re.search(r"2 without a flag; flagged: 3 off image, 3 edge, 2 missing band, 1 no position", said.err)


def test_the_catalogue_comes_along(cut, made):
    assert cut(*words(made)).code == 0
    _, table, header, cards = read(made.folder / "stamps.fits")
    with fits.open(made.cat) as units:
        original = np.array(units[1].data)
    assert table.dtype.names == (*original.dtype.names, "DX", "DY", "FLAG")
    for name in original.dtype.names:
        assert np.array_equal(table[name], original[name])
    assert (header["BANDS"], header["BUNIT"]) == ("g r", "nmgy")
    assert header["PIXSCALE"] == pytest.approx(fields.SCALE, rel=1e-4)
    assert cards["TUNIT2"] == "deg"
    history = "\n".join(map(str, cards["HISTORY"]))
    assert "skycnn  " in history
    assert " cutout " in history
    assert "--size" in history


def test_rows_of_a_range(cut, made):
    assert cut(*words(made), "--rows", "5:9").code == 0
    pixels, table, _, _ = read(made.folder / "stamps.fits")
    assert np.array_equal(pixels, made.stamps(SIDE)[5:9])
    assert table["ID"].tolist() == [2**60 + 10 * k for k in range(5, 9)]
    assert cut(*words(made, "all.fits"), "--rows", "30:999").code == 0
    assert len(read(made.folder / "all.fits")[0]) == 10


def test_positions_in_pixels_need_no_wcs(cut, tmp_path):
    made = fields.make(tmp_path, X=np.zeros(40), Y=np.zeros(40))
    with fits.open(made.cat, mode="update") as units:
        units[1].data["X"], units[1].data["Y"] = made.x + 1, made.y + 1
    for band, pixels in made.pixels.items():
        fits.writeto(made.path(band), pixels, overwrite=True)
    said = cut(*words(made), "--xy", "X,Y")
    assert said.code == 0, said.err
    pixels, _, header, _ = read(made.folder / "stamps.fits")
    assert np.array_equal(pixels, made.stamps(SIDE))
    assert "PIXSCALE" not in header


def test_size_in_arcsec(cut, made):
    assert cut(*words(made, side="6arcsec")).code == 0
    assert read(made.folder / "stamps.fits")[0].shape == (40, 2, 15, 15)


def test_to_standard_output(cut, made):
    line = words(made)
    line[-1] = "-"
    said = cut(*line)
    assert said.code == 0
    assert cut(*words(made)).code == 0
    piped = made.folder / "piped.fits"
    piped.write_bytes(said.out)
    assert np.array_equal(read(piped)[0], made.stamps(SIDE))
    assert len(said.out) == (made.folder / "stamps.fits").stat().st_size


@pytest.mark.parametrize("how", ["gzip", "rice"])
def test_packed_stamps(cut, made, how):
    assert cut(*words(made), "--compress", how).code == 0
    pixels, table, _, _ = read(made.folder / "stamps.fits")
    expected = made.stamps(SIDE)
    assert np.array_equal(pixels, expected) if how == "gzip" else np.allclose(pixels, expected, atol=0.5)
    assert len(table) == 40


def test_no_rows_is_no_error(cut, tmp_path):
    made = fields.make(tmp_path, rows=0)
    said = cut(*words(made))
    assert said.code == 0, said.err
    assert len(read(made.folder / "stamps.fits")[1]) == 0


# What stamps do not depend on


def test_blocks_threads_and_order_of_rows(cut, edges, monkeypatch):
    assert cut(*words(edges), "--threads", "1").code == 0
    whole = read(edges.folder / "stamps.fits")
    monkeypatch.setattr(verb, "BLOCK", 3)
    assert cut(*words(edges, "blocks.fits"), "--threads", "3").code == 0
    parts = read(edges.folder / "blocks.fits")
    with fits.open(edges.cat, mode="update") as units:
        units[1].data = units[1].data[::-1].copy()
    assert cut(*words(edges, "turned.fits")).code == 0
    turned = read(edges.folder / "turned.fits")
    assert whole[0].tobytes() == parts[0].tobytes() == turned[0][::-1].tobytes()
    assert whole[1].tobytes() == parts[1].tobytes() == turned[1][::-1].tobytes()


# A second run


def test_a_second_run_does_nothing_and_says_so(cut, made):
    assert cut(*words(made)).code == 0
    before = snapshot(made.folder)
    said = cut(*words(made))
    assert said.code == 0
    assert len(said.err.splitlines()) == 1
    assert said.err.endswith("holds these stamps already (same rows, images, options); nothing to do\n")
    assert cut(*words(made), "-q").err == ""
    assert json.loads(cut(*words(made), "--json", "-q").out)["unchanged"] is True
    assert snapshot(made.folder) == before


def row_changed(made):
    with fits.open(made.cat, mode="update") as units:
        units[1].data["FLUX"][3] = 7


def image_changed(made):
    fields.image(made.path("g"), made.pixels["g"] + 1, fields.wcs(angle=20.0))


CHANGES = {
    "size": (lambda made: [*words(made, side=8)], "side 16 then, 8 now"),
    "bands": (lambda made: [made.cat, *made.images()[:2], *words(made)[5:]], r'bands \["g", "r"\] then, \["g"\] now'),
    "rows": (lambda made: [*words(made), "--rows", "0:4"], r"rows all then, \[0, 4\] now"),
    "packing": (lambda made: [*words(made), "--compress", "gzip"], 'compress not given then, "gzip" now'),
    "the catalogue": (lambda made: row_changed(made) or words(made), "the catalogue has changed"),
    "an image": (lambda made: image_changed(made) or words(made), "images .* then, .* now"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_anything_else_is_refused_and_named(cut, made, what):
    assert cut(*words(made)).code == 0
    line, told_ = CHANGES[what]
    line = line(made)
    before = snapshot(made.folder)
    said = cut(*line)
    assert said.code == 2
    error, hint = told(said)
    assert re.search(f"stamps.fits exists and holds other stamps: .*{told_}", error)
    assert hint == "hint: --overwrite replaces it."
    assert snapshot(made.folder) == before
    assert cut(*line, "--overwrite").code == 0


def test_the_same_file_as_mask_and_as_weight_makes_other_stamps(cut, made):
    fields.image(made.folder / "plane.fits", np.eye(*fields.SHAPE, dtype=np.int16), fields.wcs(angle=20.0))
    plane = f"g={made.folder / 'plane.fits'}"
    assert cut(*words(made), "--mask", plane).code == 0
    said = cut(*words(made), "--weight", plane)
    assert (said.code, "holds other stamps: mask" in said.err) == (2, True)


@pytest.mark.parametrize("content", ["text", "image", "catalogue"])
def test_a_file_that_is_not_ours_is_let_be(cut, made, content):
    out = made.folder / "stamps.fits"
    if content == "text":
        out.write_text("somebody's notes")
    else:
        shutil.copy(made.cat if content == "catalogue" else made.path("g"), out)
    before = snapshot(made.folder)
    said = cut(*words(made))
    assert (said.code, told(said)[0].endswith("stamps.fits exists, and was not written by skycnn cutout")) == (2, True)
    assert snapshot(made.folder) == before
    assert cut(*words(made), "--overwrite").code == 0


# A run that is stopped


@pytest.fixture
def stopped(cut, made, monkeypatch):
    """Run until the second block is done, then be stopped by a signal, or by an error."""
    monkeypatch.setattr(verb, "BLOCK", 16)
    assert cut(*words(made, "whole.fits")).code == 0
    inner = stampfile.StampFile.done

    def run(error):
        blocks = []

        def done(self, *args, **settings):
            inner(self, *args, **settings)
            blocks.append(1)
            if len(blocks) == 2:
                raise error

        with monkeypatch.context() as patch:
            patch.setattr(stampfile.StampFile, "done", done)
            return cut(*words(made))

    return run


def test_a_run_that_was_stopped_goes_on(cut, made, stopped):
    said = stopped(Interrupted(15))
    assert said.code == 143
    left = {entry.name for entry in made.folder.iterdir() if entry.name.startswith(".")}
    assert left == {".stamps.fits.skycnn-journal", ".stamps.fits.skycnn-partial"}
    assert not (made.folder / "stamps.fits").exists()
    said = cut(*words(made))
    assert said.code == 0
    assert "taken over from an earlier run: 32 rows" in said.err
    assert not [entry.name for entry in made.folder.iterdir() if entry.name.startswith(".")]
    whole, resumed = (made.folder / name for name in ("whole.fits", "stamps.fits"))
    assert np.array_equal(read(whole)[0], read(resumed)[0])
    assert read(whole)[1].tobytes() == read(resumed)[1].tobytes()


def test_an_error_leaves_nothing(made, stopped):
    before = set(snapshot(made.folder))
    said = stopped(OSError(5, "Input/output error"))
    assert said.code == 1
    assert told(said)[0] == "skycnn: error: Input/output error"
    assert set(snapshot(made.folder)) == before


def test_a_journal_of_other_stamps_is_thrown_away(cut, made, stopped):
    stopped(Interrupted(15))
    image_changed(made)
    said = cut(*words(made))
    assert said.code == 0
    assert "the journal of another run was found and thrown away" in said.err
    pixels = read(made.folder / "stamps.fits")[0]
    assert np.array_equal(pixels[:, 0], fields.slices(made.pixels["g"] + 1, made.x, made.y, SIDE))


# What it says


def test_dry_run_touches_nothing_and_tells_all(cut, edges):
    before = snapshot(edges.folder)
    said = cut(*words(edges), "--dry-run")
    assert said.code == 0, said.err
    assert re.search(rf"^{edges.path('g')}\S* +5$", said.out.decode(), re.MULTILINE)
    assert re.search(r"stamps\.fits would be written: 7 stamps of 16x16 pixels in g r, 0\.4 arcsec a pixel, ", said.err)
    assert re.search(r"0\.\d MB, about 1 s", said.err)
    found = json.loads(cut(*words(edges), "--dry-run", "--json", "-q").out)
    assert (found["rows"], found["nowhere"], found["unplaced"], found["side"]) == (7, 3, 1, 16)
    assert found["disk_bytes"] >= 7 * 2 * 16 * 16 * 4
    assert snapshot(edges.folder) == before


def test_json_is_one_object(cut, edges):
    said = cut(*words(edges), "--json", "-q")
    assert (said.code, said.err) == (0, "")
    assert said.out.count(b"\n") == 1
    found = json.loads(said.out)
    assert (found["rows"], found["clean"], found["side"], found["bands"]) == (7, 2, 16, ["g", "r"])
    assert found["flagged"]["no_position"] == 1
    assert found["files"]["output"] == str(edges.folder / "stamps.fits")
    assert found["rate"] > 0


def test_strict_tells_flagged_rows_by_its_code(cut, edges):
    said = cut(*words(edges), "--strict")
    assert said.code == 3
    assert told(said)[0].startswith("skycnn: error: rows were flagged: 3 off image")
    assert len(read(edges.folder / "stamps.fits")[0]) == 7


def test_provenance_tells_the_whole_story(cut, made):
    story = made.folder / "run.json"
    assert cut(*words(made), "--provenance", story).code == 0
    found = json.loads(story.read_text())
    assert (found["verb"], found["rows"], found["used"]) == ("cutout", 40, ["RA", "DEC"])
    assert re.fullmatch("[0-9a-f]{64}", found["input_sha256"])
    assert cut(*words(made), "--provenance", story, "--overwrite").code == 0


def test_rows_off_all_images_are_said_at_once(cut, made):
    with fits.open(made.cat, mode="update") as units:
        units[1].data["RA"] += 90
    said = cut(*words(made))
    assert said.code == 0
    assert "warning: no row of 40 lies on any image" in said.err
    assert "RA 240.1" in said.err
    assert "RA 150.1" in said.err
    assert (read(made.folder / "stamps.fits")[1]["FLAG"] == Flag.OFF_IMAGE | Flag.MISSING_BAND).all()
    assert "no row of 40" in cut(*words(made, "other.fits"), "--dry-run").err


def test_one_stamp_is_no_plural(cut, made):
    last = cut(*words(made), "--rows", "3:4").err.splitlines()[-1]
    assert ": 1 stamp of 16x16 pixels" in last
    assert "would be written: 1 stamp of" in cut(*words(made, "other.fits"), "--rows", "3:4", "--dry-run").err


def test_no_sheet_is_drawn_of_no_stamps(cut, made):
    with fits.open(made.cat) as units:
        fits.HDUList([units[0], fits.BinTableHDU(units[1].data[:0], units[1].header)]).writeto(made.folder / "no.fits")
    arguments = [made.folder / "no.fits" if word == made.cat else word for word in words(made)]
    said = cut(*arguments, "--preview", made.folder / "sheet.svg")
    assert said.code == 0, said.err
    assert "0 stamps" in said.err
    assert "a sheet of" not in said.err
    assert not (made.folder / "sheet.svg").exists()


def test_a_sheet_of_the_stamps(cut, made):
    pytest.importorskip("matplotlib")
    sheet = made.folder / "sheet.png"
    said = cut(*words(made), "--preview", sheet)
    assert said.code == 0
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert "sheet.png: a sheet of the stamps" in said.err
    before = snapshot(made.folder)
    assert cut(*words(made), "--preview", sheet).code == 0
    assert snapshot(made.folder) == before
    first = sha256(sheet)
    sheet.unlink()
    assert cut(*words(made), "--preview", sheet).code == 0
    assert sha256(sheet) == first, "stamps that are there are drawn"
    said = cut(*words(made, "new.fits"), "--preview", sheet)
    assert (said.code, told(said)[0]) == (2, f"skycnn: error: {sheet} exists")


# What is refused


REFUSED = {
    "no images": (lambda made: [made.cat, "--size", 8, "--out", "s.fits"], "no images are named"),
    "two sources": (lambda made: [*words(made), "--stamps", "x.fits"], "--images and --stamps both"),
    "two positions": (lambda made: [*words(made), "--xy", "X,Y", "--radec", "A,B"], "--radec and --xy both"),
    "half a position": (lambda made: [*words(made), "--radec", "RA"], "--radec RA is not understood"),
    "no size": (lambda made: [made.cat, *made.images(), "--out", "s.fits"], "the size of the stamps is not given"),
    "an archive": (lambda made: [*words(made, "s.fits.gz")], "would be an archive"),
    "an unknown packing": (lambda made: [*words(made), "--compress", "zip"], "--compress zip is not known"),
    "a sheet without a file": (
        lambda made: [*words(made)[:-1], "-", "--preview", "p.png"],
        "--preview reads the stamps back",
    ),
    "a sheet of no kind": (lambda made: [*words(made), "--preview", "p.jpg"], "--preview p.jpg has no known ending"),
    "a sheet nowhere": (lambda made: [*words(made), "--preview", "no/p.png"], "no file can be made in no"),
    "json and stamps": (lambda made: [*words(made)[:-1], "-", "--json"], "--json and the stamps cannot both"),
    "the catalogue as output": (lambda made: [*words(made)[:-1], made.cat], "is the catalogue itself"),
    "the same, bluntly": (lambda made: [*words(made)[:-1], made.cat, "--overwrite"], "is the catalogue itself"),
    "an image as output": (lambda made: [*words(made)[:-1], made.path("r"), "--overwrite"], "is one of the images"),
    "an image as sheet": (
        lambda made: [*words(made), "--preview", (made.folder / "x.png"), "--overwrite"],
        "is one of the images",
    ),
    "rows beyond": (lambda made: [*words(made), "--rows", "40:50"], "--rows begins at 40, and .* has 40 rows"),
    "a mask of nothing": (lambda made: [made.cat, "--mask", "g=m.fits", *words(made)[-4:]], "--mask goes with"),
    "a file that is not there": (
        lambda made: [made.cat, "--images", f"g={made.folder}/feild_g.fits", *words(made)[-4:]],
        "does not exist",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_refused_before_the_first_write(cut, made, what):
    line, message = REFUSED[what]
    if what == "an image as sheet":
        shutil.copy(made.path("g"), made.folder / "x.png")
        made = fields.Field(made.folder, made.cat, ("g",), made.pixels, made.x, made.y)
        made.path = lambda band: made.folder / "x.png"
    before = snapshot(made.folder)
    said = cut(*line(made))
    assert said.code == 2
    assert re.search(message, told(said)[0]), said.err
    assert snapshot(made.folder) == before


# How many rows are cut together


@pytest.mark.parametrize(
    ("visits", "bands", "side", "rows"),
    [
        (40, 1, 64, verb.BLOCK),  # rows follow the images
        (400, 1, 16, verb.LARGE_BLOCK),
        (400, 5, 16, verb.BLOCK_MEMORY // 264),
        (400, 1, 64, verb.BLOCK_DISK // 64**2 // 4),
        (400, 3, 512, verb.BLOCK),
    ],
)
def test_rows_that_hop_between_images_are_cut_in_larger_blocks(visits, bands, side, rows):
    census = Census(1_000_000, images=dict.fromkeys(map(str, range(30)), 1), visits=visits)
    assert verb._block(census, bands, side) == rows
