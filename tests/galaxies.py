"""Imagined galaxies whose colours tell their redshift, and tables of them."""

import numpy as np
from astropy.io import fits
from astropy.table import Table

BANDS = ("g", "r", "i")


def galaxies(rows, seed=0):
    """Return redshifts (n,), and fluxes and errors in microjansky (n, 3), float32; the noise is what the errors say."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.05, 0.9, rows)
    r = rng.uniform(17.0, 20.0, rows)
    colours = np.stack([0.5 + 2.0 * z - z**2, 0.2 + 0.9 * z**1.5], axis=1) + rng.normal(0, 0.03, (rows, 2))
    magnitude = np.stack([r + colours[:, 0], r, r - colours[:, 1]], axis=1)
    true = 10 ** (-0.4 * (magnitude - 23.9))
    error = np.full_like(true, 1.0) + 0.02 * true
    return z, (true + error * rng.normal(size=true.shape)).astype("f4"), error.astype("f4")


def table(rows, seed=0, **columns):
    """Return a table of them as a survey would give it: FLUX_G FLUXERR_G .. in microjansky, Z_SPEC, ID."""
    z, flux, error = galaxies(rows, seed)
    found = Table({"ID": np.arange(rows) + 2**53 + 1, "Z_SPEC": z.astype("f4")})
    for place, band in enumerate(BANDS):
        found[f"FLUX_{band.upper()}"] = flux[:, place]
        found[f"FLUXERR_{band.upper()}"] = error[:, place]
        found[f"FLUX_{band.upper()}"].unit = found[f"FLUXERR_{band.upper()}"].unit = "uJy"
    for name, values in columns.items():
        found[name] = values
    return found


def write(path, content):
    """Write a table as the first extension of a FITS file, and return its path as text."""
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(content)]).writeto(path, overwrite=True)
    return str(path)


def stamps(rows, seed=0, side=16):
    """Return redshifts, fluxes and errors as `galaxies` does, and stamps (n, 3, side, side) of them, round blobs."""
    z, flux, error = galaxies(rows, seed)
    place = np.arange(side) - (side - 1) / 2
    blob = np.exp(-(place**2 + place[:, None] ** 2) / 8) / (8 * np.pi)
    noise = 0.1 * np.random.default_rng(seed + 1000).normal(size=(rows, 3, side, side))
    return z, flux, error, (flux[..., None, None] * blob + noise).astype("f4")


def write_stamps(path, rows, seed=0, **columns):
    """Write a stamp file of them, and return its path as text."""
    *_, images = stamps(rows, seed)
    first = fits.PrimaryHDU(images)
    first.header["BANDS"] = " ".join(BANDS)
    fits.HDUList([first, fits.BinTableHDU(table(rows, seed, **columns), name="CATALOGUE")]).writeto(path)
    return str(path)


def poses(images):
    """Return the eight poses of square images (n, ..., y, x)."""
    flat = [images, images.flip(-1).flip(-2), images.flip(-1), images.flip(-2)]
    return [*flat, *(one.transpose(-1, -2) for one in flat)]
