"""Splice: a table written anew with more fields at the end of each row, all its other bytes as they were."""

import os
import threading
from collections.abc import Callable

import numpy as np

from skycnn.fits import cards as fitscards
from skycnn.fits.bytecopy import copy_range, copy_summed, write_all
from skycnn.fits.checksum import Checksum
from skycnn.fits.newheader import NewColumns, new_cards, seal, verify, width
from skycnn.fits.tablebytes import Hdu, read_into
from skycnn.workahead import work_ahead

Rows = Callable[[int, int], "np.ndarray"]
CHUNK_BYTES = 1 << 20
THREADS = 2
"""Reading, interleaving, summing and writing keep two cores busy; a third would wait for the disk."""


def splice(
    source: int,
    size: int,
    unit: Hdu,
    target: int,
    new: NewColumns,
    rows: Rows,
    label: str,
    *,
    alone: bool = False,
    copied: int = 0,
) -> list[str]:
    """Write a FITS file with new columns in one of its tables.

    Parameters
    ----------
    source, size : int
        Descriptor and length of the plain FITS file.
    unit : Hdu
        The table to extend.
    target : int
        Descriptor of the new file.
    new : NewColumns
        The columns.
    rows : callable
        ``rows(first, end)`` returns the packed new columns of rows first..end, uint8 (end - first, width).
    label : str
        Names the table in messages.
    alone : bool
        Write an empty primary and the table, without the file's other units.
    copied : int
        Bytes before the table that the new file has already.

    Returns
    -------
    list of str
        Warnings: checksums that did not fit the data read.

    Raises
    ------
    ChangedError
        When the source is shorter than it was.
    """
    cards = new_cards(unit, new, label)
    start = write_primary(target) if alone else unit.start
    if not alone:
        copy_range(source, target, copied, copied, start - copied, label)
    end, warnings = splice_table(source, unit, target, start, cards, new, rows, label)
    if size > unit.end and not alone:
        copy_range(source, target, unit.end, end, size - unit.end, label)
    return warnings


def write_primary(target: int) -> int:
    """Write a primary without data, and return where the next header goes."""
    write_all(target, fitscards.primary(), 0)
    return fitscards.BLOCK


def splice_table(
    source: int,
    unit: Hdu,
    target: int,
    start: int,
    cards: list[bytes],
    new: NewColumns,
    rows: Rows,
    label: str,
    *,
    take: tuple[int, int] | None = None,
) -> tuple[int, list[str]]:
    """Write one table with new columns, and its padding, at any offset of a file.

    Parameters
    ----------
    source, unit, target, new, rows, label
        As of `splice`.
    start : int
        Offset of the header in the target, a multiple of 2880.
    cards : list of bytes
        The new header from `new_cards`, without its checksums, which are set here.
    take : (int, int), optional
        Only these rows, half open; the heap is copied whole.

    Returns
    -------
    end : int
        Offset at which the next header may begin.
    warnings : list of str
        Checksums that did not fit the data; verified only where all rows are read.

    Raises
    ------
    ChangedError
        When the source is shorter than it was.
    """
    first, last = take or (0, unit.rows)
    sums = any(fitscards.find(cards, name) is not None for name in ("CHECKSUM", "DATASUM"))
    data = start + len(fitscards.assemble(cards))
    old_sum, new_sum = _splice_rows(source, unit, target, data, new, rows, label, first=first, last=last, sums=sums)
    table_end = unit.data + unit.row_bytes * unit.rows
    at = data + (unit.row_bytes + new.added_bytes) * (last - first)
    heap = unit.data + unit.size - table_end
    copy_summed(source, target, table_end, at, heap, label, [old_sum, new_sum] if sums else [])
    end = data + fitscards.padded(at + heap - data)
    if end > at + heap:
        write_all(target, bytes(end - at - heap), at + heap)
    warnings = []
    if sums:
        if (first, last) == (0, unit.rows):
            old_sum.add(os.pread(source, unit.end - unit.data - unit.size, unit.data + unit.size))
            warnings = verify(unit, old_sum.value, label)
        seal(cards, new_sum.value, new.stamp)
    write_all(target, fitscards.assemble(cards), start)
    return end, warnings


def _splice_rows(
    source: int,
    unit: Hdu,
    target: int,
    data: int,
    new: NewColumns,
    rows: Rows,
    label: str,
    *,
    first: int,
    last: int,
    sums: bool,
) -> tuple[Checksum, Checksum]:
    """Write the old and new bytes of rows first..last by chunks; return the sums of the old rows and of the new."""
    old_bytes, row_bytes = unit.row_bytes, unit.row_bytes + new.added_bytes
    step = max(1, CHUNK_BYTES // max(row_bytes, 1))
    buffers = threading.local()
    # where all fields are whole 32-bit words, a row's sum is that of its old bytes plus that of its new ones
    whole_words = old_bytes % 4 == 0 and new.added_bytes % 4 == 0 and not new.replaced

    def work(start: int) -> tuple[Checksum, Checksum]:
        if not hasattr(buffers, "pair"):
            buffers.pair = np.empty((step, old_bytes), np.uint8), np.empty((step, row_bytes), np.uint8)
        end = min(start + step, last)
        before, after = (buffer[: end - start] for buffer in buffers.pair)
        read_into(source, before, unit.data + start * old_bytes, label)
        fresh = rows(start, end)
        _interleave(before, after, fresh, new)
        place = (start - first) * row_bytes
        write_all(target, after.data, data + place)
        old_sum, new_sum = Checksum((start - first) * old_bytes), Checksum(place)
        if sums:
            old_sum.add(before)
            if whole_words:
                new_sum.merge(old_sum)
                new_sum.add(fresh)
            else:
                new_sum.add(after)
        return old_sum, new_sum

    old_sum, new_sum = Checksum((last - first) * old_bytes), Checksum((last - first) * row_bytes)
    for old_part, new_part in work_ahead(work, range(first, last, step), THREADS):
        old_sum.merge(old_part)
        new_sum.merge(new_part)
    return old_sum, new_sum


def _interleave(before: "np.ndarray", after: "np.ndarray", fresh: "np.ndarray", new: NewColumns) -> None:
    old_bytes = before.shape[1]
    _copy_fields(before, after, 0)
    if not new.replaced:
        _copy_fields(fresh, after, old_bytes)
        return
    at, tail = 0, old_bytes
    for column in new.columns:
        take = fresh[:, at : at + width(column)]
        if column.name in new.replaced:
            place = new.replaced[column.name].offset
            after[:, place : place + width(column)] = take
        else:
            after[:, tail : tail + width(column)] = take
            tail += width(column)
        at += width(column)


def _copy_fields(fields: "np.ndarray", rows: "np.ndarray", offset: int) -> None:
    """Copy fields (n, w) into rows (n, ...) at ``offset``; as one item a row, which NumPy copies fastest."""
    n, size = fields.shape
    if n and size:
        np.ndarray((n,), f"V{size}", rows, offset, rows.strides[:1])[:] = fields.view(f"V{size}")[:, 0]
