"""Splice: a table's bytes with new fields at the end of each row, everything else verbatim."""

import os
import threading
from collections.abc import Callable

import numpy as np

from skycnn.fits import cards as fitscards
from skycnn.fits.bytecopy import copy_range, copy_summed, write_all
from skycnn.fits.checksum import Sum
from skycnn.fits.newheader import NewColumns, new_cards, seal, verify, width
from skycnn.fits.tablebytes import Hdu, read_into
from skycnn.workahead import work_ahead

CHUNK_BYTES = 1 << 20
THREADS = 2
"""Reading, interleaving, summing and writing keep two cores busy; a third would wait for the disk."""


def splice(
    source: int,
    size: int,
    unit: Hdu,
    target: int,
    plan: NewColumns,
    rows: "Callable[[int, int], np.ndarray]",
    label: str,
    *,
    alone: bool = False,
    copied: int = 0,
    progress: "Callable[[int, int], None] | None" = None,
) -> list[str]:
    """Write the file of descriptor ``source`` with new columns to the file of descriptor ``target``.

    Parameters
    ----------
    source, size : int
        Descriptor and length of the plain FITS file.
    unit : Hdu
        The table to extend.
    target : int
        Descriptor of the new file, written from its beginning, or after what is there.
    plan : NewColumns
        What changes.
    rows : callable
        ``rows(first, end)`` returns the packed new bytes of rows first..end, uint8 (end - first, width).
    label : str
        Names the table in messages.
    alone : bool
        Leave out the file's other units: an empty primary goes before the table.
    copied : int
        Bytes of what lies before the table that are in the new file already.
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
    start = write_primary(target) if alone else unit.start
    if not alone:
        copy_range(source, target, copied, copied, start - copied, label)
    end, warnings = splice_table(source, unit, target, start, cards, plan, rows, label, progress=progress)
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
    plan: NewColumns,
    rows: "Callable[[int, int], np.ndarray]",
    label: str,
    *,
    take: tuple[int, int] | None = None,
    progress: "Callable[[int, int], None] | None" = None,
) -> tuple[int, list[str]]:
    """Write one table with new columns to any place of a file, to its padding.

    Parameters
    ----------
    source, unit, target, plan, rows, label, progress
        As of ``splice``; ``rows`` is asked for the table's own row numbers.
    start : int
        Where the header goes in the target, a multiple of 2880.
    cards : list of bytes
        The new header, by ``new_cards`` with the same ``plan`` and number of rows; its sums are sealed here.
    take : (int, int), optional
        Only these rows, half open; the heap is copied whole.

    Returns
    -------
    end : int
        Where the next header may begin.
    warnings : list of str
        Checksums that did not fit the data; they are looked at where all rows are read.

    Raises
    ------
    ChangedError
        When the source is shorter than it was.
    """
    first, last = take or (0, unit.rows)
    sums = any(fitscards.find(cards, name) is not None for name in ("CHECKSUM", "DATASUM"))
    data = start + len(fitscards.assemble(cards))
    old_sum, new_sum = _rows(
        source, unit, target, data, plan, rows, label, take=(first, last), sums=sums, progress=progress
    )
    table_end = unit.data + unit.row_bytes * unit.rows
    at = data + (unit.row_bytes + plan.added_bytes) * (last - first)
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
        seal(cards, new_sum.value, plan.stamp)
    write_all(target, fitscards.assemble(cards), start)
    return end, warnings


def _rows(
    source: int,
    unit: Hdu,
    target: int,
    data: int,
    plan: NewColumns,
    rows: "Callable[[int, int], np.ndarray]",
    label: str,
    *,
    take: tuple[int, int],
    sums: bool,
    progress: "Callable[[int, int], None] | None",
) -> tuple[Sum, Sum]:
    """Interleave old and new bytes, chunk by chunk on two threads; return the sums of the old and the new rows."""
    old, new = unit.row_bytes, unit.row_bytes + plan.added_bytes
    step = max(1, CHUNK_BYTES // max(new, 1))
    buffers = threading.local()
    # words stay words, so their sum is that of the old ones and the added ones, whatever their order
    whole_words = old % 4 == 0 and plan.added_bytes % 4 == 0 and not plan.replaced

    def work(first: int) -> tuple[int, Sum, Sum]:
        if not hasattr(buffers, "pair"):
            buffers.pair = np.empty((step, old), np.uint8), np.empty((step, new), np.uint8)
        end = min(first + step, take[1])
        before, after = (buffer[: end - first] for buffer in buffers.pair)
        read_into(source, before, unit.data + first * old, label)
        fresh = rows(first, end)
        _interleave(before, after, fresh, plan)
        place = (first - take[0]) * new
        write_all(target, after.data, data + place)
        parts = Sum((first - take[0]) * old), Sum(place)
        if sums:
            parts[0].add(before)
            if whole_words:
                parts[1].merge(parts[0])
                parts[1].add(fresh)
            else:
                parts[1].add(after)
        return end, *parts

    taken = take[1] - take[0]
    old_sum, new_sum = Sum(taken * old), Sum(taken * new)
    for end, *parts in work_ahead(work, range(*take, step), THREADS):
        old_sum.merge(parts[0])
        new_sum.merge(parts[1])
        if progress is not None:
            progress(end - take[0], taken)
    return old_sum, new_sum


def _interleave(before: "np.ndarray", after: "np.ndarray", fresh: "np.ndarray", plan: NewColumns) -> None:
    old = before.shape[1]
    _copy_fields(before, after, 0)
    if not plan.replaced:
        _copy_fields(fresh, after, old)
        return
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


def _copy_fields(fields: "np.ndarray", rows: "np.ndarray", offset: int) -> None:
    """Copy fields (n, w) into rows (n, ...) at ``offset``; as one item a row, which NumPy copies fastest."""
    n, size = fields.shape
    if n and size:
        np.ndarray((n,), f"V{size}", rows, offset, rows.strides[:1])[:] = fields.view(f"V{size}")[:, 0]
