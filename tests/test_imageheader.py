"""ImageHeader: which image of a file is meant, and what its header says."""

import os
import pickle

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

import imagemaker
from skycnn.errors import InputError
from skycnn.images.imageheader import ImageSpec, read_headers
from skycnn.images.openpixels import open_pixels

PIXELS = imagemaker.array((30, 40))


def headers(path, extension=None):
    return read_headers(ImageSpec(str(path), extension))


@pytest.mark.parametrize("stored", imagemaker.STORED)
def test_a_header_tells_what_astropy_tells(tmp_path, stored):
    cards = imagemaker.header("sip", PIXELS.shape)
    cards["BUNIT"], cards["FILTER"] = "nanomaggy", "r"
    path, _ = imagemaker.write(tmp_path / "a.fits", PIXELS, stored, cards)
    (found,) = headers(path)
    with fits.open(path, disable_image_compression=True) as file, fits.open(path) as decoded:
        unit = next(unit for unit in decoded if unit.header["NAXIS"] == 2)
        raw = file[found.number]
        assert (found.offset, found.start) == (raw._data_offset, raw._header_offset)
        assert found.size == raw.size
        assert found.shape == (unit.header["NAXIS2"], unit.header["NAXIS1"]) == PIXELS.shape
        assert found.bitpix == (raw.header["ZBITPIX"] if "ZBITPIX" in raw.header else raw.header["BITPIX"])
    assert found.kind == ("tiled" if stored in imagemaker.TILED else "plain")
    assert found.compression == (stored if stored in ("gz", "bz2") else "")
    assert (found.header["BUNIT"], found.header["FILTER"]) == ("nanomaggy", "r")
    one, two = WCS(fits.Header.fromstring(found.text)), WCS(unit.header)
    assert one.pixel_shape == (40, 30)
    assert np.array_equal(one.all_pix2world([[3.2, 9.1]], 0), two.all_pix2world([[3.2, 9.1]], 0))


def test_only_cards_worth_holding_are_held(tmp_path):
    cards = imagemaker.header("tpv", PIXELS.shape)
    for i in range(300):
        cards[f"KEY{i}"] = "x" * 60
        cards["HISTORY"] = "y" * 60
    path, _ = imagemaker.write(tmp_path / "a.fits", PIXELS, "float32", cards)
    (found,) = headers(path)
    assert len(pickle.dumps(found)) < 6000


@pytest.mark.parametrize(
    ("names", "extension", "numbers"),
    [
        (("", "SCI", "WHT"), None, [1]),  # the primary is empty
        (("image", "SCI", "WHT"), None, [0]),
        (("", "SCI", "ERR", "SCI", "ERR"), None, [1, 3]),
        (("", "MASK", "IMAGE"), None, [2]),
        (("", "1-1.SCI", "1-1.RMS", "1-2.SCI", "1-2.RMS"), None, [1, 3]),
        (("", "ONLY"), None, [1]),
        (("", "SCI", "ERR", "SCI"), "SCI,2", [3]),
        (("", "SCI", "ERR", "SCI"), "sci", [1, 3]),
        (("", "SCI", "ERR"), "2", [2]),
        (("image", "SCI"), "PRIMARY", [0]),
        (("image", "A", "B"), "*", [0, 1, 2]),
    ],
)
@pytest.mark.parametrize("archive", [False, True])
def test_the_image_that_is_meant(tmp_path, names, extension, numbers, archive):
    units = [fits.PrimaryHDU(PIXELS if names[0] else None)]
    versions = {}
    for name in names[1:]:
        versions[name] = versions.get(name, 0) + 1
        units.append(fits.ImageHDU(PIXELS, name=name, ver=versions[name]))
    path = tmp_path / ("a.fits.gz" if archive else "a.fits")
    fits.HDUList(units).writeto(path)
    assert [header.number for header in headers(path, extension)] == numbers


@pytest.mark.parametrize("extension", [None, "7", "NONE", "SCI,9"])
def test_what_cannot_be_chosen_is_listed(tmp_path, extension):
    path = tmp_path / "a.fits"
    units = [fits.PrimaryHDU(), fits.ImageHDU(PIXELS, name="FIRST"), fits.ImageHDU(PIXELS, name="SECOND")]
    fits.HDUList(units).writeto(path)
    with pytest.raises(InputError, match=r"\[1\] FIRST 40 x 30, \[2\] SECOND 40 x 30"):
        headers(path, extension)


@pytest.mark.parametrize("shape", [(1, 30, 40), (1, 1, 30, 40), (30, 40)])
@pytest.mark.parametrize("tiled", [False, True])
def test_axes_of_length_one_are_left_out(tmp_path, shape, tiled):
    path = tmp_path / "a.fits"
    values = PIXELS.reshape(shape).astype("i2")
    unit = fits.CompImageHDU(values) if tiled else fits.ImageHDU(values)
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path)
    assert [header.shape for header in headers(path)] == [(30, 40)]


@pytest.mark.parametrize("shape", [(1, 7), (7, 1), (1, 1)])
def test_a_strip_is_an_image(tmp_path, shape):
    path = tmp_path / "a.fits"
    fits.writeto(path, np.zeros(shape))
    assert headers(path)[0].shape == shape


@pytest.mark.parametrize("shape", [(5,), (3, 30, 40), (0, 4)])
def test_what_has_not_two_axes_is_no_image(tmp_path, shape):
    path = tmp_path / "a.fits"
    fits.writeto(path, np.zeros(shape))
    with pytest.raises(InputError, match="no image with two axes"):
        headers(path)


def test_survey_and_filter_come_from_the_primary_and_the_frame_where_inherited(tmp_path):
    path = tmp_path / "a.fits"
    primary = fits.PrimaryHDU()
    primary.header.update({"SURVEY": "SDSS", "FILTER": "r", "RADESYS": "FK5", "CRVAL1": 9.0})
    one = fits.ImageHDU(PIXELS, name="A")
    two = fits.ImageHDU(PIXELS, name="B")
    two.header.update({"INHERIT": True, "FILTER": "g"})
    fits.HDUList([primary, one, two]).writeto(path)
    one, two = headers(path, "*")
    assert (one.header["SURVEY"], one.header["FILTER"], one.header.get("RADESYS")) == ("SDSS", "r", None)
    assert (two.header["SURVEY"], two.header["FILTER"], two.header["RADESYS"]) == ("SDSS", "g", "FK5")
    assert "CRVAL1" not in two.header


def test_labels(tmp_path):
    path = tmp_path / "a.fits"
    fits.HDUList([fits.PrimaryHDU(PIXELS), fits.ImageHDU(PIXELS, name="SCI")]).writeto(path)
    assert [header.label for header in headers(path, "*")] == [str(path), f"{path}[1]"]
    assert [header.label for header in headers(path, "SCI")] == [f"{path}[SCI]"]
    assert ImageSpec("a.fits", "SCI").label == "a.fits[SCI]"


@pytest.mark.parametrize("stored", ["float32", "rice rows"])
def test_a_file_shorter_than_its_header_is_told_at_once(tmp_path, stored):
    path, _ = imagemaker.write(tmp_path / "a.fits", imagemaker.array((200, 300)), stored)
    os.truncate(path, path.stat().st_size - 2 * 2880)
    with pytest.raises(InputError, match="shorter than its header says"):
        headers(path)


def test_what_follows_the_image_does_not_matter(tmp_path):
    path = tmp_path / "a.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(PIXELS), fits.ImageHDU(PIXELS)]).writeto(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 4 * 2880 - 100)  # within the last header
    assert [header.number for header in headers(path, "1")] == [1]
    assert [header.number for header in headers(path)] == [1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"<?xml version", "XML"),
        (b"a,b,c\n1,2,3\n", "CSV"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no FITS"),
        (b"\x1f\x8b\x08" + b"garbage" * 100, "corrupt gz archive"),
        (b"BZh9" + b"garbage" * 100, "corrupt bz2 archive"),
        (b"SIMPLE  =                    T".ljust(2880), "no END card"),
        (
            b"SIMPLE  =                    T".ljust(80)
            + b"BITPIX  =                   17".ljust(80)
            + b"END".ljust(2720),
            "BITPIX",
        ),
    ],
)
def test_what_is_no_image_file(tmp_path, content, said):
    path = tmp_path / "a.fits"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        headers(path)


def test_files_that_cannot_be_read(tmp_path):
    for path, said in ((tmp_path / "none.fits", "does not exist"), (tmp_path, "is a folder")):
        with pytest.raises(InputError, match=said):
            headers(path)
    os.mkfifo(tmp_path / "pipe")
    with open(os.open(tmp_path / "pipe", os.O_RDWR), "rb"), pytest.raises(InputError, match="is a pipe"):
        headers(tmp_path / "pipe")


@pytest.mark.parametrize("name", ["BSCALE", "BZERO"])
@pytest.mark.parametrize("value", ["one", True])
def test_a_scale_that_is_no_number(tmp_path, name, value):
    path, _ = imagemaker.write(tmp_path / "a.fits", PIXELS, "int16")
    with fits.open(path, "update", do_not_scale_image_data=True) as file:
        file[0].header[name] = value
    with pytest.raises(InputError, match=name):
        headers(path)


def with_card(path, card):
    """Write a card as it stands before the last END; astropy would not write some of these."""
    octets = path.read_bytes()
    at = octets.rindex(b"END".ljust(80), 0, 8640)
    path.write_bytes(octets[:at] + card.ljust(80).encode() + b"END".ljust(80) + octets[at + 160 :])


def integers(path, tiled):
    raw = np.full((30, 40), 7, "i2")
    raw[3, 4:9] = -32768
    unit = fits.CompImageHDU(raw) if tiled else fits.ImageHDU(raw)
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path)
    return raw


BLANKS = {
    "-32768": -32768, "-32768.0": -32768, "-32768.": -32768, "-3.2768E4": -32768, "-3.2768D+04": -32768, "+7": 7,
    "'-32768'": -32768, "'  -32768.0 '": -32768, "-0032768": -32768, "7 / undefined": 7, "1E30": int(1e30),
    "9" * 60: int("9" * 60), "": None, "   / nothing": None,
}  # fmt: skip


@pytest.mark.parametrize("spelling", BLANKS)
@pytest.mark.parametrize("name", ["BLANK", "ZBLANK"])
def test_undefined_pixels_in_any_spelling(tmp_path, spelling, name):
    path = tmp_path / "a.fits"
    raw = integers(path, tiled=name == "ZBLANK")
    with_card(path, f"{name:8}= {spelling}")
    (found,) = headers(path)
    assert found.blank == BLANKS[spelling]
    out = np.empty((1, 30, 30), np.float32)
    with open_pixels(found) as pixels:
        assert not pixels.cut(np.array([0]), np.array([0]), 30, out).any()
    undefined = {-32768: raw == -32768, 7: raw == 7}.get(found.blank, np.zeros(raw.shape, bool))
    np.testing.assert_array_equal(np.isnan(out[0]), undefined[:, :30])


@pytest.mark.parametrize("name", ["BLANK", "ZBLANK"])
@pytest.mark.parametrize("spelling", ["'none'", "1.5", "T", "NaN", "-3276x", "''", "(1, 2)", "1E999", "'"])
def test_undefined_pixels_of_no_number_are_refused(tmp_path, name, spelling):
    path = tmp_path / "a.fits"
    integers(path, tiled=name == "ZBLANK")
    with_card(path, f"{name:8}= {spelling}")
    with pytest.raises(InputError, match=f": {name} is unreadable: .*expected a whole number"):
        headers(path)


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ("BSCALE  = 0.0", "BSCALE makes all pixels alike"),
        ("BSCALE  = -1E-300", "BSCALE makes all pixels alike"),
        ("BSCALE  = 1E300", "BSCALE is unreadable"),
        ("BZERO   = -1E300", "BZERO is unreadable"),
        ("BZERO   = 1E999", "BZERO is unreadable"),
    ],
)
def test_a_scale_of_no_use(tmp_path, card, told):
    integers(tmp_path / "a.fits", tiled=False)
    with_card(tmp_path / "a.fits", card)
    with pytest.raises(InputError, match=told):
        headers(tmp_path / "a.fits")
