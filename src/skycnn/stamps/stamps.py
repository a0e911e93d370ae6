"""Stamps: float32 (n, band, y, x) centred on catalogue rows, as a stream of batches: the interface of all sources.

A stamp of side S has its centre at (S - 1)/2, 0-based, whether S is odd or even. Its first pixel is
``x0 = floor(x - (S - 1)/2 + 0.5)``, and the rest, ``x - x0 - (S - 1)/2``, lies in [-0.5, 0.5).
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
from skycnn.images.pixelunit import MICROJANSKY, Conversion, Units
from skycnn.schema import Flag

Array = NDArray[Any]

BATCH_BYTES = 16 << 20
"""Most bytes of pixels in a batch: enough to keep a network busy, few enough for memory."""


@dataclass(frozen=True)
class Batch:
    """Stamps of some rows.

    Parameters
    ----------
    rows : array (b,)
        Indices of the rows within the chunk, in the order cut.
    pixels : array (b, band, side, side)
        float32, NaN where undefined.
    rests : array (b, band, 2)
        DX and DY of each band: position less the stamp's centre; NaN where the band does not show it.
    flags : array (b,)
        int32, bits of `Flag`.
    """

    rows: Array
    pixels: Array
    rests: Array
    flags: Array


@dataclass(frozen=True)
class Census:
    """Rows counted by image, before any pixel is read.

    Parameters
    ----------
    rows : int
        All.
    nowhere : int
        On no image of any band.
    unplaced : int
        Without a position.
    images : mapping of str to int
        Rows by image label; empty where unknown beforehand.
    visits : int
        Images met, summed over chunks of rows: many more than the images where the row order hops between them.
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
        Of the source, in its order.
    side : int or None
        Pixels along a stamp's edge; None where any size can be cut.
    pixel_scale : float or None
        arcsec; None where unknown.
    columns : tuple of str
        Catalogue columns it reads.
    notes : tuple of str
        Assumptions, one line each, for the user.
    chunk : int or None
        Rows best answered at once; None for the usual number.
    named_units : mapping of str to str
        Band to the user's unit of its pixels; ``*`` for all.
    conversion : Conversion or None
        Applied to the pixels; None where they stay as they are.
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
        """Yield the stamps of a chunk's rows, each row once, in the source's order.

        Parameters
        ----------
        first : int
            Number of the chunk's first row in the catalogue.
        values : mapping of str to array
            `columns` by name, each (n, ...).
        wanted : array (n,)
            Rows to cut, bool.
        bands : sequence of str
            Of the planes, in this order; NaN for bands that the source lacks.
        side : int
            Pixels along an edge.
        dtype : str
            Of the pixels: ``<f4`` for networks, ``>f4`` for files.
        """

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Return what the stamps depend on beside the catalogue, plain JSON: it differs when images changed."""

    def wcs(self, side: int) -> dict[str, Any]:
        """Return the cards of the world coordinates of stamps of this side, where all stamps share some; else none."""
        return {}

    def digest(self, stop: threading.Event) -> bytes:
        """Return a hash of the pixels where `facts` has none; it may end early once ``stop`` is set."""
        return b""

    @property
    def state(self) -> list[int] | None:
        """Size and mtime of the stamps' file, None where a run of ours may change them."""
        return None

    def census(self, catalogue: Catalogue, rows: tuple[int, int], side: int) -> Census:
        """Count rows by image, and check that they can be cut.

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

    def rescaled(self, scale: float, owner: str) -> "Stamps":
        """Return the same stamps in pixels of ``scale`` arcsec, for the model ``owner``.

        Raises
        ------
        InputError
            When they may not be resampled.
        """
        raise InputError(
            f"{owner} was trained on pixels of {scale:.4g} arcsec; these have {self.pixel_scale:.4g} arcsec",
            hint="--resample brings images to the model's pixel scale.",
        )

    def units(self) -> Units:
        """Return by band the units in the images' headers; empty for simulated pixels."""
        return {}

    @property
    def unit_scale(self) -> float | None:
        """The pixel scale by which a surface brightness becomes a flux a pixel, arcsec; None where images differ."""
        return None

    def converted(self, conversion: Conversion) -> Self:
        """Return the same stamps in the unit of a network; files are shared."""
        stamps = copy(self)
        stamps.conversion, stamps.notes = conversion, (*self.notes, *conversion.notes)
        return stamps

    @property
    def pixel_unit(self) -> str:
        """The unit after conversion: ``uJy``, or the one that a network was trained in."""
        return self.conversion.target if self.conversion is not None else MICROJANSKY

    def warnings(self) -> list[str]:
        """Return the files that could not be read so far, and how many rows miss them."""
        return []

    def check_unchanged(self) -> None:  # noqa: B027 - some read no file
        """Check that no image was changed or replaced since it was first read.

        Raises
        ------
        ChangedError
            When one was.
        """

    def hurry(self) -> None:  # noqa: B027 - some never wait
        """End waiting fetches: the run was interrupted."""

    def close(self) -> None:  # noqa: B027 - some hold nothing
        """Close files and free memory."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def corner(position: Array, side: int) -> Array:
    """Return the first pixel of a stamp along one axis, int64; positions (n,) are 0-based and finite."""
    return np.floor(np.asarray(position, np.float64) - (side - 1) / 2 + 0.5).astype(np.int64)


def covered(first: Array, size: int, side: int) -> Array:
    """Return how many pixels of stamps along one axis lie on an image of ``size`` pixels, int64 (n,)."""
    return np.asarray(np.clip(first + side, 0, size) - np.clip(first, 0, size))


def rest(position: Array, first: Array, side: int) -> Array:
    """Return position less the stamp's centre along one axis, in [-0.5, 0.5)."""
    return np.asarray(position, np.float64) - first - (side - 1) / 2


def pixel_flags(pixels: Array, outside: Array | None = None) -> Array:
    """Return the flags that follow from the pixels of stamps (n, band, y, x), int32 (n,).

    Parameters
    ----------
    pixels : array
        NaN or infinite where undefined; a band with nothing else is missing.
    outside : array (n, band), optional
        Pixels of each stamp outside the images, NaN too: they count as EDGE, not as NAN_PIXELS.
    """
    size = pixels.shape[-1] * pixels.shape[-2]
    empty = _empty(pixels)
    beyond = np.zeros_like(empty) if outside is None else outside
    present = empty < size
    flags = np.zeros(len(pixels), np.int32)
    flags[(present & (beyond > 0)).any(axis=1)] |= Flag.EDGE
    flags[(present & (empty > beyond)).any(axis=1)] |= Flag.NAN_PIXELS
    flags[~present.all(axis=1)] |= Flag.MISSING_BAND
    return flags


def _empty(pixels: Array) -> Array:
    """Return how many pixels of each plane are NaN or infinite, int64 (n, band).

    Planes with a finite sum are skipped; in a file's byte order those without an exponent of all ones, which needs
    half of each pixel's bytes and is several times faster than swapping them.
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
    """Return which planes of stamps (n, band, y, x) have any finite pixel, bool (n, band)."""
    middle = pixels.shape[-1] // 2
    finite = np.isfinite(pixels[:, :, middle, middle])
    doubt = ~finite
    finite[doubt] = np.isfinite(pixels[doubt]).any(axis=(1, 2))
    return np.asarray(finite)


def flat(pixels: Array) -> Array:
    """Return which planes of stamps (n, band, y, x) are of one value, bool (n, band), as where a survey was not.

    Sky has noise and a galaxy has a shape: such a plane shows nothing, and zero is what many write for none.
    """
    middle = pixels.shape[-1] // 2
    some = pixels[:, :, [0, middle, -1], [0, middle, -1]]  # of most planes these differ, and few are looked at whole
    found = np.asarray((some == some[:, :, :1]).all(axis=2) | ~np.isfinite(some).all(axis=2))
    if found.any() and middle:  # one pixel has no shape
        doubt = pixels[found]
        found[found] = np.fmin.reduce(doubt, axis=(1, 2)) == np.fmax.reduce(doubt, axis=(1, 2))
    return np.asarray(found & (middle > 0))


def batch_rows(bands: int, side: int) -> int:
    """Return the rows of a batch of at most `BATCH_BYTES`: a power of two, which batch sizes of networks divide."""
    most = max(1, min(4096, BATCH_BYTES // (4 * bands * side * side)))
    return 1 << (most.bit_length() - 1)
