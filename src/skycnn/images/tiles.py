"""Tiles: a tile-compressed image as a table, one tile a row."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.fits.cards import Value, integer
from skycnn.fits.tablebytes import Hdu, heap_gap, read_into
from skycnn.fits.tablecolumn import layout
from skycnn.images.imagechoice import image_axes
from skycnn.images.imageheader import ImageHeader
from skycnn.images.physical import physical
from skycnn.images.plainbytes import open_bytes
from skycnn.images.tilecodec import DITHER, METHODS, OPTIONS, Codec, TileError, prepare, unpacked

Array = NDArray[Any]


class Tiles:
    """The tiles of an image; thread-safe.

    Attributes
    ----------
    shape : tuple of int
        (ny, nx) of a tile; smaller at the image's upper edges.
    grid : tuple of int
        Tiles along y and x.

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
        head = fitscards.values(cards)
        unit = Hdu(self.header.number, start, data, self.header.size, data + self.header.size, tuple(cards), head)
        axes = [number for number, _ in image_axes(head, "Z", label)]
        default = (self.header.shape[1], 1)
        tile = [integer(head, f"ZTILE{axis}", label, default[i]) for i, axis in enumerate(axes)]
        if min(tile) < 1:
            raise InputError(f"{label}: its tiles have no size", value=tile)
        ny, nx = self.header.shape
        self.shape = (min(tile[1], ny), min(tile[0], nx))
        self.grid = (-(-ny // self.shape[0]), -(-nx // self.shape[1]))
        self.codec = _codec(head, self.header.bitpix, label)
        self._heap = data + unit.row_bytes * unit.rows + heap_gap(unit, label)
        self._end = data + self.header.size
        if unit.rows < self.grid[0] * self.grid[1]:
            raise InputError(f"{label} holds {unit.rows} tiles, its image takes {self.grid[0] * self.grid[1]}")
        table = np.empty((unit.rows, unit.row_bytes), np.uint8)
        read_into(self._file.fileno(), table, data, label)
        fields = {column.name.upper(): column for column in layout(head, label)}
        self._places = {}
        for name in ("COMPRESSED_DATA", "GZIP_COMPRESSED_DATA", "UNCOMPRESSED_DATA"):
            if name in fields:
                column = fields[name]
                match = column.form.lstrip("1")
                if column.code not in "PQ":
                    raise InputError(f"{label}: {name} is {column.form}", expected="1PB or 1QB")
                raw = np.ascontiguousarray(column.raw(table)).view(">i8" if column.code == "Q" else ">i4")
                self._places[name] = raw.astype(np.int64), {"I": 2, "J": 4, "E": 4, "K": 8, "D": 8}.get(match[1:2], 1)
        if "COMPRESSED_DATA" not in self._places:
            raise InputError(f"{label} has no column COMPRESSED_DATA")
        scale, zero, self._blank = (
            np.broadcast_to(fields[name].values(table) if name in fields else _number(value), unit.rows)
            for name, value in (
                ("ZSCALE", head.get("ZSCALE")),
                ("ZZERO", head.get("ZZERO")),
                ("ZBLANK", self.header.blank),
            )
        )
        self._scale, self._zero = np.asarray(scale, np.float64), np.asarray(zero, np.float64)
        self._quantised = self.header.bitpix < 0 and ("ZSCALE" in fields or "ZSCALE" in head)
        if self._quantised:
            prepare()

    def tile(self, iy: int, ix: int) -> Array:
        """Return the physical values of a tile, float32 (h, w) of either byte order.

        Raises
        ------
        TileError
            When it cannot be decoded.
        ChangedError
            When the file was truncated since.
        """
        ny, nx = self.header.shape
        shape = (min(self.shape[0], ny - iy * self.shape[0]), min(self.shape[1], nx - ix * self.shape[1]))
        row = iy * self.grid[1] + ix
        octets = self._octets("COMPRESSED_DATA", row)
        if not octets.size:  # this tile was not quantised
            octets, method = self._octets("GZIP_COMPRESSED_DATA", row), "GZIP_1"
            if not octets.size:
                octets, method = self._octets("UNCOMPRESSED_DATA", row), "NOCOMPRESS"
            raw = unpacked(octets, shape[0] * shape[1], method, self.header.bitpix < 0).reshape(shape)
            return physical(raw, self.header)
        raw = self.codec.decode(octets, shape, self.header.bitpix < 0 and not self._quantised)
        if self.codec.method == "PLIO_1" and (self.header.bitpix, self.header.bzero) == (16, 32768):
            raw = raw - 32768  # CFITSIO stores unsigned values unshifted: PLIO has no negative ones
        values = raw
        if self._quantised:
            values = self.codec.dequantised(raw, row, float(self._scale[row]), float(self._zero[row]))
        values = physical(values, self.header)
        if raw.dtype.kind == "f" or np.isnan(self._blank[row]):
            return values
        return np.where(raw == self._blank[row], np.float32(np.nan), values)

    def _octets(self, name: str, row: int) -> Array:
        if name not in self._places:
            return np.empty(0, np.uint8)
        places, item = self._places[name]
        count, offset = places[row].tolist()
        if count < 0 or offset < 0 or self._heap + offset + count * item > self._end:
            raise TileError("its bytes lie outside the heap")
        octets = np.empty(count * item, np.uint8)
        read_into(self._file.fileno(), octets, self._heap + offset, self.header.label)
        return octets

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


def _codec(head: Mapping[str, Value], bitpix: int, label: str) -> Codec:
    method = str(head.get("ZCMPTYPE", "")).strip().upper()
    dither = str(head.get("ZQUANTIZ") or "NO_DITHER").strip().upper()
    if method not in METHODS or dither not in DITHER:
        what = f"{label} is compressed by {method!r}, quantised by {dither!r}"
        raise InputError(what, expected=", ".join(METHODS), hint="funpack or another version may read it.")
    parameters: dict[str, Value] = {}
    for i in range(1, 100):
        if f"ZNAME{i}" not in head:
            break
        parameters[str(head[f"ZNAME{i}"]).strip().upper()] = head.get(f"ZVAL{i}")
    options = {name: integer(parameters, name, label, default) for name, default in OPTIONS.items()}
    if options["BYTEPIX"] not in (1, 2, 4) or not 0 < options["BLOCKSIZE"] < 1 << 16:
        raise InputError(f"{label}: the parameters of its compression are unreadable", value=options)
    return Codec(method, bitpix, options, dither, integer(head, "ZDITHER0", label, 0))
