"""PixelPng: small pictures as PNG files, a byte or three a pixel, without a library of plots."""

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEVELS = 32
"""Of each colour: the eye sees no more of them in noise, and the file is half as long as with 256."""


def colours(pixels: Array) -> bytes:
    """Return a PNG of colours within 0..1, (y, x, 3), drawn with y downwards."""
    levels = np.rint(np.clip(pixels, 0, 1) * (LEVELS - 1)) * (255 / (LEVELS - 1))
    return _file(np.rint(levels).astype(np.uint8).reshape(len(pixels), -1), pixels.shape[1], 2)


def indexed(pixels: Array, palette: Array) -> bytes:
    """Return a PNG of numbers of colours, uint8 (y, x), drawn with y downwards; ``palette`` uint8 (at most 256, 3)."""
    return _file(pixels, pixels.shape[1], 3, _chunk(b"PLTE", palette.tobytes()))


def _file(lines: Array, width: int, kind: int, palette: bytes = b"") -> bytes:
    """Return the file of lines of bytes (y, byte); ``kind`` is PNG's number of what a pixel is."""
    header = struct.pack(">IIBBBBB", width, len(lines), 8, kind, 0, 0, 0)
    plain = np.pad(lines, ((0, 0), (1, 0))).tobytes()  # each line begins with 0: no filter
    body = _chunk(b"IHDR", header) + palette + _chunk(b"IDAT", zlib.compress(plain, 9)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
