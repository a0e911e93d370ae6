"""NewHeader: the header of a table that gains columns - what changes in it, and its checksum cards."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.fits.checksum import Sum, encode, fold
from skycnn.fits.tablebytes import Hdu, heap_gap
from skycnn.fits.tablecolumn import TableColumn
from skycnn.schema import NOT_RUN, Column

_FIELD_CARD = re.compile(r"T[A-Z]+\d+")
_OWN_CARD = re.compile(r"T(TYPE|FORM|UNIT|NULL|SCAL|ZERO|DISP|DIM|COMM|UCD|UTYP|LMIN|LMAX|DMIN|DMAX)\d+")
"""Cards of one field: FITS 4.0, tables 16 and 22, and the habits of the Virtual Observatory."""


@dataclass(frozen=True)
class NewColumns:
    """What a splice changes in one table.

    Parameters
    ----------
    columns : tuple of Column
        All columns written, in the order of their bytes in the packed rows.
    replaced : mapping of str to TableColumn
        Those that stand in the table already and are overwritten, by name.
    comments : mapping of str to str
        TCOMM texts that differ from the column's meaning (the flag column names the model).
    history : tuple of str
        New HISTORY lines, 72 characters at most.
    stamp : str
        UTC time for the checksum cards' comments.
    """

    columns: tuple[Column, ...]
    replaced: dict[str, TableColumn] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    history: tuple[str, ...] = ()
    stamp: str = ""

    @property
    def added(self) -> tuple[Column, ...]:
        """Columns that are new to the table."""
        return tuple(column for column in self.columns if column.name not in self.replaced)

    @property
    def added_bytes(self) -> int:
        """Bytes by which a row grows."""
        return sum(width(column) for column in self.added)


def width(column: Column) -> int:
    """Return the bytes of a column in a row."""
    return int(np.dtype(column.dtype).itemsize) * column.width


def packed(columns: Sequence[Column], values: dict[str, "np.ndarray"], n: int) -> "np.ndarray":
    """Return rows of big-endian bytes, uint8 (n, sum of widths); a column without values is null."""
    rows = np.empty((n, sum(width(column) for column in columns)), np.uint8)
    at = 0
    for column in columns:
        dtype = np.dtype(f">{column.dtype}")
        null = np.nan if column.dtype.startswith("f") else NOT_RUN
        content = values.get(column.name)
        block = (
            np.full((n, column.width), null, dtype)
            if content is None
            else content.astype(dtype).reshape(n, column.width)
        )
        rows[:, at : at + width(column)] = block.view(np.uint8)
        at += width(column)
    return rows


def new_cards(unit: Hdu, plan: NewColumns, label: str, rows: int | None = None) -> list[bytes]:
    """Return the header's cards after the splice, of all rows or of so many; the checksums still hold the old values.

    Raises
    ------
    InputError
        When the table would have more than 999 fields.
    """
    cards = list(unit.cards)
    fields = fitscards.integer(unit.header, "TFIELDS", label)
    _check_orphans(cards, fields, len(plan.added), label)
    if fields + len(plan.added) > 999:
        raise InputError(
            f"{label} has {fields} columns; {len(plan.added)} more exceed the 999 that FITS allows",
            hint="Drop columns, or write to a copy with fewer: --out.",
        )
    rows = unit.rows if rows is None else rows
    _set(cards, "NAXIS1", unit.row_bytes + plan.added_bytes)
    if rows != unit.rows:
        _set(cards, "NAXIS2", rows)
    _set(cards, "TFIELDS", fields + len(plan.added))
    if fitscards.find(cards, "THEAP") is not None:
        _set(cards, "THEAP", (unit.row_bytes + plan.added_bytes) * rows + heap_gap(unit, label))
    for column in plan.columns:
        if column.name in plan.replaced:
            _redescribe(cards, column, _fields(unit).index(plan.replaced[column.name].name) + 1, plan.comments)
    at = _last_field_card(cards) + 1
    cards[at:at] = [
        card for i, column in enumerate(plan.added) for card in _describe(column, fields + 1 + i, plan.comments)
    ]
    end = len(cards)
    while end and not cards[end - 1].strip():
        end -= 1
    cards[end:end] = fitscards.history(plan.history)
    return cards


def _fields(unit: Hdu) -> list[str]:
    count = int(unit.header.get("TFIELDS") or 0)
    return [str(unit.header.get(f"TTYPE{i}", "")).strip() for i in range(1, count + 1)]


def _set(cards: list[bytes], name: str, content: fitscards.Value) -> None:
    place = fitscards.find(cards, name)
    if place is None:
        raise InputError(f"the table's header has no {name}", hint="The file is not valid FITS.")
    long = str(fitscards.value(cards[place])).endswith("&")
    cards[place] = fitscards.replaced(cards[place], content)
    while long and place + 1 < len(cards) and fitscards.keyword(cards[place + 1]) == "CONTINUE":
        del cards[place + 1]  # the rest of the old value


def _check_orphans(cards: list[bytes], fields: int, added: int, label: str) -> None:
    """Refuse cards of fields that are not there, for they would describe the new ones."""
    numbers = range(fields + 1, fields + added + 1)
    orphans = [key for card in cards if (key := fitscards.keyword(card)) and _OWN_CARD.fullmatch(key)]
    orphans = [key for key in orphans if int(key.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) in numbers]
    if orphans:
        raise InputError(
            f"{label} has {fields} columns but describes more: {', '.join(orphans)}",
            hint="The header is not valid FITS; delete these cards.",
        )


def _redescribe(cards: list[bytes], column: Column, number: int, comments: dict[str, str]) -> None:
    """Let a replaced column's cards say who wrote it, and a flag's what null is."""
    wanted: list[tuple[str, fitscards.Value]] = []
    if column.name in comments:
        wanted.append((f"TCOMM{number}", comments[column.name]))
    if not column.dtype.startswith("f"):
        wanted.append((f"TNULL{number}", NOT_RUN))
    for name, content in wanted:
        if fitscards.find(cards, name) is not None:
            _set(cards, name, content)
        else:
            place = fitscards.find(cards, f"TFORM{number}") or 0
            cards.insert(place + 1, fitscards.make(name, content))


def _last_field_card(cards: list[bytes]) -> int:
    last = fitscards.find(cards, "TFIELDS") or 0
    for i, card in enumerate(cards):
        if _FIELD_CARD.fullmatch(fitscards.keyword(card)):
            last = i
    while last + 1 < len(cards) and fitscards.keyword(cards[last + 1]) == "CONTINUE":
        last += 1
    return last


def _describe(column: Column, number: int, comments: dict[str, str]) -> list[bytes]:
    entries: list[tuple[str, fitscards.Value]] = [
        (f"TTYPE{number}", column.name),
        (f"TFORM{number}", column.form),
    ]
    if column.dim:
        entries.append((f"TDIM{number}", column.dim))
    if column.unit:
        entries.append((f"TUNIT{number}", column.unit))
    if not column.dtype.startswith("f"):
        entries.append((f"TNULL{number}", NOT_RUN))
    entries.append((f"TDISP{number}", column.display))
    entries.append((f"TCOMM{number}", comments.get(column.name, column.meaning)))
    if column.ucd:
        entries.append((f"TUCD{number}", column.ucd))
    return [fitscards.make(name, content) for name, content in entries]


def verify(unit: Hdu, datasum: int, label: str) -> list[str]:
    """Return a warning for each checksum card that does not fit the data."""
    warnings = []
    stated = str(unit.header.get("DATASUM") or "").strip()  # blank is unknown (FITS 4.0, section 4.4.2.7)
    if stated and stated != str(datasum):
        warnings.append(
            f"{label}: DATASUM says {stated}, the data sum to {datasum}: it was changed without its checksum"
        )
    if unit.header.get("CHECKSUM") and not warnings:
        total = Sum()
        total.add(fitscards.assemble(unit.cards))
        if fold(total.value + datasum) not in (0, 0xFFFFFFFF):
            warnings.append(f"{label}: CHECKSUM does not fit the header and data: they were changed without it")
    return warnings


def seal(cards: list[bytes], datasum: int, stamp: str) -> None:
    """Set the checksum cards that there are to those of the new header and data."""
    for name, content, comment in (
        ("DATASUM", str(datasum), f"data unit checksum updated {stamp}"),
        ("CHECKSUM", "0" * 16, f"HDU checksum updated {stamp}"),
    ):
        place = fitscards.find(cards, name)
        if place is not None:
            cards[place] = fitscards.make(name, content, comment)
    place = fitscards.find(cards, "CHECKSUM")
    if place is not None:
        total = Sum()
        total.add(fitscards.assemble(cards))
        cards[place] = fitscards.replaced(cards[place], encode(total.value + datasum))
