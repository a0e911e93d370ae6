"""A small field: images of a few bands on one pixel grid, a catalogue on them, and the stamps that must be cut."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

SCALE = 0.4
SHAPE = (180, 240)
SIDE = 16


def wcs(shape=SHAPE, centre=(150.1, 2.2), scale=SCALE, angle=0.0, kind="TAN"):
    """Return a WCS; the centre is in degrees, the scale in arcsec, the angle in degrees."""
    made = WCS(naxis=2)
    made.wcs.ctype = [f"RA---{kind}", f"DEC--{kind}"]
    made.wcs.crval = centre
    made.wcs.crpix = [(shape[1] + 1) / 2, (shape[0] + 1) / 2]
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    made.wcs.cd = scale / 3600 * np.array([[-c, s], [s, c]])
    made.wcs.radesys = "ICRS"
    return made


def image(path, pixels, grid, **cards):
    """Write one plain image."""
    unit = fits.PrimaryHDU(pixels, header=grid.to_header())
    unit.header.update(cards)
    unit.writeto(path, overwrite=True)
    return path


def slices(pixels, x, y, side):
    """Return stamps as slices of an image padded with NaN, (n, side, side): an oracle of DESIGN's geometry."""
    pad = 10 * side + 2000
    wide = np.pad(np.asarray(pixels, np.float32), pad, constant_values=np.nan)
    found = np.full((len(x), side, side), np.nan, np.float32)
    for k, (column, row) in enumerate(zip(x, y, strict=True)):
        if np.isfinite(column + row) and abs(column) < pad and abs(row) < pad:
            first = [int(np.floor(at - (side - 1) / 2 + 0.5)) + pad for at in (column, row)]
            if 0 <= first[0] < wide.shape[1] - side and 0 <= first[1] < wide.shape[0] - side:
                found[k] = wide[first[1] : first[1] + side, first[0] : first[0] + side]
    return found


@dataclass
class Field:
    """What is on the disk, and the truth about it."""

    folder: Path
    cat: Path
    bands: tuple
    pixels: dict
    x: np.ndarray
    y: np.ndarray

    def path(self, band):
        return self.folder / f"field_{band}.fits"

    def images(self):
        """Return the options that name the images."""
        return [word for band in self.bands for word in ("--images", f"{band}={self.path(band)}")]

    def stamps(self, side):
        """Return what must be cut, (n, band, side, side)."""
        return np.stack([slices(self.pixels[band], self.x, self.y, side) for band in self.bands], axis=1)


def table(x, y, grid, **more):
    """Return rows with ID, RA, DEC and FLUX, and more columns besides."""
    ra, dec = grid.all_pix2world(x, y, 0)
    kinds = [("ID", ">i8"), ("RA", ">f8"), ("DEC", ">f8"), ("FLUX", ">f4")]
    kinds += [(name, np.asarray(values).dtype) for name, values in more.items()]
    content = np.zeros(len(x), kinds)
    content["ID"], content["RA"], content["DEC"] = 10 * np.arange(len(x)) + 2**60, ra, dec
    content["FLUX"] = np.linspace(0, 1, len(x))
    for name, values in more.items():
        content[name] = values
    return content


def make(folder, bands="gr", rows=40, seed=1, shape=SHAPE, angle=20.0, x=None, y=None, **more):
    """Write the images of a field and a catalogue whose rows lie well within it, or at x, y (0-based pixels)."""
    rng = np.random.default_rng(seed)
    grid = wcs(shape, angle=angle)
    pixels = {band: rng.normal(0, 1, shape).astype(np.float32) for band in bands}
    x = rng.uniform(30, shape[1] - 31, rows) if x is None else np.asarray(x, float)
    y = rng.uniform(30, shape[0] - 31, rows) if y is None else np.asarray(y, float)
    cat = folder / "cat.fits"
    unit = fits.BinTableHDU(table(x, y, grid, **more), name="OBJECTS")
    unit.header["TUNIT2"] = unit.header["TUNIT3"] = "deg"
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(cat, overwrite=True)
    made = Field(folder, cat, tuple(bands), pixels, x, y)
    for band, values in pixels.items():
        image(made.path(band), values, grid, BUNIT="nmgy")
    return made


def words(made, out="stamps.fits", side=SIDE):
    """Return the command line that cuts a field's stamps, without the name of the program and the verb."""
    return [made.cat, *made.images(), "--size", side, "--out", made.folder / out]


def read(path):
    """Return the stamps, the table and the headers of both, read by astropy."""
    with fits.open(path, memmap=False) as units:
        place = next(unit for unit in units if unit.name == "IMAGES")
        return np.array(place.data), np.array(units["CATALOGUE"].data), place.header, units["CATALOGUE"].header


def told(said):
    """Return the lines of an error."""
    return [line for line in said.err.splitlines() if line.startswith(("skycnn: error: ", "hint: "))]
