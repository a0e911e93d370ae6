"""Splice: a table's bytes with new fields at the end of each row, everything else verbatim."""

import errno
import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from skycnn.errors import ChangedError, InputError
from skycnn.fits import cards as fitscards
from skycnn.fits.checksum import Sum, encode, fold
from skycnn.fits.tablebytes import Hdu, heap_gap, read_into
from skycnn.fits.tablecolumn import TableColumn
from skycnn.schema import NOT_RUN, Column

T = TypeVar("T")
CODES = {"f4": "E", "i4": "J"}
CHUNK_BYTES = 1 << 20
THREADS = 2
"""Reading, interleaving, summing and writing keep two cores busy; a third would wait for the disk."""
_FIELD_CARD = re.compile(r"T[A-Z]+\d+")


@dataclass(frozen=True)
class Plan:
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


def form(column: Column) -> str:
    """Return a column's TFORM."""
    return f"{column.width if column.width > 1 else ''}{CODES[column.dtype]}"


def packed(columns: Sequence[Column], values: dict[str, "np.ndarray"], n: int) -> "np.ndarray":
    """Return rows of big-endian bytes, uint8 (n, sum of widths); a column without values is null."""
    rows = np.empty((n, sum(width(column) for column in columns)), np.uint8)
    at = 0
    for column in columns:
        dtype = np.dtype(f">{column.dtype}")
        null = np.nan if column.dtype.startswith("f") else NOT_RUN
        content = values.get(column.name)
        block = np.full((n, column.width), null, dtype) if content is None else content.astype(dtype).reshape(n, column.width)
        rows[:, at : at + width(column)] = block.view(np.uint8)
        at += width(column)
    return rows


def new_cards(unit: Hdu, plan: Plan, label: str) -> list[bytes]:
    """Return the header's cards after the splice; CHECKSUM and DATASUM still hold the old values.

    Raises
    ------
    InputError
        When the table would have more than 999 fields.
    """
    cards = list(unit.cards)
    fields = fitscards.integer(unit.header, "TFIELDS", label)
    if fields + len(plan.added) > 999:
        raise InputError(
            f"{label} has {fields} columns; {len(plan.added)} more exceed the 999 that FITS allows",
            hint="Drop columns, or write to a copy with fewer: --out.",
        )
    _set(cards, "NAXIS1", unit.row_bytes + plan.added_bytes)
    _set(cards, "TFIELDS", fields + len(plan.added))
    if fitscards.find(cards, "THEAP") is not None:
        _set(cards, "THEAP", (unit.row_bytes + plan.added_bytes) * unit.rows + heap_gap(unit, label))
    for name, column in plan.replaced.items():
        number = next(i for i, card in enumerate(_fields(unit)) if card.casefold() == column.name.casefold()) + 1
        if name in plan.comments and fitscards.find(cards, f"TCOMM{number}") is not None:
            _set(cards, f"TCOMM{number}", plan.comments[name])
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
    cards[place] = fitscards.replaced(cards[place], content)


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
        (f"TFORM{number}", form(column)),
    ]
    if column.unit:
        entries.append((f"TUNIT{number}", column.unit))
    if not column.dtype.startswith("f"):
        entries.append((f"TNULL{number}", NOT_RUN))
    entries.append((f"TDISP{number}", column.display))
    entries.append((f"TCOMM{number}", comments.get(column.name, column.meaning)))
    if column.ucd:
        entries.append((f"TUCD{number}", column.ucd))
    return [fitscards.make(name, content) for name, content in entries]


def splice(
    source: int,
    size: int,
    unit: Hdu,
    target: int,
    plan: Plan,
    rows: "Callable[[int, int], np.ndarray]",
    label: str,
    *,
    progress: "Callable[[int, int], None] | None" = None,
) -> list[str]:
    """Write the file of descriptor ``source`` with new columns to the empty file of descriptor ``target``.

    Parameters
    ----------
    source, size : int
        Descriptor and length of the plain FITS file.
    unit : Hdu
        The table to extend.
    target : int
        Descriptor of the new file, written from its beginning.
    plan : Plan
        What changes.
    rows : callable
        ``rows(first, end)`` returns the packed new bytes of rows first..end, uint8 (end - first, width).
    label : str
        Names the table in messages.
    progress : callable, optional
        Called with rows done and rows in all.

    Returns
    -------
    list of str
        Warnings: checksums that did not fit the data that was read.

    Raises
    ------
    ChangedError
        When the source is shorter than it was.
    """
    cards = new_cards(unit, plan, label)
    sums = any(fitscards.find(cards, name) is not None for name in ("CHECKSUM", "DATASUM"))
    header_size = len(fitscards.assemble(cards))
    copy_range(source, target, 0, 0, unit.start, label)
    data = unit.start + header_size
    old_sum, new_sum = _rows(source, unit, target, data, plan, rows, label, sums=sums, progress=progress)
    table_end = unit.data + unit.row_bytes * unit.rows
    at = data + (unit.row_bytes + plan.added_bytes) * unit.rows
    heap = unit.data + unit.size - table_end
    _copy_summed(source, target, table_end, at, heap, label, [old_sum, new_sum] if sums else [])
    end = data + fitscards.padded(at + heap - data)
    if end > at + heap:
        _write_all(target, bytes(end - at - heap), at + heap)
    if size > unit.end:
        copy_range(source, target, unit.end, end, size - unit.end, label)
    warnings = []
    if sums:
        padding = os.pread(source, unit.end - unit.data - unit.size, unit.data + unit.size)
        old_sum.add(padding)
        warnings = verify(unit, old_sum.value, label)
        _seal(cards, new_sum.value, plan.stamp)
    _write_all(target, fitscards.assemble(cards), unit.start)
    return warnings


def _rows(
    source: int,
    unit: Hdu,
    target: int,
    data: int,
    plan: Plan,
    rows: "Callable[[int, int], np.ndarray]",
    label: str,
    *,
    sums: bool,
    progress: "Callable[[int, int], None] | None",
) -> tuple[Sum, Sum]:
    """Interleave old and new bytes, chunk by chunk on two threads; return the sums of the old and the new rows."""
    old, new = unit.row_bytes, unit.row_bytes + plan.added_bytes
    step = max(1, CHUNK_BYTES // max(new, 1))
    buffers = threading.local()

    def work(first: int) -> tuple[int, Sum, Sum]:
        if not hasattr(buffers, "pair"):
            buffers.pair = np.empty((step, old), np.uint8), np.empty((step, new), np.uint8)
        end = min(first + step, unit.rows)
        before, after = (buffer[: end - first] for buffer in buffers.pair)
        read_into(source, before, unit.data + first * old, label)
        _interleave(before, after, rows(first, end), plan)
        _write_all(target, after.data, data + first * new)
        parts = Sum(first * old), Sum(first * new)
        if sums:
            parts[0].add(before)
            parts[1].add(after)
        return end, *parts

    old_sum, new_sum = Sum(unit.rows * old), Sum(unit.rows * new)
    for end, *parts in bounded_map(work, range(0, unit.rows, step), THREADS):
        old_sum.merge(parts[0])
        new_sum.merge(parts[1])
        if progress is not None:
            progress(end, unit.rows)
    return old_sum, new_sum


def bounded_map(work: Callable[[int], T], items: Iterable[int], threads: int) -> Iterator[T]:
    """Yield ``work(item)`` in order, from threads that are never more than two items a thread ahead."""
    pending: deque[Future[T]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="skycnn-splice")
    try:
        for item in items:
            if len(pending) >= 2 * threads:
                yield pending.popleft().result()
            pending.append(pool.submit(work, item))
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _interleave(before: "np.ndarray", after: "np.ndarray", fresh: "np.ndarray", plan: Plan) -> None:
    old = before.shape[1]
    after[:, :old] = before
    at, tail = 0, old
    for column in plan.columns:
        take = fresh[:, at : at + width(column)]
        if column.name in plan.replaced:
            place = plan.replaced[column.name].offset
            after[:, place : place + width(column)] = take
        else:
            after[:, tail : tail + width(column)] = take
            tail += width(column)
        at += width(column)


def verify(unit: Hdu, datasum: int, label: str) -> list[str]:
    """Return a warning for each checksum card that does not fit the data."""
    warnings = []
    stated = unit.header.get("DATASUM")
    if stated is not None and str(stated).strip() != str(datasum):
        warnings.append(f"{label}: DATASUM says {stated}, the data sum to {datasum}: it was changed without its checksum")
    if unit.header.get("CHECKSUM") is not None and not warnings:
        total = Sum()
        total.add(fitscards.assemble(unit.cards))
        if fold(total.value + datasum) not in (0, 0xFFFFFFFF):
            warnings.append(f"{label}: CHECKSUM does not fit the header and data: they were changed without it")
    return warnings


def _seal(cards: list[bytes], datasum: int, stamp: str) -> None:
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


def _write_all(fd: int, data: "bytes | memoryview", offset: int) -> None:
    view = memoryview(data).cast("B")
    while view:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done


def _copy_summed(source: int, target: int, start: int, to: int, length: int, label: str, sums: list[Sum]) -> None:
    buffer = np.empty(min(length, CHUNK_BYTES), np.uint8)
    for at in range(0, length, CHUNK_BYTES):
        part = buffer[: min(CHUNK_BYTES, length - at)]
        read_into(source, part, start + at, label)
        for total in sums:
            total.add(part)
        _write_all(target, part.data, to + at)


def copy_range(source: int, target: int, start: int, to: int, length: int, label: str) -> None:
    """Copy bytes between descriptors, by the kernel where it can.

    Raises
    ------
    ChangedError
        When the source ends first.
    """
    while length > 0:
        try:
            done = os.copy_file_range(source, target, min(length, 1 << 30), start, to)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM):
                raise
            _copy_summed(source, target, start, to, length, label, [])
            return
        if done == 0:
            raise ChangedError(f"{label} was truncated while it was read", hint="Nothing was written; run again.")
        start, to, length = start + done, to + done, length - done
