"""StampPlanes: the pixels of a stamp file, read by ranges of rows."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.fits.cards import integer, number
from skycnn.fits.tablebytes import LIES, Hdu, read_into

Array = NDArray[Any]

RAW = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
"""FITS 4.0, table 8."""
MOST_BANDS = 999
"""As many as a table has columns (FITS 4.0, section 7.2.1)."""
COPIES = 24
"""Bytes of memory that a pixel of a stamp takes while it is read: as stored, as float64, and as float32 twice."""


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
        promised = self.rows * self.bands * self.side**2 * self._raw.itemsize
        if unit.size < promised:
            what = f"{label}: BITPIX and NAXISn promise {promised} bytes of stamps, GCOUNT {unit.size}"
            raise InputError(what, expected="GCOUNT = 1", hint=LIES)
        header = unit.header
        self._scale, self._zero = number(header, "BSCALE", label, 1.0), number(header, "BZERO", label, 0.0)
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
        When there are not four axes, the stamps are not square, have too many bands, or are larger than memory.
    """
    axes = integer(unit.header, stem, label)
    if axes != 4:
        raise InputError(f"{label} has {axes} axes", expected="(row, band, y, x)")
    x, y, bands, rows = (integer(unit.header, f"{stem}{i}", label) for i in range(1, 5))
    if x != y or not bands or not x:
        raise InputError(f"{label} holds stamps of {x} x {y} pixels in {bands} bands", expected="square ones")
    check_bands(bands, f"{label}: {stem}3")
    memory.check(COPIES * bands * x * x, f"{label}: a stamp of {x} x {x} pixels in {bands} bands")
    return rows, bands, x


def check_bands(bands: int, what: str) -> None:
    """Refuse more bands than the columns of a table could name; ``what`` says it.

    Raises
    ------
    InputError
        When there are more.
    """
    if bands > MOST_BANDS:
        raise InputError(f"{what} is {bands} bands", expected=f"at most {MOST_BANDS}")
