"""Pixels: the interface of an open image from which stamps are cut; ``openpixels.py`` opens one."""

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
    """An open image: physical values, float32, NaN where undefined.

    Attributes
    ----------
    header : ImageHeader
    shape : tuple of int
        (ny, nx).
    label : str
        Its name in messages.
    """

    def __init__(self, header: ImageHeader) -> None:
        self.header, self.shape, self.label = header, header.shape, header.label

    @abstractmethod
    def cut(self, x0: Array, y0: Array, side: int, out: Array) -> NDArray[np.bool_]:
        """Fill ``out`` with stamps; thread-safe.

        Parameters
        ----------
        x0, y0 : array (n,)
            First pixels of the stamps, int64, 0-based, anywhere; cheapest sorted by ``y0``.
        side : int
            Pixels along an edge.
        out : array (n, side, side)
            float32 of either byte order; pixels outside the image become NaN.

        Returns
        -------
        array (n,)
            Stamps with pixels that cannot be read, bool; these pixels are NaN.

        Raises
        ------
        ChangedError
            When the file was truncated since.
        """

    @property
    def nbytes(self) -> int:
        """Bytes of memory held in caches; a mapped file counts as none."""
        return 0

    def check_unchanged(self) -> None:
        """See `check_unchanged`."""
        check_unchanged(self.header)

    def close(self) -> None:  # noqa: B027 - some hold nothing
        """Close the file and free memory."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_unchanged(header: ImageHeader) -> None:
    """Compare the fingerprint of a file with that in its header.

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
