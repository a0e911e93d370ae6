"""TableBytes: where the header-data units of a FITS file lie, and rows, gap and heap in a table."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from skycnn.errors import ChangedError, InputError
from skycnn.files import memory
from skycnn.fits import cards as fitscards
from skycnn.fits.cards import Value, integer, padded

MOST_UNITS = 1 << 16
"""Header-data units of a file; cameras have hundreds, spectrographs thousands."""
EMPTY_ROWS = 1 << 20
"""Most rows without a byte: any number of them costs a file nothing."""
HELD = 6
"""Bytes of memory that a byte of a header takes once it is read."""
LIES = "Verify the file with fitsverify and restore it from a copy."


@dataclass(frozen=True)
class Hdu:
    """One header-data unit as a range of bytes.

    Parameters
    ----------
    number : int
        0 is the primary.
    start, data, end : int
        Offsets of the header, the data, and the byte after the data's padding.
    size : int
        Bytes of data without padding.
    cards : tuple of bytes
        The header's cards without END, 80 bytes each.
    header : mapping
        Keyword to value, the first of duplicates.
    """

    number: int
    start: int
    data: int
    size: int
    end: int
    cards: tuple[bytes, ...]
    header: Mapping[str, Value]

    @property
    def name(self) -> str:
        """EXTNAME, or an empty string."""
        return str(self.header.get("EXTNAME") or "").strip()

    @property
    def kind(self) -> str:
        """One of ``image``, ``table``, ``ascii``, ``compressed image``, ``compressed table``, ``other``."""
        extension = str(self.header.get("XTENSION") or "IMAGE").strip()
        if self.number == 0:
            return "image"  # whatever its cards: a primary without END runs on into the next header
        if extension == "BINTABLE":
            if self.header.get("ZIMAGE") is True:
                return "compressed image"
            return "compressed table" if self.header.get("ZTABLE") is True else "table"
        return {"IMAGE": "image", "TABLE": "ascii"}.get(extension, "other")

    @property
    def row_bytes(self) -> int:
        """NAXIS1 of a table."""
        return fitscards.integer(self.header, "NAXIS1", self.name or f"HDU {self.number}", 0)

    @property
    def rows(self) -> int:
        """NAXIS2 of a table."""
        return fitscards.integer(self.header, "NAXIS2", self.name or f"HDU {self.number}", 0)


def data_size(header: Mapping[str, Value], label: str) -> int:
    """Return the bytes of data by a header, without padding.

    Raises
    ------
    InputError
        When BITPIX or an axis is unreadable, or their product is beyond any file.
    """
    bits = header.get("BITPIX")
    if bits not in (8, 16, 32, 64, -32, -64) or not isinstance(bits, int):
        raise InputError(f"{label}: BITPIX is unreadable", value=bits, expected="8, 16, 32, 64, -32 or -64")
    axes = [integer(header, f"NAXIS{i}", label) for i in range(1, integer(header, "NAXIS", label) + 1)]
    if not axes:
        return 0
    if axes[0] == 0 and header.get("GROUPS") is True:
        axes = axes[1:]
    count, extra = integer(header, "GCOUNT", label, 1), integer(header, "PCOUNT", label, 0)
    size = abs(bits) // 8 * count * (extra + prod(axes))
    if size > fitscards.MOST:
        names = f"{', '.join(f'NAXIS{i}' for i in range(1, len(axes) + 1))}, PCOUNT and GCOUNT"
        raise InputError(f"{label}: {names} promise {min(size, 10**300):.2g} bytes of data, beyond any file", hint=LIES)
    return size


def scan(fd: int, size: int, label: str) -> list[Hdu]:
    """Return the header-data units of a file.

    Parameters
    ----------
    fd : int
        Descriptor of plain FITS bytes.
    size : int
        Length of the file in bytes.
    label : str
        Names the file in messages.

    Raises
    ------
    InputError
        When it is no FITS, shorter than its headers say, or has too many of them.
    """
    units: list[Hdu] = []
    offset = read = 0
    while offset < size:
        if units and os.pread(fd, 8, offset) != b"XTENSION":
            break  # special records or garbage, copied as they are
        name = f"{label}[{len(units)}]"
        cards, data = fitscards.read_header(fd, offset, name)
        read += HELD * (data - offset)
        memory.check(read, f"{label}: reading its headers")
        if len(units) == MOST_UNITS:
            raise InputError(f"{label} has more than {MOST_UNITS} header-data units", hint=LIES)
        header = fitscards.values(cards)
        length = data_size(header, name)
        if data + length > size:
            raise InputError(
                f"{name} is truncated or its header lies: it promises {length} bytes of data, {size - data} are there",
                hint=LIES,
            )
        end = min(data + padded(length), size)
        units.append(Hdu(len(units), offset, data, length, end, tuple(cards), header))
        offset = data + padded(length)
    return units


def check_tail(fd: int, unit: Hdu, size: int, label: str) -> None:
    """Refuse a table that is followed by bytes outside any HDU.

    They may be rows beyond a wrong NAXIS2, which would keep their old width behind the new rows.

    Raises
    ------
    InputError
        When such bytes exist.
    """
    rest = os.pread(fd, unit.end - unit.data - unit.size, unit.data + unit.size)
    loose = bool(rest.strip(b"\0")) and bool(rest.strip(b" "))
    if loose or (unit.end < size and os.pread(fd, 8, unit.end) != b"XTENSION"):
        raise InputError(
            f"{label}: bytes follow its last row that no header accounts for; NAXIS2 = {unit.rows} may be too small",
            hint="The header lies about its rows; verify the file with fitsverify.",
        )


def heap_gap(unit: Hdu, label: str) -> int:
    """Return the bytes between the last row and the heap.

    Raises
    ------
    InputError
        When THEAP points into the rows or beyond the data, or these are not what NAXIS1, NAXIS2 and PCOUNT say.
    """
    table = unit.row_bytes * unit.rows
    if unit.rows > EMPTY_ROWS and not unit.row_bytes:
        raise InputError(f"{label}: NAXIS2 promises {unit.rows} rows of NAXIS1 = 0 bytes", hint=LIES)
    if unit.size != table + integer(unit.header, "PCOUNT", label, 0):
        raise InputError(
            f"{label}: its data are not NAXIS1 x NAXIS2 + PCOUNT bytes",
            expected="BITPIX = 8, NAXIS = 2, GCOUNT = 1",
            hint="The header lies about its rows; verify the file with fitsverify.",
        )
    if not unit.header.get("PCOUNT"):
        return 0  # there is no heap; some writers give a THEAP of 0 all the same
    gap = integer(unit.header, "THEAP", label, table) - table
    if gap < 0 or table + gap > unit.size:
        raise InputError(f"{label}: THEAP lies outside the data", value=table + gap)
    return gap


def read_heap(fd: int, unit: Hdu, count: int, offset: int, label: str) -> bytes:
    """Return ``count`` bytes at an offset in a table's heap.

    Raises
    ------
    InputError
        When they lie outside the data.
    """
    start = unit.row_bytes * unit.rows + heap_gap(unit, label) + offset
    if count < 0 or offset < 0 or start + count > unit.size:
        raise InputError(f"{label}: a compressed tile lies outside the data", value=offset)
    memory.check(2 * count, f"{label}: a compressed tile")
    octets = np.empty(count, np.uint8)
    read_into(fd, octets, unit.data + start, label)
    return octets.tobytes()


def read_into(fd: int, buffer: "np.ndarray", offset: int, label: str) -> None:
    """Fill ``buffer`` (uint8, contiguous) from ``offset``; unlike a memory map, no SIGBUS from a truncated file.

    Raises
    ------
    ChangedError
        When the file ends first.
    """
    view = buffer.reshape(-1).data
    done = 0
    while done < len(view):
        got = os.preadv(fd, [view[done:]], offset + done)
        if got == 0:
            raise ChangedError(f"{label} was truncated while it was read", hint="Nothing was written; run again.")
        done += got
