"""HttpGet: one answer over HTTP, with time-outs for each packet and the whole, and a limit of size."""

import re
import ssl
import time
from collections.abc import Iterator
from email.utils import mktime_tz, parsedate_tz
from http.client import HTTPException, HTTPResponse, InvalidURL, responses
from typing import IO
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit

import skycnn
from skycnn.files.safefile import writing
from skycnn.remote.contentcoding import PIECE, codings, decoded
from skycnn.remote.fetcherror import FetchError
from skycnn.remote.timedhttp import opener

PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Statuses worth a retry (RFC 9110, section 15, and RFC 6585 for 429)."""
ABSENT, NOT_MODIFIED = {204, 205, 404, 410}, 304
WHOLE, ACCEPTED, PARTIAL = {200, 201, 203}, 202, 206
"""Statuses of an image; 203 is what a proxy made of it, and then still to be a FITS file."""


def get(url: str, into: IO[bytes], *, connect: float, read: float, deadline: float, limit: int) -> None:
    """Write the answer of a URL into a file.

    Parameters
    ----------
    url : str
        http or https; ``user:password@`` is sent as basic authentication, to this host only.
    into : file
        Open for writing.
    connect, read : float
        Seconds to connect, and between two packets.
    deadline : float
        For the whole answer, in ``time.monotonic``.
    limit : int
        Most bytes.

    Raises
    ------
    FetchError
        When it is not complete.
    NoSpaceError, RunError
        When the file cannot be written.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise FetchError("the row's time is over")
    try:
        with opener(read, deadline).open(_request(url), timeout=min(connect, left)) as response:
            _copy(response, into, limit)
    except HTTPError as error:
        error.close()
        raise _status(error) from None
    except URLError as error:
        raise _connection(error.reason, connect) from None
    except TimeoutError:
        over = time.monotonic() >= deadline
        reason = "the row's time is over" if over else f"no packet within {read:g} s"
        raise FetchError(reason, passing=not over) from None
    except (InvalidURL, ValueError):  # also an invalid host name
        raise FetchError("no valid URL") from None
    except (HTTPException, OSError) as error:  # not a full disk, see _copy
        raise FetchError(f"the answer broke off: {(str(error) or type(error).__name__)[:80]}", passing=True) from None


def _check_whole(response: HTTPResponse) -> int | None:
    """See that an answer is the image and all of it; return its length as sent, where it is known.

    Raises
    ------
    FetchError
        When it is a part, a difference or something else.
    """
    status, length = response.status, response.length
    held = response.headers.get("Content-Range", "")
    if status in ABSENT:
        raise FetchError(f"HTTP {status}, no image")
    if status == ACCEPTED:
        wait = _seconds(response.headers.get("Retry-After"))
        raise FetchError(f"HTTP {status}, the image is not ready", passing=True, wait=wait)
    if status == PARTIAL:
        match = re.fullmatch(r"bytes 0-(\d{1,18})/(\d{1,18})", held.strip())
        total = int(match[2]) if match else 0
        if match is None or int(match[1]) + 1 != total or length not in (None, total):
            raise FetchError(f"HTTP {status}, a part of the image{f': {held[:60]}' if held else ''}")
        length = total
    elif status not in WHOLE:
        raise FetchError(f"HTTP {status} {responses.get(status, '')}".strip() + ", not the image as a whole")
    packed = response.headers.get("Transfer-Encoding", "chunked").strip().lower()
    if packed not in ("chunked", "identity"):  # http.client would take it for plain bytes
        raise FetchError(f"its Transfer-Encoding is {packed[:40]}, which cannot be read")
    return length


def _copy(response: HTTPResponse, into: IO[bytes], limit: int) -> None:
    declared = _check_whole(response)
    if declared is not None and declared > limit:
        raise FetchError(f"an answer of {declared / 1e6:.0f} MB; the limit is {limit / 1e6:.0f}")
    names, written = codings(",".join(response.headers.get_all("Content-Encoding", []))), 0
    for piece in decoded(_pieces(response, declared, limit), names):
        written += len(piece)
        if written > limit:
            raise _too_large(limit)
        with writing("a fetched image"):
            into.write(piece)
    with writing("a fetched image"):
        into.flush()


def _pieces(response: HTTPResponse, declared: int | None, limit: int) -> Iterator[bytes]:
    """Yield the body as sent."""
    received = 0
    while (declared is None or received < declared) and (piece := response.read1(PIECE)):
        received += len(piece)
        if received > limit:
            raise _too_large(limit)
        yield piece
    if declared is not None and received < declared:
        raise FetchError(f"truncated: {received} of {declared} bytes", passing=True)


def _too_large(limit: int) -> FetchError:
    return FetchError(f"an answer of more than {limit / 1e6:.0f} MB, the limit")


def _request(url: str) -> request.Request:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    ask = request.Request(urlunsplit(parts._replace(netloc=host)))  # noqa: S310 - http and https, see UrlTemplate
    ask.add_header("User-Agent", f"skycnn/{skycnn.__version__}")
    ask.add_header("Accept-Encoding", "identity")
    if at:
        from base64 import b64encode

        ask.add_unredirected_header("Authorization", f"Basic {b64encode(unquote(user).encode()).decode()}")
    return ask


def _status(error: HTTPError) -> FetchError:
    if error.code in ABSENT:
        return FetchError(f"HTTP {error.code}, no image")
    wait = _seconds(error.headers.get("Retry-After")) if error.headers is not None else 0.0
    phrase = responses.get(error.code, "")
    reason = f"HTTP {error.code} {phrase}".strip() + (
        ", a redirect that leads nowhere" if 300 <= error.code < 400 and error.code != NOT_MODIFIED else ""
    )
    return FetchError(reason, passing=error.code in PASSING, wait=wait)


def _seconds(retry_after: str | None) -> float:
    """Return Retry-After, a number or a date (RFC 9110, 10.2.3), in seconds."""
    text = (retry_after or "").strip()
    if text.isdecimal():
        return float(text)
    date = parsedate_tz(text)
    try:
        return max(0.0, mktime_tz(date) - time.time()) if date else 0.0
    except (OverflowError, ValueError):
        return 0.0


def _connection(reason: object, connect: float) -> FetchError:
    if isinstance(reason, TimeoutError):
        return FetchError(f"no connection within {connect:g} s", passing=True, unreachable=True)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return FetchError(f"its certificate is not valid: {reason.verify_message}", unreachable=True)
    if isinstance(reason, str):  # an address that urllib cannot open
        return FetchError(f"a redirect that leads nowhere: {reason[:80]}")
    text = getattr(reason, "strerror", None) or str(reason)
    return FetchError(f"no connection: {text}", passing=isinstance(reason, OSError), unreachable=True)
