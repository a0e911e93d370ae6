"""FrameFile: an image of the sky in microjansky, read whole."""

import hashlib
import os
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.images import pixelunit
from skycnn.images.imageheader import ImageHeader, ImageSpec, read_headers
from skycnn.images.imagewcs import ImageWcs
from skycnn.images.openpixels import open_pixels

_SKY = re.compile(r"\s*(RA|DEC|[A-Z]{1,2}L[ONAT]{1,2})\b", re.IGNORECASE)
"""A CTYPE of the celestial sphere: RA---TAN, GLON-CAR."""

_COPIES = 12
"""Bytes of memory a pixel: as stamps side by side, joined, and multiplied."""


@dataclass(frozen=True)
class Frame:
    """An image of the sky.

    Parameters
    ----------
    header : ImageHeader
    pixels : array (y, x)
        float32, microjansky; NaN where there is none.
    """

    header: ImageHeader
    pixels: NDArray[np.float32]

    @property
    def label(self) -> str:
        """Its name in messages."""
        return self.header.label

    @property
    def facts(self) -> dict[str, str]:
        """The file's name without its folder, and SHA-256 of the pixels in microjansky, big-endian, row after row."""
        digest = hashlib.sha256(self.pixels.astype(">f4").tobytes()).hexdigest()
        return {"file": os.path.basename(self.label), "sha256": digest}

    @property
    def placed(self) -> bool:
        """Whether the header tells, rightly or wrongly, where on the sky the image lies."""
        return any(_SKY.match(str(self.header.header.get(name, ""))) for name in ("CTYPE1", "CTYPE2"))

    @cached_property
    def wcs(self) -> ImageWcs:
        """Its world coordinates.

        Raises
        ------
        InputError
            When it has none that make sense.
        """
        return ImageWcs(self.header.text, self.header.shape, self.label)


def read(path: str, extension: str | None = None) -> Frame:
    """Return the first image in a file, or the one named, in microjansky.

    Parameters
    ----------
    path : str
        A FITS file, also compressed.
    extension : str, optional
        Number or EXTNAME of the image.

    Raises
    ------
    InputError
        When the file cannot be read, holds no such image or one larger than memory, or its BUNIT is no unit of flux.
    """
    header = read_headers(ImageSpec(path, extension or "*"))[0]
    text = pixelunit.bunit(header.header.get("BUNIT"))
    found, needed = pixelunit.read(text), pixelunit.read("uJy")
    factor = found.factor_to(needed) if found and needed else None
    if factor is None:
        what = f"{path} has pixels in no unit that can be brought to microjansky"
        raise InputError(what, value=text, expected="BUNIT = 'uJy' or another unit of flux")
    pixels = _whole(header)
    pixelunit.multiply(pixels, factor)
    return Frame(header, pixels)


def _whole(header: ImageHeader) -> NDArray[np.float32]:
    """Return all pixels of an image, cut as squares of its shorter side."""
    ny, nx = header.shape
    memory.check(_COPIES * ny * nx, f"{header.label}: an image of {nx} x {ny} pixels")
    side, first = min(ny, nx), np.arange(0, max(ny, nx), min(ny, nx))
    none = np.zeros(len(first), np.int64)
    squares = np.empty((len(first), side, side), np.float32)
    with open_pixels(header) as pixels:
        broken = pixels.cut(*((first, none) if ny == side else (none, first)), side, squares)
    if broken.any():
        raise InputError(f"{header.label} holds tiles that cannot be decoded", hint="Restore it from a copy.")
    return np.concatenate(list(squares), axis=1 if ny == side else 0)[:ny, :nx].copy()
