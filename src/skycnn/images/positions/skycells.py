"""SkyCells: the sky in cells of about one size, so that rows near each other on the sky stand together."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.images.positions import positions

Array = NDArray[Any]

SIZE = 5.0
"""deg: wide against a stamp, so that few stamps reach into another cell, and 1,650 of them on the whole sky."""
SMALLEST, LARGEST = 0.01, 90.0
"""deg."""

_NAME = re.compile(r"sky(?::(.*))?", re.IGNORECASE)


def size_of(text: str) -> float | None:
    """Return the size in degrees of ``sky`` or ``sky:DEG``; None where the text says something else.

    Raises
    ------
    InputError
        When DEG is no size.
    """
    match = _NAME.fullmatch(text)
    if match is None:
        return None
    if match[1] is None:
        return SIZE
    try:
        size = float(match[1])
    except ValueError:
        size = np.nan
    if not SMALLEST <= size <= LARGEST:
        raise InputError(f"{text} names no cells", expected=f"sky:DEG with {SMALLEST:g} to {LARGEST:g} degrees")
    return size


def cells(lon: Array, lat: Array, size: float) -> Array:
    """Return the name of the cell of each position, text (n,); blank where there is none.

    Bands of declination are divided evenly into as many cells as make them about as wide as high.

    Parameters
    ----------
    lon, lat : array (n,)
        ICRS, deg; NaN without a position.
    size : float
        deg, along a side.
    """
    bands = int(np.ceil(180 / size))
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    band = np.minimum((lat[known] + 90) * bands / 180, bands - 1).astype(np.int64)
    middle = np.radians((band + 0.5) * 180 / bands - 90)
    around = np.maximum(1, np.round(2 * bands * np.cos(middle))).astype(np.int64)
    cell = np.minimum(lon[known] % 360 * around / 360, around - 1).astype(np.int64)
    names = np.full(len(lon), "", object)
    names[known] = [f"{size:g}deg/{j}/{i}" for j, i in zip(band.tolist(), cell.tolist(), strict=True)]
    return names.astype(str)


def of(catalogue: Catalogue, size: float, radec: tuple[str, str] | None = None) -> tuple[Array, tuple[str, ...]]:
    """Return the cell of each row of a catalogue, and what was assumed of its positions.

    Parameters
    ----------
    catalogue : Catalogue
    size : float
        deg.
    radec : tuple of str, optional
        The columns of the position.

    Raises
    ------
    InputError
        When there is no position on the sky.
    """
    where = positions.find(catalogue.columns, catalogue.header, sky=radec, label=catalogue.label)
    parts = [cells(*where.of(chunk), size) for _, chunk in catalogue.chunks(where.columns, (0, catalogue.rows))]
    return np.concatenate([np.empty(0, "U1"), *parts]), where.notes
