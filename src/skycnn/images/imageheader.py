"""ImageHeader: what the header of an image says, and its file's fingerprint."""

import os
import re
from dataclasses import dataclass

from skycnn.errors import InputError
from skycnn.files.regular import opened
from skycnn.files.safefile import fingerprint
from skycnn.fits import cards as fitscards
from skycnn.fits.cards import Value
from skycnn.fits.tablebytes import Hdu
from skycnn.images import tiling
from skycnn.images.archive import compression_of, plain, units
from skycnn.images.imagechoice import choose
from skycnn.images.keptcards import kept

_TILES = re.compile(rb"Z|TTYPE\d")
_VALUES = re.compile(rb"Z?BLANK|BSCALE|BZERO|ZSCALE|ZZERO|BUNIT")
_PRINTABLE = bytes(octet if 32 <= octet < 127 else 32 for octet in range(256))

SMALLEST, LARGEST = 1e-40, 1e38
"""Least BSCALE, and largest BSCALE and BZERO, of pixels in float32."""


@dataclass(frozen=True)
class ImageSpec:
    """A file and which of its images.

    Parameters
    ----------
    path : str
    extension : str, optional
        A number, EXTNAME, ``EXTNAME,EXTVER``, ``*`` for all, None for the default.
    bits : str, optional
        Of a mask, the bits that count, as typed; see `maskbits`.
    """

    path: str
    extension: str | None = None
    bits: str | None = None

    @property
    def label(self) -> str:
        """Its name in messages."""
        return self.path if self.extension is None else f"{self.path}[{self.extension}]"


@dataclass(frozen=True)
class ImageHeader:
    """The header of one image.

    Parameters
    ----------
    spec : ImageSpec
        The file.
    number : int
        Of the HDU; 0 is the primary.
    shape : tuple of int
        (ny, nx); axes of length 1 are left out.
    cards : tuple of bytes
        Those of coordinates, unit, survey and filter; of the uncompressed image where it is tile-compressed.
    kind : str
        ``plain`` or ``tiled``.
    compression : str
        Of the whole file: ``gz``, ``bz2`` or empty.
    start, offset, size : int
        Bytes where the header and the data begin, and of the data without padding; in the uncompressed file.
    bitpix : int
        8, 16, 32, 64, -32 or -64.
    bscale, bzero : float
        Physical value = raw * BSCALE + BZERO.
    blank : int or None
        Raw value of undefined pixels; of quantised ones where the image is compressed.
    fingerprint : tuple of int
        Of the file when it was read; see `safefile.fingerprint`.
    bits : int or None
        Of a mask, the bits that count: pixels read 1 where one of them is set, else 0.
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
    fingerprint: tuple[int, int, int, int]
    bits: int | None = None

    @property
    def label(self) -> str:
        """Its name in messages."""
        if self.spec.extension not in (None, "*"):
            return self.spec.label
        return f"{self.spec.path}[{self.number}]" if self.number else self.spec.path

    @property
    def header(self) -> dict[str, Value]:
        """The cards as keyword to value."""
        return fitscards.values(self.cards)

    @property
    def text(self) -> str:
        """The cards joined, in printable ASCII, for WCS libraries."""
        return b"".join(self.cards).translate(_PRINTABLE).decode("ascii")


def read_headers(spec: ImageSpec) -> list[ImageHeader]:
    """Return the headers of a file's images that `imagechoice.choose` selects; archives are read no further.

    Parameters
    ----------
    spec : ImageSpec
        The file.

    Raises
    ------
    InputError
        When the file is missing, unreadable, no FITS, a corrupt archive or truncated, or holds no such image.
    """
    path = spec.path
    try:
        with opened(path, "a FITS image") as file:
            stat = os.fstat(file.fileno())
            compression = compression_of(file)
            with plain(file, compression, path) as stream:
                images, primary = choose(units(stream, path), spec.extension, path)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    return [header_of(spec, unit, shape, primary, compression, stat) for unit, shape in images]


def header_of(
    spec: ImageSpec,
    unit: Hdu,
    shape: tuple[int, int],
    primary: tuple[bytes, ...],
    compression: str,
    stat: os.stat_result,
) -> ImageHeader:
    """Return the header of an HDU's image of ``shape`` (ny, nx); ``primary`` are the cards of the file's first HDU.

    Raises
    ------
    InputError
        When BITPIX, BSCALE, BZERO, BLANK or ZBLANK is unreadable, an uncompressed file is truncated, or a tile makes no
        sense or is larger than memory.
    """
    label, header = f"{spec.path}[{unit.number}]", unit.header
    tiled = unit.kind == "compressed image"
    fitscards.check_clear(unit.cards, _VALUES, label)
    bitpix = header.get("ZBITPIX" if tiled else "BITPIX")
    if bitpix not in (8, 16, 32, 64, -32, -64) or not isinstance(bitpix, int):
        raise InputError(f"{label}: BITPIX is unreadable", value=bitpix, expected="8, 16, 32, 64, -32 or -64")
    if tiled:
        tiling.read(fitscards.values(card for card in unit.cards if _TILES.match(card)), shape, bitpix, label)
    blank = _undefined(unit, "ZBLANK", label) if tiled else None
    if blank is None and bitpix > 0:
        blank = _undefined(unit, "BLANK", label)
    bscale = _number(header.get("BSCALE", 1.0), f"{label}: BSCALE")
    if abs(bscale) < SMALLEST:
        raise InputError(f"{label}: BSCALE makes all pixels alike", value=bscale, expected=f"{SMALLEST:g} or more")
    image = ImageHeader(
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
        bscale=bscale,
        bzero=_number(header.get("BZERO", 0.0), f"{label}: BZERO"),
        blank=blank,
        fingerprint=fingerprint(stat),
    )
    present = max(0, stat.st_size - image.offset)
    if not compression and present < image.size:
        what = f"{image.label} is shorter than its header says: {image.size} bytes promised, {present} there"
        raise InputError(what, hint="Restore it from a copy.")
    return image


def _number(value: Value, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise InputError(f"{what} is unreadable", value=value, expected="a number")
    return float(value)


def _undefined(unit: Hdu, name: str, label: str) -> int | None:
    """Return the raw value of undefined pixels in a card, in any spelling of a whole number; None without a value."""
    card = next((card for card in unit.cards if card[:10] == name.ljust(8).encode() + b"= "), None)
    if card is None or not card[10:].partition(b"/")[0].strip():
        return None
    value = fitscards.value(card)
    if isinstance(value, str):
        value = fitscards.value(b" " * 10 + value.encode("latin-1"))
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    text = card[10:].decode("latin-1").strip()
    raise InputError(f"{label}: {name} is unreadable", value=text, expected="a whole number")
