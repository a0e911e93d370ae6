"""FrameFile: an image of the sky in microjansky, read whole."""

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.images import pixelunit
from skycnn.images.psffile import understood

_COPIES = 20
"""Bytes of memory a pixel while it is read: decoded, as float64, and as float32 twice."""


def read(path: str, extension: str | None = None) -> NDArray[np.float32]:
    """Return the pixels (y, x) of the first image in a file, or of the one named, microjansky; NaN where there is none.

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
    from astropy.io import fits

    with (
        understood(f"{path} cannot be read", "Verify it with fitsverify."),
        open(path, "rb") as stream,
        fits.open(stream, memmap=False) as file,
    ):
        unit = _image(file, path, extension)
        memory.check(_COPIES * prod(unit.shape), f"{path}: an image of {unit.shape[1]} x {unit.shape[0]} pixels")
        pixels, text = np.array(unit.data, np.float32), pixelunit.bunit(unit.header.get("BUNIT"))
    found, needed = pixelunit.read(text), pixelunit.read("uJy")
    factor = found.factor_to(needed) if found and needed else None
    if factor is None:
        what = f"{path} has pixels in no unit that can be brought to microjansky"
        raise InputError(what, value=text, expected="BUNIT = 'uJy' or another unit of flux")
    pixelunit.multiply(pixels, factor)
    return pixels


def _image(file: Any, path: str, extension: str | None) -> Any:
    """Return the HDU of the image."""
    for number, unit in enumerate(file):
        if extension is None or extension in (str(number), unit.name):
            if unit.is_image and len(unit.shape) == 2:
                return unit
            if extension is not None:
                break
    what = f"{path} holds no image of two axes" if extension is None else f"{path} has no image {extension}"
    raise InputError(what)
