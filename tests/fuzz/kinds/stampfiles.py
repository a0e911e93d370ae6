"""Stamp files: skycnn's own, plain and packed, DEEPMERGE's, and NumPy arrays."""

import io
import warnings

import numpy as np
from astropy.io import fits

from .. import mutation, values
from ..case import Base
from ..values import pick
from . import images

ROWS, SIDE = 6, 32
BANDS = ["NUV", "u", "g", "r", "i", "z", "y"]
MODEL = ("--model", "photoz-csst-image")
PREDICT = ("predict", "stamps.fits", "--task", "photoz")
COMMANDS = (
    (*PREDICT, *MODEL),
    (*PREDICT, *MODEL, "--out", "out.fits"),
    (*PREDICT, *MODEL, "--out", "out.fits", "--table-only"),
    (*PREDICT, "--out", "out.fits"),
    (*PREDICT, "--dry-run", "--json"),
    ("predict", "cat.fits", "--task", "photoz", *MODEL, "--stamps", "stamps.fits"),
    (
        "train",
        "stamps.fits",
        "--task",
        "photoz",
        "--truth",
        "Z_TRUE",
        "--network",
        "image",
        "--out",
        "my.safetensors",
        "--dry-run",
    ),
)
ARRAY = "hlsp_deepmerge_hst-jwst_acs-wfc3-nircam_illustris-z2_f814w-f160w-f356w_v1_sim-pristine-x.npy"
LABELS = ARRAY.replace("-x.npy", "-y.npy")
OF_ARRAY = (
    ("predict", ARRAY, "--task", "photoz", *MODEL, "--out", "out.fits"),
    (
        "train",
        ARRAY,
        "--task",
        "photoz",
        "--truth",
        "MERGER_TRUE",
        "--network",
        "image",
        "--out",
        "my.safetensors",
        "--dry-run",
    ),
)
CARDS = (
    "BITPIX NAXIS NAXIS1 NAXIS2 NAXIS3 NAXIS4 BANDS BAND1 PIXSCALE SURVEY BUNIT BUNITS BSCALE BZERO BLANK EXTNAME "
    "CREATOR SIMPLE SEED ZCMPTYPE ZTILE1 ZTILE4 ZNAXIS4 ZNAXIS1 ZBITPIX ZSCALE"
).split()
BODIES = (
    "x",
    "NUV u g r i z",
    "u u u u u u u",
    "NUV,u,g,r,i,z,y",
    "r",
    "NUV u g r i z y w",
    "%s",
    "NUV u g r i z é",
    "",
)
HEADERS = (
    "{'descr': '|O', 'fortran_order': False, 'shape': (6, 3, 7, 7), }", "{'descr': '<f4', 'shape': (6, 3, 7, 7)}",
    "{'descr': '<f4', 'fortran_order': True, 'shape': (6, 3, 7, 7), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 3, 7, 7), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 3, 7, 7), }", "{" * 90, "x", "",
    "__import__('os')", "{'descr': '<c8', 'fortran_order': False, 'shape': (6, 3, 7, 7), }",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': 6, }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
    "{'descr': '>i8', 'fortran_order': False, 'shape': (6, 3, 7, 14), }",
    "{'descr': '<f4', 'fortran_order': 1, 'shape': (6.0, 3, 7, 7), }",
)  # fmt: skip


def stamps(rows=ROWS):
    return np.random.default_rng(8).normal(0, 0.1, (rows, len(BANDS), SIDE, SIDE)).astype("f4")


def own(packed=False):
    """Return a stamp file as skycnn writes it."""
    rng = np.random.default_rng(9)
    made = [fits.Column("ID", "J", array=np.arange(ROWS)), fits.Column("Z_TRUE", "E", array=rng.uniform(0, 2, ROWS))]
    for band in BANDS:
        flux = rng.uniform(1, 9, ROWS)
        made += [fits.Column(f"FLUX_{band.upper()}", "E", "uJy", array=flux)]
        made += [fits.Column(f"FLUXERR_{band.upper()}", "E", "uJy", array=flux / 20)]
    made += [fits.Column(name, "D", "pixel", array=rng.uniform(-0.5, 0.5, ROWS)) for name in ("DX", "DY")]
    made += [fits.Column("FLAG", "J", null=-1, array=np.zeros(ROWS))]
    table = fits.BinTableHDU.from_columns(made, name="CATALOGUE")
    cards = {"BANDS": " ".join(BANDS), "PIXSCALE": 0.074, "SURVEY": "csst", "BUNIT": "uJy", "CREATOR": "skycnn 0.1.0"}
    table.header.update({name: value for name, value in cards.items() if name != "BUNIT"})
    if not packed:
        return images.file(fits.PrimaryHDU(stamps(), fits.Header(cards | {"EXTNAME": "IMAGES"})), table)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shape = (1, 1, SIDE, SIDE)
        cube = fits.CompImageHDU(
            stamps(), fits.Header(cards), name="IMAGES", compression_type="GZIP_2", quantize_level=0, tile_shape=shape
        )
        return images.file(fits.PrimaryHDU(), cube, table)


def array(values, **settings):
    held = io.BytesIO()
    np.save(held, values, **settings)
    return held.getvalue()


def bases(source):
    one = fits.BinTableHDU.from_columns([fits.Column("ID", "J", array=np.arange(ROWS))])
    beside = {"cat.fits": images.file(fits.PrimaryHDU(), one)}
    merger = [fits.PrimaryHDU(stamps()[:, :3, :7, :7].astype(">f8")), fits.ImageHDU((np.arange(ROWS) % 2).astype("i8"))]
    merger[0].header["EXTNAME"], merger[1].header["EXTNAME"] = "Images", "MergerLabels"
    small = stamps()[:, :3, :7, :7]
    made = {
        "own": Base({"stamps.fits": own()} | beside, COMMANDS),
        "packed": Base({"stamps.fits": own(packed=True)} | beside, COMMANDS),
        "deepmerge": Base({"stamps.fits": images.file(*merger)} | beside, COMMANDS),
        "array": Base({ARRAY: array(small), LABELS: array(np.arange(ROWS) % 2)}, OF_ARRAY),
    }
    if source.joinpath("skycnn/weights/photoz-csst-hybrid.safetensors").exists():
        words = (*PREDICT, "--model", "photoz-csst-hybrid", "--out", "out.fits")
        made["both"] = Base({"stamps.fits": own()} | beside, (words,))
    return made


def draw(rng, base, files, words):
    if base == "array":
        return words, _arrays(rng, files)
    number = 1 if base == "packed" else 0
    names = dict.fromkeys(CARDS) | {
        "BANDS": BODIES,
        "BUNIT": values.UNITS,
        "BUNITS": values.UNITS,
        "SURVEY": ("sdss", "x", ""),
    }
    names |= {
        "PIXSCALE": ("0", "-1", "1E300", "0.396", "'0.074'", "NaN"),
        "EXTNAME": ("IMAGES", "CATALOGUE", "SCI", ""),
    }
    number = number if rng.random() < 0.8 else number + 1
    if number == 2 - (base != "packed"):
        names = {f"{name}{n}": None for name in ("TTYPE", "TFORM", "TUNIT", "TNULL", "TZERO") for n in range(1, 21)}
        names |= dict.fromkeys(("NAXIS1", "NAXIS2", "PCOUNT", "TFIELDS", "EXTNAME", "BANDS", "SURVEY", "PIXSCALE"))
    changes = mutation.some_fits(rng, files["stamps.fits"], names, first=number, shares=(0.7, 0.2, 0.1))
    return words, [["stamps.fits", *change] for change in changes]


def _arrays(rng, files):
    """Return mutations of an array or its labels, mostly of its header."""
    name = pick(rng, sorted(files))
    made = []
    for _ in range(pick(rng, [1, 1, 2])):
        if rng.random() < 0.5:
            text = pick(rng, HEADERS).ljust(117)[:200] + "\n"
            made.append([name, "overwrite", 10, text.encode().hex()])
        else:
            made.append([name, *mutation.some_bytes(rng, pick(rng, [16, 128, len(files[name])]))])
    return made
