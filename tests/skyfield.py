"""A field of red and blue sources in two bands, with its catalogue, for tests of networks that look at images."""

import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

BANDS = ("W1", "W2")
SCALE = 0.4
SPACING = 16


def header(side, scale=SCALE):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "RA---TAN", "DEC--TAN"
    wcs.wcs.crval = 150.0, 2.0
    wcs.wcs.crpix = (side + 1) / 2, (side + 1) / 2
    wcs.wcs.cdelt = -scale / 3600, scale / 3600
    return wcs


def make(folder, sources=24, seed=0):
    """Write ``W1.fits``, ``W2.fits`` and ``cat.fits`` of ``sources`` squared sources; return the table."""
    rng = np.random.default_rng(seed)
    side = SPACING * sources
    wcs = header(side)
    middle = SPACING * (np.arange(sources) + 0.5) - 0.5
    x, y = (grid.ravel() + rng.uniform(-2, 2, sources**2) for grid in np.meshgrid(middle, middle))
    red = rng.random(len(x)) < 0.45
    peak = rng.uniform(5, 50, len(x))
    grid = np.arange(SPACING) - (SPACING - 1) / 2
    images = rng.normal(0, 0.5, (2, side, side))
    for i in range(len(x)):
        cx, cy = round(x[i] - grid[-1]), round(y[i] - grid[-1])
        cx, cy = np.clip([cx, cy], 0, side - SPACING)
        column, row = np.arange(cx, cx + SPACING), np.arange(cy, cy + SPACING)
        light = peak[i] * np.exp(-((column - x[i]) ** 2 + (row[:, None] - y[i]) ** 2) / (2 * 1.5**2))
        images[0, cy : cy + SPACING, cx : cx + SPACING] += light
        images[1, cy : cy + SPACING, cx : cx + SPACING] += light * (3.0 if red[i] else 1.0)
    for band, image in zip(BANDS, images, strict=True):
        fits.PrimaryHDU(image.astype("f4"), wcs.to_header()).writeto(folder / f"{band}.fits")
    ra, dec = wcs.all_pix2world(x, y, 0)
    order = rng.permutation(len(x))
    content = Table({"ID": np.arange(len(x)), "RA": ra[order], "DEC": dec[order], "IS_RED": red[order].astype("i2")})
    content["RA"].unit = content["DEC"].unit = "deg"
    content.write(folder / "cat.fits")
    return content


def options(folder):
    """Return the words that name the images."""
    return [word for band in BANDS for word in ("--images", f"{band}={folder / band}.fits")]
