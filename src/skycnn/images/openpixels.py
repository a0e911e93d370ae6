"""open_pixels: opens an image as the `Pixels` of its storage, plain or in compressed tiles."""

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.fits.tablebytes import LIES
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
        When it cannot be read, is a corrupt or truncated archive, its header promises more than its data, or it does
        not fit into the addresses left by ``ulimit -v``.
    ChangedError
        When the file's fingerprint is no longer that of the header.
    """
    if header.kind == "tiled":
        return TiledPixels(header, scratch)
    ny, nx = header.shape
    mapped = abs(header.bitpix) // 8 * ny * nx
    if mapped > header.size:  # a map beyond the file's end kills the process
        what = f"{header.label}: BITPIX and NAXISn promise {mapped} bytes of pixels, GCOUNT {header.size}"
        raise InputError(what, expected="GCOUNT = 1", hint=LIES)
    memory.check_addresses(mapped, f"{header.label}, an image of {nx} x {ny} pixels,")
    return PlainPixels(header, scratch)
