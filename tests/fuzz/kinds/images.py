"""Images that stamps are cut from: of all pixel types and world coordinates, several in a file, masks and weights."""

import gzip
import io

import numpy as np
from astropy.io import fits

from .. import mutation, values
from ..case import Base
from ..values import pick

SIDE, SCALE = 48, 0.2 / 3600
AT = (150.0, 2.0)
WCS = {
    "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": AT[0], "CRVAL2": AT[1], "CRPIX1": 24.5, "CRPIX2": 24.5,
    "CD1_1": -SCALE, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": SCALE, "BUNIT": "uJy",
}  # fmt: skip
SIP = {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-6, "B_0_2": -1e-6,
       "AP_ORDER": 2, "BP_ORDER": 2, "AP_2_0": 1e-6}  # fmt: skip
TPV = {"CTYPE1": "RA---TPV", "CTYPE2": "DEC--TPV", "PV1_0": 1e-6, "PV1_1": 1.0, "PV1_2": 1e-4, "PV1_4": 1e-3,
       "PV2_0": 1e-6, "PV2_1": 1.0, "PV2_5": 1e-3}  # fmt: skip
PLATE = {
    "PLTRAH": 10, "PLTRAM": 0, "PLTRAS": 0.0, "PLTDECSN": "+", "PLTDECD": 2, "PLTDECM": 0, "PLTDECS": 0.0,
    "PLTSCALE": 67.2, "XPIXELSZ": 15.0, "YPIXELSZ": 15.0, "PPO3": 1.0, "PPO6": 1.0, "CNPIX1": 0, "CNPIX2": 0,
    "AMDX1": 67.2, "AMDX2": 0.0, "AMDY1": 67.2, "AMDY2": 0.0,
}  # fmt: skip
TABBED = {"CTYPE3": "WAVE-TAB", "CRVAL3": 1.0, "CRPIX3": 1.0, "CDELT3": 1.0, "PS3_0": "LOOKUP", "PS3_1": "COORDS",
          "PV3_1": 1}  # fmt: skip
ALTERNATE = {"CTYPE1A": "LINEAR", "CTYPE2A": "LINEAR", "CRVAL1A": 1.0, "CRVAL2A": 1.0, "CRPIX1A": 1.0, "CRPIX2A": 1.0,
             "CD1_1A": 1.0, "CD2_2A": 1.0, "WCSNAMEA": "PHYSICAL"}  # fmt: skip
NAMES = (
    "CTYPE1 CTYPE2 CRVAL1 CRVAL2 CRPIX1 CRPIX2 CD1_1 CD1_2 CD2_1 CD2_2 CDELT1 CDELT2 CROTA1 CROTA2 PC1_1 PC2_2 "
    "PC1_2 CUNIT1 CUNIT2 LONPOLE LATPOLE WCSAXES RADESYS EQUINOX EPOCH MJD-OBS DATE-OBS DATE-AVG MJD-AVG DATE-BEG "
    "JEPOCH TIMESYS OBSGEO-X OBSGEO-Y OBSGEO-Z OBSGEO-L OBSGEO-B OBSGEO-H OBSORBIT RESTFRQ RESTWAV SPECSYS "
    "SSYSOBS VELOSYS VELREF ZSOURCE SSYSSRC VELANGL WCSNAME CNAME1 CRDER1 CSYER1 CZPHS1 CPERI1 XPOSURE TELAPSE "
    "PLEPHEM DATEREF MJDREF MJDREFI TREFPOS TREFDIR TIMEUNIT TIMEOFFS TIMSYER TIMRDER TSTART TSTOP PV1_0 PV1_1 "
    "PV1_4 PV2_1 PV2_5 PV1_39 PS1_0 A_ORDER B_ORDER A_2_0 B_0_2 AP_ORDER A_DMAX A_9_9 CPDIS1 CPDIS2 DP1 DP2 "
    "D2IMDIS1 D2IM1 CPERR1 CQDIS1 DVERR1 PLTRAH PLTRAM PLTRAS PLTDECSN PLTDECD PLTDECM PLTDECS PLTSCALE XPIXELSZ "
    "PPO3 CNPIX1 AMDX1 AMDY1 AMDX20 CTYPE1A CRVAL1A CRPIX1A CD1_1A CTYPE2A CTYPE1Z CRVAL1Z CTYPE3 CRVAL3 CRPIX3 "
    "CDELT3 PS3_0 PS3_1 PV3_1 PV3_3 BITPIX NAXIS NAXIS1 NAXIS2 NAXIS3 PCOUNT GCOUNT BSCALE BZERO BLANK BUNIT "
    "EXTNAME EXTVER FLUXMAG0 MAGZERO ZEROPOINT PHOTFLAM EXPTIME CONTINUE INHERIT DATAMIN SIMPLE XTENSION LTV1 "
    "LTM1_1 WAT0_001 WAT1_001 WAT2_001 CHECKSUM DATASUM"
).split()
CODES = "TAN SIN ARC STG ZEA ZPN TPV TNX ZPX TAN-SIP TAB CAR AIT MOL HPX TSC CSC QSC COP XPH XXX".split()
PROJECTIONS = tuple(f"{axis}{code}" for axis in ("RA---", "DEC--", "GLON-", "ELON-") for code in CODES)
CUT = ("cutout", "cat.fits", "--images", "r=r.fits", "--size", "8", "--out", "stamps.fits")
COMMANDS = (
    CUT,
    (*CUT, "--radec", "RA,DEC", "--strict"),
    (*CUT, "--images", "g=g.fits"),
    (*CUT, "--images", "g=g.fits", "--resample"),
    (*CUT, "--mask", "r=r.fits"),
    ("cutout", "cat.fits", "--images", "r=g.fits", "--weight", "r=r.fits", "--size", "8", "--out", "stamps.fits"),
    ("cutout", "cat.fits", "--images", "r=r.fits", "--xy", "X,Y", "--size", "8", "--out", "stamps.fits"),
    ("cutout", "cat.fits", "--images", "r=r.fits", "--size", "2arcsec", "--out", "stamps.fits", "--dry-run"),
    ("cutout", "cat.fits", "--images", "r=r.fits[1]", "--size", "8", "--out", "stamps.fits"),
    ("cutout", "cat.fits", "--images", "r=r.fits[*]", "--size", "8", "--out", "stamps.fits"),
    ("predict", "cat.fits", "--task", "photoz", "--survey", "csst", "--images", "r=r.fits"),
)


def header(**more):
    made = fits.Header()
    made.update(WCS | more)
    return made


def pixels(kind="f4"):
    return np.random.default_rng(4).integers(0, 250, (SIDE, SIDE)).astype(kind)


def places(rows=5):
    """Return a catalogue of rows on the image, one of them off it."""
    rng = np.random.default_rng(6)
    x, y = rng.uniform(8, 40, (2, rows))
    made = [fits.Column("ID", "J", array=np.arange(rows)), fits.Column("X", "D", "pixel", array=x)]
    made += [fits.Column("Y", "D", "pixel", array=y)]
    ra, dec = AT[0] - (x - 24.5) * SCALE, AT[1] + (y - 24.5) * SCALE
    ra[-1] += 1.0
    made += [fits.Column("RA", "D", "deg", array=ra), fits.Column("DEC", "D", "deg", array=dec)]
    return file(fits.PrimaryHDU(), fits.BinTableHDU.from_columns(made))


def file(*units, **settings):
    held = io.BytesIO()
    fits.HDUList(list(units)).writeto(held, **settings)
    return held.getvalue()


def scaled():
    """Return an image of scaled integers with BLANK, put in by hand: astropy would scale them a second time."""
    cards = [values.card(name, value) for name, value in (("BSCALE", "0.01"), ("BZERO", "-7.5"), ("BLANK", "-999"))]
    octets = file(fits.PrimaryHDU(pixels("i2"), header()))
    return mutation.apply(octets, [["set", 0, entry[:8].decode().strip(), entry.decode()] for entry in cards])


def lookup():
    """Return an image with a third axis of one pixel, whose coordinate stands in a table."""
    table = fits.BinTableHDU.from_columns([fits.Column("COORDS", "2E", dim="(1,2)", array=np.ones((1, 2, 1), "f4"))])
    table.name = "LOOKUP"
    return file(fits.PrimaryHDU(pixels()[None], header(**TABBED)), table)


def sound():
    """Return images by name."""
    plain = {"PC1_1": 1.0, "PC2_2": 1.0, "CDELT1": -SCALE, "CDELT2": SCALE, "RADESYS": "FK5", "EQUINOX": 2000.0}
    dated = {"DATE-OBS": "2020-01-01T00:00:00", "MJD-OBS": 58849.0, "OBSGEO-X": 1e6, "LONPOLE": 180.0, "TIMESYS": "UTC"}
    units = [fits.ImageHDU(pixels(), header(), name=name) for name in ("SCI", "MASK", "ERR")]
    cube = fits.PrimaryHDU(np.zeros((3, SIDE, SIDE), "f4"), header())
    made = {
        "float": file(fits.PrimaryHDU(pixels(), header(**dated))),
        "double": file(fits.PrimaryHDU(pixels("f8"), header(**ALTERNATE)), checksum=True),
        "bytes": file(fits.PrimaryHDU(pixels("u1"), header(BLANK=255))),
        "unsigned": file(fits.PrimaryHDU(pixels("u2"), header())),
        "scaled": scaled(),
        "matrix": file(fits.PrimaryHDU(pixels("i4"), header(**plain))),
        "sip": file(fits.PrimaryHDU(pixels(), header(**SIP))),
        "tpv": file(fits.PrimaryHDU(pixels(), header(**TPV))),
        "plate": file(fits.PrimaryHDU(pixels(), header(**PLATE))),
        "lookup": lookup(),
        "several": file(fits.PrimaryHDU(), *units),
        "cube": file(cube),
    }
    return made | {"gzipped": gzip.compress(made["float"], 1, mtime=0)}


def bases(source):
    beside = {"cat.fits": places(), "g.fits": file(fits.PrimaryHDU(pixels(), header()))}
    made = {}
    for name, octets in sound().items():
        image = "r.fits.gz" if name == "gzipped" else "r.fits"
        commands = [[word.replace("r.fits", image) for word in words] for words in COMMANDS]
        made[name] = Base({image: octets} | beside, tuple(commands))
    return made


def cards():
    """Return the cards that an image's place, size and unit depend on, and what to write into some."""
    made = dict.fromkeys(NAMES) | {
        "BUNIT": values.UNITS,
        "CUNIT1": values.UNITS,
        "CUNIT2": ("deg", "arcsec", "rad", "m", ""),
    }
    made |= {"CTYPE1": PROJECTIONS, "CTYPE2": PROJECTIONS, "CTYPE3": ("WAVE-TAB", "FREQ", "STOKES", "RA---TAB", "TIME")}
    made |= {
        "RADESYS": ("FK4", "FK5", "ICRS", "FK4-NO-E", "GAPPT", "fk5", "x"),
        "NAXIS": ("0", "1", "2", "3", "9", "999"),
    }
    return made | {"BITPIX": ("8", "16", "32", "64", "-32", "-64", "-8", "0", "128")}


def draw(rng, base, files, words):
    image = next(name for name in files if name.startswith("r."))
    first = 1 if base == "several" else 0
    packed, shares = image.endswith(".gz"), (0.8, 0.1, 0.1)
    changes = mutation.some_fits(rng, files[image], cards(), first=first, packed=packed, shares=shares)
    made = [[image, *change] for change in changes]
    if rng.random() < 0.15:  # nonsense at places of the catalogue
        for _ in range(3):
            part = mutation.units(files["cat.fits"])[1]
            text = pick(rng, mutation.PATTERNS[8:12])
            made.append(["cat.fits", "poke", 1, 36 * int(rng.integers(5)) + 4 + 8 * int(rng.integers(4)), text])
            assert part.data
    return words, made
