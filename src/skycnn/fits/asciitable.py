"""AsciiTable: read as a binary table, numbers as doubles; never extended."""

import re
from typing import IO

import numpy as np

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.files.safefile import kept, scratch
from skycnn.fits import cards as fitscards
from skycnn.fits.tablebytes import Hdu, read_into

_FORM = re.compile(r"([AIFED])(\d+)(?:\.(\d+))?")
_STEP = 32768
_STEP_BYTES = 16 << 20
_COPIES = 12
"""Of the text: as bytes, as letters of four bytes, stripped, replaced."""


def binary_from_ascii(fd: int, unit: Hdu, label: str) -> IO[bytes]:
    """Return a temporary FITS file with the ASCII table as a binary one.

    Parameters
    ----------
    fd : int
        Descriptor of plain FITS bytes.
    unit : Hdu
        The ASCII table.
    label : str
        Names it in messages.

    Raises
    ------
    InputError
        When a TFORM, a TBCOL or a number is unreadable, or fields lie upon each other.
    """
    fields = []
    for i in range(1, fitscards.integer(unit.header, "TFIELDS", label) + 1):
        match = _FORM.fullmatch(str(unit.header.get(f"TFORM{i}", "")).strip())
        if match is None or int(match[2]) == 0:
            raise InputError(f"{label} has no readable TFORM{i}", value=unit.header.get(f"TFORM{i}"))
        start = fitscards.integer(unit.header, f"TBCOL{i}", label) - 1
        if start < 0 or start + int(match[2]) > unit.row_bytes:
            raise InputError(f"{label}: TBCOL{i} and TFORM{i} lie outside the rows", value=start + 1)
        fields.append((match[1], start, int(match[2]), str(unit.header.get(f"TNULL{i}", "\0")).strip()))
    row_bytes = sum(size if kind == "A" else 8 for kind, _, size, _ in fields)
    if row_bytes > 8 * unit.row_bytes:
        what = f"{label}: its fields lie upon each other: they take {row_bytes} bytes, NAXIS1 is {unit.row_bytes}"
        raise InputError(what, hint="TBCOLn and TFORMn are wrong; verify the file with fitsverify.")
    step = max(1, min(_STEP, _STEP_BYTES // (unit.row_bytes + row_bytes)))
    memory.check(_COPIES * step * (unit.row_bytes + row_bytes), f"{label}: a row of {unit.row_bytes} bytes")
    cards = fitscards.table(row_bytes, unit.rows, len(fields))
    cards += [
        fitscards.make(f"TFORM{i}", f"{size}A" if kind == "A" else "D")
        for i, (kind, _, size, _) in enumerate(fields, 1)
    ]
    changed = re.compile(
        r"XTENSION|BITPIX|NAXIS\d?|PCOUNT|GCOUNT|TFIELDS|(TFORM|TBCOL|TNULL|TDISP)\d+|CHECKSUM|DATASUM"
    )
    cards += [card for card in unit.cards if not changed.fullmatch(fitscards.keyword(card))]
    with kept(scratch()) as file:
        file.write(fitscards.primary() + fitscards.assemble(cards))
        size = 0
        for first in range(0, unit.rows, step):
            rows = np.empty((min(step, unit.rows - first), unit.row_bytes), np.uint8)
            read_into(fd, rows, unit.data + first * unit.row_bytes, label)
            parts = [_field(rows, kind, start, width, null, label) for kind, start, width, null in fields]
            size += file.write(np.hstack(parts).tobytes() if parts else b"")
        file.write(bytes(fitscards.padded(size) - size))
        file.flush()
    return file


def _field(rows: "np.ndarray", kind: str, start: int, width: int, null: str, label: str) -> "np.ndarray":
    """Return one field's bytes in the binary table, uint8 (n, width or 8)."""
    octets = np.ascontiguousarray(rows[:, start : start + width])
    if kind == "A":
        return octets
    text = np.char.strip(np.char.decode(octets.view(f"S{width}")[:, 0], "ascii", "replace"))
    text = np.char.replace(np.char.upper(text), "D", "E")
    text = np.where((text == "") | (text == null), "nan", text)  # where() widens the strings if need be
    try:
        numbers = text.astype(np.float64)
    except ValueError as error:
        raise InputError(f"{label} holds a number that cannot be read: {error}") from None
    return numbers.astype(">f8").reshape(-1, 1).view(np.uint8)
