"""Catalogues of magnitudes and fluxes: plain binary tables, what tables hold besides, gzipped ones, two in a file."""

import gzip
import io

import numpy as np
from astropy.io import fits

from .. import mutation, values
from ..case import Base
from ..values import pick

BANDS = "ugriz"
ALIKE = (
    ("E", "J", "4A", "4B", "32X", "2I", "4L", "1E", "E "),
    ("D", "K", "C", "8A", "2E", "PE", "PE()", "PB(9)", "64X", "2J"), ("I", "2B", "2A", "16X", "1I", "2L"),
)  # fmt: skip
"""Forms of the same width: what a column is changes, and no byte moves."""
MODEL = ("--model", "photoz-sdss-flux")
COMMANDS = (
    ("predict", "cat.fits", "--task", "photoz"),
    ("predict", "cat.fits", "--task", "photoz", *MODEL),
    ("predict", "cat.fits", "--task", "photoz", *MODEL, "--out", "out.fits"),
    ("predict", "cat.fits", "--task", "photoz", *MODEL, "--pdf", "--strict"),
    ("predict", "cat.fits", "--task", "photoz", *MODEL, "--bad", "OBJID > 5", "--mask-band", "u=FLAGS"),
    ("predict", "cat.fits", "--task", "photoz", *MODEL, "--dry-run", "--json"),
    ("train", "cat.fits", "--task", "photoz", "--truth", "Z_SPEC", "--out", "my.safetensors", "--dry-run"),
)


def columns(rows=60, style="modelMag", seed=3):
    """Return a table's columns: identifiers of all types, magnitudes or fluxes, a redshift."""
    rng = np.random.default_rng(seed)
    made = [
        fits.Column("OBJID", "K", null=-99, array=np.arange(rows) + 2**60),
        fits.Column("U64", "K", bzero=2**63, array=np.arange(rows, dtype=np.uint64)),
        fits.Column("FLAGS", "J", null=-1, array=np.arange(rows) % 2),
        fits.Column("NAME", "8A", array=np.array([f"g{i}" for i in range(rows)])),
        fits.Column("GOOD", "L", array=np.arange(rows) % 2 == 0),
        fits.Column("BITS", "8X", array=np.zeros((rows, 8), bool)),
        fits.Column("VEC", "4E", dim="(2,2)", array=np.zeros((rows, 2, 2), "f4")),
        fits.Column("LIST", "PE()", array=np.array([np.arange(i % 3, dtype="f4") for i in range(rows)], object)),
        fits.Column("Z_SPEC", "E", array=rng.uniform(0.01, 0.5, rows)),
    ]
    for place, band in enumerate(BANDS):
        magnitude = rng.normal(18.5 - 0.7 * place, 0.5, rows)
        if style == "modelMag":
            made += [fits.Column(f"modelMag_{band}", "E", "mag", array=magnitude)]
            made += [fits.Column(f"modelMagErr_{band}", "E", "mag", array=np.full(rows, 0.03))]
        elif style == "scaled":
            made += [fits.Column(f"{band}mag", "I", "mag", null=-32768, array=(1000 * magnitude).astype("i2"))]
            made += [fits.Column(f"e_{band}mag", "D", "mag", array=np.full(rows, 0.03))]
        else:
            flux = 10 ** ((23.9 - magnitude) / 2.5)
            made += [fits.Column(f"FLUX_{band.upper()}", "D", "uJy", array=flux)]
            made += [fits.Column(f"FLUXERR_{band.upper()}", "E", "uJy", array=flux / 30)]
    return made


def encoded(*units, checksum=False):
    """Return HDUs behind an empty primary as bytes."""
    held = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), *units]).writeto(held, checksum=checksum)
    return held.getvalue()


def table(style="modelMag", **more):
    unit = fits.BinTableHDU.from_columns(columns(style=style), name="CAT")
    unit.header["SURVEY"] = "sdss"
    unit.header.update(more)
    return unit


def scaled():
    """Return a catalogue whose magnitudes are scaled integers; astropy would scale them a second time."""
    cards = [values.card(f"TSCAL{number}", "0.001") for number in range(10, 20, 2)]
    changes = [["set", 1, entry[:8].decode().strip(), entry.decode()] for entry in cards]
    return mutation.apply(encoded(table("scaled")), changes)


def bases(source):
    """Return the sound files."""
    plain = encoded(table(), checksum=True)
    second = fits.BinTableHDU.from_columns([fits.Column("X", "E", array=np.zeros(3))], name="OTHER")
    files = {
        "magnitudes": plain,
        "fluxes": encoded(table("flux")),
        "scaled": scaled(),
        "two": encoded(second, fits.ImageHDU(np.zeros((3, 4), "i2")), table()),
    }
    made = {name: Base({"cat.fits": octets}, COMMANDS) for name, octets in files.items()}
    packed = [[word.replace("cat.fits", "cat.fits.gz") for word in words] for words in COMMANDS]
    packed = [[word.replace("out.fits", "out.fits.gz") for word in words] for words in packed]
    made["gzipped"] = Base({"cat.fits.gz": gzip.compress(plain, 1, mtime=0)}, tuple(packed))
    return made


def cards(fields):
    """Return the cards of a table that say what its bytes are, and what to write into some."""
    made = dict.fromkeys(("NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS", "BITPIX", "THEAP", "XTENSION"))
    made |= dict.fromkeys(("EXTNAME", "EXTVER", "SURVEY", "CHECKSUM", "DATASUM", "EXTEND", "SIMPLE", "LONGSTRN"))
    for number in range(1, fields + 2):
        made |= {f"TFORM{number}": values.FORMS, f"TDIM{number}": values.DIMS, f"TUNIT{number}": values.UNITS}
        made |= dict.fromkeys(f"{name}{number}" for name in ("TNULL", "TSCAL", "TZERO", "TTYPE", "TDISP", "TBCOL"))
    return made


def draw(rng, base, files, words):
    """Return the command line and the mutations of a case."""
    (name,) = files
    number = 3 if base == "two" else 1
    packed = name.endswith(".gz")
    made = mutation.some_fits(rng, files[name], cards(len(columns())), first=number, packed=packed)
    if rng.random() < 0.25:
        column, forms = int(rng.integers(9, 20)), pick(rng, ALIKE)
        width = mutation.units(gzip.decompress(files[name]) if packed else files[name])[number].value(f"TFORM{column}")
        forms = next((alike for alike in ALIKE if width.strip("' ") in alike), forms)
        text = values.card(f"TFORM{column}", values.spelled(pick(rng, forms))).decode()
        made.append(["set", number, f"TFORM{column}", text])
    if rng.random() < 0.2:  # a name that another column has, or none
        other = pick(rng, ["OBJID", "modelMag_u", "modelmag_U", "", "Z_PHOT", "z_phot_flag", "RA", "a" * 68, "%s", "é"])
        text = values.card(f"TTYPE{int(rng.integers(1, 20))}", values.spelled(other)).decode("latin-1")
        made.append(["set", number, text[:8].strip(), text])
    return words, [[name, *change] for change in made]
