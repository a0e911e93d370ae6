"""Images for tests: the same known array in every way that FITS stores one, on every kind of grid."""

import bz2
import gzip
import warnings
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

GRIDS = ("tan", "rotated", "flipped", "sip", "tpv", "pole", "ra0")
PLAIN = ("uint8", "int16", "uint16", "int32", "int64", "float32", "float64", "scaled", "gz", "bz2")
TILED = (
    "rice rows",
    "rice tiles",
    "rice floats",
    "gzip1",
    "gzip2",
    "gzip floats",
    "hcompress",
    "plio",
    "nocompress",
)
STORED = PLAIN + TILED


def header(grid="tan", shape=(300, 400), scale=0.4):
    """Return the header of an image on one of `GRIDS`; the scale is in arcsec."""
    made = WCS(naxis=2)
    made.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    made.wcs.crval = {"pole": (40.0, 89.99), "ra0": (0.0, -30.0)}.get(grid, (150.1, 2.2))
    made.wcs.crpix = [(shape[1] + 1) / 2 + 0.3, (shape[0] + 1) / 2 - 0.2]
    angle = np.radians(33.0 if grid == "rotated" else 0.0)
    parity = 1 if grid == "flipped" else -1
    c, s = np.cos(angle), np.sin(angle)
    made.wcs.cd = scale / 3600 * np.array([[parity * c, s], [-parity * s, c]])
    made.wcs.radesys = "ICRS"
    cards = made.to_header()
    for i in (1, 2):
        for j in (1, 2):
            cards.remove(f"PC{i}_{j}", ignore_missing=True)
            cards[f"CD{i}_{j}"] = made.wcs.cd[i - 1, j - 1]
        cards.remove(f"CDELT{i}", ignore_missing=True)
    if grid == "sip":
        cards["CTYPE1"], cards["CTYPE2"] = "RA---TAN-SIP", "DEC--TAN-SIP"
        cards.update({"A_ORDER": 3, "B_ORDER": 3, "A_2_0": 2e-6, "A_1_1": -1e-6, "A_0_3": 3e-10})
        cards.update({"B_0_2": -3e-6, "B_1_1": 2e-6, "B_3_0": -2e-10})
    if grid == "tpv":
        cards["CTYPE1"], cards["CTYPE2"] = "RA---TPV", "DEC--TPV"
        for axis, sign in ((1, 1), (2, -1)):
            cards[f"PV{axis}_0"], cards[f"PV{axis}_1"], cards[f"PV{axis}_2"] = 1e-5 * sign, 1.0002, -1e-4 * sign
            cards[f"PV{axis}_4"], cards[f"PV{axis}_5"], cards[f"PV{axis}_7"] = 3e-3, -2e-3, 0.1 * sign
    return cards


def array(shape=(300, 400), seed=1):
    """Return a sky with stars, float64, integers from 0 to 250 or so: every type holds them."""
    random = np.random.default_rng(seed)
    made = random.normal(60, 8, shape)
    for _ in range(20):
        y, x = random.integers(shape[0]), random.integers(shape[1])
        made[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3] += 120
    return np.clip(np.round(made), 0, 250)


def write(path, values, stored="float32", cards=None, extras=True):
    """Write an image; return the path and the float32 values that a reader must find.

    Parameters
    ----------
    path : path
        A name ending in .fits; archives get their ending added.
    values : array (ny, nx)
        Whole numbers from 0 to 250, or floats for float types.
    stored : str
        One of `STORED`.
    cards : astropy header, optional
        Of the WCS.
    extras : bool
        Whether some pixels are BLANK or NaN, where the type can say so.
    """
    path = Path(path)
    values = np.array(values, float)
    missing = np.zeros(values.shape, bool)
    if extras:
        missing[5:9, 7:12] = missing[-3:, -2:] = True
    cards = fits.Header() if cards is None else cards.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return (_tiled if stored in TILED else _plain)(path, values, stored, cards, missing)


def _plain(path, values, stored, cards, missing):
    kind = {"scaled": "int16", "gz": "float32", "bz2": "int16"}.get(stored, stored)
    scale, zero = (0.0123, -7.5) if stored == "scaled" else (1, 0)
    blank = None
    raw = values.astype(kind)
    if kind in ("float32", "float64"):
        raw[missing] = np.nan
    elif kind != "uint16":
        blank = 255 if kind == "uint8" else -999
        raw[missing] = blank
    unit = fits.PrimaryHDU(raw, cards)
    if blank is not None:
        unit.header["BLANK"] = blank
    unit.writeto(path, overwrite=True)
    if stored == "scaled":  # by hand: astropy would divide the numbers
        with fits.open(path, "update", do_not_scale_image_data=True) as file:
            file[0].header["BSCALE"], file[0].header["BZERO"] = scale, zero
    with np.errstate(over="ignore"):
        expected = (raw.astype(float) * scale + zero).astype(np.float32)
    if blank is not None:
        expected[missing] = np.nan
    if stored in ("gz", "bz2"):
        packed = Path(f"{path}.{stored}")
        octets = path.read_bytes()
        packed.write_bytes(gzip.compress(octets, 1) if stored == "gz" else bz2.compress(octets, 1))
        path.unlink()
        path = packed
    return path, expected


def _tiled(path, values, stored, cards, missing):
    method = {"gzip1": "GZIP_1", "gzip2": "GZIP_2", "gzip floats": "GZIP_2", "hcompress": "HCOMPRESS_1"}.get(stored)
    method = method or {"plio": "PLIO_1", "nocompress": "NOCOMPRESS"}.get(stored, "RICE_1")
    tile = {"rice tiles": (70, 50), "hcompress": (60, 80), "gzip2": (33, 47), "plio": (40, 400)}.get(stored)
    settings = {"compression_type": method, "tile_shape": tile or (1, values.shape[1])}
    if stored in ("rice floats", "nocompress", "gzip floats"):
        raw = values.astype(np.float32) * np.float32(1.37)
        raw[missing] = np.nan
        if stored == "rice floats":
            settings.update(quantize_level=8, quantize_method=1, dither_seed=77)
        else:
            settings.update(quantize_level=0)
        unit = fits.CompImageHDU(raw, cards, **settings)
    else:
        raw = values.astype(np.int16)
        if stored != "plio":  # which holds no negative numbers
            raw[missing] = -999
            cards["BLANK"] = -999
        if stored == "hcompress":
            settings.update(hcomp_scale=0)
        unit = fits.CompImageHDU(raw, cards, **settings)
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path, overwrite=True)
    with fits.open(path) as file:  # what floats became by being quantised; the rest is what went in
        expected = np.array(file[1].data, np.float32)
    if stored != "rice floats":
        truth = raw.astype(np.float32)
        if stored in ("rice rows", "rice tiles", "gzip1", "gzip2", "hcompress"):
            truth[missing] = np.nan
        expected = truth
    return path, expected


def cut(expected, x0, y0, side):
    """Return stamps as slices of the array, NaN outside: an oracle of `Pixels.cut`, float32 (n, side, side)."""
    ny, nx = expected.shape
    found = np.full((len(x0), side, side), np.nan, np.float32)
    for row, (x, y) in enumerate(zip(x0.tolist(), y0.tolist(), strict=True)):
        for j in range(max(0, -y), min(side, ny - y)):
            begin, end = max(0, -x), min(side, nx - x)
            if begin < end:
                found[row, j, begin:end] = expected[y + j, x + begin : x + end]
    return found


def same(one, two):
    """Whether float32 arrays are the same bit for bit, whatever their byte order; all NaNs are one."""
    one, two = np.asarray(one).astype("<f4"), np.asarray(two).astype("<f4")
    return one.shape == two.shape and bool(
        np.all((one.view("<u4") == two.view("<u4")) | (np.isnan(one) & np.isnan(two)))
    )
