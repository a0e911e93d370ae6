"""PlainPixels: an uncompressed image, mapped into memory."""

import os

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from skycnn.errors import ChangedError
from skycnn.images.imageheader import ImageHeader
from skycnn.images.physical import overlaps, physical
from skycnn.images.pixels import Array, Pixels
from skycnn.images.plainbytes import open_bytes

_DTYPES = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_MOST_ROWS, _MOST_BYTES = 512, 8 << 20
"""Stamps taken at once: many against the cost of a call, few enough for the processor's cache."""


class PlainPixels(Pixels):
    """An image without tile compression; archives are uncompressed to a temporary file."""

    def __init__(self, header: ImageHeader, scratch: str | None = None) -> None:
        super().__init__(header)
        self._file, start = open_bytes(header, scratch)
        data = start + header.offset - header.start
        self._end = data + header.size
        dtype = np.dtype(_DTYPES[header.bitpix])
        self._image = np.memmap(self._file, dtype, "r", data, header.shape)

    def cut(self, x0: Array, y0: Array, side: int, out: Array) -> NDArray[np.bool_]:
        """Fill stamps, those inside the image many at a time; see `Pixels.cut`."""
        ny, nx = self.shape
        inside = (x0 >= 0) & (y0 >= 0) & (x0 + side <= nx) & (y0 + side <= ny)
        rows = np.flatnonzero(inside)
        most = max(1, min(_MOST_ROWS, _MOST_BYTES // (side * side * self._image.itemsize)))
        if rows.size:
            windows = sliding_window_view(self._image, (side, side))
            for first in range(0, rows.size, most):
                some = rows[first : first + most]
                self._check_length()
                taken = physical(windows[y0[some], x0[some]], self.header)
                if some[-1] - some[0] + 1 == some.size:
                    out[some[0] : some[-1] + 1] = taken
                else:
                    out[some] = taken
        if rows.size < len(out):
            out[~inside] = np.nan
            self._check_length()
            for row, source, target in overlaps(x0, y0, side, (0, 0, ny, nx), np.flatnonzero(~inside)):
                out[row][target] = physical(self._image[source], self.header)
        return np.zeros(len(out), bool)

    def _check_length(self) -> None:
        """Refuse a truncated file: reading a map beyond its end kills the process."""
        if os.fstat(self._file.fileno()).st_size < self._end:
            raise ChangedError(f"{self.label} was truncated while it was read", hint="Run again.")

    def close(self) -> None:
        """Close the file; the map is freed with its last use."""
        self._file.close()
