"""Images of point spread functions, and real frames as backgrounds, that mocks are drawn with."""

import numpy as np
from astropy.io import fits

from .. import mutation, values
from ..case import Base
from . import images

MOCK = (
    "mock",
    "--task",
    "photoz",
    "--survey",
    "csst",
    "-n",
    "1",
    "--seed",
    "1",
    "--bands",
    "g,r,i",
    "--out",
    "mock.fits",
)
COMMANDS = ((*MOCK, "--psf", "r=psf.fits", "--dry-run"), (*MOCK, "--psf", "r=psf.fits[1]", "--dry-run"))
DRAWN = (
    (*MOCK, "--psf", "r=psf.fits"),
    (*MOCK, "--background", "r=psf.fits"),
    (*MOCK, "--background", "r=psf.fits", "--dry-run"),
)
CARDS = (
    "PIXSCALE PIXELSCL PSFSCALE SECPIX CD1_1 CD2_2 CD1_2 CDELT1 CDELT2 PC1_1 CTYPE1 CTYPE2 CRVAL1 CRPIX1 CUNIT1 "
    "NAXIS NAXIS1 NAXIS2 BITPIX BSCALE BZERO BLANK BUNIT EXTNAME XTENSION SIMPLE LONPOLE PV1_1 A_ORDER WCSAXES "
    "PLTRAH DATE-OBS"
).split()


def psf(side=15):
    x = np.arange(side) - side // 2
    light = np.exp(-(x[:, None] ** 2 + x[None] ** 2) / 8)
    return (light / light.sum()).astype("f4")


def bases(source):
    units = [fits.PrimaryHDU(), fits.ImageHDU(psf(), name="PSF"), fits.ImageHDU(psf(), name="OTHER")]
    units[1].header["PIXSCALE"] = units[2].header["PIXSCALE"] = 0.037
    frame = fits.PrimaryHDU(np.random.default_rng(2).normal(0, 0.01, (96, 96)).astype("f4"), images.header())
    frame.header["CD1_1"], frame.header["CD2_2"] = -0.074 / 3600, 0.074 / 3600
    return {
        "scale": Base(
            {"psf.fits": images.file(fits.PrimaryHDU(psf(), fits.Header({"PIXSCALE": 0.037})))}, (*COMMANDS[:1], *DRAWN)
        ),
        "grid": Base({"psf.fits": images.file(fits.PrimaryHDU(psf(), images.header()))}, COMMANDS),
        "several": Base({"psf.fits": images.file(*units)}, COMMANDS),
        "frame": Base({"psf.fits": images.file(frame)}, DRAWN[1:]),
    }


def draw(rng, base, files, words):
    names = dict.fromkeys(CARDS) | {"CTYPE1": images.PROJECTIONS, "CUNIT1": values.UNITS, "BUNIT": values.UNITS}
    first = 1 if base == "several" else 0
    changes = mutation.some_fits(rng, files["psf.fits"], names, first=first, shares=(0.7, 0.2, 0.1))
    return words, [["psf.fits", *change] for change in changes]
