"""TileBytes: the bytes of one compressed tile, RICE or gzip, to its raw values, and no more than the tile can hold.

The C decoder of RICE is astropy's and does not check bounds: padding ends every loop, so that corrupt bytes do no harm.
"""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MOST_BYTES = 2**31 - 1
"""The C decoders count bytes by an int."""

_CODE_BITS = {1: 3, 2: 4, 4: 5}
"""Bits of the least that RICE writes for a block, by bytes a value (White & Becker 1998)."""

INFLATES = 1032
"""Most bytes that gzip makes of one (zlib.net, technical details); RICE makes at most 205."""

_FEED = 16 << 10
"""Compressed bytes fed at a time."""


class TileError(ValueError):
    """A tile cannot be decoded."""


def unriced(octets: Array, block: int, item: int, count: int) -> Array:
    """Return ``count`` values of 1, 2 or 4 bytes (``item``), native, from RICE in blocks of ``block``.

    Raises
    ------
    TileError
        When the bytes are corrupt, or too few for so many values: nothing is allocated then.
    """
    from astropy.io.fits.hdu.compressed._compression import CfitsioException, decompress_rice_1_c

    if len(octets) < item + -(-count // block) * _CODE_BITS[item] // 8:
        raise TileError(f"{len(octets)} bytes of RICE are too few for {count} values")
    if count * item > MOST_BYTES:
        raise TileError(f"{count} values are too many for one tile")
    padded = np.full(len(octets) + 8 * block + 64, 255, np.uint8)  # ends a run of zero bits, and a block
    padded[: len(octets)] = octets
    try:
        decoded = decompress_rice_1_c(padded[: len(octets)], block, item, count)
    except (CfitsioException, SystemError) as error:
        raise TileError(str(error)) from None
    return np.frombuffer(decoded, "u1" if item == 1 else f"i{item}")


def inflated(octets: "bytes | memoryview", most: int) -> Array:
    """Return the bytes of a gzip stream, uint8, at most ``most``; memory grows with what is there, not with a promise.

    Raises
    ------
    TileError
        When the stream is corrupt, cut off or longer.
    """
    archive = zlib.decompressobj(wbits=47)
    plain = bytearray()
    try:
        for at in range(0, len(octets), _FEED):
            plain += archive.decompress(octets[at : at + _FEED], most + 1 - len(plain))
            if archive.eof or len(plain) > most:
                break
    except zlib.error as error:
        raise TileError(str(error)) from None
    if len(plain) > most:
        raise TileError(f"a gzip stream holds more than the {most} bytes of its tile")
    if not archive.eof:
        raise TileError("a gzip stream is cut off")
    return np.frombuffer(plain, np.uint8)


def unshuffled(plain: Array, item: int) -> Array:
    """Return bytes of GZIP_2, where those of the same significance stand together, value by value."""
    return np.ascontiguousarray(plain.reshape(item, -1).T).reshape(-1)
