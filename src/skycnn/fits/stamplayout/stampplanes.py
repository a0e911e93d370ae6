"""StampPlanes: the pixels of a stamp file, read by ranges of rows."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits.cards import integer, number
from skycnn.fits.tablebytes import Hdu, read_into

Array = NDArray[Any]

RAW = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
"""FITS 4.0, table 8."""


class StampPlanes(ABC):
    """Stamps of equal size.

    Attributes
    ----------
    rows, bands, side : int
    """

    rows: int
    bands: int
    side: int

    @abstractmethod
    def read(self, first: int, end: int) -> tuple[Array, Array]:
        """Return stamps first..end, float32 (n, band, y, x) of either byte order, and which are broken, bool (n,)."""


class PlainPlanes(StampPlanes):
    """Stamps in an image of four axes.

    They are read and not mapped: a file that another program truncates would end a map with SIGBUS.

    Parameters
    ----------
    fd : int
        Descriptor of plain FITS bytes.
    unit : Hdu
        The image.
    label : str
        Names it in messages.

    Raises
    ------
    InputError
        See `shape`.
    """

    def __init__(self, fd: int, unit: Hdu, label: str) -> None:
        self._fd, self._data, self._label = fd, unit.data, label
        self.rows, self.bands, self.side = shape(unit, label, "NAXIS")
        self._raw = np.dtype(RAW[int(str(unit.header["BITPIX"]))])
        header = unit.header
        self._scale, self._zero = number(header, "BSCALE", 1.0), number(header, "BZERO", 0.0)
        self._blank = header.get("BLANK") if self._raw.kind != "f" else None

    def read(self, first: int, end: int) -> tuple[Array, Array]:
        """Return stamps first..end; see `StampPlanes.read`."""
        raw = np.empty((end - first, self.bands, self.side, self.side), self._raw)
        if raw.size:
            read_into(self._fd, raw.view(np.uint8), self._data + first * raw[0].nbytes, self._label)
        return self._physical(raw), np.zeros(len(raw), np.bool_)

    def _physical(self, raw: Array) -> Array:
        if self._raw == ">f4" and (self._scale, self._zero) == (1, 0):
            return raw
        physical = raw.astype(np.float64) * self._scale + self._zero
        if self._blank is not None:
            physical[raw == self._blank] = np.nan
        with np.errstate(over="ignore"):
            return physical.astype(np.float32)


def shape(unit: Hdu, label: str, stem: str) -> tuple[int, int, int]:
    """Return rows, bands and side from NAXISn or ZNAXISn.

    Raises
    ------
    InputError
        When there are not four axes, or the stamps are not square.
    """
    axes = integer(unit.header, stem, label)
    if axes != 4:
        raise InputError(f"{label} has {axes} axes", expected="(row, band, y, x)")
    x, y, bands, rows = (integer(unit.header, f"{stem}{i}", label) for i in range(1, 5))
    if x != y or not bands:
        raise InputError(f"{label} holds stamps of {x} x {y} pixels in {bands} bands", expected="square ones")
    return rows, bands, x
