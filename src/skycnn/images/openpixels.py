"""open_pixels: opens an image as the `Pixels` of its storage, plain or in compressed tiles."""

from skycnn.images.imageheader import ImageHeader
from skycnn.images.pixels import Pixels
from skycnn.images.plainpixels import PlainPixels
from skycnn.images.tiledpixels import TiledPixels


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
        When it cannot be read, or is a corrupt or truncated archive.
    ChangedError
        When the file's fingerprint is no longer that of the header.
    """
    return TiledPixels(header, scratch) if header.kind == "tiled" else PlainPixels(header, scratch)
