"""A catalogue with everything in it that tools lose when they add a column."""

import io
import struct

import numpy as np
from astropy.io import fits

from rawfits import card, hdu, width

LONG = "a string that does not fit into one card, with an ampersand & and a quote ' in it, "
SUMS = ("DATASUM", "CHECKSUM")
NUMBER = 3
"""Of the table, behind the primary, an image and a compressed image."""

VARIANTS = {
    "plain": {},
    "wide": {"wide": True},
    "nameless": {"named": False},
    "strange": {"strange": True},
    "no rows": {"rows": 0},
    "one row": {"rows": 1},
    "no theap": {"theap": False},
    "no checksums": {"sums": ()},
    "datasum alone": {"sums": ("DATASUM",)},
}
"""Settings of `make`, by name."""

HEAP, GAP = 24, 12

# name, TFORM, other cards
FIELDS = [
    ("ID", "K", {"TNULL": -99, "TCOMM": "the survey's own number", "TUCD": "meta.id;meta.main"}),
    ("UID", "K", {"TZERO": 2**63, "TDISP": "I20"}),
    ("NOTHING", "0E", {}),
    ("u", "E", {"TUNIT": "mag", "TDISP": "F8.4", "TUCD": "phot.mag;em.opt.U"}),
    ("g", "E", {"TUNIT": "mag", "TDISP": "F8.4"}),
    ("VECTOR", "5E", {"TDIM": "(5)", "TUNIT": "nmgy"}),
    ("MATRIX", "6D", {"TDIM": "(3,2)"}),
    ("r", "E", {"TUNIT": "mag"}),
    ("i", "E", {"TUNIT": "mag"}),
    ("z", "D", {"TUNIT": "mag", "TCOMM": "in double precision"}),
    ("WORDS", "12A", {"TDIM": "(4,3)"}),
    ("BITS", "8X", {}),
    ("MORE_BITS", "11X", {}),
    ("SPECTRUM", "PE(3)", {}),
    ("LIGHTCURVE", "QD(2)", {}),
    ("err_u", "E", {"TUNIT": "mag"}),
    ("err_g", "E", {"TUNIT": "mag"}),
    ("err_r", "E", {"TUNIT": "mag"}),
    ("err_i", "E", {"TUNIT": "mag"}),
    ("err_z", "I", {"TUNIT": "mag", "TSCAL": 0.0001, "TZERO": 0.5, "TNULL": -32768}),
    ("SIGNED", "B", {"TZERO": -128}),
    ("UNSIGNED16", "I", {"TZERO": 32768}),
    ("UNSIGNED32", "J", {"TZERO": 2**31}),
    ("GOOD", "L", {}),
    ("SCALED", "E", {"TSCAL": 2.0, "TZERO": 1.5}),
    ("COMPLEX", "C", {}),
    ("COMPLEX2", "2M", {}),
    ("NAME", "7A", {"TCOMM": "of the object"}),
    ("EMPTY", "0A", {}),
]


def _content(name, form, rows, rng):
    """Return one field's bytes, uint8 (rows, width)."""
    size = width(form)
    if name in "ugriz":
        values = rng.uniform(17, 21, rows)
        return values.astype(">f8" if form == "D" else ">f4").reshape(-1, 1).view(np.uint8)
    if name == "err_z":
        return rng.integers(-4900, -3000, rows).astype(">i2").reshape(-1, 1).view(np.uint8)
    if name.startswith("err_"):
        return rng.uniform(0.01, 0.1, rows).astype(">f4").reshape(-1, 1).view(np.uint8)
    if name == "SPECTRUM":  # three elements of 4 bytes, all rows share the heap's first ones
        return np.frombuffer(struct.pack(">ii", 3, 0) * rows, np.uint8).reshape(rows, size)
    if name == "LIGHTCURVE":
        return np.frombuffer(struct.pack(">qq", 1, 16) * rows, np.uint8).reshape(rows, size)
    if form == "L":
        return rng.choice(np.frombuffer(b"TF", np.uint8), (rows, 1))
    if form.endswith("A"):
        return rng.integers(65, 91, (rows, size), dtype=np.uint8)
    if form == "11X":  # the unused bits of the last byte are zero
        return rng.integers(0, 256, (rows, size), dtype=np.uint8) & np.array([255, 0b11100000], np.uint8)
    if form[-1] in "EDCM":
        kind = ">f4" if form[-1] in "EC" else ">f8"
        return rng.normal(size=(rows, size // int(kind[-1]))).astype(kind).view(np.uint8).reshape(rows, size)
    return rng.integers(0, 256, (rows, size), dtype=np.uint8)


def _described(fields, odd):
    cards = []
    for i, (name, form, more) in enumerate(fields, 1):
        cards += [card(f"TTYPE{i}", name), card(f"TFORM{i}", form)]
        cards += [card(f"{key}{i}", value) for key, value in more.items()]
    if odd:
        cards += [
            card(f"TCOMM{len(fields)}", LONG[:60] + "&"),
            b"CONTINUE  '" + b"and its end'".ljust(69),
        ]
    return cards


def oddities():
    """Return cards of every odd kind that is still FITS."""
    return [
        card("LONGSTRN", "OGIP 1.0"),
        card("LONGTEXT", LONG[:66] + "&"),
        f"CONTINUE  '{LONG.replace(chr(39), chr(39) * 2)[:60]}&'".ljust(80).encode(),
        b"CONTINUE  'end' / with a comment".ljust(80),
        b"HIERARCH ESO DET CHIP1 NAME = 'CCD-44' / a keyword of several words".ljust(80),
        b"FREE    = 7 / free format".ljust(80),
        card("COMMENT", None, "a comment"),
        card("HISTORY", None, "made by hand"),
        card("HISTORY", None, "skycnn  is a program; this line is no record of it"),
        card("", None, ""),
        card("", None, "text on a card without a keyword"),
        b"SLASHED = 'a/b'               / a slash in the value".ljust(80),
        b"SMALL   =              1.0E-300 / next to nothing".ljust(80),
    ]


NON_STANDARD = [
    card("TWICE", 1, "a duplicate"),
    card("TWICE", 2, "a duplicate"),
    b"lower   = 'a keyword in lower case'".ljust(80),
    b"NOVALUE =".ljust(80),
    b"TEXT ALONE, no value indicator".ljust(80),
    b"LATIN   = 'caf\xe9'".ljust(80),
]
"""Cards that FITS forbids or frowns upon, and that are found in catalogues."""


def make(rows=50, *, wide=False, named=True, strange=False, sums=SUMS, theap=True, last_padding=True, seed=1):
    """Return the bytes of the catalogue.

    Parameters
    ----------
    rows : int
        Of the table.
    wide : bool
        Whether a row takes more than 2880 bytes.
    named : bool
        Whether the table has an EXTNAME.
    strange : bool
        Whether cards stand in it that are no FITS.
    sums : tuple of str
        Checksum cards of the table.
    theap : bool
        Whether there is a gap before the heap, and THEAP says so.
    last_padding : bool
        Whether the last unit is filled up to a whole block.
    seed : int
    """
    rng = np.random.default_rng(seed)
    odd = [*oddities(), *(NON_STANDARD if strange else [])]
    primary = [
        card("SIMPLE", True, "a FITS file"),
        card("BITPIX", 8),
        card("NAXIS", 0),
        card("EXTEND", True),
        *odd,
        card("OBJECT", "field 7"),
    ]
    image = [card("XTENSION", "IMAGE"), card("BITPIX", -32), card("NAXIS", 2), card("NAXIS1", 7), card("NAXIS2", 5)]
    image += [card("PCOUNT", 0), card("GCOUNT", 1), card("EXTNAME", "SKY")]
    pixels = rng.normal(size=35).astype(">f4").tobytes()
    fields = FIELDS + ([("PAD", "3000A", {})] if wide else [])
    content = np.hstack([_content(name, form, rows, rng) for name, form, _ in fields])
    heap = rng.normal(size=4).astype(">f4").tobytes() + rng.normal(size=1).astype(">f8").tobytes()
    gap = bytes(range(1, GAP + 1)) if theap else b""
    table = [
        card("XTENSION", "BINTABLE", "binary table"),
        card("BITPIX", 8),
        card("NAXIS", 2),
        card("NAXIS1", content.shape[1], "bytes a row"),
        card("NAXIS2", rows, "rows"),
        card("PCOUNT", len(gap) + HEAP, "gap and heap"),
        card("GCOUNT", 1),
        card("TFIELDS", len(fields)),
        *([card("EXTNAME", "OBJECTS")] if named else []),
        *([card("THEAP", content.shape[1] * rows + GAP, "behind a gap")] if theap else []),
        *_described(fields, True),
        *odd,
        card("SEEING", 1.25, "[arcsec]"),
        card("", None, ""),
    ]
    after = [card("XTENSION", "BINTABLE"), card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", 4), card("NAXIS2", 3)]
    after += [card("PCOUNT", 0), card("GCOUNT", 1), card("TFIELDS", 1), card("TTYPE1", "CCD"), card("TFORM1", "J")]
    after += [card("EXTNAME", "CCDS")]
    octets = b"".join(
        [
            hdu(primary, sums=SUMS),
            hdu(image, pixels, SUMS),
            _compressed_image(rng),
            hdu(table, content.tobytes() + gap + heap, sums),
            hdu(after, b"\0\0\0\1\0\0\0\2\0\0\0\3", SUMS),
        ]
    )
    return octets if last_padding else octets[: -2880 + 12]


def _compressed_image(rng):
    squeezed = fits.CompImageHDU(
        rng.integers(0, 100, (20, 20)).astype(np.int16), name="PACKED", compression_type="RICE_1"
    )
    file = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), squeezed]).writeto(file, checksum=True)
    return file.getvalue()[2880:]
