"""Tables of other storage: tile-compressed ones (fpack's, astropy's) and ASCII tables."""

import warnings

import numpy as np
from astropy.io import fits

from .. import mutation, values
from ..case import Base
from . import catalogues

MODEL = catalogues.MODEL
DECOMPRESSED = (
    ("predict", "cat.fits", "--task", "photoz", *MODEL, "--decompress", "--out", "out.fits"),
    ("predict", "cat.fits", "--task", "photoz", *MODEL, "--decompress"),
    ("predict", "cat.fits", "--task", "photoz", *MODEL, "--decompress", "--dry-run"),
)
READ = (
    ("train", "cat.fits", "--task", "photoz", "--truth", "Z_SPEC", "--out", "my.safetensors", "--dry-run"),
    ("score", "cat.fits", "--task", "photoz", "--truth", "Z_SPEC", "--baselines", "none", "--where", "Z_SPEC > 0.1"),
)
CARDS = (
    "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "TFIELDS", "THEAP", "ZTABLE", "ZTILELEN", "ZNAXIS1", "ZNAXIS2", "ZPCOUNT",
    "ZTHEAP", "ZHEAPPTR", "XTENSION", "ZTENSION", "EXTNAME", "GCOUNT",
)  # fmt: skip
METHODS = ("GZIP_1", "GZIP_2", "RICE_1", "NOCOMPRESS", "HCOMPRESS_1", "PLIO_1", "", "x")


def compressed(checksum=False):
    """Return a compressed table of tiles of 25 rows, as the convention has it, without fpack."""
    import gzip

    rows, lost = 60, ("LIST", "BITS", "VEC", "U64")
    wanted = [held for held in catalogues.columns(rows) if held.name not in lost]
    plain = fits.BinTableHDU.from_columns([*wanted, *answers(rows)])
    sizes = [np.dtype(plain.columns.dtype[name]).itemsize for name in plain.columns.names]
    octets = np.frombuffer(plain.data.tobytes(), "u1").reshape(rows, -1)
    heap, descriptors = b"", []
    for first in range(0, rows, 25):
        place = 0
        for size in sizes:
            packed = gzip.compress(octets[first : first + 25, place : place + size].tobytes(), 6, mtime=0)
            descriptors.append((len(packed), len(heap)))
            heap, place = heap + packed, place + size
    tiles, fields = -(-rows // 25), len(sizes)
    cards = ["XTENSION= 'BINTABLE'", "BITPIX  = 8", "NAXIS   = 2", f"NAXIS1  = {16 * fields}", f"NAXIS2  = {tiles}"]
    cards += [f"PCOUNT  = {len(heap)}", "GCOUNT  = 1", f"TFIELDS = {fields}", "ZTABLE  = T", "ZTILELEN= 25"]
    cards += [f"ZNAXIS1 = {sum(sizes)}", f"ZNAXIS2 = {rows}", "ZPCOUNT = 0", "EXTNAME = 'CAT     '"]
    for number, column in enumerate(plain.columns, 1):
        cards += [f"TTYPE{number:<3}= '{column.name:8}'", f"TFORM{number:<3}= '1QB     '"]
        cards += [f"ZFORM{number:<3}= '{column.format:8}'", f"ZCTYP{number:<3}= 'GZIP_1  '"]
        cards += [f"TUNIT{number:<3}= '{column.unit:8}'"] if column.unit else []
    head = b"".join(entry.encode().ljust(80) for entry in cards) + b"END".ljust(80)
    body = np.array(descriptors, ">i8").tobytes() + heap
    empty = catalogues.encoded()
    return empty + head.ljust(-(-len(head) // 2880) * 2880) + body.ljust(-(-len(body) // 2880) * 2880, b"\0")


def answers(rows):
    """Return the columns that a score looks for."""
    rng = np.random.default_rng(5)
    return [fits.Column(name, "E", array=rng.uniform(0.1, 0.4, rows)) for name in ("Z_PHOT", "Z_PHOT_LO", "Z_PHOT_HI")]


def ascii_table():
    """Return an ASCII table."""
    wanted = [held for held in catalogues.columns(60) if held.name == "Z_SPEC" or held.name.startswith("modelMag")]
    wanted += answers(60)
    made = [fits.Column(held.name, "F10.4", held.unit, ascii=True, array=held.array) for held in wanted]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return catalogues.encoded(fits.TableHDU.from_columns(made, name="CAT"))


def bases(source):
    return {
        "compressed": Base({"cat.fits": compressed()}, (*DECOMPRESSED, *READ)),
        "ascii": Base({"cat.fits": ascii_table()}, READ),
    }


def draw(rng, base, files, words):
    names = dict.fromkeys(CARDS)
    for number in range(1, 17):
        if base == "ascii":
            names |= {
                f"TFORM{number}": (
                    "F10.4",
                    "E10.3",
                    "D10.4",
                    "I10",
                    "A10",
                    "F0.0",
                    "F99.4",
                    "F10.99",
                    "A0",
                    "E",
                    "F-1.2",
                )
            }
            names |= dict.fromkeys((f"TBCOL{number}", f"TNULL{number}", f"TSCAL{number}", f"TZERO{number}"))
        else:
            names |= {f"ZFORM{number}": values.FORMS, f"ZCTYP{number}": METHODS}
            names |= {f"TFORM{number}": ("1QB", "1PB", "QB", "PB", "1QB(99)", "1QJ", "2QB", "0QB", "16B", "1QD(0)")}
        names |= {f"TTYPE{number}": None, f"TUNIT{number}": values.UNITS}
    shares = (0.5, 0.4, 0.1)
    return words, [
        ["cat.fits", *change] for change in mutation.some_fits(rng, files["cat.fits"], names, first=1, shares=shares)
    ]
