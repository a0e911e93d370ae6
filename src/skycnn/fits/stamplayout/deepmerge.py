"""DeepMerge: the DEEPMERGE mock images (doi:10.17909/t9-vqk6-pc80) as published, made into stamp files for reading.

They are published as FITS, images in the primary and labels in an image extension ``MergerLabels``, and as two NumPy
arrays, named as in the archive (``...-x.npy`` and ``...-y.npy``) or in the authors' notebooks
(``SB00_augmented_3FILT.npy`` and ``SB00_augmented_y_3FILT.npy``). A temporary file has a table of the labels behind
the images, and so is a stamp file.
"""

import os
import re
import warnings
from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.files.regular import opened
from skycnn.files.safefile import kept, scratch, writing
from skycnn.fits import cards as fitscards
from skycnn.fits.bytecopy import copy_range
from skycnn.fits.source import Source, Spec
from skycnn.fits.stamplayout.stampheader import head
from skycnn.fits.stamplayout.stampplanes import COPIES, RAW
from skycnn.fits.tablebytes import Hdu, read_into

Array = NDArray[Any]

FILTERS = ("F814W", "F160W", "F356W")
"""Filters of the planes; sets of two lack the last (Ciprijanovic et al. 2020)."""
TRUTH = "MERGER_TRUE"
MOST = 26
"""Bands whose numbers fit into the card BANDS."""
COPY_BYTES = 4 << 20


def with_table(source: Source, images: Hdu, labels: Hdu, folder: str | None) -> Source:
    """Return a temporary copy of a file with a table of its labels behind all else.

    Raises
    ------
    InputError
        When there is not one label, 0 or 1, for each stamp.
    """
    kind = np.dtype(RAW[int(str(labels.header["BITPIX"]))])
    rows, bands = (fitscards.integer(images.header, name, source.label) for name in ("NAXIS4", "NAXIS3"))
    if labels.size != rows * kind.itemsize:
        what = f"{source.label} holds {labels.size // kind.itemsize} labels of {rows} stamps"
        raise InputError(what, expected="one each")
    memory.check(COPIES * rows, f"{source.label}: its {rows} labels")
    raw = np.empty(labels.size, np.uint8)
    read_into(source.fd, raw, labels.data, source.label)
    values = raw.view(kind)
    table = _table(values, rows, _bands(source.label, bands), source.label)
    with kept(scratch(folder)) as whole:
        end = fitscards.padded(source.size)
        copy_range(source.fd, whole.fileno(), 0, 0, source.size, source.label)
        os.ftruncate(whole.fileno(), end)
        whole.seek(end)
        whole.write(table)
        whole.flush()
    return Source(source.spec, source.path, whole, source.stat, source.compression)


def open_arrays(spec: Spec, folder: str | None) -> Source:
    """Return a temporary stamp file of two arrays.

    Raises
    ------
    InputError
        When the first holds no stamps, or the second not one label, 0 or 1, for each.
    """
    images = _load(spec.path)
    square = images.ndim == 4 and images.shape[2] == images.shape[3] and min(images.shape[1:]) > 0
    if not square or images.dtype.kind not in "fiu":
        raise InputError(
            f"{spec.path} holds {images.dtype} of shape {images.shape}", expected="stamps, (row, band, y, x)"
        )
    rows, bands, side = images.shape[:3]
    memory.check(COPIES * max(images[:1].size, rows), f"{spec.path}: a stamp")
    names = _bands(spec.path, bands)
    partner = _partner(spec.path)
    labels = None if partner is None else _load(partner)
    table = _table(labels, rows, names, partner or spec.path)
    with kept(scratch(folder)) as whole, writing("a temporary file"):
        whole.write(head(rows, names, side, {}))
        step = max(1, COPY_BYTES // (4 * max(prod(images.shape[1:]), 1)))
        for at in range(0, rows, step):
            whole.write(np.ascontiguousarray(images[at : at + step], ">f4").tobytes())
        whole.write(bytes(-whole.tell() % fitscards.BLOCK))
        whole.write(table)
        whole.flush()
    return Source(spec, None, whole, None, "npy")


def _load(path: str) -> Array:
    """Return an array, memory-mapped; nothing is unpickled."""
    try:
        opened(path, "an array").close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except InputError:
        raise
    except Exception as error:  # a header made to harm raises anything, from tokenize's errors to OverflowError
        reason = str(error)[:200] or type(error).__name__
        raise InputError(f"{path} cannot be read as an array: {reason}") from None


def partners(name: str) -> Iterator[str]:
    """Yield possible file names of the labels to a file of images."""
    if re.search(r"[-_]x\.npy$", name):
        yield re.sub(r"x\.npy$", "y.npy", name)
        yield re.sub(r"(pristine|noisy|noise)?[-_]?x\.npy$", "labels-y.npy", name)
        yield re.sub(r"_sim-[a-z]+-x\.npy$", "_labels-y.npy", name)
    match = re.fullmatch(r"(.*)_(\dFILT)\.npy", name)
    if match:
        yield f"{match[1]}_y_{match[2]}.npy"


def _partner(path: str) -> str | None:
    folder, name = os.path.split(path)
    there = [os.path.join(folder, other) for other in partners(name) if other != name]
    return next((other for other in there if os.path.isfile(other)), None)


def _bands(path: str, n: int) -> tuple[str, ...]:
    """Return the n filters in a file's name, else DEEPMERGE's, else numbers."""
    if n > MOST:
        raise InputError(f"{path} holds {n} bands", expected=f"at most {MOST}")
    named = re.findall(r"(?<![a-z0-9])f\d{3,4}[a-z]\d?(?![a-z0-9])", os.path.basename(path).lower())
    if len(named) == n:
        return tuple(name.upper() for name in named)
    return FILTERS[:n] if 2 <= n <= len(FILTERS) else tuple(str(i) for i in range(1, n + 1))


def _table(labels: Array | None, rows: int, bands: tuple[str, ...], label: str) -> bytes:
    """Return a table of the labels as bytes, or of row numbers where there are none."""
    values = np.arange(rows) if labels is None else np.asarray(labels).reshape(-1)
    if values.dtype.kind not in "fiub":
        raise InputError(f"{label} holds {values.dtype}", expected="labels, 0 or 1")
    if len(values) != rows:
        raise InputError(f"{label} holds {len(values)} labels of {rows} stamps", expected="one each")
    if labels is not None and not np.isin(values, (0, 1)).all():
        raise InputError(f"{label} holds labels other than 0 and 1")
    name, meaning = ("ROW", "number of the stamp") if labels is None else (TRUTH, "1 is a merger, 0 is none")
    cards = [
        *fitscards.table(4, rows, 1),
        fitscards.make("TTYPE1", name),
        fitscards.make("TFORM1", "J"),
        fitscards.make("TCOMM1", meaning),
        fitscards.make("EXTNAME", "CATALOGUE"),
        fitscards.make("BANDS", " ".join(bands), "of the stamps"),
    ]
    data = values.astype(">i4").tobytes()
    return fitscards.assemble(cards) + data.ljust(fitscards.padded(len(data)), b"\0")
