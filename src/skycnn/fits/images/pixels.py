"""Pixels: an open image from which stamps are cut, however it is stored."""

import os
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import ChangedError
from skycnn.fits.images.imageheader import ImageHeader, identity

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
        try:
            now = identity(os.stat(self.header.spec.path))
        except OSError as error:
            raise ChangedError(f"{self.label} is gone: {error.strerror}", hint="Put it back and run again.") from None
        if now != self.header.identity:
            raise ChangedError(f"{self.label} was changed or replaced during the run", hint="Run again.")

    def close(self) -> None:  # noqa: B027 - some hold nothing
        """Let go of file and memory."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_pixels(header: ImageHeader, scratch: str | None = None) -> Pixels:
    """Open an image; an archive is uncompressed to an unlinked temporary file.

    Parameters
    ----------
    header : ImageHeader
        The image.
    scratch : str, optional
        Folder for the temporary file; default the system's.

    Raises
    ------
    InputError
        When it cannot be read, or is a corrupt archive or one that holds less than the header promises.
    ChangedError
        When it is no longer the file whose header was read.
    """
    if header.kind == "tiled":
        from skycnn.fits.images.tiledpixels import TiledPixels

        return TiledPixels(header, scratch)
    from skycnn.fits.images.plainpixels import PlainPixels

    return PlainPixels(header, scratch)
