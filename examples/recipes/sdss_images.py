"""Make examples/ngc6976_{g,r,i}.fits and ngc6976_sources.fits: a piece of SDSS's sky in three bands, and what is on it.

    python examples/recipes/sdss_images.py [FOLDER]

FOLDER holds reprojected_sdss_{g,r,i}.fits.bz2, SDSS fields about NGC 6976 brought to one pixel grid, in nanomaggies.
The sources are the local maxima of the r image smoothed by its seeing, brightest first.
"""

import argparse
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from scipy import ndimage
from sdss_sample import ACKNOWLEDGEMENT

HERE = Path(__file__).resolve().parents[1]
IMAGES = HERE.parent.parent / "shared" / "data" / "images"
X0, Y0, SIDE = 30, 20, 300
"""The piece, in pixels counted from 0: three spirals, many stars; 360 kB a band."""
SEEING, NEAR, LEAST, MOST = 1.0, 15, 0.06, 60
"""Smoothing and distance between sources in pixels; the faintest peak in nanomaggies; the most sources."""


def piece(path: Path) -> fits.PrimaryHDU:
    """Return the piece of an image, with the cards that matter."""
    with fits.open(path) as file:
        header, pixels = file[0].header, file[0].data[Y0 : Y0 + SIDE, X0 : X0 + SIDE]
    unit = fits.PrimaryHDU(np.ascontiguousarray(pixels, ">f4"))
    for name in ("RADECSYS", "EQUINOX", "CTYPE1", "CTYPE2", "CUNIT1", "CUNIT2", "CRVAL1", "CRVAL2"):
        unit.header["RADESYS" if name == "RADECSYS" else name] = header[name]
    for name in ("CD1_1", "CD1_2", "CD2_1", "CD2_2", "BUNIT", "FILTER"):
        unit.header[name] = header[name]
    unit.header["CRPIX1"], unit.header["CRPIX2"] = header["CRPIX1"] - X0, header["CRPIX2"] - Y0
    unit.header["ORIGIN"] = "SDSS"
    unit.header["COMMENT"] = f"{ACKNOWLEDGEMENT} The data are public; this piece comes from Astropy's example data."
    return unit


def sources(unit: fits.PrimaryHDU) -> Table:
    """Return the positions of the brightest local maxima."""
    smooth = ndimage.gaussian_filter(np.asarray(unit.data, "f8"), SEEING)
    peaks = (smooth == ndimage.maximum_filter(smooth, NEAR)) & (smooth > LEAST)
    y, x = np.nonzero(peaks)
    order = np.argsort(-smooth[y, x])[:MOST]
    ra, dec = WCS(unit.header).all_pix2world(x[order], y[order], 0)
    found = Table({"ID": np.arange(1, len(order) + 1), "RA": ra, "DEC": dec})
    found["RA"].unit = found["DEC"].unit = "deg"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=IMAGES)
    folder = parser.parse_args().folder
    units = {band: piece(folder / f"reprojected_sdss_{band}.fits.bz2") for band in "gri"}
    for band, unit in units.items():
        unit.writeto(HERE / f"ngc6976_{band}.fits", overwrite=True)
    found = sources(units["r"])
    fits.BinTableHDU(found, name="SOURCES").writeto(HERE / "ngc6976_sources.fits", overwrite=True)
    print(f"{HERE}: {len(found)} sources on {SIDE} x {SIDE} pixels")


if __name__ == "__main__":
    main()
