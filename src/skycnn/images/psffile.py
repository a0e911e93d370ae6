"""PsfFile: an image of a point spread function and its scale, read from a FITS file."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.files.regular import opened
from skycnn.images.archive import check_counts

SCALES = ("PIXSCALE", "PIXELSCL", "PSFSCALE", "SECPIX")
"""Cards of the scale in arcsec, as PSF simulators and observatories write them."""

FINEST, COARSEST = 1e-4, 100.0
"""arcsec a pixel; beyond, no telescope."""

HINT = "Write the scale into its header: PIXSCALE = 0.02, in arcsec."

WIDEST = 513
"""Most pixels along an edge: the transfer function is a sum over all of them."""

SQUARE = 1.05
"""Largest ratio of the scales along the axes."""


def read(path: str, extension: str | None = None) -> tuple[NDArray[np.float64], float]:
    """Return the pixels (y, x) of a file's first image, or of the extension, and their scale in arcsec.

    Parameters
    ----------
    path : str
        FITS, also compressed.
    extension : str, optional
        Number or EXTNAME of the image.

    Raises
    ------
    InputError
        When the file cannot be read, holds no such image or one too large, or has no scale.
    """
    from astropy.io import fits

    with (
        understood(f"{path} cannot be read", "Verify it with fitsverify."),
        opened(path, "a FITS image") as stream,  # given a path, astropy leaves a damaged file open
    ):
        check_counts(stream, path)
        with fits.open(stream, memmap=False) as file:
            pixels, header = _image(file, path, extension)
            scale = _scale(header, pixels.shape, path)
    if scale is None:
        raise InputError(
            f"{path} does not tell the scale of its pixels", expected=" or ".join((*SCALES, "a WCS")), hint=HINT
        )
    if not FINEST <= scale <= COARSEST:
        what = f"{path} tells a scale that no image of a PSF has: {scale:.4g} arcsec a pixel"
        raise InputError(what, expected=f"{FINEST:g} to {COARSEST:g}", hint=HINT)
    if not np.isfinite(pixels).all() or not 0 < pixels.sum() < np.inf:
        raise InputError(f"{path} is no image of a PSF", expected="finite pixels of a positive sum")
    return pixels, scale


@contextmanager
def understood(what: str, hint: str) -> Iterator[None]:
    """Turn astropy's errors, of any class on a damaged file, into one line, and silence its warnings."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{what}: {error.strerror or 'it is no FITS file'}") from error
    except Exception as error:
        reason = re.sub(r"ERROR \d+ in [^:]*:", "\n", " ".join(str(error).split())).strip().split("\n")[0]  # wcslib's
        why = "" if isinstance(error, KeyError) else f" ({reason.strip(' .')[:100]})"
        raise InputError(f"{what}: it is no valid FITS{why}", hint=hint) from error


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
        shape = [size for size in unit.shape if size > 1] if unit.is_image else []
        if len(shape) != 2:
            continue
        if max(shape) > WIDEST:
            what = f"{path} holds an image of {shape[1]}x{shape[0]} pixels"
            raise InputError(
                what, expected=f"a PSF of at most {WIDEST} pixels along an edge", hint="Cut its edges off."
            )
        return np.asarray(unit.data, np.float64).reshape(shape), unit.header
    raise InputError(f"{path} holds no image of two axes, as a PSF has")


def _scale(header: Any, shape: tuple[int, ...], path: str) -> float | None:
    """Return the scale of a header, arcsec, by a card of `SCALES`, else the WCS."""
    for name in SCALES:
        value = header.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            return float(value)
    if not any(name in header for name in ("CTYPE1", "CTYPE2")):
        return None
    from skycnn.images.imagewcs import ImageWcs

    text = header.tostring(sep="", endcard=False, padding=False)
    try:
        scales = ImageWcs(text, (shape[0], shape[1]), path).sides
    except InputError as error:
        what = f"the WCS of {path} cannot be read: {error.what.removeprefix(f'{path}: ')}"
        raise InputError(what, value=error.value, expected=error.expected, hint=HINT) from None
    if not max(scales) <= SQUARE * min(scales):
        what = f"{path} has pixels that are not square: {scales[0]:.4g} by {scales[1]:.4g} arcsec"
        raise InputError(what, hint=HINT)
    return float(np.sqrt(scales[0] * scales[1]))
