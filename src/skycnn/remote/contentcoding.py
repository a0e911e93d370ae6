"""ContentCoding: what a server packed an answer in (RFC 9110, 8.4), taken off piece by piece, never more at once."""

import zlib
from collections.abc import Iterable, Iterator

from skycnn.remote.fetcherror import FetchError

PIECE = 1 << 16
"""Bytes handed on at once, however small the archive that they come from."""

MOST = 3
"""Codings one upon another; no server needs two."""

_ALIASES = {"x-gzip": "gzip"}
_AS_IT_IS = ("", "identity")


def codings(header: str) -> list[str]:
    """Return the codings of a header, in the order in which they were put on.

    Parameters
    ----------
    header : str
        ``Content-Encoding``, e.g. ``gzip``; several are separated by commas.

    Raises
    ------
    FetchError
        When one is none that can be taken off, or there are too many.
    """
    names = [name for part in header.split(",") if (name := part.strip().lower()) not in _AS_IT_IS]
    names = [_ALIASES.get(name, name) for name in names]
    for name in names:
        if name not in ("gzip", "deflate"):
            raise FetchError(f"its Content-Encoding is {name[:40]}, which was not asked for and cannot be read")
    if len(names) > MOST:
        raise FetchError(f"its Content-Encoding names {len(names)} codings; {MOST} are read")
    return names


def decoded(pieces: Iterable[bytes], names: list[str]) -> Iterator[bytes]:
    """Yield the bytes without their codings, at most `PIECE` at once.

    Parameters
    ----------
    pieces : iterable of bytes
        The body as it comes.
    names : list of str
        See `codings`.

    Raises
    ------
    FetchError
        When they are not in the coding that the server says, or end too early.
    """
    found = iter(pieces)
    for name in reversed(names):
        found = _unpacked(found, name)
    return found


def _unpacked(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    unpacker, head = None, b""
    for piece in pieces:
        rest = head + piece
        while rest:
            if unpacker is None:
                rest = rest.lstrip(b"\0") if name == "gzip" else rest  # archives may be padded
                if len(rest) < 2:  # two bytes tell of which kind it is
                    break
                unpacker = zlib.decompressobj(_window(rest, name))
            try:
                part = unpacker.decompress(rest, PIECE)
                rest = unpacker.unconsumed_tail
                while part:
                    yield part
                    part = unpacker.decompress(rest, PIECE)
                    rest = unpacker.unconsumed_tail
            except zlib.error:
                raise FetchError(f"its Content-Encoding is {name}, and its bytes are not") from None
            if unpacker.eof:
                rest, unpacker = unpacker.unused_data, None  # an archive may go on with another one
        head = rest
    if unpacker is not None or head:
        raise FetchError(f"truncated: its Content-Encoding is {name}, and its end is missing", passing=True)


def _window(head: bytes, name: str) -> int:
    """Return zlib's number for a format; servers send ``deflate`` with and without the header that it should have."""
    if name == "gzip":
        return 31
    return 15 if head[0] & 15 == 8 and int.from_bytes(head[:2], "big") % 31 == 0 else -15
