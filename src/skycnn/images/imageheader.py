"""ImageHeader: what the header of an image says, read before any of its pixels."""

import os
from dataclasses import dataclass
from math import isfinite
from stat import S_ISREG

from skycnn.errors import InputError
from skycnn.files.safefile import fingerprint
from skycnn.fits import cards as fitscards
from skycnn.fits.cards import Value
from skycnn.fits.tablebytes import Hdu
from skycnn.images.archive import compression_of, plain, units
from skycnn.images.imagechoice import choose
from skycnn.images.keptcards import kept

_PRINTABLE = bytes(octet if 32 <= octet < 127 else 32 for octet in range(256))


@dataclass(frozen=True)
class ImageSpec:
    """A file name with the image that was asked for, if any: a number, EXTNAME, ``EXTNAME,EXTVER`` or ``*``."""

    path: str
    extension: str | None = None

    @property
    def label(self) -> str:
        """How messages call it."""
        return self.path if self.extension is None else f"{self.path}[{self.extension}]"


@dataclass(frozen=True)
class ImageHeader:
    """What is known of an image before a pixel of it is read.

    Parameters
    ----------
    spec : ImageSpec
        What was asked for.
    number : int
        Of the header-data unit; 0 is the primary.
    shape : tuple of int
        (ny, nx); axes of length 1 are left out.
    cards : tuple of bytes
        Only those that tell of coordinates, unit, survey and filter; the image's own where it is tile-compressed.
    kind : str
        ``plain`` or ``tiled``.
    compression : str
        Of the whole file: ``gz``, ``bz2`` or an empty string.
    start, offset, size : int
        Where the header begins, where the data begin, and the bytes of data without padding, all in the plain bytes.
    bitpix : int
        8, 16, 32, 64, -32 or -64.
    bscale, bzero : float
        The physical value is raw * BSCALE + BZERO.
    blank : int or None
        The raw integer that stands for no value.
    fingerprint : tuple of int
        Of the file when it was read; see `safefile.fingerprint`.
    """

    spec: ImageSpec
    number: int
    shape: tuple[int, int]
    cards: tuple[bytes, ...]
    kind: str
    compression: str
    start: int
    offset: int
    size: int
    bitpix: int
    bscale: float
    bzero: float
    blank: int | None
    fingerprint: tuple[int, int, int, int, int]

    @property
    def label(self) -> str:
        """How messages call it."""
        if self.spec.extension not in (None, "*"):
            return self.spec.label
        return f"{self.spec.path}[{self.number}]" if self.number else self.spec.path

    @property
    def header(self) -> dict[str, Value]:
        """Keyword to value."""
        return fitscards.values(self.cards)

    @property
    def text(self) -> str:
        """The cards joined, in printable ASCII, for WCS libraries."""
        return b"".join(self.cards).translate(_PRINTABLE).decode("ascii")


def read_headers(spec: ImageSpec, scratch: str | None = None) -> list[ImageHeader]:
    """Return the headers of the images that are meant, as `imagechoice.choose` says.

    Parameters
    ----------
    spec : ImageSpec
        What was asked for.
    scratch : str, optional
        Not needed: no more of an archive is uncompressed than the headers take.

    Raises
    ------
    InputError
        When the file is missing, unreadable, no FITS or a corrupt archive, holds no such image, or is shorter than
        the image's header says.
    """
    path = spec.path
    try:
        if os.path.isdir(path):
            raise InputError(f"{path} is a folder", expected="a FITS image")
        with open(path, "rb") as file:
            stat = os.fstat(file.fileno())
            if not S_ISREG(stat.st_mode) or stat.st_size == 0:
                what = "is empty" if S_ISREG(stat.st_mode) else "is no regular file"
                raise InputError(f"{path} {what}", expected="a FITS image")
            compression = compression_of(file)
            with plain(file, compression, path) as stream:
                images, primary = choose(units(stream, path), spec.extension, path)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    found = [header_of(spec, unit, shape, primary, compression, stat) for unit, shape in images]
    for image in found:
        there = max(0, stat.st_size - image.offset)
        if not compression and there < image.size:
            what = f"{image.label} is shorter than its header says: {image.size} bytes promised, {there} there"
            raise InputError(what, hint="Restore it from a copy.")
    return found


def header_of(
    spec: ImageSpec,
    unit: Hdu,
    shape: tuple[int, int],
    primary: tuple[bytes, ...],
    compression: str,
    stat: os.stat_result,
) -> ImageHeader:
    """Return what a header-data unit says of its image; ``shape`` is of two axes, ``primary`` the file's first cards.

    Raises
    ------
    InputError
        When BITPIX, BSCALE or BZERO is unreadable.
    """
    label, header = f"{spec.path}[{unit.number}]", unit.header
    tiled = unit.kind == "compressed image"
    bitpix = header.get("ZBITPIX" if tiled else "BITPIX")
    if bitpix not in (8, 16, 32, 64, -32, -64) or not isinstance(bitpix, int):
        raise InputError(f"{label}: BITPIX is unreadable", value=bitpix, expected="8, 16, 32, 64, -32 or -64")
    blank = header.get("BLANK", header.get("ZBLANK") if tiled else None)
    return ImageHeader(
        spec=spec,
        number=unit.number,
        shape=shape,
        cards=tuple(kept(unit, primary)),
        kind="tiled" if tiled else "plain",
        compression=compression,
        start=unit.start,
        offset=unit.data,
        size=unit.size,
        bitpix=bitpix,
        bscale=_number(header.get("BSCALE", 1.0), f"{label}: BSCALE"),
        bzero=_number(header.get("BZERO", 0.0), f"{label}: BZERO"),
        blank=blank if bitpix > 0 and isinstance(blank, int) else None,
        fingerprint=fingerprint(stat),
    )


def _number(found: Value, what: str) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not isfinite(found):
        raise InputError(f"{what} is unreadable", value=found, expected="a number")
    return float(found)
