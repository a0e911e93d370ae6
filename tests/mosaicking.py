"""A field of random numbers, cut into overlapping or adjoining tiles, for tests of mosaics."""

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from skycnn.images.imageheader import ImageSpec
from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.mosaic.mosaic import Mosaic

SCALE = 0.5
SIDE = 300


class Here:
    """Positions that stand in columns RA and DEC, or X and Y."""

    notes = ()

    def __init__(self, kind="sky"):
        self.kind = kind
        self.columns = ("RA", "DEC") if kind == "sky" else ("X", "Y")

    def of(self, values):
        return tuple(np.asarray(values[name], float) for name in self.columns)


def field(seed=0, side=SIDE):
    return np.random.default_rng(seed).normal(size=(side, side)).astype(">f4")


def wcs(side=SIDE, x0=0, y0=0, rotation=0.0, scale=SCALE, centre=(30.0, 60.0)):
    """Return a TAN projection about a field's middle, of a tile that begins at pixel (x0, y0)."""
    found = WCS(naxis=2)
    found.wcs.ctype = "RA---TAN", "DEC--TAN"
    found.wcs.crval = centre
    found.wcs.crpix = (side + 1) / 2 - x0, (side + 1) / 2 - y0
    c, s = np.cos(np.radians(rotation)), np.sin(np.radians(rotation))
    found.wcs.cd = np.array([[-c, s], [s, c]]) * scale / 3600
    found.wcs.set()
    return found


def write(path, pixels, projection):
    fits.PrimaryHDU(pixels, projection.to_header()).writeto(path, overwrite=True)
    return path


def tiles(folder, pixels, size, overlap=0, name="t"):
    """Write a field as square tiles; return their paths in order."""
    paths = []
    for y0 in range(0, pixels.shape[0] - overlap, size - overlap):
        for x0 in range(0, pixels.shape[1] - overlap, size - overlap):
            part = pixels[y0 : y0 + size, x0 : x0 + size]
            paths.append(write(folder / f"{name}_{y0:04}_{x0:04}.fits", part, wcs(pixels.shape[0], x0, y0)))
    return paths


def footprints(band, paths, masks=(), weights=(), sky=True):
    specs = ([ImageSpec(str(path)) for path in some] for some in (paths, masks, weights))
    images, masks, weights = specs
    return Footprints(band, images, masks=masks, weights=weights, sky=sky)


def mosaic(bands, kind="sky", made=Mosaic, **settings):
    """Return a mosaic of paths by band."""
    found = {band: footprints(band, paths, sky=kind == "sky") for band, paths in bands.items()}
    return made(found, Here(kind), **settings)


def positions(x, y, side=SIDE):
    ra, dec = wcs(side).all_pix2world(np.asarray(x, float), np.asarray(y, float), 0)
    return {"RA": ra, "DEC": dec}


def stamps(source, values, bands, side, wanted=None, dtype="<f4"):
    """Return pixels, rests and flags of all rows, in their own order."""
    n = len(next(iter(values.values())))
    pixels = np.full((n, len(bands), side, side), -9, "f4")
    rests, flags = np.zeros((n, len(bands), 2)), np.full(n, -1)
    seen = []
    wanted = np.ones(n, bool) if wanted is None else wanted
    for batch in source.batches(0, values, wanted, bands=bands, side=side, dtype=dtype):
        assert batch.pixels.dtype == np.dtype(dtype)
        pixels[batch.rows], rests[batch.rows], flags[batch.rows] = batch.pixels, batch.rests, batch.flags
        seen += batch.rows.tolist()
    assert sorted(seen) == np.flatnonzero(wanted).tolist()  # each row once
    return pixels, rests, flags


def sliced(pixels, x, y, side):
    """Return the stamp by the rule of DESIGN.md, from an array."""
    x0, y0 = (int(np.floor(at - (side - 1) / 2 + 0.5)) for at in (x, y))
    out = np.full((side, side), np.nan, "f4")
    ya, yb, xa, xb = max(y0, 0), min(y0 + side, pixels.shape[0]), max(x0, 0), min(x0 + side, pixels.shape[1])
    if ya < yb and xa < xb:
        out[ya - y0 : yb - y0, xa - x0 : xb - x0] = pixels[ya:yb, xa:xb]
    return out, (x - x0 - (side - 1) / 2, y - y0 - (side - 1) / 2)
