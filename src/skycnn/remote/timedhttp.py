"""TimedHttp: urllib's opener with a time-out for each packet and a deadline for the answer."""

import io
import socket
import ssl
from collections.abc import Iterable
from functools import cache, partial
from http.client import HTTPConnection, HTTPMessage, HTTPResponse, HTTPSConnection
from time import monotonic
from typing import IO, Any, cast
from urllib import request

BUFFER = 1 << 16


class _Packets(io.RawIOBase):
    """A socket's data, with a time-out for each packet and a deadline for all."""

    def __init__(self, sock: socket.socket, read: float, deadline: float) -> None:
        self._socket, self._read, self._deadline = sock, read, deadline
        self._raw = cast(io.RawIOBase, sock.makefile("rb", buffering=0))  # holds the socket open

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(min(self._read, left))
        return cast(int | None, self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Timed:
    """A socket for HTTPResponse."""

    def __init__(self, sock: socket.socket, read: float, deadline: float) -> None:
        self._made = partial(_Packets, sock, read, deadline)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return its data as a file."""
        return io.BufferedReader(self._made(), BUFFER)


class _Handler(request.AbstractHTTPHandler):
    def __init__(self, read: float, deadline: float) -> None:
        super().__init__()
        self._read, self._deadline = read, deadline

    def _connect(self, kind: type[HTTPConnection], host: str, **options: Any) -> HTTPConnection:
        def response(sock: socket.socket, *args: Any, **kwargs: Any) -> HTTPResponse:
            return HTTPResponse(cast(socket.socket, _Timed(sock, self._read, self._deadline)), *args, **kwargs)

        connection = kind(host, **options)
        connection.response_class = response  # type: ignore[assignment]
        return connection

    def http_open(self, ask: request.Request) -> HTTPResponse:
        return self.do_open(cast(Any, partial(self._connect, HTTPConnection)), ask)

    def https_open(self, ask: request.Request) -> HTTPResponse:
        return self.do_open(cast(Any, partial(self._connect, HTTPSConnection)), ask, context=_context())

    http_request = https_request = request.AbstractHTTPHandler.do_request_


class _Redirects(request.HTTPRedirectHandler):
    max_redirections = 5

    def redirect_request(
        self, req: request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> request.Request | None:
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        secret = req.unredirected_hdrs.get("Authorization")
        if new is not None and secret and (new.type, new.host) == (req.type, req.host):
            new.add_unredirected_header("Authorization", secret)
        return new

    def http_error_302(self, req: request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage) -> Any:
        fp.close()  # else the base class reads the body, which may be endless
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()  # takes some 20 ms


def opener(read: float, deadline: float) -> request.OpenerDirector:
    """Return an opener for http and https only, through the environment's proxies.

    Parameters
    ----------
    read : float
        Seconds between two packets; the time-out of ``open`` is that of the connection.
    deadline : float
        In ``time.monotonic``; later data raise TimeoutError.
    """
    director = request.OpenerDirector()
    handlers: Iterable[request.BaseHandler] = (
        request.ProxyHandler(),
        _Handler(read, deadline),
        _Redirects(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    )
    for handler in handlers:
        director.add_handler(handler)
    return director
