"""Folds: which part of a sample a row belongs to, by its content or its group."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.baselines.inputrows import count, present, take
from skycnn.features import Inputs

Array = NDArray[Any]

FOLDS = 5

BLOCK = 20_000
"""Rows read at a time."""


def folds(inputs: Inputs, groups: Array | None = None, number: int = FOLDS, salt: bytes = b"outer") -> Array:
    """Return each row's fold, 0..number-1, by a salted hash of its content or of its group.

    So a fold does not depend on the order of rows, and neither a group nor a repeated row stands on two sides. Rows
    without any input are no repetition of each other: theirs is a hash of their number.
    """
    if groups is not None:
        names, code = np.unique(groups, return_inverse=True)
        marks = [hashlib.blake2b(str(name).encode(), digest_size=8, salt=salt).digest() for name in names.tolist()]
        return (np.argsort(np.argsort(marks)) % number)[code]
    rows = count(inputs)
    numbers = np.where(present(inputs), 0, np.arange(rows))
    found = np.zeros(rows, np.int64)
    for first in range(0, rows, BLOCK):
        block = slice(first, min(first + BLOCK, rows))
        parts = [*take(inputs, block).values(), numbers[block]]
        content = np.column_stack([part.reshape(len(part), -1) for part in parts]).astype("<f4")
        marks = [hashlib.blake2b(row.tobytes(), digest_size=8, salt=salt).digest() for row in content]
        found[block] = [int.from_bytes(mark, "little") % number for mark in marks]
    return found
