"""TableColumn: one field of a binary table, where its bytes lie and what they mean."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from skycnn.errors import InputError
from skycnn.fits.cards import Value, integer, number
from skycnn.fits.exactvalues import ExactValues, scaled

DTYPES = {"L": "S1", "B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8", "C": ">c8", "M": ">c16"}
"""FITS 4.0, table 18: the fixed-width element types (X, A, P and Q are handled apart)."""

WIDTHS = {"L": 1, "X": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}
TFORM = re.compile(r"\s*(\d*)([LXBIJKAEDCMPQ])(.*)")


@dataclass(frozen=True)
class TableColumn:
    """One field of a binary table.

    Parameters
    ----------
    name, form : str
        TTYPE (may be empty) and TFORM. A name that stands before in the table has the field's number behind it, from 1:
        ``umag#7``.
    code : str
        The letter of TFORM: one of ``L X B I J K A E D C M P Q``.
    repeat : int
        Elements a row.
    offset, width : int
        Bytes from the row's start, and bytes taken.
    unit, ucd, comment, dim : str or None
        TUNIT, TUCD, TCOMM, TDIM.
    scale, zero : float
        TSCAL and TZERO; an integral TZERO stays an int, so that uint64 is exact.
    null : int or None
        TNULL.
    """

    name: str
    form: str
    code: str
    repeat: int
    offset: int
    width: int
    unit: str | None = None
    ucd: str | None = None
    comment: str | None = None
    dim: str | None = None
    scale: float = 1.0
    zero: float = 0
    null: int | None = None

    @property
    def numeric(self) -> bool:
        """Whether a row holds one number."""
        return self.code in "BIJKED" and self.repeat == 1

    @property
    def single(self) -> bool:
        """Whether a row holds one value: a number, a logical, or text of any length."""
        return self.code == "A" or (self.code not in "PQ" and self.repeat == 1)

    def raw(self, rows: "np.ndarray") -> "np.ndarray":
        """Return the field's stored values, a view of ``rows`` (n, row bytes) uint8."""
        field = rows[:, self.offset : self.offset + self.width]
        dtype = np.dtype(f"S{max(self.width, 1)}" if self.code == "A" else DTYPES.get(self.code, "u1"))
        if not self.width:
            return np.zeros(len(rows) if self.code == "A" else (len(rows), 0), dtype)
        array = field.view(dtype)
        return array[:, 0] if self.code == "A" or (self.repeat == 1 and array.shape[1] == 1) else array

    def values(self, rows: "np.ndarray") -> "np.ndarray":
        """Return physical values of ``rows`` (n, row bytes) uint8.

        Numbers become float64, NaN for TNULL; integers without TNULL and TSCAL stay integers, TZERO applied exactly
        (so unsigned 64-bit ids are exact); strings lose trailing blanks. Whoever compares ids takes `exact`.
        """
        raw = self.raw(rows)
        if self.code == "A":
            return np.char.decode(_text_of(raw), "ascii", "replace")
        if self.code == "L":
            return np.asarray(raw == b"T")
        if self.code in "XPQ":
            return raw
        if self.code in "BIJK":
            return self._integers(raw)
        plain = raw.astype(raw.dtype.newbyteorder("="))
        if self.code in "CM":
            return plain
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
            physical = plain.astype(np.float64, copy=False)
        return self._scaled(physical) if (self.scale, self.zero) != (1, 0) else physical

    def exact(self, rows: "np.ndarray") -> ExactValues:
        """Return the values of ``rows`` (n, row bytes) uint8 without loss: also beside TNULL, TSCAL and TZERO."""
        if self.code == "A":
            return ExactValues(_text_of(self.raw(rows)))
        if self.code not in "BIJK" or not (float(self.scale).is_integer() and isinstance(self.zero, int)):
            return ExactValues(self.values(rows))
        raw = self.raw(rows)
        return scaled(raw.astype(raw.dtype.newbyteorder("=")), int(self.scale), self.zero, self.null)

    def names(self, rows: "np.ndarray") -> "np.ndarray":
        """Return the values of ``rows`` (n, row bytes) uint8 as text, exact, blank for null: of groups, of a split."""
        return self.exact(rows).names()

    def descriptors(self, rows: "np.ndarray") -> "np.ndarray":
        """Return length and offset in the heap, int64 (n, 2), of arrays of varying length (P and Q)."""
        stored = np.ascontiguousarray(self.raw(rows)).view(">i8" if self.code == "Q" else ">i4")
        return stored.reshape(-1, 2).astype(np.int64)

    def _integers(self, raw: "np.ndarray") -> "np.ndarray":
        plain = raw.astype(raw.dtype.newbyteorder("="))
        if self.scale == 1 and self.null is None and isinstance(self.zero, int):
            if self.zero == 0:
                return plain
            if self.code == "K" and self.zero == 2**63:  # unsigned: flip the sign bit
                return plain.view(np.uint64) ^ np.uint64(2**63)
            if self.code != "K" and abs(self.zero) < 2**62:
                return plain.astype(np.int64) + self.zero
        physical = self._scaled(plain.astype(np.float64))
        if self.null is not None:
            physical[plain == self.null] = np.nan
        return physical

    def _scaled(self, stored: "np.ndarray") -> "np.ndarray":
        with np.errstate(over="ignore", invalid="ignore"):
            return stored * self.scale + self.zero


def _text_of(raw: "np.ndarray") -> "np.ndarray":
    """Return strings without what follows their first NUL and without trailing blanks, bytes (n,)."""
    return np.asarray(np.char.rstrip(_cut(raw), b" "))


def meaning(columns: Sequence[TableColumn]) -> bytes:
    """Return what stored bytes of columns mean beyond themselves: scale, zero and null of those that have any."""
    told = [(i, c.scale, c.zero, c.null) for i, c in enumerate(columns) if (c.scale, c.zero, c.null) != (1, 0, None)]
    return json.dumps(told).encode() if told else b""


def _cut(text: "np.ndarray") -> "np.ndarray":
    """Return strings up to their first NUL; NumPy itself drops only those at the end."""
    octets = np.ascontiguousarray(text).view(np.uint8).reshape(len(text), text.itemsize)
    ended = np.logical_or.accumulate(octets == 0, axis=1)
    return np.where(ended, np.uint8(0), octets).view(text.dtype)[:, 0]


def layout(header: Mapping[str, Value], label: str) -> tuple[TableColumn, ...]:
    """Return the fields of a binary table from its header.

    Parameters
    ----------
    header : mapping
        Keyword to value, the first of duplicates.
    label : str
        Names the table in messages.

    Raises
    ------
    InputError
        When a TFORM, TSCAL or TZERO is missing or unreadable, or the fields do not fill NAXIS1.
    """
    columns: list[TableColumn] = []
    names: set[str] = set()
    offset = 0
    for i in range(1, integer(header, "TFIELDS", label, 0) + 1):
        form = str(header.get(f"TFORM{i}", ""))
        match = TFORM.match(form)
        if match is None:
            raise InputError(f"{label} has no readable TFORM{i}", value=form, hint="The file is not valid FITS.")
        repeat, code = int(match[1] or 1), match[2]
        width = (repeat + 7) // 8 if code == "X" else repeat * WIDTHS[code]
        zero, null = number(header, f"TZERO{i}", label, 0), header.get(f"TNULL{i}")
        name = str(header.get(f"TTYPE{i}", "")).strip()
        name = f"{name}#{i}" if name in names else name
        names |= {name} - {""}
        columns.append(
            TableColumn(
                name=name,
                form=form.strip(),
                code=code,
                repeat=repeat,
                offset=offset,
                width=width,
                unit=_text(header.get(f"TUNIT{i}")),
                ucd=_text(header.get(f"TUCD{i}")),
                comment=_text(header.get(f"TCOMM{i}")),
                dim=_text(header.get(f"TDIM{i}")),
                scale=number(header, f"TSCAL{i}", label, 1),
                zero=int(zero) if float(zero).is_integer() else zero,
                null=_whole(null),
            )
        )
        offset += width
    if offset != header.get("NAXIS1"):
        wide = max(range(len(columns)), key=lambda i: columns[i].width, default=0)
        raise InputError(
            f"{label}: its columns take {offset} bytes a row but NAXIS1 says {header.get('NAXIS1')}",
            value=f"TFORM{wide + 1} = {columns[wide].form}" if columns else None,
            hint="The header lies about its rows; verify the file with fitsverify.",
        )
    return tuple(columns)


def _whole(value: object) -> int | None:
    """Return a TNULL, None for what is no finite number."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) else None


def _text(value: object) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() else None
