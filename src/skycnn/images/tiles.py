"""Tiles: a tile-compressed image as a table, one tile a row."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.fits import cards as fitscards
from skycnn.fits.cards import Value
from skycnn.fits.tablebytes import LIES, Hdu, heap_gap, read_into
from skycnn.fits.tablecolumn import TableColumn, layout
from skycnn.fits.tilebytes import TileError
from skycnn.images import tiling
from skycnn.images.imageheader import ImageHeader
from skycnn.images.physical import physical
from skycnn.images.plainbytes import open_bytes
from skycnn.images.tilecodec import prepare, unpacked

Array = NDArray[Any]

_COPIES = 4
"""Of the table of tiles: as stored, and its columns as numbers of eight bytes."""
_SLAB = 1 << 22
"""Pixels of a tile made physical at a time."""


class Tiles:
    """The tiles of an image; thread-safe.

    Attributes
    ----------
    tiling : Tiling
    shape, grid : tuple of int
        As of the tiling.

    Raises
    ------
    InputError
        When the table is no valid tile-compressed image.
    """

    def __init__(self, header: ImageHeader, scratch: str | None = None) -> None:
        self.header = header
        self._file, start = open_bytes(header, scratch)
        try:
            self._open(start)
        except BaseException:
            self._file.close()
            raise

    def _open(self, start: int) -> None:
        label = self.header.label
        cards, data = fitscards.read_header(self._file.fileno(), start, label)
        head = fitscards.values(map(fitscards.capital, cards))
        unit = Hdu(self.header.number, start, data, self.header.size, data + self.header.size, tuple(cards), head)
        self.tiling = tiling.read(head, self.header.shape, self.header.bitpix, label)
        self.shape, self.grid, self.codec = self.tiling.shape, self.tiling.grid, self.tiling.codec
        self._heap = data + unit.row_bytes * unit.rows + heap_gap(unit, label)
        self._end = data + self.header.size
        count = self.grid[0] * self.grid[1]
        if unit.rows < count:
            raise InputError(f"{label}: NAXIS2 is {unit.rows} tiles, its image takes {count}", hint=LIES)
        memory.check(_COPIES * count * unit.row_bytes, f"{label}: its table of {count} tiles")
        table = np.empty((count, unit.row_bytes), np.uint8)
        read_into(self._file.fileno(), table, data, label)
        fields = {column.name.upper(): column for column in layout(head, label)}
        self._places = {}
        for name in ("COMPRESSED_DATA", "GZIP_COMPRESSED_DATA", "UNCOMPRESSED_DATA"):
            if name in fields:
                column = fields[name]
                match = column.form.lstrip("1")
                if column.code not in "PQ" or column.repeat != 1:
                    raise InputError(f"{label}: {name} is {column.form}", expected="1PB or 1QB")
                raw = np.ascontiguousarray(column.raw(table)).view(">i8" if column.code == "Q" else ">i4")
                self._places[name] = raw.astype(np.int64), {"I": 2, "J": 4, "E": 4, "K": 8, "D": 8}.get(match[1:2], 1)
        if "COMPRESSED_DATA" not in self._places:
            raise InputError(f"{label} has no column COMPRESSED_DATA")
        self._check_heap(label)
        self._scale, self._zero, self._blank = (
            self._numbers(name, fields, table, value)
            for name, value in (
                ("ZSCALE", head.get("ZSCALE")),
                ("ZZERO", head.get("ZZERO")),
                ("ZBLANK", self.header.blank),
            )
        )
        if self.tiling.quantised:
            prepare()

    def _numbers(
        self, name: str, fields: Mapping[str, TableColumn], table: Array, value: Value | None
    ) -> NDArray[np.float64]:
        """Return a number for each tile, from a column or else a card; NaN without either."""
        if name not in fields:
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise InputError(f"{self.header.label}: {name} is unreadable", value=value, expected="a number")
            return np.full(len(table), np.nan if value is None else float(value))
        if not fields[name].numeric:
            what = f"{self.header.label}: column {name} is {fields[name].form}"
            raise InputError(what, expected="one number a row")
        return np.asarray(fields[name].values(table), np.float64)

    def _check_heap(self, label: str) -> None:
        """See that the tiles do not lie upon each other: a small heap could be read without end."""
        room, used = self._end - self._heap, 0.0
        for places, item in self._places.values():
            count, offset = places.astype(np.float64).T
            sound = (count >= 0) & (offset >= 0) & (offset + count * item <= room)
            used += float((count * item)[sound].sum())
        if used > 2 * room:  # some slack, for a descriptor that is corrupt costs its own tile alone
            raise InputError(f"{label}: its tiles lie upon each other in the heap of PCOUNT bytes", hint=LIES)

    def fill(self, iy: int, ix: int, out: Array) -> None:
        """Fill ``out``, float32 (h, w) of either byte order, with the physical values of a tile.

        Raises
        ------
        TileError
            When it cannot be decoded.
        ChangedError
            When the file was truncated since.
        """
        row = iy * self.grid[1] + ix
        octets = self._octets("COMPRESSED_DATA", row)
        if not octets.size:
            self._fill_lossless(row, out)
            return
        raw = self.codec.decode(octets, out.shape, self.header.bitpix < 0 and not self.tiling.quantised)
        shifted = self.codec.method == "PLIO_1" and (self.header.bitpix, self.header.bzero) == (16, 32768)
        scale, zero, blank = float(self._scale[row]), float(self._zero[row]), self._blank[row]
        dithered = self.tiling.quantised and self.codec.dithers
        whole = self.codec.dequantised(raw, row, scale, zero) if dithered else raw
        for part in _slabs(out):
            stored = raw[part] - 32768 if shifted else raw[part]  # CFITSIO does not shift them for PLIO
            values = stored if whole is raw else whole[part]
            if self.tiling.quantised and not dithered:
                values = self.codec.dequantised(stored, row, scale, zero)
            values = physical(values, self.header)
            known = raw.dtype.kind == "f" or np.isnan(blank)
            out[part] = values if known else np.where(stored == blank, np.float32(np.nan), values)

    def _fill_lossless(self, row: int, out: Array) -> None:
        """Fill a tile that was not quantised."""
        octets, method = self._octets("GZIP_COMPRESSED_DATA", row), "GZIP_1"
        if not octets.size:
            octets, method = self._octets("UNCOMPRESSED_DATA", row), "NOCOMPRESS"
        raw = unpacked(octets, out.size, method, self.header.bitpix < 0, self.codec.item).reshape(out.shape)
        for part in _slabs(out):
            out[part] = physical(raw[part], self.header)

    def _octets(self, name: str, row: int) -> Array:
        if name not in self._places:
            return np.empty(0, np.uint8)
        places, item = self._places[name]
        count, offset = places[row].tolist()
        if count < 0 or offset < 0 or self._heap + offset + count * item > self._end:
            raise TileError("its bytes lie outside the heap")
        if count * item > memory.LEAST:
            memory.check(2 * count * item, f"{self.header.label}: {name} of tile {row + 1}")
        octets = np.empty(count * item, np.uint8)
        read_into(self._file.fileno(), octets, self._heap + offset, self.header.label)
        return octets

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _slabs(out: Array) -> Iterator[slice]:
    """Yield ranges of rows of a tile: a large one is not copied as a whole."""
    rows = max(1, _SLAB // out.shape[1])
    for first in range(0, len(out), rows):
        yield slice(first, first + rows)
