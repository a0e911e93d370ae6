"""Splice: a table's bytes with new fields at the end of each row, everything else verbatim."""

import errno
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from skycnn.fits import cards as fitscards
from skycnn.fits.checksum import Sum
from skycnn.fits.newheader import Plan, new_cards, seal, verify, width
from skycnn.fits.tablebytes import Hdu, read_into

T = TypeVar("T")
CHUNK_BYTES = 1 << 20
THREADS = 2
"""Reading, interleaving, summing and writing keep two cores busy; a third would wait for the disk."""


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
        seal(cards, new_sum.value, plan.stamp)
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
    # words stay words, so their sum is that of the old ones and the added ones, whatever their order
    whole_words = old % 4 == 0 and plan.added_bytes % 4 == 0 and not plan.replaced

    def work(first: int) -> tuple[int, Sum, Sum]:
        if not hasattr(buffers, "pair"):
            buffers.pair = np.empty((step, old), np.uint8), np.empty((step, new), np.uint8)
        end = min(first + step, unit.rows)
        before, after = (buffer[: end - first] for buffer in buffers.pair)
        read_into(source, before, unit.data + first * old, label)
        fresh = rows(first, end)
        _interleave(before, after, fresh, plan)
        _write_all(target, after.data, data + first * new)
        parts = Sum(first * old), Sum(first * new)
        if sums:
            parts[0].add(before)
            if whole_words:
                parts[1].merge(parts[0])
                parts[1].add(fresh)
            else:
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
            done = 0
        if done == 0:  # not possible here; or the end of a truncated file, which reading tells
            _copy_summed(source, target, start, to, length, label, [])
            return
        start, to, length = start + done, to + done, length - done
