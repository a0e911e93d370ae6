"""ByteCopy: ranges of bytes copied between descriptors, whole or with an error."""

import errno
import os

import numpy as np

from skycnn import interrupt
from skycnn.fits.checksum import Checksum
from skycnn.fits.tablebytes import read_into

CHUNK_BYTES = 1 << 20
PIECE = 64 << 20
"""Bytes a call of the kernel: a signal is looked for after each."""


def write_all(fd: int, data: "bytes | memoryview", offset: int) -> None:
    """Write all bytes at an offset."""
    view = memoryview(data).cast("B")
    while view:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done


def copy_summed(source: int, target: int, start: int, to: int, length: int, label: str, sums: list[Checksum]) -> None:
    """Copy bytes between descriptors, and add them to running checksums.

    Raises
    ------
    ChangedError
        When the source ends first.
    """
    buffer = np.empty(min(length, CHUNK_BYTES), np.uint8)
    for at in range(0, length, CHUNK_BYTES):
        interrupt.check()
        part = buffer[: min(CHUNK_BYTES, length - at)]
        read_into(source, part, start + at, label)
        for total in sums:
            total.add(part)
        write_all(target, part.data, to + at)


def copy_range(source: int, target: int, start: int, to: int, length: int, label: str) -> None:
    """Copy bytes between descriptors, by the kernel where it can.

    Raises
    ------
    ChangedError
        When the source ends first.
    """
    while length > 0:
        interrupt.check()
        try:
            done = os.copy_file_range(source, target, min(length, PIECE), start, to)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM):
                raise
            done = 0
        if done == 0:  # not possible here, or a truncated file, which reading finds out
            copy_summed(source, target, start, to, length, label, [])
            return
        start, to, length = start + done, to + done, length - done
