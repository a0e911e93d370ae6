"""PlainBytes: the bytes of one image, in its file or, from an archive, in an uncompressed temporary copy."""

import os
from typing import IO

from skycnn.errors import ChangedError, InputError
from skycnn.files import safefile
from skycnn.files.regular import opened
from skycnn.files.safefile import fingerprint
from skycnn.images.archive import plain
from skycnn.images.imageheader import ImageHeader

_PIECE = 1 << 20


def open_bytes(header: ImageHeader, scratch: str | None = None) -> tuple[IO[bytes], int]:
    """Return an open file and the offset of the image's header in it; data follow at the distance in ``header``.

    Parameters
    ----------
    header : ImageHeader
        The image.
    scratch : str, optional
        Folder for the unlinked copy from an archive; default the system's.

    Raises
    ------
    InputError
        When the file cannot be opened, or is a corrupt or truncated archive.
    ChangedError
        When the fingerprint is not that of the header.
    NoSpaceError
        When the copy does not fit.
    """
    path = header.spec.path
    try:
        file = opened(path, "a FITS image", buffering=0)  # the caller closes it
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    try:
        if fingerprint(os.fstat(file.fileno())) != header.fingerprint:
            raise ChangedError(f"{header.label} was changed or replaced during the run", hint="Run again.")
        if not header.compression:
            return file, header.start
        copy = safefile.scratch(scratch)
        with safefile.kept(copy):
            _extract(file, header, copy)
    except BaseException:
        file.close()
        raise
    file.close()
    return copy, 0


def _extract(file: IO[bytes], header: ImageHeader, copy: IO[bytes]) -> None:
    """Copy the image's header and data, nothing else."""
    left = header.offset + header.size - header.start
    with plain(file, header.compression, header.spec.path) as stream:
        stream.seek(header.start)
        while left:
            piece = stream.read(min(_PIECE, left))
            if not piece:
                what = f"{header.label} is shorter than its header says: {left} bytes are missing in the archive"
                raise InputError(what, hint="Restore it from a copy.")
            copy.write(piece)
            left -= len(piece)
    copy.flush()
