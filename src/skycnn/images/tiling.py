"""Tiling: the tiles of a compressed image by its header - their size, their codec, and the memory that one takes."""

from collections.abc import Mapping
from dataclasses import dataclass

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.fits.cards import Value, integer
from skycnn.fits.stamplayout import planecodec
from skycnn.images.imagechoice import image_axes
from skycnn.images.tilecodec import ALLOWED, DITHER, METHODS, OPTIONS, Codec

_EDGE = 128
"""Least pixels along the edge of a block: two stamps of 64; rows of tiles serve strips of stamps."""
_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class Tiling:
    """The tiles of an image.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx) of a tile; smaller at the image's upper edges.
    grid : tuple of int
        Tiles along y and x.
    block : tuple of int
        Tiles along y and x that are decoded at once.
    codec : Codec
    quantised : bool
        Whether floats are stored as integers.
    need : int
        Bytes of memory that a block takes while it is decoded.
    """

    shape: tuple[int, int]
    grid: tuple[int, int]
    block: tuple[int, int]
    codec: Codec
    quantised: bool
    need: int


def read(header: Mapping[str, Value], image: tuple[int, int], bitpix: int, label: str) -> Tiling:
    """Return the tiling of a header.

    Parameters
    ----------
    header : mapping
        Keyword to value: ``Z`` cards and TTYPEn.
    image : tuple of int
        (ny, nx) of the image.
    bitpix : int
        ZBITPIX.
    label : str
        Names the image in messages.

    Raises
    ------
    InputError
        When a card is unreadable, or a tile is larger than memory, or than its codec can decode.
    """
    axes = [number for number, _ in image_axes(header, "Z", label)]
    default = (image[1], 1)
    tile = [integer(header, f"ZTILE{axis}", label, default[i]) for i, axis in enumerate(axes)]
    if min(tile) < 1:
        raise InputError(f"{label}: its tiles have no size", value=tile, expected="ZTILEn of 1 or more")
    high, wide = min(tile[1], image[0]), min(tile[0], image[1])
    across = max(1, _EDGE // wide)
    down = max(1, min(_EDGE // high, _BLOCK_BYTES // (4 * high * wide * across)))
    types = [value for name, value in header.items() if name.startswith("TTYPE")]
    quantised = bitpix < 0 and ("ZSCALE" in header or "ZSCALE" in [str(value).strip().upper() for value in types])
    codec = _codec(header, bitpix, label)
    what = f"{label}: a tile of {wide} x {high} pixels"
    if high * wide > codec.most:
        hint = "Uncompress the image with funpack, or into smaller tiles: fpack -t 500,500"
        raise InputError(f"{what} is too large for {codec.method}", expected=f"at most {codec.most} pixels", hint=hint)
    need = 4 * high * wide * across * down + codec.need(high * wide, quantised)
    memory.check(need, what)
    return Tiling((high, wide), (-(-image[0] // high), -(-image[1] // wide)), (down, across), codec, quantised, need)


def _codec(header: Mapping[str, Value], bitpix: int, label: str) -> Codec:
    method = str(header.get("ZCMPTYPE", "")).strip().upper()
    dither = str(header.get("ZQUANTIZ") or "NO_DITHER").strip().upper()
    if method not in METHODS or dither not in DITHER:
        what = f"{label} is compressed by ZCMPTYPE = {method!r}, quantised by ZQUANTIZ = {dither!r}"
        raise InputError(what, expected=", ".join(METHODS), hint="funpack or another version may read it.")
    options = dict(OPTIONS)
    for i in range(1, 100):
        if f"ZNAME{i}" not in header:
            break
        name = str(header[f"ZNAME{i}"]).strip().upper()
        if name in OPTIONS:
            options[name] = integer(header, f"ZVAL{i}", label)
            if options[name] not in ALLOWED[name]:
                what = f"{label}: ZVAL{i}, the {name} of its compression, makes no sense"
                raise InputError(what, value=options[name])
    return Codec(method, bitpix, options, dither, planecodec.seed(header, label))
