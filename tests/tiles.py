"""Small images of the sky as files, for tests: a header with a WCS, and pixels that are zero."""

import numpy as np
from astropy.io import fits

SCALE = 0.5
"""arcsec a pixel."""


def header(lon, lat, shape=(100, 120), kind="TAN", angle=0.0, scale=SCALE, crpix=None, **more):
    """Return the header of an image about a place; shape is (ny, nx), ``crpix`` 1-based, its middle by default."""
    x, y = crpix or ((shape[1] + 1) / 2, (shape[0] + 1) / 2)
    c, s = np.cos(np.radians(angle)) * scale / 3600, np.sin(np.radians(angle)) * scale / 3600
    cards = {"CTYPE1": f"RA---{kind}", "CTYPE2": f"DEC--{kind}", "CRVAL1": lon, "CRVAL2": lat, "CRPIX1": x, "CRPIX2": y}
    cards |= {"CD1_1": -c, "CD1_2": s, "CD2_1": s, "CD2_2": c} | more
    return fits.Header(cards.items())


def write(path, cards, shape=(100, 120)):
    """Write an image of zeros and return its name."""
    fits.PrimaryHDU(np.zeros(shape, np.uint8), cards).writeto(path, overwrite=True)
    return str(path)


SIP = {"A_ORDER": 3, "B_ORDER": 3, "A_2_0": 2e-5, "A_1_1": -1e-5, "B_0_2": 1e-5, "A_3_0": 1e-7, "B_1_2": -2e-7}
