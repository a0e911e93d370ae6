"""Pixels: an open image from which stamps are cut, however it is stored; this is the door to its kinds."""

from skycnn.images.imageheader import ImageHeader
from skycnn.images.pixels import Pixels, check_unchanged
from skycnn.images.plainpixels import PlainPixels
from skycnn.images.tiledpixels import TiledPixels

__all__ = ["Pixels", "check_unchanged", "open_pixels"]


def open_pixels(header: ImageHeader, scratch: str | None = None) -> Pixels:
    """Open an image; an archive is uncompressed to an unlinked temporary file.

    Parameters
    ----------
    header : ImageHeader
        The image.
    scratch : str, optional
        Folder for the temporary file; default the system's.

    Raises
    ------
    InputError
        When it cannot be read, or is a corrupt archive or one that holds less than the header promises.
    ChangedError
        When it is no longer the file whose header was read.
    """
    return TiledPixels(header, scratch) if header.kind == "tiled" else PlainPixels(header, scratch)
