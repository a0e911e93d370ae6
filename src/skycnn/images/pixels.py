"""Pixels, the class: an open image from which stamps are cut, however it is stored; ``pixels.py`` is the door."""

import os
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import ChangedError
from skycnn.files.safefile import fingerprint
from skycnn.images.imageheader import ImageHeader

Array = NDArray[Any]


class Pixels(ABC):
    """An open image; its physical values are float32 and NaN where there is no value.

    Attributes
    ----------
    header : ImageHeader
        What it is.
    shape : tuple of int
        (ny, nx).
    label : str
        How messages call it.
    """

    def __init__(self, header: ImageHeader) -> None:
        self.header, self.shape, self.label = header, header.shape, header.label

    @abstractmethod
    def cut(self, x0: Array, y0: Array, side: int, out: Array) -> NDArray[np.bool_]:
        """Fill ``out`` with stamps; safe to call from several threads.

        Parameters
        ----------
        x0, y0 : array (n,)
            int64, the stamps' first pixels, 0-based; they may lie anywhere, also wholly outside. The cheapest order
            is by ``y0``.
        side : int
            Pixels along an edge.
        out : array (n, side, side)
            float32 of either byte order; pixels outside the image become NaN.

        Returns
        -------
        array (n,)
            Which stamps touch pixels that are there and cannot be read; these are NaN.

        Raises
        ------
        ChangedError
            When the file was truncated meanwhile.
        """

    @property
    def nbytes(self) -> int:
        """Memory that caches hold, in bytes; a mapped file is none."""
        return 0

    def check_unchanged(self) -> None:
        """See that the file on disk is still the one whose header was read.

        Raises
        ------
        ChangedError
            When it was changed or replaced.
        """
        check_unchanged(self.header)

    def close(self) -> None:  # noqa: B027 - some hold nothing
        """Let go of file and memory."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_unchanged(header: ImageHeader) -> None:
    """See that a file on disk is still the one whose header was read.

    Raises
    ------
    ChangedError
        When it was changed or replaced.
    """
    try:
        now = fingerprint(os.stat(header.spec.path))
    except OSError as error:
        raise ChangedError(f"{header.label} is gone: {error.strerror}", hint="Put it back and run again.") from None
    if now != header.fingerprint:
        raise ChangedError(f"{header.label} was changed or replaced during the run", hint="Run again.")
