"""CompressedTable: a tile-compressed table (FITS 4.0, section 10.3) as the plain one it was, tile by tile."""

import re
from dataclasses import replace
from typing import IO

import numpy as np

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.files.safefile import kept, scratch
from skycnn.fits import cards as fitscards
from skycnn.fits import expansion
from skycnn.fits.bytecopy import copy_range
from skycnn.fits.source import Source
from skycnn.fits.tablebytes import LIES, Hdu, read_heap, read_into, scan
from skycnn.fits.tablecolumn import DTYPES, TFORM, TableColumn, layout
from skycnn.fits.tilebytes import INFLATES, TileError, inflated, unriced, unshuffled

_COMPRESSED = re.compile(r"ZTABLE|ZTILELEN|ZTHEAP|ZNAXIS[12]|ZPCOUNT|(ZFORM|ZCTYP)\d+|TFORM\d+|THEAP|CHECKSUM|DATASUM")
_COPIES = 4
"""Of a tile: compressed, as decoded, as shuffled, and among the rows."""
_SIZES = {"NAXIS1": "ZNAXIS1", "NAXIS2": "ZNAXIS2", "PCOUNT": "ZPCOUNT"}
_SUMS = {"ZHECKSUM": "CHECKSUM", "ZDATASUM": "DATASUM"}


def binary_from_compressed(fd: int, unit: Hdu, label: str) -> IO[bytes]:
    """Return a temporary FITS file with the table as it was before compression.

    Parameters
    ----------
    fd : int
        Descriptor of plain FITS bytes.
    unit : Hdu
        The compressed table.
    label : str
        Names it in messages.

    Raises
    ------
    InputError
        When it holds variable-length columns, an unknown compression, or a corrupt tile, or promises more than its
        tiles can hold.
    """
    cards = _plain_cards(unit, label)
    columns = layout(fitscards.values(cards), label)
    rows = fitscards.integer(unit.header, "ZNAXIS2", label)
    width = sum(column.width for column in columns)
    _check_promise(unit, rows * width, label)
    tile = fitscards.integer(unit.header, "ZTILELEN", label, rows)
    if any(column.code in "PQ" for column in columns):
        raise InputError(f"{label} is tile-compressed with variable-length columns", hint=f"funpack {label} first.")
    if (rows and unit.rows * tile < rows) or (unit.rows > 1 and (unit.rows - 1) * tile >= rows):
        raise InputError(f"{label}: {unit.rows} tiles of ZTILELEN = {tile} rows are not ZNAXIS2 = {rows}")
    memory.check(_COPIES * min(tile, rows) * width, f"{label}: a tile of ZTILELEN = {tile} rows")
    with kept(scratch()) as file:
        file.write(fitscards.primary() + fitscards.assemble(cards))
        size = used = 0
        packed = layout(unit.header, label)
        for number in range(unit.rows):
            n = min(tile, rows - number * tile)
            descriptors = np.empty((1, unit.row_bytes), np.uint8)
            read_into(fd, descriptors, unit.data + number * unit.row_bytes, label)
            out = np.empty((n, width), np.uint8)
            for i, (column, cell) in enumerate(zip(columns, packed, strict=True), 1):
                octets = _cell(fd, unit, descriptors, cell, label)
                used += len(octets)
                method = str(unit.header.get(f"ZCTYP{i}", "")).strip()
                out[:, column.offset : column.offset + column.width] = _unpacked(octets, method, column, n, label)
            if used > unit.size:
                raise InputError(f"{label}: its tiles lie upon each other in the heap", hint=LIES)
            size += file.write(out.data)
        file.write(bytes(fitscards.padded(size) - size))
        file.flush()
    return file


def _check_promise(unit: Hdu, plain: int, label: str) -> None:
    """See that the table can become ``plain`` bytes."""
    if plain > INFLATES * unit.size:
        what = f"{label}: ZNAXIS1 and ZNAXIS2 promise {memory.size(plain)}, more than {memory.size(unit.size)} can hold"
        raise InputError(what, hint=LIES)
    expansion.check(plain, unit.size, label)


def decompressed(source: Source, unit: Hdu, label: str) -> tuple[Source, list[Hdu], Hdu]:
    """Return a temporary copy of the whole file with the tile-compressed table as a plain one."""
    with binary_from_compressed(source.fd, unit, label) as table, kept(scratch()) as whole:
        begin = scan(table.fileno(), table.seek(0, 2), label)[1].start
        length = table.seek(0, 2) - begin
        copy_range(source.fd, whole.fileno(), 0, 0, unit.start, label)
        copy_range(table.fileno(), whole.fileno(), begin, unit.start, length, label)
        copy_range(source.fd, whole.fileno(), unit.end, unit.start + length, source.size - unit.end, label)
    source.file.close()
    plain = replace(source, file=whole)
    units = scan(plain.fd, plain.size, plain.label)
    return plain, units, units[unit.number]


def _plain_cards(unit: Hdu, label: str) -> list[bytes]:
    cards = []
    for card in unit.cards:
        name = fitscards.keyword(card)
        if name in _SIZES:
            cards.append(fitscards.replaced(card, fitscards.integer(unit.header, _SIZES[name], label)))
        elif re.fullmatch(r"TFORM\d+", name):
            form = unit.header.get(f"ZFORM{name[5:]}")
            if not isinstance(form, str) or not TFORM.match(form) or len(form) > 20:
                raise InputError(f"{label} has no readable ZFORM{name[5:]}", value=form, hint=LIES)
            cards.append(fitscards.make(name, form))
        elif name in _SUMS:
            cards.append(_SUMS[name].ljust(8).encode() + card[8:])
        elif not _COMPRESSED.fullmatch(name):
            cards.append(card)
    return cards


def _cell(fd: int, unit: Hdu, descriptors: "np.ndarray", cell: TableColumn, label: str) -> bytes:
    """Return the bytes in the heap of one cell."""
    if cell.code not in "PQ":
        raise InputError(f"{label}: column {cell.name!r} is {cell.form}", expected="compressed tiles: 1PB or 1QB")
    count, offset = cell.descriptors(descriptors)[0].tolist()
    return read_heap(fd, unit, count, offset, label)


def _unpacked(octets: bytes, method: str, column: TableColumn, n: int, label: str) -> "np.ndarray":
    """Return one column of one tile as uint8 (n, width)."""
    size = n * column.width
    if method not in ("", "NOCOMPRESS", "GZIP_1", "GZIP_2", "RICE_1"):
        raise InputError(
            f"{label}: column {column.name} is compressed by {method!r}", expected="GZIP_1, GZIP_2, RICE_1"
        )
    if not size:
        return np.empty((n, column.width), np.uint8)
    try:
        if method == "RICE_1":
            return _rice(octets, column, n)
        values = np.frombuffer(octets, np.uint8) if method in ("", "NOCOMPRESS") else inflated(octets, size)
    except TileError as error:
        raise InputError(f"{label}: a compressed tile of {column.name} is corrupt: {error}") from None
    if len(values) != size:
        raise InputError(f"{label}: a compressed tile of {column.name} holds {len(values)} bytes", expected=f"{size}")
    if method == "GZIP_2":  # not of complex numbers, as in CFITSIO
        values = unshuffled(values, 1 if column.code in "CM" else np.dtype(DTYPES.get(column.code, "u1")).itemsize)
    return values.reshape(n, column.width)


def _rice(octets: bytes, column: TableColumn, n: int) -> "np.ndarray":
    if column.code not in "BIJ":
        raise TileError(f"RICE_1 holds no {column.form}")
    item = np.dtype(DTYPES[column.code]).itemsize
    decoded = unriced(np.frombuffer(octets, np.uint8), 32, item, n * column.width // item)
    return np.ascontiguousarray(decoded.astype(DTYPES[column.code])).view(np.uint8).reshape(n, column.width)
