"""A small sky that a cutout server shows: what it sends, and what stamps of it must hold."""

import io

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

SCALE = 0.4
"""arcsec a pixel."""


class Sky:
    """An image of 300 x 300 pixels about (150, 2), and cutouts of it."""

    unit = "nmgy"

    def __init__(self, seed=1, side=300, scale=SCALE, centre=(150.0, 2.0), angle=20.0):
        self.image = np.random.default_rng(seed).normal(size=(side, side)).astype(np.float32)
        self.wcs = WCS(naxis=2)
        self.wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        self.wcs.wcs.crval = centre
        self.wcs.wcs.crpix = [(side + 1) / 2] * 2
        turn, step = np.radians(angle), scale / 3600
        self.wcs.wcs.cd = step * np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        self.wcs.wcs.set()

    def places(self, n, seed=2, margin=40):
        """Return (x, y) and (ra, dec) of n objects."""
        ny, nx = self.image.shape
        x, y = np.random.default_rng(seed).uniform([[margin]] * 2, [[nx - margin], [ny - margin]], (2, n))
        return (x, y), self.wcs.all_pix2world(x, y, 0)

    def cutout(self, x, y, size, *, keep_wcs=True, extra=0):
        """Return the FITS bytes of a cutout as servers make it: whole pixels, about the nearest one."""
        size += extra
        x0, y0 = (int(np.floor(at - (size - 1) / 2 + 0.5)) for at in (x, y))
        ny, nx = self.image.shape
        left, low = max(x0, 0), max(y0, 0)
        data = self.image[low : min(y0 + size, ny), left : min(x0 + size, nx)]
        if not data.size:
            return None
        header = self.wcs.to_header() if keep_wcs else fits.Header()
        if keep_wcs:
            header["CRPIX1"] -= left
            header["CRPIX2"] -= low
        header["BUNIT"] = self.unit
        file = io.BytesIO()
        fits.PrimaryHDU(data, header).writeto(file)
        return file.getvalue()

    def answer(self, path, query):
        """Answer ``?ra=&dec=&size=``, for ``skyserver.serving``."""
        x, y = self.wcs.all_world2pix(float(query["ra"]), float(query["dec"]), 0)
        return self.cutout(float(x), float(y), int(query["size"]), extra=2)

    def stamp(self, x, y, side):
        """Return the stamp of DESIGN.md's geometry, and DX, DY."""
        x0, y0 = (int(np.floor(at - (side - 1) / 2 + 0.5)) for at in (x, y))
        wide = np.pad(self.image, side, constant_values=np.nan)
        stamp = wide[y0 + side : y0 + 2 * side, x0 + side : x0 + 2 * side]
        return stamp, (x - x0 - (side - 1) / 2, y - y0 - (side - 1) / 2)


def catalogue(path, **columns):
    """Write a table, and return its path."""

    def form(values):
        if isinstance(values, list):
            return f"{max(map(len, values))}A"
        return {"f": "D", "i": "K"}[values.dtype.kind] if values.ndim == 1 else f"{values.shape[1]}D"

    path.parent.mkdir(exist_ok=True)
    fits.BinTableHDU.from_columns(
        [fits.Column(name, form(values), array=values) for name, values in columns.items()]
    ).writeto(path)
    return str(path)
