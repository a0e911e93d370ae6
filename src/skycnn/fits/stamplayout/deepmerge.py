"""DeepMerge: the DEEPMERGE mock images (doi:10.17909/t9-vqk6-pc80) as published, made into stamp files for reading.

They are published as FITS, images in the primary and labels in an image extension ``MergerLabels``, and as two NumPy
arrays, named as in the archive (``...-x.npy`` and ``...-y.npy``), in the authors' notebooks (``SB00_augmented.npy``
and ``SB00_augmented_y.npy``, with ``_3FILT`` at the end for three filters) or in their follow-up
(``SimSim_SOURCE_X_...npy`` and ``SimSim_SOURCE_y_...npy``). The numbers of the subhaloes lie in a third array
(``subsamples_ID.npy``). A temporary file has a table of labels and numbers behind the images, and so is a stamp file.
What the images are stands in the table's header: theirs is not ours to write.
"""

import os
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.files.safefile import kept, scratch, writing
from skycnn.fits import cards as fitscards
from skycnn.fits.bytecopy import copy_range
from skycnn.fits.source import Source, Spec
from skycnn.fits.stamplayout.deepmergefiles import (
    SUBHALO,
    facts_of,
    ids_beside,
    labels_beside,
    load,
)
from skycnn.fits.stamplayout.stampheader import head
from skycnn.fits.stamplayout.stampplanes import COPIES, RAW
from skycnn.fits.tablebytes import Hdu, read_into

Array = NDArray[Any]

TRUTH = "MERGER_TRUE"
COPY_BYTES = 4 << 20


def with_table(source: Source, images: Hdu, labels: Hdu, folder: str | None) -> Source:
    """Return a temporary copy of a file with a table of its labels behind all else.

    Raises
    ------
    InputError
        When there is not one label, 0 or 1, for each stamp, or the numbers beside them are not theirs.
    """
    kind = np.dtype(RAW[int(str(labels.header["BITPIX"]))])
    rows, bands, side = (fitscards.integer(images.header, f"NAXIS{i}", source.label) for i in (4, 3, 1))
    if labels.size != rows * kind.itemsize:
        what = f"{source.label} holds {labels.size // kind.itemsize} labels of {rows} stamps"
        raise InputError(what, expected="one each")
    memory.check(COPIES * rows, f"{source.label}: its {rows} labels")
    raw = np.empty(labels.size, np.uint8)
    read_into(source.fd, raw, labels.data, source.label)
    ids = None if source.path is None else ids_beside(source.path, rows)
    facts = facts_of(source.label, bands, side, images.header, grouped=ids is not None)
    table = _table(raw.view(kind), rows, ids, facts, source.label)
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
        When the first holds no stamps, the second not one label, 0 or 1, for each, or the numbers are not theirs.
    """
    images = load(spec.path)
    square = images.ndim == 4 and images.shape[2] == images.shape[3] and min(images.shape[1:]) > 0
    if not square or images.dtype.kind not in "fiu":
        raise InputError(
            f"{spec.path} holds {images.dtype} of shape {images.shape}", expected="stamps, (row, band, y, x)"
        )
    rows, bands, side = images.shape[:3]
    memory.check(COPIES * max(images[:1].size, rows), f"{spec.path}: a stamp")
    partner = labels_beside(spec.path)
    labels = None if partner is None else load(partner)
    ids = ids_beside(spec.path, rows)
    facts = facts_of(spec.path, bands, side, grouped=ids is not None)
    table = _table(labels, rows, ids, facts, partner or spec.path)
    with kept(scratch(folder)) as whole, writing("a temporary file"):
        whole.write(head(rows, str(facts["BANDS"]).split(), side, {}))
        step = max(1, COPY_BYTES // (4 * max(prod(images.shape[1:]), 1)))
        for at in range(0, rows, step):
            whole.write(np.ascontiguousarray(images[at : at + step], ">f4").tobytes())
        whole.write(bytes(-whole.tell() % fitscards.BLOCK))
        whole.write(table)
        whole.flush()
    return Source(spec, None, whole, None, "npy")


def _table(
    labels: Array | None, rows: int, ids: Array | None, facts: Mapping[str, fitscards.Value], label: str
) -> bytes:
    """Return a table of the labels, or of row numbers where there are none, and of the subhaloes, as bytes."""
    values = np.arange(rows) if labels is None else np.asarray(labels).reshape(-1)
    if values.dtype.kind not in "fiub":
        raise InputError(f"{label} holds {values.dtype}", expected="labels, 0 or 1")
    if len(values) != rows:
        raise InputError(f"{label} holds {len(values)} labels of {rows} stamps", expected="one each")
    if labels is not None and not np.isin(values, (0, 1)).all():
        raise InputError(f"{label} holds labels other than 0 and 1")
    name, meaning = ("ROW", "number of the stamp") if labels is None else (TRUTH, "1 is a merger, 0 is none")
    columns = [(name, "J", meaning, values.astype(">i4"))]
    if ids is not None:
        form = f"{ids.dtype.itemsize}A" if ids.dtype.kind == "S" else "K"
        columns.append(
            (SUBHALO, form, "the simulated object that the stamp shows", ids.astype(ids.dtype.newbyteorder(">")))
        )
    packed = np.rec.fromarrays([content for *_, content in columns])
    cards = fitscards.table(packed.dtype.itemsize, rows, len(columns))
    for i, (name, form, meaning, _) in enumerate(columns, 1):
        cards += [fitscards.make(f"TTYPE{i}", name), fitscards.make(f"TFORM{i}", form)]
        cards.append(fitscards.make(f"TCOMM{i}", meaning))
    cards.append(fitscards.make("EXTNAME", "CATALOGUE"))
    for key, content in facts.items():
        cards += fitscards.entry(key, content)
    data = packed.tobytes()
    return fitscards.assemble(cards) + data.ljust(fitscards.padded(len(data)), b"\0")
