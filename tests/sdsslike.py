"""Catalogues with SDSS names of imagined galaxies, and what tells whether a folder was touched."""

import hashlib

import numpy as np
from astropy.io import fits

BANDS = "ugriz"


def table(rows=50, seed=0, bands=BANDS, **more):
    """Return rows with modelMag and modelMagErr of each band, and more columns besides."""
    rng = np.random.default_rng(seed)
    more = {name: np.asarray(values) for name, values in more.items()}
    kinds = [("OBJID", ">i8")] + [(f"{stem}_{band}", ">f4") for band in bands for stem in ("modelMag", "modelMagErr")]
    kinds += [(name, values.dtype, values.shape[1:]) for name, values in more.items()]
    content = np.zeros(rows, kinds)
    content["OBJID"] = np.arange(rows)
    magnitude = rng.normal(18.5, 1.0, rows)
    for band in bands:
        content[f"modelMag_{band}"] = magnitude - 0.7 * (BANDS.index(band) - 2) + rng.normal(0, 0.2, rows)
        content[f"modelMagErr_{band}"] = 0.02 + 0.05 * rng.random(rows)
    for name, values in more.items():
        content[name] = values
    return content


def write(path, *tables, checksum=False, **header):
    """Write tables, each a structured array or an HDU, behind an empty primary; the first gets the header cards."""
    units = [unit if hasattr(unit, "header") else fits.BinTableHDU(unit) for unit in (tables or (table(),))]
    for name, value in header.items():
        units[0].header[name] = value
    fits.HDUList([fits.PrimaryHDU(), *units]).writeto(path, checksum=checksum, overwrite=True)
    return path


def column(path, name, hdu=1):
    """Return a column of a file, read by astropy."""
    with fits.open(path, memmap=False) as units:
        return np.array(units[hdu].data[name])


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def snapshot(folder):
    """Return what tells whether anything in a folder was touched: names, bytes, times, modes, places on the disk."""
    found = {}
    for entry in sorted(folder.rglob("*")):
        stat = entry.lstat()
        if entry.is_file():
            found[str(entry.relative_to(folder))] = (sha256(entry), stat.st_mtime_ns, stat.st_mode, stat.st_ino)
        else:
            found[str(entry.relative_to(folder))] = stat.st_mode
    return found
