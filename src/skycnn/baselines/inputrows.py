"""InputRows: the rows of what a baseline is given - how many, some of them, which bands each has."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.features import Inputs

Array = NDArray[Any]


def count(inputs: Inputs) -> int:
    """Return how many rows inputs have."""
    return len(next(iter(inputs.values())))


def take(inputs: Inputs, rows: Any) -> dict[str, Array]:
    """Return the inputs of some rows: a mask, numbers or a slice."""
    return {name: values[rows] for name, values in inputs.items()}


def restricted(inputs: Inputs, bands: Array) -> dict[str, Array]:
    """Return the inputs with some of their bands (the second axis), bool (band,); numbers of a row stay as they are."""
    return {name: values[:, bands] if values.ndim > 1 else values for name, values in inputs.items()}


def bands(inputs: Inputs) -> Array:
    """Return which bands each row has, bool (n, band): all its numbers, such as flux and error, are finite."""
    there = [
        np.isfinite(values).all(axis=tuple(range(2, values.ndim))) for values in inputs.values() if values.ndim > 1
    ]
    return np.logical_and.reduce(there) if there else np.zeros((count(inputs), 0), bool)


def present(inputs: Inputs) -> Array:
    """Return which rows have any band or any finite number, bool (n,)."""
    numbers = [np.isfinite(values) for values in inputs.values() if values.ndim == 1]
    result: Array = np.logical_or.reduce([bands(inputs).any(axis=1), *numbers])
    return result
