"""Groups: rows that must stand on the same side of a split, known by a 64-bit hash; the sides and the folds."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from skycnn.errors import InputError

Array = NDArray[Any]

TRAIN, VALID, TEST, CALIB = 0, 1, 2, 3
SIDES = ("train", "valid", "test", "calib")
"""Rows for the weights; for early stopping; for the scores; for the temperature."""
WORDS = {
    "train": TRAIN,
    "training": TRAIN,
    "valid": VALID,
    "validation": VALID,
    "val": VALID,
    "test": TEST,
    "calib": CALIB,
    "calibration": CALIB,
}
"""What a split column may say, without regard to case; a blank leaves the row out."""
BLOCK, LARGEST = 4096, 1 << 22
"""Rows hashed at once, and values in them: with copies some tens of MB."""
FEW = 1 << 17
"""Values that stay in a CPU's caches."""
FACTORS = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
"""Of MurmurHash3's last steps (Appleby 2011)."""
OUT = -1
TENTHS = (8, 9, 10)
"""Without a split column eight tenths of the groups train, one validates and calibrates, one tests."""
HALF = 32
"""The bit of a hash that tells calibration from validation; sides and folds follow from the whole number."""


def row_hashes(*arrays: Any) -> Array:
    """Return a hash of each row's inputs, int64 (n,): repeated rows get the same.

    Parameters
    ----------
    *arrays : array (n, ...) or anything that gives one for a slice
        Taken as little-endian float32; every NaN is alike.
    """
    return _hashes(row.tobytes() for rows in row_blocks(*arrays) for row in _flat(rows, arrays))


def picture_hashes(stamps: Any) -> Array:
    """Return a hash of each row's stamps, int64 (n,): the same however they are flipped or turned by right angles.

    It is a sum over the pixels, each with its value in all bands, and so does not see where they lie.

    Parameters
    ----------
    stamps : array (n, band, y, x) or anything that gives one for a slice
    """
    found = [np.zeros(0, np.uint64)]
    for rows in row_blocks(stamps, largest=FEW):
        pixels = np.asarray(stamps[rows], "<f4") + np.float32(0)  # -0 becomes 0
        pixels[np.isnan(pixels)] = np.nan
        words = pixels.view("<u4").astype(np.uint64)
        mixed = np.zeros((len(words), *words.shape[2:]), np.uint64)
        for band in range(words.shape[1]):
            mixed += words[:, band]
            mixed += np.uint64(1)
            _mix(mixed, FACTORS[0])
        _mix(mixed, FACTORS[1])
        found.append(mixed.sum(axis=(1, 2), dtype=np.uint64))
    return np.concatenate(found).view("<i8")


def _mix(words: Array, factor: int) -> None:
    """Make every bit of words, uint64, depend on all bits, in place."""
    words ^= words >> np.uint64(33)
    words *= np.uint64(factor)
    words ^= words >> np.uint64(33)


def row_blocks(*arrays: Any, largest: int = 0) -> Iterator[slice]:
    """Yield slices of arrays (n, ...), whose values in one slice together fit into memory anywhere."""
    values = sum(prod(array.shape[1:]) for array in arrays)
    step = max(1, min(BLOCK, (largest or LARGEST) // max(values, 1)))
    for first in range(0, len(arrays[0]), step):
        yield slice(first, first + step)


def _flat(rows: slice, arrays: Sequence[Any]) -> Array:
    """Return a block of rows, (n, values)."""
    parts = [np.asarray(array[rows], "<f4") for array in arrays]
    flat = np.column_stack([part.reshape(len(part), -1) for part in parts])
    flat[np.isnan(flat)] = np.nan
    return np.ascontiguousarray(flat) + np.float32(0)  # -0 becomes 0


def name_hashes(names: Array) -> Array:
    """Return a hash of each group's name, int64 (n,): numbers and their decimal text are alike, 5.0 and 5 too."""
    distinct, code = np.unique(names, return_inverse=True)
    return _hashes(_text(name).encode() for name in distinct.tolist())[code.reshape(-1)]


def is_named(names: Array) -> Array:
    """Return which rows have a group, bool (n,): not those whose name is blank or nan."""
    return np.array([str(name).strip() not in ("", "nan") for name in names.tolist()], bool)


def _text(name: object) -> str:
    return str(int(name) if isinstance(name, float) and name.is_integer() else name).strip()


def _hashes(parts: Any) -> Array:
    return np.array(
        [int.from_bytes(blake2b(part, digest_size=8).digest(), "little", signed=True) for part in parts], "<i8"
    )


def family_hashes(groups: Array, own: Array, named: Array) -> Array:
    """Return the hash that decides each row's side, int64 (n,): one for all rows that must stand together.

    Rows of one group belong together, and so do repeated rows; groups that share a repeated row are thus one family.

    Parameters
    ----------
    groups, own : array (n,)
        Hashes of the rows' groups, and of their inputs.
    named : array (n,)
        Which rows have a group; the others' is the hash of their inputs.

    Returns
    -------
    array (n,)
        The smallest among the family's groups, so that it depends on nothing else: a group of which no row is repeated
        elsewhere decides for itself.
    """
    distinct, group = np.unique(groups, return_inverse=True)
    numbers, row = np.unique(own, return_inverse=True)
    size = len(distinct) + len(numbers)
    links = coo_array((np.ones(len(own), bool), (group, len(distinct) + row)), (size, size))
    family: Array = connected_components(links, directed=False)[1][group]
    decides = named | ~np.isin(family, family[named])  # a copy without a group moves none
    found: Array = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(found, family[decides], groups[decides])
    return found[family]


def sides(groups: Array) -> Array:
    """Return each row's side by its group's or family's hash, so that it depends on no row outside."""
    tenth = np.asarray(groups, "<i8").view("<u8") % 10
    return halved(np.searchsorted(TENTHS, tenth, side="right"), groups)


def halved(side: Array, groups: Array) -> Array:
    """Return sides with a calibration part: half of the validation groups, by a bit of their hashes."""
    odd = np.asarray(groups, "<i8").view("<u8") >> np.uint64(HALF) & np.uint64(1)
    return np.where((side == VALID) & (odd == 1), CALIB, side)


def folds(groups: Array, count: int) -> Array:
    """Return each row's fold, 0 to ``count - 1``, by its group's or family's hash."""
    found: Array = (np.asarray(groups, "<i8").view("<u8") // np.uint64(10) % np.uint64(count)).astype(np.int64)
    return found


def read_sides(words: Array, column: str) -> Array:
    """Return each row's side as a split column states it; ``OUT`` for a blank.

    Raises
    ------
    InputError
        When it says something else.
    """
    distinct, code = np.unique(words, return_inverse=True)
    found = []
    for word in distinct.tolist():
        text = str(word).strip().lower()
        if text and text not in WORDS:
            raise InputError(
                f"the split column {column} says {word!r}", expected="train, valid, calib, test or a blank"
            )
        found.append(WORDS[text] if text else OUT)
    return np.array(found, np.int64)[code.reshape(-1)]


def complete(side: Array, groups: Array) -> Array:
    """Return sides with all parts: a tenth of the training groups validates, half of that calibrates, where none does.

    Parameters
    ----------
    side : array (n,)
    groups : array (n,)
        Hashes of the rows' groups, or of what holds several together.
    """
    if not (side == VALID).any():
        tenth = np.asarray(groups, "<i8").view("<u8") % 10
        side = np.where((side == TRAIN) & (tenth == TENTHS[0]), VALID, side)
    return side if (side == CALIB).any() else halved(side, groups)


def table(groups: Array, side: Array) -> tuple[Array, Array]:
    """Return the distinct groups in use, sorted, and their sides."""
    used = side >= 0
    distinct, first = np.unique(groups[used], return_index=True)
    return distinct, np.asarray(side[used][first], np.int64)


def counts(side: Array) -> dict[str, int]:
    """Return rows by side."""
    return {word: int(np.count_nonzero(side == number)) for number, word in enumerate(SIDES)}
