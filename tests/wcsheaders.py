"""Headers of images with all kinds of world coordinates, for tests."""

import warnings
from math import cos, radians, sin

from astropy.io import fits
from astropy.wcs import WCS

SHAPE = (900, 1000)

PV = {
    "PV1_0": 1e-4, "PV1_1": 1.001, "PV1_2": 2e-4, "PV1_4": 1e-3, "PV1_5": -2e-3, "PV1_6": 1e-3, "PV1_7": 0.4,
    "PV1_10": -0.3, "PV2_0": 2e-4, "PV2_1": 0.999, "PV2_2": 1e-4, "PV2_4": 2e-3, "PV2_5": -1e-3, "PV2_7": 0.5,
}  # fmt: skip
SIP = {
    "A_ORDER": 3, "B_ORDER": 3, "A_2_0": 2e-6, "A_0_2": -4e-6, "A_1_1": 6e-6, "A_3_0": 2e-8, "B_2_0": 4e-6,
    "B_0_2": -2e-6, "B_1_1": 2e-6, "B_0_3": 3e-8, "AP_ORDER": 2, "BP_ORDER": 2, "AP_2_0": 1e-3, "BP_0_2": 1e-3,
}  # fmt: skip


def header(projection="TAN", shape=SHAPE, at=(10.0, 20.0), scale=0.25, turn=0.0, mirrored=False, **more):
    """Return the header of an image, ``turn`` deg of +y from north through east; ``more`` cards replace or add."""
    c, s, step = cos(radians(turn)), sin(radians(turn)), scale / 3600
    sign = 1 if mirrored else -1
    cards = {
        "NAXIS": 2, "NAXIS1": shape[1], "NAXIS2": shape[0],
        "CTYPE1": f"RA---{projection}", "CTYPE2": f"DEC--{projection}",
        "CRPIX1": shape[1] / 2 + 7.3, "CRPIX2": shape[0] / 2 - 4.1, "CRVAL1": at[0], "CRVAL2": at[1],
        "CD1_1": sign * step * c, "CD1_2": step * s, "CD2_1": -sign * step * s, "CD2_2": step * c,
    }  # fmt: skip
    made = fits.Header()
    for name, value in (cards | more).items():
        if value is not None:
            made[name] = value
    return made


def text(head):
    """Return a header's cards joined."""
    return head.tostring(sep="", endcard=False, padding=False)


def oracle(head):
    """Return astropy's WCS of a header."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return WCS(head).celestial


KINDS = {
    "tan": header(),
    "turned": header(turn=33.0),
    "mirrored": header(turn=-150.0, mirrored=True),
    "sip": header("TAN-SIP", **SIP),
    "tpv": header("TPV", **PV),
    "scamp": header("TAN", **PV),
    "sip and scamp": header("TAN-SIP", **PV, **SIP),
    "tpv and sip": header("TPV", **PV, **SIP),
    "pole": header(at=(33.0, 89.98), turn=10.0),
    "south pole": header("ZEA", at=(0.0, -90.0)),
    "across 0": header(at=(0.001, -5.0)),
    "sin": header("SIN", at=(200.0, -60.0)),
    "fk5": header(RADESYS="FK5", EQUINOX=2000.0),
    "fk5 1975": header(RADESYS="FK5", EQUINOX=1975.0),
    "fk4": header(RADESYS="FK4", EQUINOX=1950.0),
    "fk4 no e": header(RADESYS="FK4-NO-E", EQUINOX=1950.0),
    "old fk4": header(EQUINOX=1950.0),
    "galactic": header(CTYPE1="GLON-TAN", CTYPE2="GLAT-TAN"),
    "declination first": header(CTYPE1="DEC--TAN", CTYPE2="RA---TAN", CRVAL1=20.0, CRVAL2=10.0),
    "arcsec": header(scale=900.0, CUNIT1="arcsec", CUNIT2="arcsec", CRVAL1=36000.0, CRVAL2=72000.0),
    "crota": header(CD1_1=None, CD1_2=None, CD2_1=None, CD2_2=None, CDELT1=-7e-5, CDELT2=7e-5, CROTA2=30.0),
    "three axes": header(NAXIS=3, NAXIS3=1, CTYPE3="FREQ", CRVAL3=1.4e9, CRPIX3=1.0, CD3_3=1e6, CUNIT3="Hz"),
}
"""All of them lie within a degree of their CRVAL."""
