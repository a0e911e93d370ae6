"""PsfFile: an image of a point spread function and its scale, read from a FITS file."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError

SCALES = ("PIXSCALE", "PIXELSCL", "PSFSCALE", "SECPIX")
"""Cards of the scale in arcsec, as simulators of PSFs and observatories write them."""


def read(path: str, extension: str | None = None) -> tuple[NDArray[np.float64], float]:
    """Return the pixels (y, x) of the first image in a file, or of the one named, and their scale in arcsec.

    Parameters
    ----------
    path : str
        A FITS file, also compressed.
    extension : str, optional
        Number or EXTNAME of the image.

    Raises
    ------
    InputError
        When the file cannot be read, holds no such image, or does not tell its scale.
    """
    from astropy.io import fits

    try:
        with fits.open(path, memmap=False) as file:
            pixels, header = _image(file, path, extension)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or 'it is no FITS file'}") from error
    scale = _scale(header)
    if scale is None:
        hint = "Write the scale into its header: PIXSCALE = 0.02, in arcsec."
        raise InputError(
            f"{path} does not tell the scale of its pixels", expected=" or ".join((*SCALES, "a WCS")), hint=hint
        )
    if not np.isfinite(pixels).all() or not pixels.sum() > 0:
        raise InputError(f"{path} is no image of a PSF", expected="finite pixels of a positive sum")
    return pixels, scale


def _image(file: Any, path: str, extension: str | None) -> tuple[NDArray[np.float64], Any]:
    if extension is not None:
        key: int | str = int(extension) if extension.isdecimal() else extension
        try:
            units = [file[key]]
        except (KeyError, IndexError) as error:
            raise InputError(
                f"{path} has no HDU {extension}", expected=f"a number below {len(file)} or a name"
            ) from error
    else:
        units = list(file)
    for unit in units:
        if unit.is_image and unit.data is not None:
            pixels = np.asarray(unit.data, np.float64).squeeze()
            if pixels.ndim == 2:
                return pixels, unit.header
    raise InputError(f"{path} holds no image of two axes, as a PSF has")


def _scale(header: Any) -> float | None:
    """Return the scale that a header tells, arcsec; by a card of its own or by the WCS."""
    from astropy.wcs import WCS
    from astropy.wcs.utils import proj_plane_pixel_scales

    for name in SCALES:
        value = header.get(name)
        if isinstance(value, (int, float)) and value > 0:
            return float(value)
    if not any(name in header for name in ("CD1_1", "CDELT1", "PC1_1")):
        return None
    scales = proj_plane_pixel_scales(WCS(header, naxis=2).celestial) * 3600
    return float(np.sqrt(scales.prod())) if len(scales) == 2 else None
