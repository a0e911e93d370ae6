"""Images of noise with a WCS, and catalogues of places on them, for the bench of cutouts."""

from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

SCALE = 0.2
"""arcsec a pixel."""


def wcs(side: int, lon: float = 150.0, lat: float = 2.0) -> WCS:
    """Return the WCS of a square image about a place."""
    found = WCS(naxis=2)
    found.wcs.ctype, found.wcs.crval = ["RA---TAN", "DEC--TAN"], [lon, lat]
    found.wcs.crpix, found.wcs.cdelt = [(side + 1) / 2] * 2, [-SCALE / 3600, SCALE / 3600]
    return found


def header(side: int, place: tuple[float, float]) -> fits.Header:
    """Return the header of a float32 image."""
    primary = fits.PrimaryHDU(header=wcs(side, *place).to_header()).header
    primary["BITPIX"], primary["NAXIS"] = -32, 2
    primary.set("NAXIS1", side, after="NAXIS")
    primary.set("NAXIS2", side, after="NAXIS1")
    return primary


def image(path: Path, side: int, place: tuple[float, float] = (150.0, 2.0), seed: int | None = 0) -> None:
    """Write a plain image of noise; without a seed a hole of the same length, all 0."""
    random = np.random.default_rng(seed)
    with open(path, "wb") as file:
        file.write(header(side, place).tostring().encode())
        for first in range(0, side, 500):
            lines = min(500, side - first)
            if seed is None:
                file.seek(4 * side * lines, 1)
            else:
                file.write(random.standard_normal((lines, side), np.float32).astype(">f4").tobytes())
        file.truncate(-(-file.tell() // 2880) * 2880)


def rice(plain: Path, path: Path) -> None:
    """Write an image anew as fpack does by default: RICE, a tile a row, floats quantised with dither."""
    with fits.open(plain) as file:
        how = {"compression_type": "RICE_1", "quantize_level": 4.0, "quantize_method": 1, "dither_seed": 1}
        packed = fits.CompImageHDU(file[0].data, file[0].header, **how)
        packed.writeto(path, overwrite=True)


def catalogue(path: Path, sky: np.ndarray) -> None:
    """Write a catalogue of positions (n, 2), deg."""
    rows = np.zeros(len(sky), [("ID", ">i8"), ("RA", ">f8"), ("DEC", ">f8"), ("MAG_R", ">f4")])
    rows["ID"], rows["RA"], rows["DEC"] = np.arange(len(sky)), *sky.T
    table = fits.BinTableHDU(rows)
    table.header["TUNIT2"] = table.header["TUNIT3"] = "deg"
    table.writeto(path, overwrite=True)


def places(rows: int, side: int, margin: float, seed: int) -> np.ndarray:
    """Return 0-based pixel positions (rows, 2), uniform at least ``margin`` from the edges."""
    return np.random.default_rng(seed).uniform(margin, side - 1 - margin, (rows, 2))


def slices(pixels: np.ndarray, xy: np.ndarray, side: int) -> np.ndarray:
    """Return the stamps that DESIGN.md's geometry asks for, (n, side, side), NaN off the image."""
    out = np.full((len(xy), side, side), np.nan, np.float32)
    for stamp, (x0, y0) in zip(out, corners(xy, side), strict=True):
        ys, xs = (np.clip([first, first + side], 0, n) for first, n in zip((y0, x0), pixels.shape, strict=True))
        stamp[ys[0] - y0 : ys[1] - y0, xs[0] - x0 : xs[1] - x0] = pixels[slice(*ys), slice(*xs)]
    return out


def corners(xy: np.ndarray, side: int) -> np.ndarray:
    """Return first pixels (n, 2)."""
    return np.floor(xy - (side - 1) / 2 + 0.5).astype(np.int64)
