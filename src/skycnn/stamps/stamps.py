"""Stamps: float32 (n, band, y, x) centred on catalogue rows, whatever they come from, as a stream of batches.

A stamp of side S has its centre at (S - 1)/2, 0-based, whether S is odd or even. Its first pixel is
``x0 = floor(x - (S - 1)/2 + 0.5)``, and what is left, ``x - x0 - (S - 1)/2``, lies in [-0.5, 0.5).
"""

import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.images.pixelunit import MICROJANSKY, Conversion, Stated
from skycnn.schema import Flag

Array = NDArray[Any]

BATCH_BYTES = 16 << 20
"""Pixels that a batch of stamps holds at most: enough to keep a network busy, little enough to stay in memory."""


@dataclass(frozen=True)
class Batch:
    """Stamps of some rows.

    Parameters
    ----------
    rows : array (b,)
        Numbers of the rows within the chunk that was asked for, in the order in which the images were visited.
    pixels : array (b, band, side, side)
        float32, NaN where there is no pixel.
    rests : array (b, band, 2)
        DX and DY of each band: where the object lies, less the stamp's centre; NaN where a band does not have it.
    flags : array (b,)
        int32, bits of `Flag`.
    """

    rows: Array
    pixels: Array
    rests: Array
    flags: Array


@dataclass(frozen=True)
class Census:
    """Where rows lie, counted before any pixel is read.

    Parameters
    ----------
    rows : int
        In all.
    nowhere : int
        On no image of any band.
    unplaced : int
        Without a position.
    images : mapping of str to int
        Rows by image, as messages call it; empty where that is not known beforehand.
    visits : int
        Images met, summed over chunks of rows: their number where rows of an image follow one another, many times
        that where the rows' order hops between images.
    """

    rows: int
    nowhere: int = 0
    unplaced: int = 0
    images: Mapping[str, int] = field(default_factory=dict)
    visits: int = 0


class Stamps(ABC):
    """A source of stamps.

    Attributes
    ----------
    bands : tuple of str
        What it has, in its own order.
    side : int or None
        Pixels along an edge of its stamps; None where it cuts them in any size.
    pixel_scale : float or None
        arcsec; None where it is not known.
    columns : tuple of str
        Columns of the catalogue that it needs.
    notes : tuple of str
        Assumptions, one line each, to be said before the work.
    chunk : int or None
        Rows that are best answered at once; None where images are met again and again in fewer than usual.
    named_units : mapping of str to str
        Band to the unit of its pixels as the user names it; ``*`` for all.
    conversion : Conversion or None
        What is done to pixels; None where they stay as they are.
    """

    chunk: int | None = None
    bands: tuple[str, ...]
    side: int | None = None
    pixel_scale: float | None = None
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    named_units: Mapping[str, str] = MappingProxyType({})
    conversion: Conversion | None = None

    @abstractmethod
    def batches(
        self,
        first: int,
        values: Mapping[str, Array],
        wanted: Array,
        *,
        bands: Sequence[str],
        side: int,
        dtype: str = "<f4",
    ) -> Iterator[Batch]:
        """Yield the stamps of a chunk's rows, each row once, in the order that suits the source.

        Parameters
        ----------
        first : int
            Absolute number of the chunk's first row.
        values : mapping of str to array
            The values of `columns`, each (n, ...).
        wanted : array (n,)
            Which rows to cut, bool.
        bands : sequence of str
            In the order wanted; one that the source does not have is NaN throughout.
        side : int
            Pixels along an edge.
        dtype : str
            Of the pixels: ``<f4`` for networks, ``>f4`` for files.
        """

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Return what the stamps depend on besides the catalogue, plain JSON: it tells whether images changed."""

    def digest(self, stop: threading.Event) -> bytes:
        """Return a hash of what the stamps show, where `facts` cannot tell it; it may leave off when told to stop."""
        return b""

    @property
    def state(self) -> list[int] | None:
        """What changes when the file of the stamps does, as long as no run of ours changes it: size and time."""
        return None

    def census(self, catalogue: Catalogue, rows: tuple[int, int], side: int) -> Census:
        """Count where rows lie, and see that they can be cut.

        Parameters
        ----------
        catalogue : Catalogue
        rows : tuple of int
            First and end.
        side : int
            Pixels along an edge.

        Raises
        ------
        InputError
            When bands show an object on different pixel grids.
        """
        return Census(rows[1] - rows[0])

    def rescaled(self, scale: float, owner: str) -> Self:
        """Return the same stamps in pixels of another scale, arcsec, as ``owner`` needs them.

        Raises
        ------
        InputError
            When these are not to be resampled.
        """
        raise InputError(
            f"{owner} was trained on pixels of {scale:.4g} arcsec; these have {self.pixel_scale:.4g} arcsec",
            hint="--resample brings images to the model's pixel scale.",
        )

    def units(self) -> Stated:
        """Return by band the units that the images state; nothing of pixels that are made up."""
        return {}

    def converted(self, conversion: Conversion) -> Self:
        """Return the same stamps, files and all, in the unit of a network."""
        found = copy(self)
        found.conversion, found.notes = conversion, (*self.notes, *conversion.notes)
        return found

    @property
    def pixel_unit(self) -> str:
        """The unit that pixels are brought to: ``uJy``, or what a network was trained in."""
        return self.conversion.target if self.conversion is not None else MICROJANSKY

    def warnings(self) -> list[str]:
        """Return what went wrong so far, each thing once: files that could not be read, and how many rows it cost."""
        return []

    def check_unchanged(self) -> None:  # noqa: B027 - some read no file
        """See that no image was changed or replaced since it was first read.

        Raises
        ------
        ChangedError
            When one was.
        """

    def hurry(self) -> None:  # noqa: B027 - who waits for nobody need do nothing
        """End what others wait for: the run is over before its time."""

    def close(self) -> None:  # noqa: B027 - some hold nothing
        """Let go of files and memory."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def corner(position: Array, side: int) -> Array:
    """Return the first pixel of a stamp along one axis, int64; positions (n,) are 0-based and finite."""
    return np.floor(np.asarray(position, np.float64) - (side - 1) / 2 + 0.5).astype(np.int64)


def rest(position: Array, first: Array, side: int) -> Array:
    """Return where the object lies along one axis, less the stamp's centre; in [-0.5, 0.5)."""
    return np.asarray(position, np.float64) - first - (side - 1) / 2


def pixel_flags(pixels: Array, outside: Array | None = None) -> Array:
    """Return the flags that stamps (n, band, y, x) tell of themselves, int32 (n,).

    Parameters
    ----------
    pixels : array
        With NaN where there is no pixel, as which infinite ones count; a band without any is missing.
    outside : array (n, band), optional
        Pixels of each stamp that lie outside the images: they are NaN and count as EDGE, not as NAN_PIXELS.
    """
    size = pixels.shape[-1] * pixels.shape[-2]
    empty = _empty(pixels)
    beyond = np.zeros_like(empty) if outside is None else outside
    there = empty < size
    flags = np.zeros(len(pixels), np.int32)
    flags[(there & (beyond > 0)).any(axis=1)] |= Flag.EDGE
    flags[(there & (empty > beyond)).any(axis=1)] |= Flag.NAN_PIXELS
    flags[~there.all(axis=1)] |= Flag.MISSING_BAND
    return flags


def _empty(pixels: Array) -> Array:
    """Return how many pixels of each plane are NaN or infinite, int64 (n, band).

    Planes whose sum is a number are passed over; in a file's byte order those without an exponent of ones anywhere: a
    look at half of each pixel's bytes, several times faster than to swap them all.
    """
    counts = np.zeros(pixels.shape[:2], np.int64)
    if not pixels.size:
        return counts
    if pixels.dtype.isnative:
        with np.errstate(over="ignore", invalid="ignore"):
            odd = ~np.isfinite(pixels.sum(axis=(2, 3)))
    else:
        words = np.ascontiguousarray(pixels).view(np.uint16)
        exponent = words[..., ::2] if sys.byteorder == "little" else words[..., 1::2]
        ones = np.uint16(0x807F)
        odd = ((exponent & ones) == ones).any(axis=(2, 3))
    counts[odd] = (~np.isfinite(pixels[odd].astype(np.float32))).sum(axis=(1, 2))
    return counts


def shown(pixels: Array) -> Array:
    """Return which planes of stamps (n, band, y, x) hold any pixel, bool (n, band)."""
    middle = pixels.shape[-1] // 2
    there = np.isfinite(pixels[:, :, middle, middle])
    doubt = ~there
    there[doubt] = np.isfinite(pixels[doubt]).any(axis=(1, 2))
    return np.asarray(there)


def batch_rows(bands: int, side: int) -> int:
    """Return how many rows make a batch of at most `BATCH_BYTES`: a power of two, which a network divides evenly."""
    most = max(1, min(4096, BATCH_BYTES // (4 * bands * side * side)))
    return 1 << (most.bit_length() - 1)
