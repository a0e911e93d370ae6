"""ImageAnswer: the file a server sent: FITS, compressed FITS, or an error message."""

import bz2
import gzip
import re
import zlib
from html import unescape
from typing import IO, cast

from skycnn.files.safefile import writing
from skycnn.fits.source import COMPRESSED
from skycnn.remote.contentcoding import PIECE
from skycnn.remote.fetcherror import FetchError, printable


def compression_of(head: bytes) -> str:
    """Return ``gz``, ``bz2`` or an empty string for FITS.

    Parameters
    ----------
    head : bytes
        The first block.

    Raises
    ------
    FetchError
        For anything else, with its title or beginning.
    """
    compression = next((name for magic, name in COMPRESSED.items() if head.startswith(magic)), "")
    if compression or head.startswith(b"SIMPLE  ="):
        return compression
    text = head.decode("utf-8", "replace")
    title = re.search(r"<title[^>]*>(.*?)<", text, re.I | re.S)
    if title or re.match(r"\s*<(!doctype|html)", text, re.I):
        raise FetchError(f"HTML, not FITS{_quoted(unescape(title[1]) if title else '')}")
    if not head:
        raise FetchError("an empty answer")
    if text.lstrip()[:40].isprintable() or b"\0" not in head[:80]:
        raise FetchError(f"text, not FITS{_quoted(text)}")
    raise FetchError("no FITS")


def _quoted(text: str) -> str:
    words = printable(text)
    return f": {words[:60]!a}" if words else ""


def uncompress(file: IO[bytes], compression: str, plain: IO[bytes], limit: int) -> None:
    """Write what is in an archive into another file.

    Parameters
    ----------
    file, plain : file
        The archive, at its beginning, and where to write.
    compression : str
        ``gz`` or ``bz2``.
    limit : int
        Bytes.

    Raises
    ------
    FetchError
        When it is corrupt or larger than the limit, as small archives may be.
    NoSpaceError, RunError
        When the file cannot be written.
    """
    archive = cast(IO[bytes], gzip.GzipFile(fileobj=file) if compression == "gz" else bz2.BZ2File(file))
    received = 0
    while True:
        try:
            piece = archive.read(PIECE)
        except (EOFError, zlib.error, OSError) as error:
            raise FetchError(f"a corrupt {compression} archive: {error}") from None
        if not piece:
            return
        received += len(piece)
        if received > limit:
            raise FetchError(f"an archive of more than {limit / 1e6:.0f} MB, the limit")
        with writing("a fetched image"):
            plain.write(piece)
