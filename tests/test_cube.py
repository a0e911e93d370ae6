"""Cube: stamps read back from a stamp file, whole or cropped, with what the file knows of them."""

import gzip
import threading

import numpy as np
import pytest
from astropy.io import fits

import stamping
from skycnn.errors import ChangedError, InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.tablebytes import scan
from skycnn.images.pixelunit import Conversion
from skycnn.schema import Flag
from skycnn.stamps.stampfile.cube import Cube
from skycnn.stamps.stampfile.cubechoice import is_cube

BANDS = ("g", "r")


@pytest.fixture
def stamps(hard, tmp_path):
    """A stamp file of 50 rows, two bands, 8 pixels."""
    path = tmp_path / "stamps.fits"
    stamping.cut(hard, path, side=8)
    return path


def write(path, cube, table=None, **cards):
    """Write a stamp file with astropy."""
    primary = fits.PrimaryHDU(cube)
    primary.header.update(cards)
    units = [primary] if table is None else [primary, fits.BinTableHDU(np.rec.array(table), name="CATALOGUE")]
    fits.HDUList(units).writeto(path)
    return path


def table(n, **columns):
    """Return n rows with DX, DY and FLAG, zero where not given."""
    rows = np.zeros(n, [("DX", ">f8"), ("DY", ">f8"), ("FLAG", ">i4"), *((k, ">f8") for k in columns if "_" in k)])
    for name, values in columns.items():
        rows[name] = values
    return rows


def read(cube, n, *, bands=BANDS, side=8, first=0, wanted=None, dtype="<f4"):
    """Return pixels, rests and flags of n rows in their order, and the rows that came."""
    wanted = np.ones(n, bool) if wanted is None else wanted
    batches = list(cube.batches(first, {}, wanted, bands=bands, side=side, dtype=dtype))
    assert all(batch.pixels.dtype == np.dtype(dtype) for batch in batches)
    rows = np.concatenate([batch.rows for batch in batches])
    parts = [np.concatenate([getattr(batch, name) for batch in batches]) for name in ("pixels", "rests", "flags")]
    return rows, *parts


def test_what_was_written_is_read(stamps):
    with Cube.open(str(stamps)) as cube:
        assert (cube.bands, cube.side, cube.pixel_scale, cube.rows, cube.notes) == (BANDS, 8, 0.25, 50, ())
        for dtype in ("<f4", ">f4"):
            rows, pixels, rests, flags = read(cube, 50, dtype=dtype)
            np.testing.assert_array_equal(rows, range(50))
            np.testing.assert_array_equal(pixels, stamping.pixels(range(50), BANDS, 8))
            np.testing.assert_array_equal(rests, stamping.rests(range(50), BANDS))
            np.testing.assert_array_equal(flags, np.where(np.arange(50) % 5 == 0, Flag.NAN_PIXELS, 0))


def test_some_rows_of_a_chunk_in_another_order_of_bands(stamps, monkeypatch):
    monkeypatch.setattr("skycnn.stamps.stamps.BATCH_BYTES", 3 * 4 * 2 * 64)  # batches of three rows
    wanted = np.zeros(20, bool)
    wanted[[0, 1, 7, 19]] = True
    with Cube.open(str(stamps)) as cube:
        rows, pixels, rests, flags = read(cube, 20, bands=("r", "z", "g"), first=30, wanted=wanted)
    numbers = 30 + np.array([0, 1, 7, 19])
    np.testing.assert_array_equal(rows, [0, 1, 7, 19])
    np.testing.assert_array_equal(pixels[:, [2, 0]], stamping.pixels(numbers, BANDS, 8))
    assert np.isnan(pixels[:, 1]).all()
    assert np.isnan(rests[:, 1]).all()
    np.testing.assert_array_equal(flags & Flag.MISSING_BAND, Flag.MISSING_BAND)


@pytest.mark.parametrize(("size", "side"), [(8, 8), (8, 7), (8, 6), (9, 6), (9, 5), (8, 1), (2, 1), (64, 31)])
def test_a_crop_is_the_stamp_that_would_have_been_cut(tmp_path, size, side):
    """One image, cut at two sizes about the same positions by plain slices: the smaller equals the larger's crop."""
    rng = np.random.default_rng(size * side)
    image = rng.normal(size=(200, 200)).astype(np.float32)
    x, y = rng.uniform(70, 130, (2, 40))
    x[:4], y[:4] = [100, 100.5, 101 - 1e-9, 100.5], [100, 100.5, 100.5, 101 - 1e-9]

    def direct(side):
        out, rests = np.empty((40, 1, side, side), np.float32), np.empty((40, 2))
        for i in range(40):
            x0, y0 = (int(np.floor(v[i] - (side - 1) / 2 + 0.5)) for v in (x, y))
            out[i, 0] = image[y0 : y0 + side, x0 : x0 + side]
            rests[i] = x[i] - x0 - (side - 1) / 2, y[i] - y0 - (side - 1) / 2
        return out, rests

    large, rests = direct(size)
    path = write(tmp_path / "c.fits", large, table(40, DX=rests[:, 0], DY=rests[:, 1]), BANDS="g")
    small, expected = direct(side)
    with Cube.open(str(path)) as cube:
        _, pixels, found, flags = read(cube, 40, bands=("g",), side=side)
    np.testing.assert_array_equal(pixels, small)
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-9)
    assert ((found >= -0.5) & (found < 0.5)).all()
    assert not flags.any()


def test_bands_with_rests_of_their_own_are_cropped_each_about_its_own(tmp_path):
    cube = np.arange(3 * 2 * 5 * 5, dtype=np.float32).reshape(3, 2, 5, 5)
    rests = {"DX_G": 0.0, "DY_G": 0.0, "DX_R": 1.2, "DY_R": -1.2}
    path = write(tmp_path / "c.fits", cube, table(3, **rests), BANDS="g r")
    with Cube.open(str(path)) as stamps:
        _, pixels, found, _ = read(stamps, 3, side=3)
    np.testing.assert_array_equal(pixels[:, 0], cube[:, 0, 1:4, 1:4])
    np.testing.assert_array_equal(pixels[:, 1], cube[:, 1, 0:3, 2:5])
    np.testing.assert_allclose(found[0], [[0, 0], [0.2, -0.2]], atol=1e-12)


def test_an_object_beyond_its_stamp_leaves_nan(tmp_path):
    path = write(tmp_path / "c.fits", np.ones((2, 1, 5, 5), np.float32), table(2, DX=[np.nan, np.inf], DY=[np.nan, 0]))
    with Cube.open(str(path)) as stamps:
        _, pixels, rests, flags = read(stamps, 2, bands=("1",), side=3)
    assert (pixels[0] == 1).all()
    assert np.isnan(rests[0]).all()
    assert np.isnan(pixels[1]).all()
    assert flags.tolist() == [0, Flag.MISSING_BAND]


EDGE, HOLE = int(Flag.EDGE), int(Flag.NAN_PIXELS)


@pytest.mark.parametrize(
    ("stored", "nan", "side", "expected"),
    [
        (0, [], 6, 0),
        (0, [(0, 0)], 6, HOLE),  # of a file that says nothing of its holes
        (EDGE, [(0, 0)], 6, EDGE),
        (EDGE | HOLE, [(0, 0)], 6, EDGE | HOLE),
        (EDGE, [(0, 0)], 4, 0),  # the crop does not reach the edge
        (EDGE, [(1, 1)], 4, EDGE),
        (int(Flag.UNREADABLE | Flag.OFF_IMAGE), [], 4, int(Flag.UNREADABLE | Flag.OFF_IMAGE)),
        (int(Flag.MISSING_BAND), [], 6, 0),  # of a band that is not asked for
        (-1, [], 6, 0),
    ],
)
def test_flags_of_the_file_and_of_the_pixels(tmp_path, stored, nan, side, expected):
    cube = np.ones((1, 1, 6, 6), np.float32)
    for y, x in nan:
        cube[0, 0, y, x] = np.nan
    path = write(tmp_path / "c.fits", cube, table(1, FLAG=stored), BANDS="g")
    with Cube.open(str(path)) as stamps:
        assert read(stamps, 1, bands=("g",), side=side)[3].tolist() == [expected]


@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "f8", "u2"])
def test_other_numbers_become_float32(tmp_path, kind):
    raw = np.random.default_rng(1).integers(0, 100, (3, 2, 4, 4)).astype(kind)
    path = tmp_path / "c.fits"
    unit = fits.PrimaryHDU(raw)
    if kind == "i2":
        unit.header["BLANK"] = 7
        raw[0, 0, 0, 0] = 7
        unit = fits.PrimaryHDU(raw, unit.header)
    unit.writeto(path)
    with Cube.open(str(path)) as cube:
        assert cube.bands == ("1", "2")
        assert "no table" in cube.notes[0]
        pixels = read(cube, 3, bands=("1", "2"), side=4)[1]
    expected = raw.astype(np.float32)
    if kind == "i2":
        expected[raw == 7] = np.nan
    np.testing.assert_array_equal(pixels, expected)


def test_a_packed_file_is_read_too(stamps):
    packed = stamps.with_suffix(".fits.gz")
    packed.write_bytes(gzip.compress(stamps.read_bytes()))
    with Cube.open(str(packed)) as cube:
        np.testing.assert_array_equal(read(cube, 50)[1], stamping.pixels(range(50), BANDS, 8))


def test_a_catalogue_that_is_open_lends_its_file(stamps):
    with Catalogue.open(str(stamps)) as catalogue:
        assert is_cube(catalogue.units)
        with Cube(catalogue.source, catalogue.units) as cube:
            cube.check(catalogue)
            read(cube, 50)
        assert catalogue.read(["DX"])["DX"].shape == (50,)  # still open


def test_what_is_no_cube_is_told(hard, tmp_path):
    with pytest.raises(InputError, match="has no stamps"):
        Cube.open(str(hard))
    path = write(tmp_path / "image.fits", np.zeros((4, 4), np.float32))
    with open(path, "rb") as file:
        assert not is_cube(scan(file.fileno(), path.stat().st_size, "image.fits"))


def test_stamps_without_their_rows_are_refused(tmp_path, hard):
    path = write(tmp_path / "c.fits", np.zeros((3, 1, 4, 4), np.float32), table(2))
    with pytest.raises(InputError, match=r"CATALOGUE\] has 2 rows and .* 3 stamps"):
        Cube.open(str(path))
    path = write(tmp_path / "d.fits", np.zeros((3, 1, 4, 4), np.float32), table(3))
    with Cube.open(str(path)) as cube, Catalogue.open(f"{hard}[OBJECTS]") as catalogue:
        with pytest.raises(InputError, match=r"OBJECTS\] has 50 rows and .* 3 stamps"):
            cube.check(catalogue)
        with pytest.raises(InputError, match="none of row 3"):
            read(cube, 4, side=4)
        for ask in (lambda: read(cube, 3, side=5), lambda: cube._check_side(5)):
            with pytest.raises(InputError, match="stamps of 4 pixels; 5 are needed") as told:
                ask()
        assert "--size 5" in told.value.hint


@pytest.mark.parametrize(
    ("shape", "cards", "told"),
    [((3, 2, 4, 5), {}, "5 x 4"), ((3, 2, 4, 4), {"BANDS": "g r i"}, "2 bands, and 3 names")],
)
def test_stamps_that_make_no_sense_are_refused(tmp_path, shape, cards, told):
    with pytest.raises(InputError, match=told):
        Cube.open(str(write(tmp_path / "c.fits", np.zeros(shape, np.float32), **cards)))


def test_facts_tell_one_cube_from_another(stamps, tmp_path):
    def facts(path, lent=False):
        if not lent:
            with Cube.open(str(path)) as cube:
                return cube.facts()
        with Catalogue.open(str(path)) as catalogue, Cube(catalogue.source, catalogue.units) as cube:
            return cube.facts()

    alone, lent = facts(stamps), facts(stamps, lent=True)
    assert facts(stamps) == alone
    with open(stamps, "ab") as file:
        file.write(bytes(2880))  # what stands behind changes, as `predict` changes it
    assert facts(stamps, lent=True) == lent
    assert facts(stamps) != alone


def digest(path, stop=None):
    with Catalogue.open(str(path)) as catalogue, Cube(catalogue.source, catalogue.units) as cube:
        return cube.digest(stop or threading.Event())


def test_every_pixel_place_and_flag_counts_and_no_card_of_style(tmp_path):
    pixels = np.random.default_rng(1).normal(size=(20, 2, 8, 8)).astype("f4")

    def changed(change=lambda images, rows: None, **cards):
        images, rows = pixels.copy(), table(20)
        change(images, rows)
        path = write(tmp_path / "stamps.fits", images, rows, BANDS="g r", **cards)
        found = digest(path)
        path.unlink()
        return found

    whole = changed()
    assert changed() == changed(ORIGIN="rewritten by another program") == whole
    assert changed(BUNIT="nJy") != whole
    assert changed(lambda images, rows: np.put(images, [7, 8], images.flat[[8, 7]])) != whole
    for place in (0, 1234, pixels.size - 1):
        assert changed(lambda images, rows, place=place: np.put(images, place, 42)) != whole
    for name in ("DX", "DY", "FLAG"):
        assert changed(lambda images, rows, name=name: rows[name].__setitem__(7, 1)) != whole


def test_a_digest_leaves_off_and_one_of_a_file_alone_is_empty(stamps):
    stop = threading.Event()
    with Cube.open(str(stamps)) as cube:
        assert cube.digest(stop) == b""
    stop.set()
    assert digest(stamps, stop) == b""


def test_a_file_cut_short_is_an_error_and_no_signal(stamps):
    with Cube.open(str(stamps)) as cube:
        with open(stamps, "r+b") as file:
            file.truncate(5000)
        with pytest.raises(ChangedError, match="truncated"):
            read(cube, 50)
        with pytest.raises(ChangedError):
            cube.check_unchanged()


@pytest.mark.parametrize(("bands", "side"), [(BANDS, 8), (("r", "z", "g"), 8), (BANDS, 6)])
def test_pixels_are_brought_to_the_unit_of_the_network(tmp_path, bands, side):
    pixels = np.random.default_rng(3).normal(size=(5, 2, 8, 8)).astype("f4")
    path = write(tmp_path / "s.fits", pixels, table(5), BANDS="g r", BUNITS="nJy, none")
    with Cube.open(str(path)) as cube:
        assert {band: list(texts) for band, texts in cube.units().items()} == {"g": ["nJy"], "r": [None]}
        plain = read(cube, 5, bands=bands, side=side)[1]
        found = read(cube.converted(Conversion("uJy")), 5, bands=bands, side=side)[1]
        for i, band in enumerate(bands):
            np.testing.assert_array_equal(found[:, i], plain[:, i] * np.float32({"g": 1e-3}.get(band, 1)))
        np.testing.assert_array_equal(read(cube, 5, bands=bands, side=side)[1], plain)


def test_one_unit_for_all_bands_and_what_overflows_in_another_is_no_pixel(tmp_path):
    pixels = np.ones((3, 2, 4, 4), "f4")
    pixels[1, 1, 2, 2] = 1e34
    with Cube.open(str(write(tmp_path / "s.fits", pixels, table(3), BANDS="g r", BUNIT="Jy"))) as cube:
        assert [list(texts) for texts in cube.units().values()] == [["Jy"], ["Jy"]]
        flags = read(cube.converted(Conversion("uJy")), 3, side=4)[3]
    assert flags.tolist() == [0, Flag.NAN_PIXELS, 0]


def test_what_is_cut_already_is_not_resampled(stamps):
    with (
        Cube.open(str(stamps)) as cube,
        pytest.raises(InputError, match=r"trained on .* 0\.4 .* these have 0\.25") as told,
    ):
        cube.rescaled(0.4, "mine")
    assert told.value.hint == "Give the images in their place: --images BAND=FILE --resample."
