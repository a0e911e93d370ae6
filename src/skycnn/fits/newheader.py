"""NewHeader: the header of a table with new columns, and its checksum cards."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

import numpy as np

from skycnn.errors import InputError, counted
from skycnn.fits import cards as fitscards
from skycnn.fits.checksum import Checksum, encode, fold
from skycnn.fits.tablebytes import Hdu, heap_gap
from skycnn.fits.tablecolumn import TableColumn, layout
from skycnn.schema import NOT_RUN, Column

MOST_FIELDS = 999
"""FITS 4.0, section 7.3.1."""

_NUMBERED_CARD = re.compile(r"T[A-Z]+\d+")
_FIELD_CARD = re.compile(r"T(?:TYPE|FORM|UNIT|NULL|SCAL|ZERO|DISP|DIM|COMM|UCD|UTYP|LMIN|LMAX|DMIN|DMAX)(\d+)")
"""Cards of one field: FITS 4.0, tables 16 and 22, and those of the Virtual Observatory."""


@dataclass(frozen=True)
class NewColumns:
    """Columns to be written into one table, new ones and some that replace columns of it.

    Parameters
    ----------
    columns : tuple of Column
        In the order of the packed rows.
    replaced : mapping of str to TableColumn
        By name: the table's columns that are overwritten.
    comments : mapping of str to str
        By name: TCOMM where it is not the column's meaning (the flag's names the model).
    history : tuple of str
        New HISTORY lines, 72 characters at most.
    stamp : str
        UTC time for the checksum cards' comments.
    used : tuple of str
        Columns of the table that are read, so that nobody is told to drop them.
    """

    columns: tuple[Column, ...]
    replaced: dict[str, TableColumn] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    history: tuple[str, ...] = ()
    stamp: str = ""
    used: tuple[str, ...] = ()

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
    """Return n rows of big-endian bytes, uint8 (n, sum of widths); columns without values are null."""
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


def new_cards(unit: Hdu, new: NewColumns, label: str, rows: int | None = None) -> list[bytes]:
    """Return the cards of the table's header with new columns, for all rows or this number; `seal` sets the checksums.

    Raises
    ------
    InputError
        When the table would have more than 999 fields.
    """
    cards = list(unit.cards)
    fields = fitscards.integer(unit.header, "TFIELDS", label)
    _check_orphans(cards, fields, len(new.added), label)
    if fields + len(new.added) > MOST_FIELDS:
        raise _too_wide(unit, new, label)
    rows = unit.rows if rows is None else rows
    row_bytes = unit.row_bytes + new.added_bytes
    _set(cards, "NAXIS1", row_bytes)
    if rows != unit.rows:
        _set(cards, "NAXIS2", rows)
    _set(cards, "TFIELDS", fields + len(new.added))
    if fitscards.find(cards, "THEAP") is not None:
        _set(cards, "THEAP", row_bytes * rows + heap_gap(unit, label))
    names = [str(unit.header.get(f"TTYPE{i}", "")).strip() for i in range(1, fields + 1)]
    for column in new.columns:
        if column.name in new.replaced:
            _redescribe(cards, column, names.index(new.replaced[column.name].name) + 1, new.comments)
    at = _last_field_card(cards) + 1
    cards[at:at] = [
        card for i, column in enumerate(new.added) for card in _describe(column, fields + 1 + i, new.comments)
    ]
    end = len(cards)
    while end and not cards[end - 1].strip():
        end -= 1
    cards[end:end] = fitscards.history(new.history)
    return cards


def _too_wide(unit: Hdu, new: NewColumns, label: str) -> InputError:
    """Return the error of a table that would have more fields than FITS allows, with the line that narrows it."""
    fields = fitscards.integer(unit.header, "TFIELDS", label)
    many = fields + len(new.added) - MOST_FIELDS
    kept = {*new.used, *new.replaced}
    spare = [i for i, column in enumerate(layout(unit.header, label), 1) if column.name not in kept][-many:]
    path, _, extension = label.removesuffix("]").rpartition("[")
    out, drop = f"{Path(path).name.split('.')[0]}-narrow.fits", " ".join(map(str, spare))
    table = quote(f"{path}#{extension if extension.isdigit() else unit.number}")
    return InputError(
        f"{label} has {fields} columns; {len(new.added)} more exceed the {MOST_FIELDS} that FITS allows",
        hint=f"Leave out {counted(many, 'column')} that you can spare, e.g. the last not read here, and run again on "
        f"{out}: stilts tpipe in={table} cmd='delcols \"{drop}\"' ofmt=fits-basic out={quote(out)}",
    )


def _set(cards: list[bytes], name: str, content: fitscards.Value) -> None:
    place = fitscards.find(cards, name)
    if place is None:
        raise InputError(f"the table's header has no {name}", hint="The file is not valid FITS.")
    long = str(fitscards.value(cards[place])).endswith("&")
    cards[place] = fitscards.replaced(cards[place], content)
    while long and place + 1 < len(cards) and fitscards.keyword(cards[place + 1]) == "CONTINUE":
        del cards[place + 1]  # the rest of the old value


def _check_orphans(cards: list[bytes], fields: int, added: int, label: str) -> None:
    """Refuse cards of fields beyond the last: they would describe the new ones."""
    matches = filter(None, (_FIELD_CARD.fullmatch(fitscards.keyword(card)) for card in cards))
    orphans = [match[0] for match in matches if fields < int(match[1]) <= fields + added]
    if orphans:
        raise InputError(
            f"{label} has {fields} columns but describes more: {', '.join(orphans)}",
            hint="The header is not valid FITS; delete these cards.",
        )


def _redescribe(cards: list[bytes], column: Column, number: int, comments: dict[str, str]) -> None:
    """Update TCOMM and TNULL of a replaced column."""
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
        if _NUMBERED_CARD.fullmatch(fitscards.keyword(card)):
            last = i
    while last + 1 < len(cards) and fitscards.keyword(cards[last + 1]) == "CONTINUE":
        last += 1
    return last


def _describe(column: Column, number: int, comments: dict[str, str]) -> list[bytes]:
    entries: dict[str, fitscards.Value] = {
        "TTYPE": column.name,
        "TFORM": column.form,
        "TDIM": column.dim or None,
        "TUNIT": column.unit or None,
        "TNULL": None if column.dtype.startswith("f") else NOT_RUN,
        "TDISP": column.display,
        "TCOMM": comments.get(column.name, column.meaning),
        "TUCD": column.ucd or None,
    }
    return [fitscards.make(f"{name}{number}", content) for name, content in entries.items() if content is not None]


def verify(unit: Hdu, datasum: int, label: str) -> list[str]:
    """Return warnings about checksum cards that do not fit the data, of this DATASUM."""
    warnings = []
    card = str(unit.header.get("DATASUM") or "").strip()  # blank is unknown (FITS 4.0, section 4.4.2.7)
    if card and card != str(datasum):
        warnings.append(f"{label}: DATASUM says {card}, the data sum to {datasum}: it was changed without its checksum")
    if unit.header.get("CHECKSUM") and not warnings:
        total = Checksum()
        total.add(fitscards.assemble(unit.cards))
        if fold(total.value + datasum) not in (0, 0xFFFFFFFF):
            warnings.append(f"{label}: CHECKSUM does not fit the header and data: they were changed without it")
    return warnings


def seal(cards: list[bytes], datasum: int, stamp: str) -> None:
    """Set the checksum cards, where there are any, to those of the header and data."""
    for name, content, comment in (
        ("DATASUM", str(datasum), f"data unit checksum updated {stamp}"),
        ("CHECKSUM", "0" * 16, f"HDU checksum updated {stamp}"),
    ):
        place = fitscards.find(cards, name)
        if place is not None:
            cards[place] = fitscards.make(name, content, comment)
    place = fitscards.find(cards, "CHECKSUM")
    if place is not None:
        total = Checksum()
        total.add(fitscards.assemble(cards))
        cards[place] = fitscards.replaced(cards[place], encode(total.value + datasum))
