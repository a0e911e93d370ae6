"""DeepmergeFiles: what lies beside a file of DEEPMERGE's images, and what its name says of them; see `deepmerge`."""

import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.files.regular import opened
from skycnn.fits.cards import Value

Array = NDArray[Any]

FILTERS = ("F814W", "F160W", "F356W")
"""Filters of the planes; sets of two lack the last (Ciprijanovic et al. 2020)."""
SUBHALO = "SUBHALO"
"""The column of the numbers of the subhaloes: images of one show it from several sides, turned and flipped."""
IDS = "subsamples_ID.npy"
"""The authors' name of the array of these."""
SIDE, PIXEL_SCALE, UNIT = 75, 0.1875, "uJy/arcsec2"
"""Of a published image: pixels along an edge, their arcsec, and what they hold (Ciprijanovic et al. 2020, section 2).
A file of another size was made from other images, of unknown scale."""
MOST = 26
"""Bands whose numbers fit into the card BANDS."""


def load(path: str) -> Array:
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
    if "_X_" in name:
        yield name.replace("_X_", "_y_")
    match = re.fullmatch(r"(.*?)(_\dFILT)?\.npy", name)
    if match:
        yield f"{match[1]}_y{match[2] or ''}.npy"


def companions(name: str) -> Iterator[str]:
    """Yield possible file names of the subhaloes to a file of images, apart from `IDS`."""
    stem = re.sub(r"(\.fits?|\.npy)(\.gz|\.bz2)?$", "", name, flags=re.IGNORECASE)
    for bare in dict.fromkeys((re.sub(r"[-_][xX]$", "", stem), stem)):
        yield from (f"{bare}{word}.npy" for word in ("-id", "_id", "_ID", "-subhalo", "_subhalo", "_SUBHALO"))
    if "_X_" in name:
        yield name.replace("_X_", "_ID_")


def _beside(path: str, names: Iterable[str]) -> str | None:
    """Return the first of these files in the folder of another."""
    folder, own = os.path.split(path)
    there = (os.path.join(folder, name) for name in names if name != own)
    return next((other for other in there if os.path.isfile(other)), None)


def labels_beside(path: str) -> str | None:
    """Return the file of the labels to a file of images; None where none lies beside it."""
    return _beside(path, partners(os.path.basename(path)))


def ids_beside(path: str, rows: int) -> Array | None:
    """Return the numbers of the subhaloes that lie beside a file of images; None where none do.

    Raises
    ------
    InputError
        When an array of this file's name has not one for each stamp; `IDS` may be of other images.
    """
    found = _beside(path, companions(os.path.basename(path)))
    if found is not None:
        return read_ids(found, rows)
    common = _beside(path, [IDS])
    try:
        return None if common is None else read_ids(common, rows)
    except InputError:
        return None


def read_ids(path: str, rows: int) -> Array:
    """Return an array of numbers or names, int64 or bytes (rows,).

    Raises
    ------
    InputError
        When there is not one for each of ``rows`` stamps.
    """
    ids = load(path)
    if ids.size != rows or ids.shape[:1] != (rows,):
        raise InputError(f"{path} holds an array of shape {ids.shape}", expected=f"one number for each of {rows} rows")
    ids = ids.reshape(-1)
    if ids.dtype.kind == "U":
        return np.char.encode(ids, "utf-8")
    if ids.dtype.kind == "S" and ids.dtype.itemsize:
        return ids
    whole = ids.astype(np.int64) if ids.dtype.kind in "iu" else np.zeros(0, np.int64)
    if ids.dtype.kind == "f" and np.isfinite(ids).all() and (np.abs(ids) < 2**53).all():
        whole = ids.astype(np.int64)
    if len(whole) != rows or (whole != ids).any():
        raise InputError(f"{path} holds {ids.dtype} that are no numbers of objects", expected="whole numbers or names")
    return whole


_FILTER = re.compile(r"(?<![a-z0-9])f\d{3,4}[a-z]\d?(?![a-z0-9])")
_PUBLISHED = re.compile(r"deepmerge|SB(00|25)|SimSim", re.IGNORECASE)
"""Words in the names of published arrays, whose files do not say what they hold."""
_SURVEYS = {"deepmerge-noisy": r"nois[ey]|SB25", "deepmerge-pristine": r"pristine|SB00"}


def facts_of(
    path: str, bands: int, side: int, header: Mapping[str, Value] | None = None, *, grouped: bool = False
) -> dict[str, str | float]:
    """Return what is known of images that their own header does not say: cards of the table.

    Parameters
    ----------
    path : str
        Whose name tells bands and survey.
    bands, side : int
        Of the images.
    header : mapping of str to value, optional
        Of images in the published FITS layout; without it the name tells whether they are published ones.
    grouped : bool
        Whether there are numbers of subhaloes.
    """
    name, own = os.path.basename(path), header or {}
    facts: dict[str, str | float] = {"BANDS": " ".join(_filters(own, bands) or _bands(path, bands))}
    published = header is not None or _PUBLISHED.search(name) is not None
    if published or grouped:
        facts["GROUPCOL"] = SUBHALO
    if published:
        survey = next((survey for survey, words in _SURVEYS.items() if re.search(words, name, re.IGNORECASE)), None)
        known = {
            "BUNITS": ", ".join([UNIT] * bands),
            "SURVEY": survey,
            "PIXSCALE": PIXEL_SCALE if side == SIDE else None,
        }
        if own.get("BUNIT"):
            own = {**own, "BUNITS": own["BUNIT"]}
        facts |= {card: content for card, content in known.items() if content is not None and not own.get(card)}
    return facts


def _filters(header: Mapping[str, Value], n: int) -> tuple[str, ...] | None:
    """Return the filters in FILTER1, FILTER2, ... or FILTER01, ...; None where these are not one for each plane."""
    for width in (1, 2):
        texts = [str(header.get(f"FILTER{i:0{width}}", "")).strip().lower() for i in range(1, n + 1)]
        if all(_FILTER.fullmatch(text) for text in texts) and len(set(texts)) == n:
            return tuple(text.upper() for text in texts)
    return None


def _bands(path: str, n: int) -> tuple[str, ...]:
    """Return the n filters in a file's name, else DEEPMERGE's, else numbers."""
    if n > MOST:
        raise InputError(f"{path} holds {n} bands", expected=f"at most {MOST}")
    named = _FILTER.findall(os.path.basename(path).lower())
    if len(named) == n:
        return tuple(name.upper() for name in named)
    return FILTERS[:n] if 2 <= n <= len(FILTERS) else tuple(str(i) for i in range(1, n + 1))
