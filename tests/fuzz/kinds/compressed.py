"""Tile-compressed images: RICE, GZIP, PLIO and HCOMPRESS; their Z-cards, descriptors and tiles."""

import warnings

import numpy as np
from astropy.io import fits

from .. import mutation, values
from ..case import Base
from ..values import pick
from . import images

KINDS = {
    "rice": {"compression_type": "RICE_1"},
    "rice floats": {"compression_type": "RICE_1", "quantize_level": 8, "quantize_method": 1, "dither_seed": 7},
    "gzip1": {"compression_type": "GZIP_1", "tile_shape": (20, 30)},
    "gzip2 floats": {"compression_type": "GZIP_2", "quantize_level": 0, "tile_shape": (16, 48)},
    "plio": {"compression_type": "PLIO_1", "tile_shape": (24, 48)},
    "hcompress": {"compression_type": "HCOMPRESS_1", "tile_shape": (16, 16), "hcomp_scale": 0},
    "hcompress floats": {"compression_type": "HCOMPRESS_1", "tile_shape": (48, 48), "quantize_level": 8},
}
NAMES = (
    "ZIMAGE ZCMPTYPE ZBITPIX ZNAXIS ZNAXIS1 ZNAXIS2 ZNAXIS3 ZTILE1 ZTILE2 ZTILE3 ZNAME1 ZVAL1 ZNAME2 ZVAL2 "
    "ZQUANTIZ ZDITHER0 ZBLANK ZSCALE ZZERO ZMASKCMP ZSIMPLE ZEXTEND ZTENSION ZPCOUNT ZGCOUNT ZHECKSUM ZDATASUM "
    "ZBLOCKED TFIELDS TFORM1 TFORM2 TFORM3 TFORM4 TTYPE1 TTYPE2 TTYPE3 NAXIS1 NAXIS2 PCOUNT GCOUNT THEAP NAXIS "
    "XTENSION BITPIX BSCALE BZERO BLANK BUNIT EXTNAME CTYPE1 CRVAL1 CRPIX1 CD1_1"
).split()
METHODS = (
    "RICE_1",
    "RICE_ONE",
    "GZIP_1",
    "GZIP_2",
    "PLIO_1",
    "HCOMPRESS_1",
    "NOCOMPRESS",
    "BZIP2_1",
    "rice_1",
    "",
    "x",
)


def compressed(settings):
    """Return a file with one compressed image."""
    floats = "quantize_level" in settings
    data = images.pixels("f4" if floats else "i2")
    if floats:
        data = (data * np.float32(1.37)).astype("f4")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return images.file(fits.PrimaryHDU(), fits.CompImageHDU(data, images.header(), **settings))


def bases(source):
    beside = {"cat.fits": images.places(), "g.fits": images.file(fits.PrimaryHDU(images.pixels(), images.header()))}
    return {name: Base({"r.fits": compressed(held)} | beside, images.COMMANDS) for name, held in KINDS.items()}


def draw(rng, base, files, words):
    octets = files["r.fits"]
    unit = mutation.units(octets)[1]
    wide, rows = int(unit.value("NAXIS1")), int(unit.value("NAXIS2"))
    names = dict.fromkeys(NAMES) | {"ZCMPTYPE": METHODS, "ZBITPIX": ("8", "16", "32", "64", "-32", "-64", "0", "12")}
    names |= {"ZQUANTIZ": ("NO_DITHER", "SUBTRACTIVE_DITHER_1", "SUBTRACTIVE_DITHER_2", "x"), "TFORM1": values.FORMS}
    names |= {
        "ZNAME1": ("BLOCKSIZE", "BYTEPIX", "SCALE", "SMOOTH", "x"),
        "ZVAL1": ("0", "1", "2", "4", "8", "16", "32", "64", "-1"),
    }
    made = []
    for _ in range(pick(rng, [1, 1, 2, 3])):
        kind = pick(rng, ["any", "descriptor", "tile"], p=[0.55, 0.2, 0.25])
        if kind == "descriptor":
            text = pick(
                rng, ["00000000", "00000001", "7fffffff", "ffffffff", "00100000", "80000000", "00000008", "7ffffff0"]
            )
            made.append(["poke", 1, int(rng.integers(rows * wide)) & ~3, text])
        elif kind == "tile":  # the first bytes of a tile tell its size and the scale of what follows
            at = rows * wide + int(rng.integers(max(1, int(unit.value("PCOUNT")))))
            made.append(["poke", 1, at, rng.bytes(pick(rng, [1, 4, 16])).hex()])
        else:
            made += mutation.some_fits(rng, octets, names, 1, first=1, shares=(0.85, 0.05, 0.1))
    return words, [["r.fits", *change] for change in made]
