"""Numbers of headers, of any size, sign and type: each is read as it stands, or an InputError names its card."""

import gc
import re
import warnings

import numpy as np
import pytest
from astropy.io import fits

import hardcase
import imagemaker
import test_asciitable
import test_compressedtable
from skycnn.errors import InputError, SkycnnError
from skycnn.files import memory
from skycnn.fits.cards import CARD
from skycnn.fits.catalogue import Catalogue
from skycnn.images import framefile
from skycnn.images.imageheader import ImageSpec, read_headers
from skycnn.images.openpixels import open_pixels
from skycnn.images.planes import read_planes
from skycnn.stamps.stampfile.cube import Cube

VALUES = (
    *("0", "-1", "1", "2", "7", "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808"),
    *(
        "1" + "0" * 40,
        "-9223372036854775809",
        "9" * 69,
        "1.5",
        "-3.0",
        "1E30",
        "1E308",
        "1E999",
        "-1E999",
        "NaN",
        "INF",
    ),
    *("T", "F", "''", "'text'", "'12'", "'1E999'", "", "0x10", "(1,2)", "+ 7", "-", "1E", "1D300"),
)
"""As they stand in a card."""

STRUCTURE = re.compile(
    rb"(SIMPLE|XTENSION|BITPIX|NAXIS\d?|PCOUNT|GCOUNT|GROUPS|TFIELDS|THEAP|BLANK|BSCALE|BZERO"
    rb"|T(FORM|BCOL|NULL|SCAL|ZERO|DIM|TYPE)\d+|Z(IMAGE|TABLE|BITPIX|NAXIS\d?|TILE\d|TILELEN|PCOUNT|GCOUNT|CMPTYPE"
    rb"|QUANTIZ|DITHER0|BLANK|SCALE|ZERO|NAME\d|VAL\d|TENSION|FORM\d+|CTYP\d+)|BANDS|PIXSCALE) *="
)


def table(path):
    path.write_bytes(hardcase.make(rows=9))


def ascii_table(path):
    fields = [("N", "I5", 1), ("NAME", "A6", 7), ("X", "F8.3", 13)]
    more = {"TNULL1": "***", "TSCAL1": 2.0, "TZERO3": 1.0}
    path.write_bytes(test_asciitable.table(fields, ["   12 abcdef   1.250", "  *** ghijkl  -0.500"], **more))


def compressed_table(method):
    return lambda path: path.write_bytes(test_compressedtable.compressed(9, 4, [method]))


def image(stored):
    def write(path):
        cards = imagemaker.header(shape=(30, 40))
        cards["BUNIT"] = "uJy"
        made, _ = imagemaker.write(path, imagemaker.array((30, 40)), stored, cards)
        if made != path:
            made.rename(path)

    return write


def cube(path):
    fits.PrimaryHDU(np.zeros((3, 20, 20), "i2"), imagemaker.header(shape=(20, 20))).writeto(path)


def stamps(path):
    first = fits.PrimaryHDU(np.zeros((3, 2, 8, 8), "f4"))
    first.header.update({"BANDS": "g r", "PIXSCALE": 0.4, "BSCALE": 2.0, "BZERO": 1.0})
    rows = fits.BinTableHDU.from_columns([fits.Column("ID", "J", array=np.arange(3))], name="CATALOGUE")
    fits.HDUList([first, rows]).writeto(path)


def packed_stamps(method):
    def write(path):
        values = np.random.default_rng(1).normal(10, 1, (3, 2, 8, 8)).astype("f4")
        settings = {"quantize_level": 8, "quantize_method": 1, "dither_seed": 5} if method == "RICE_1" else {}
        unit = fits.CompImageHDU(
            values, compression_type=method, tile_shape=(1, 1, 8, 8), **({"quantize_level": 0} | settings)
        )
        fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path)

    return write


def read_table(path, name=""):
    with Catalogue.open(f"{path}{name}") as opened:
        for _ in opened.packed_chunks(opened.names):
            pass
        opened.read([column.name for column in opened.columns if column.single][:8])


def read_image(path):
    for header in read_headers(ImageSpec(str(path))):
        with open_pixels(header) as pixels:
            pixels.cut(np.array([5, 30]), np.array([5, 18]), 12, np.empty((2, 12, 12), "<f4"))


def read_cube(path):
    for header in read_planes(str(path)).headers:
        with open_pixels(header) as pixels:
            pixels.cut(np.array([5]), np.array([5]), 6, np.empty((1, 6, 6), "<f4"))


def read_stamps(path):
    opened = Cube.open(str(path))
    try:
        for _ in opened.batches(0, {}, np.ones(min(opened.rows, 3), bool), bands=opened.bands, side=4):
            pass
    finally:
        opened.close()


KINDS = {
    "table": (table, lambda path: read_table(path, "[OBJECTS]")),
    "ASCII table": (ascii_table, read_table),
    **{f"table {method}": (compressed_table(method), read_table) for method in ("GZIP_1", "GZIP_2")},
    **{f"image {stored}": (image(stored), read_image) for stored in ("int16", "scaled", "float32")},
    **{f"image {stored}": (image(stored), read_image) for stored in imagemaker.TILED},
    "frame": (image("rice floats"), lambda path: framefile.read(str(path))),
    "cube": (cube, read_cube),
    "stamps": (stamps, read_stamps),
    **{f"stamps {method}": (packed_stamps(method), read_stamps) for method in ("RICE_1", "GZIP_2")},
}


STEP = 13
"""Every so many of the values, others for each card: all of them for all cards take minutes."""


@pytest.fixture(autouse=True)
def bounded(monkeypatch):
    monkeypatch.setattr(memory, "_requested", 200_000_000)


def places(octets):
    """Return where the cards of structure begin."""
    found, at = [], 0
    while at < len(octets):
        card = octets[at : at + CARD]
        if STRUCTURE.match(card):
            found.append(at)
        at += CARD
    return found


def changed(octets, at, value):
    card = (octets[at : at + 10].decode() + value.rjust(20)).ljust(CARD)[:CARD].encode()
    return octets[:at] + card + octets[at + CARD :]


def faults(kind, tmp_path, values, step=1):
    """Return (card, value, error) of all that end otherwise than they may."""
    make, read = KINDS[kind]
    path = tmp_path / "a.fits"
    path.unlink(missing_ok=True)
    make(path)
    octets = path.read_bytes()
    plain = octets
    read(path)  # the sound file
    found = []
    for number, at in enumerate(places(plain)):
        for value in [*values, None][number % step :: step]:
            spoilt = plain[:at] + b" " * CARD + plain[at + CARD :] if value is None else changed(plain, at, value)
            path.write_bytes(spoilt)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    read(path)
            except SkycnnError as error:
                if not isinstance(error, InputError):
                    found.append((plain[at : at + 8], value, repr(error)))
            except BaseException as error:
                found.append((plain[at : at + 8], value, repr(error)[:200]))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_any_size_are_read_or_refused(kind, tmp_path):
    assert faults(kind, tmp_path, VALUES, STEP) == []
    gc.collect()  # a file left open would be a warning, and so an error


@pytest.mark.parametrize(
    ("kind", "card", "value", "told"),
    [
        ("table", "NAXIS2", "9" * 69, ""),
        ("table", "TFIELDS", "1E999", ""),
        ("table", "PCOUNT", "-1", ""),
        ("table", "TFORM2", "'99999999999999999999E'", ""),
        ("ASCII table", "TBCOL1", "1.5", ""),
        ("ASCII table", "TFORM3", "'F99999999999.3'", ""),
        ("table GZIP_1", "ZNAXIS1", "10" * 9, "NAXIS1 says 1010"),
        ("table GZIP_1", "ZTILELEN", "'text'", ""),
        ("table GZIP_1", "ZFORM3", "12", ""),
        ("image int16", "NAXIS1", "10" * 9, "shorter than its header says: 60606"),
        ("image int16", "GCOUNT", "0", ""),
        ("image rice floats", "ZTILE1", "-1", ""),
        ("image rice floats", "ZVAL1", "NaN", ""),
        ("image rice floats", "ZDITHER0", "10" * 9, ""),
        ("image rice floats", "ZNAXIS2", "10" * 9, "NAXIS2 is 30 tiles, its image takes 1010"),
        ("image hcompress", "ZVAL2", "10" * 9, ""),
        ("cube", "NAXIS3", "10" * 9, ""),
        ("stamps", "NAXIS4", "10" * 9, ""),
        ("stamps", "BSCALE", "1E999", ""),
        ("stamps RICE_1", "ZNAXIS3", "250000000", ""),
        ("stamps RICE_1", "ZDITHER0", "'text'", ""),
    ],
)
def test_the_card_is_named(kind, card, value, told, tmp_path):
    make, read = KINDS[kind]
    path = tmp_path / "a.fits"
    make(path)
    octets = path.read_bytes()
    at = [at for at in places(octets) if octets[at : at + 8].decode().rstrip() == card]
    assert at or card == "GCOUNT"
    if at:
        octets = changed(octets, at[max(len(at) - 2, 0) if kind == "table" else -1], value)
    else:
        end = octets.index(b"END".ljust(CARD))
        octets = octets[:end] + f"{card:8}= {value:>20}".ljust(CARD).encode() + octets[end:-CARD]
    path.write_bytes(octets)
    with pytest.raises(InputError, match=told or card):
        read(path)
