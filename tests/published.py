"""Files in the layout of the DEEPMERGE images (doi:10.17909/t9-vqk6-pc80): small, with images of our own."""

import numpy as np
from astropy.io import fits

SIDE = 75
NOISY = "hlsp_deepmerge_hst_acs-wfc3_illustris-z2_f814w-f160w_v1_sim-noisy.fits"
PRISTINE = "hlsp_deepmerge_hst-jwst_acs-wfc3-nircam_illustris-z2_f814w-f160w-f356w_v1_sim-pristine.fits"


def images(rows, bands=2, side=SIDE, seed=0, noise=0.1):
    """Return pixels (rows, bands, side, side) in microjansky per square arcsec, and labels: two nuclei, or one."""
    random = np.random.default_rng(seed)
    labels = np.arange(rows) % 2
    grid = np.arange(side) - (side - 1) / 2
    apart = random.uniform(6, 14, rows) * labels
    angle = random.uniform(0, 2 * np.pi, rows)
    flux = 10 ** random.uniform(0.3, 1, rows)
    pixels = random.normal(0, noise, (rows, bands, side, side)) if noise else np.zeros((rows, bands, side, side))
    for sign in (-0.5, 0.5):
        x = grid - (sign * apart * np.cos(angle))[:, None]
        y = grid - (sign * apart * np.sin(angle))[:, None]
        light = np.exp(-(x[:, None, :] ** 2 + y[:, :, None] ** 2) / 18) * flux[:, None, None]
        pixels += light[:, None] * np.linspace(0.7, 1.3, bands)[:, None, None]
    return pixels.astype(np.float32), labels


def write(path, pixels, labels, *, dtype=">f4", kind=">i8", **cards):
    """Write the FITS layout: images in the primary, labels in an image extension."""
    units = [fits.PrimaryHDU(pixels.astype(dtype)), fits.ImageHDU(np.asarray(labels).astype(kind))]
    units[0].header["EXTNAME"], units[1].header["EXTNAME"] = "Images", "MergerLabels"
    units[0].header.update(cards)
    fits.HDUList(units).writeto(path, overwrite=True)
    return str(path)


def subhaloes(rows, images_each=4):
    """Return the number of each image's subhalo, as `subsamples_ID.npy` has them: each shown several times."""
    return (np.arange(rows) // images_each * 7 + 3).astype(np.int64)
