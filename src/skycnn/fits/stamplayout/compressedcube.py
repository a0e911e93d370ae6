"""CompressedCube: stamps as a tile-compressed image, a tile a plane, written as a stream and read by rows."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.fits.bytecopy import write_all
from skycnn.fits.splice import THREADS, write_primary
from skycnn.fits.stamplayout import planecodec
from skycnn.fits.stamplayout.planecodec import Tile
from skycnn.fits.stamplayout.stampplanes import StampPlanes, shape
from skycnn.fits.tablebytes import LIES, Hdu, heap_gap, read_heap, read_into
from skycnn.fits.tablecolumn import layout
from skycnn.fits.tilebytes import TileError
from skycnn.workahead import work_ahead

Array = NDArray[Any]

METHODS = {"rice": "RICE_1", "gzip": "GZIP_2"}
"""``--compress`` to ZCMPTYPE."""
PART_BYTES = 4 << 20
_ROWS: dict[str, list[Any]] = {
    "RICE_1": [("COMPRESSED_DATA", ">i8", 2), ("GZIP_COMPRESSED_DATA", ">i8", 2), ("ZSCALE", ">f8"), ("ZZERO", ">f8")],
    "GZIP_2": [("COMPRESSED_DATA", ">i8", 2)],
}
_PLAIN = ("SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "NAXIS3", "NAXIS4", "EXTEND")


def write_compressed(
    target: int, head: list[bytes], size: tuple[int, int, int], read: Callable[[int, int], Array], compress: str
) -> int:
    """Write an empty primary and the compressed stamps; return where the next header goes.

    Parameters
    ----------
    target : int
        Descriptor of an empty file.
    head : list of bytes
        Cards of the plain stamps' header.
    size : tuple of int
        Rows, bands, side.
    read : callable
        ``read(first, end)`` returns stamps, float32 (n, band, y, x); called from several threads.
    compress : str
        ``rice`` or ``gzip``.
    """
    rows, bands, side = size
    method = METHODS[compress]
    kind = np.dtype(_ROWS[method])
    start = write_primary(target)
    data = start + len(fitscards.assemble(_cards(head, size, method, 0, 0)))
    heap = data + rows * bands * kind.itemsize
    step = max(1, PART_BYTES // (4 * bands * side * side))

    def work(first: int) -> tuple[int, list[Tile]]:
        planes = read(first, min(first + step, rows)).reshape(-1, side, side)
        numbers = range(first * bands, first * bands + len(planes))
        if compress == "gzip":
            return numbers.start, [planecodec.packed(plane) for plane in planes]
        return numbers.start, [planecodec.rice(plane, number) for plane, number in zip(planes, numbers, strict=True)]

    at, longest = 0, 0
    for number, tiles in work_ahead(work, range(0, rows, step), THREADS):
        table = np.zeros(len(tiles), kind)
        for i, tile in enumerate(tiles):
            fallback = tile.lossless and method == "RICE_1"
            table["GZIP_COMPRESSED_DATA" if fallback else "COMPRESSED_DATA"][i] = len(tile.octets), at
            if method == "RICE_1":
                table["ZSCALE"][i], table["ZZERO"][i] = tile.scale, tile.zero
            longest = max(longest, len(tile.octets))
            write_all(target, tile.octets, heap + at)
            at += len(tile.octets)
        write_all(target, table.tobytes(), data + number * kind.itemsize)
    end = data + fitscards.padded(heap - data + at)
    write_all(target, bytes(end - heap - at), heap + at)
    write_all(target, fitscards.assemble(_cards(head, size, method, at, longest)), start)
    return end


def _cards(head: list[bytes], size: tuple[int, int, int], method: str, heap: int, longest: int) -> list[bytes]:
    """Return the header of the table of tiles (FITS 4.0, section 10.1)."""
    rows, bands, side = size
    kind = np.dtype(_ROWS[method])
    entries: list[tuple[str, fitscards.Value]] = [
        ("XTENSION", "BINTABLE"),
        ("BITPIX", 8),
        ("NAXIS", 2),
        ("NAXIS1", kind.itemsize),
        ("NAXIS2", rows * bands),
        ("PCOUNT", heap),
        ("GCOUNT", 1),
        ("TFIELDS", len(kind.names or ())),
    ]
    for i, name in enumerate(kind.names or (), 1):
        entries += [(f"TTYPE{i}", name), (f"TFORM{i}", f"1QB({longest})" if "DATA" in name else "1D")]
    entries += [("ZIMAGE", True), ("ZTENSION", "IMAGE"), ("ZBITPIX", -32), ("ZNAXIS", 4)]
    entries += [(f"ZNAXIS{i}", n) for i, n in enumerate((side, side, bands, rows), 1)]
    entries += [("ZPCOUNT", 0), ("ZGCOUNT", 1)]
    entries += [(f"ZTILE{i}", n) for i, n in enumerate((side, side, 1, 1), 1)]
    entries.append(("ZCMPTYPE", method))
    if method == "RICE_1":
        entries += [("ZNAME1", "BLOCKSIZE"), ("ZVAL1", 32), ("ZNAME2", "BYTEPIX"), ("ZVAL2", 4)]
        entries += [("ZQUANTIZ", "SUBTRACTIVE_DITHER_1"), ("ZDITHER0", planecodec.SEED), ("ZBLANK", planecodec.BLANK)]
        line = f"pixels are quantised to 1/{planecodec.LEVEL:g} of each stamp's noise (q = {planecodec.LEVEL:g}): lossy"
    else:
        entries.append(("ZQUANTIZ", "NONE"))
        line = "pixels are packed without loss"
    kept = [card for card in head if fitscards.keyword(card) not in _PLAIN]
    return [*(fitscards.make(name, content) for name, content in entries), *kept, *fitscards.history([line])]


class CompressedPlanes(StampPlanes):
    """Stamps in a tile-compressed image, as `write_compressed` makes it.

    Parameters
    ----------
    fd : int
        Descriptor of plain FITS bytes.
    unit : Hdu
        The compressed image.
    label : str
        Names it in messages.

    Raises
    ------
    InputError
        When tiles are no planes, or of another compression.
    """

    def __init__(self, fd: int, unit: Hdu, label: str) -> None:
        self._fd, self._unit, self._label = fd, unit, label
        self.rows, self.bands, self.side = shape(unit, label, "ZNAXIS")
        header = unit.header
        tile = tuple(header.get(f"ZTILE{i}", self.side if i == 1 else 1) for i in range(1, 5))
        self._method = str(header.get("ZCMPTYPE", ""))
        self._dither = planecodec.DITHER.get(str(header.get("ZQUANTIZ", "NO_DITHER")), -1)
        known = self._method in ("RICE_1", "GZIP_1", "GZIP_2") and header.get("ZBITPIX") == -32
        odd = [header.get(f"ZVAL{i}") for i in (1, 2) if str(header.get(f"ZNAME{i}")) in ("BLOCKSIZE", "BYTEPIX")]
        if tile != (self.side, self.side, 1, 1) or not known or (self._method == "RICE_1" and odd != [32, 4]):
            raise InputError(
                f"{label} is compressed by {self._method or 'nothing known'} in tiles of {tile}",
                expected="a tile for each plane of a stamp, as skycnn cutout --compress makes them",
                hint=f"Unpack it first: funpack {label.partition('[')[0]}",
            )
        if unit.rows != self.rows * self.bands:
            what = f"{label}: NAXIS2 is {unit.rows} tiles, its ZNAXIS3 x ZNAXIS4 planes are {self.rows * self.bands}"
            raise InputError(what, hint=LIES)
        heap_gap(unit, label)
        self._columns = {column.name: column for column in layout(header, label)}
        self._check_columns()
        self._seed = planecodec.seed(header, label)
        blank = header.get("ZBLANK")
        self._blank = blank if isinstance(blank, int) else None

    def _check_columns(self) -> None:
        needed = {"COMPRESSED_DATA": True} | ({"ZSCALE": False, "ZZERO": False} if self._method == "RICE_1" else {})
        there = [name for name in ("GZIP_COMPRESSED_DATA",) if name in self._columns]
        for name, varying in (needed | dict.fromkeys(there, True)).items():
            column = self._columns.get(name)
            sound = column is not None and (column.code in "PQ" and column.repeat == 1 if varying else column.numeric)
            if not sound:
                form = None if column is None else column.form
                expected = "1PB or 1QB" if varying else "one number a row"
                raise InputError(f"{self._label}: column {name} is unreadable", value=form, expected=expected)

    def read(self, first: int, end: int) -> tuple[Array, Array]:
        """Return stamps first..end as `StampPlanes.read`; planes of corrupt tiles are NaN."""
        out = np.empty((end - first, self.bands, self.side, self.side), np.float32)
        broken = np.zeros(len(out), np.bool_)
        planes = out.reshape(-1, self.side, self.side)
        for i, plane in enumerate(self._planes(first * self.bands, end * self.bands)):
            if plane is None:
                broken[i // self.bands] = True
            planes[i] = np.nan if plane is None else plane
        return out, broken

    def _planes(self, first: int, end: int) -> Iterator[Array | None]:
        table = np.empty((end - first, self._unit.row_bytes), np.uint8)
        read_into(self._fd, table, self._unit.data + first * self._unit.row_bytes, self._label)
        fields = {
            name: column.descriptors(table) if column.code in "PQ" else column.raw(table)
            for name, column in self._columns.items()
        }

        most = 16 * self.side**2 + (1 << 16)  # no compression exceeds it; tiles may lie upon each other in the heap

        def octets(name: str, i: int) -> bytes:
            count, offset = fields[name][i].tolist() if name in fields else (0, 0)
            if count > most:
                raise TileError(f"{count} bytes are too many for one plane")
            return read_heap(self._fd, self._unit, count, offset, self._label)

        for i in range(end - first):
            try:
                yield self._plane(first + i, octets, fields, i)
            except (InputError, TileError):
                yield None

    def _plane(self, number: int, octets: Callable[[str, int], bytes], fields: dict[str, Array], i: int) -> Array:
        spare = octets("GZIP_COMPRESSED_DATA", i)
        if spare:
            return planecodec.unpacked(spare, 1, self.side)
        content = octets("COMPRESSED_DATA", i)
        if self._method != "RICE_1":
            return planecodec.unpacked(content, int(self._method[-1]), self.side)
        tile = Tile(content, False, float(fields["ZSCALE"][i]), float(fields["ZZERO"][i]))
        return planecodec.dequantised(tile, number, self.side, dither=self._dither, seed=self._seed, blank=self._blank)
