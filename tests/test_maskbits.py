"""MaskBits: bits by value and by the names that a mask's header lists, and the masks they go with."""

import gzip
from dataclasses import replace

import fitsio
import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import InputError
from skycnn.images import maskbits
from skycnn.images.imageheader import ImageSpec, read_headers
from skycnn.images.openpixels import open_pixels


@pytest.fixture
def masks(tmp_path, monkeypatch):
    """Make masks in the working folder: two of one kind, and one named as if bits followed."""
    monkeypatch.chdir(tmp_path)
    for name in ("m1.fits", "m2.fits", "odd:5"):
        fits.writeto(name, np.zeros((4, 5), "i2"))


def specs(*sources):
    return [(spec.path, spec.extension, spec.bits) for spec in maskbits.expand("r", sources)]


@pytest.mark.parametrize(
    ("sources", "wanted"),
    [
        (["m1.fits"], [("m1.fits", None, None)]),
        (["m1.fits:32"], [("m1.fits", None, "32")]),
        (["m1.fits[1]:0x20"], [("m1.fits", "1", "0x20")]),
        (["m?.fits:SAT,CR|8"], [("m1.fits", None, "SAT,CR|8"), ("m2.fits", None, "SAT,CR|8")]),
        (["m2.fits:1", "m1.fits"], [("m1.fits", None, None), ("m2.fits", None, "1")]),
        (["m1.fits:1", "m1.fits:2"], [("m1.fits", None, "1,2")]),
        (["m1.fits:1", "m1.fits", "m1.fits:4"], [("m1.fits", None, None)]),
        (["odd:5"], [("odd:5", None, None)]),
        (["odd:5:5"], [("odd:5", None, "5")]),
        (["@list:6"], [("m1.fits", None, "6"), ("m2.fits", None, "6")]),
    ],
)
def test_masks_and_their_bits(masks, tmp_path, sources, wanted):
    (tmp_path / "list").write_text("m2.fits\nm1.fits\n")
    assert specs(*sources) == wanted


@pytest.mark.parametrize("source", ["none.fits:32", "m1.fits:", "m1.fits:*", "m1:x.fits"])
def test_other_masks_do_not_exist(masks, source):
    with pytest.raises(InputError, match="band r"):
        specs(source)


NAMES = {"MP_BAD": 0, "HIERARCH MP_DETECTED": 5, "HIERARCH MP_NOT_DEBLENDED": 10, "MSKNAM03": "GHOST", "MSKVAL03": 4096}
WRONG = {"MP_FAR": 64, "MP_TEXT": "x", "MSKNAM04": "NOVALUE", "MSKNAM05": "BELOW", "MSKVAL05": -1, "MSKNAM06": 5}


def header(kind="i2", **cards):
    path = "mask.fits"
    unit = fits.ImageHDU(np.zeros((4, 5), kind))
    unit.header.update(cards)
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path, overwrite=True)
    return read_headers(ImageSpec(path))[0]


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("32", 0x20),
        ("0x20", 0x20),
        ("0X2f", 0x2F),
        ("1,2 , 1024", 0x403),
        ("DETECTED", 0x20),
        ("detected|not_deblended", 0x420),
        ("Bad+ghost+64", 0x1041),
        ("0x10001", 0x10001),
    ],
)
def test_bits(masks, text, bits):
    assert maskbits.of(text, header(**NAMES, **WRONG)) == bits


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SAT", r"no bit of the mask is called so: 'SAT' .*It names BAD, DETECTED, GHOST, NOT_DEBLENDED"),
        ("32,,1", "no bit of the mask is called so: ''"),
        ("-1", "called so: '-1'"),
        ("NOVALUE", "called so"),
        ("BELOW", "called so"),
        ("FAR", "called so"),
        ("0", "a pixel of 16 bits has none of these: '0'"),
        ("0x10000", "a pixel of 16 bits has none of these"),
        ("9" * 40, "a pixel of 16 bits has none of these"),
    ],
)
def test_no_bits(masks, text, told):
    with pytest.raises(InputError, match=told):
        maskbits.of(text, header(**NAMES, **WRONG))


def test_a_header_without_names_says_so(masks):
    with pytest.raises(InputError, match="Its header names none: give their value"):
        maskbits.of("SAT", header())


def test_names_in_an_archive_and_bits_of_floats(masks, tmp_path):
    header("f4", **NAMES)
    (tmp_path / "mask.fits.gz").write_bytes(gzip.compress((tmp_path / "mask.fits").read_bytes()))
    (packed,) = read_headers(ImageSpec("mask.fits.gz"))
    assert maskbits.of("DETECTED,0x10000", packed) == 0x10020


KINDS = {"u1": 2**8, "i2": 2**15, "u2": 2**16, "i4": 2**23, "u4": 2**23}
STORED = [(method, kind) for method in ("RICE", "GZIP", "GZIP_2", "HCOMPRESS", None) for kind in KINDS]


@pytest.mark.parametrize(("method", "kind"), [*STORED, ("PLIO", "u1"), ("PLIO", "i2"), ("PLIO", "u2"), ("PLIO", "i4")])
def test_bits_of_a_mask_as_it_is_stored(tmp_path, method, kind):
    """The number that is tested is the physical one, whatever BZERO and the tiles hold."""
    values = (
        np.random.default_rng(5).integers(0, KINDS[kind], (20, 3)).repeat(40, axis=1).astype(kind)
    )  # PLIO packs runs
    fitsio.write(tmp_path / "m.fits", values, compress=method, tile_dims=(4, 120) if method else None)
    (mask,) = read_headers(ImageSpec(str(tmp_path / "m.fits")))
    bits = maskbits.of("0x12,64", mask)
    out = np.empty((1, 20, 20), np.float32)
    with open_pixels(replace(mask, bits=bits)) as pixels:
        assert not pixels.cut(np.array([0]), np.array([0]), 20, out).any()
    np.testing.assert_array_equal(out[0], values[:, :20] & bits != 0)
