"""A server on loopback that answers well or in one of the ways in which servers fail, chosen by the path.

``/ok/...`` an image; ``/slow`` pauses; ``/drip`` a byte at a time without end; ``/STATUS`` that status; ``/busy`` 429
with Retry-After, once for each address; ``/flaky`` 500, once; ``/patience?s=N`` 429 with Retry-After: N, always;
``/truncated``, ``/short`` (an answer without a length that breaks off), ``/html``, ``/text``, ``/empty``,
``/endless``, ``/huge`` (a length beyond all limits), ``/redirect?to=PATH``, ``/loop``, ``/hangup``, ``/bomb`` (a
small archive of many zeros), ``/secret`` (401 without ``user:word``), ``/coded?with=gzip,deflate&says=gzip``
(packed so, with that header; also ``status=N``, ``range=TEXT`` for Content-Range, ``bytes=N`` of it sent).
``/as?what=PATH`` is answered as PATH.
"""

import base64
import gzip
import threading
import time
import zlib
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HTML = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>"

CODINGS = {
    "": bytes,
    "gzip": lambda body: gzip.compress(body, 1),
    "deflate": zlib.compress,
    "raw": lambda body: zlib.compress(body, wbits=-15),
    "twice": lambda body: gzip.compress(body[:100], 1) + gzip.compress(body[100:], 1) + bytes(30),
    "bomb": lambda body: gzip.compress(bytes(1 << 22)),
}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, image):
        super().__init__(("127.0.0.1", 0), Handler)
        self.image = image  # callable (path, query) -> bytes or None
        self.calls = Counter()
        self.headers = {}
        self.together = self.most_together = 0
        self.lock = threading.Lock()
        self.over = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        """Clients that hang up are what is tested here."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server
        with server.lock:
            server.calls[self.path] += 1
            server.headers[self.path] = dict(self.headers)
            server.together += 1
            server.most_together = max(server.together, server.most_together)
        try:
            self.close_connection = True
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            name = parts.path.split("/")[1]
            if name == "as":
                name, _, more = query["what"].partition("?")
                query |= {key: values[0] for key, values in parse_qs(more).items()}
                parts = urlsplit(f"/{name}")
                name = parts.path.split("/")[1]
            if name.isdecimal():
                return self.send(int(name), b"no")
            getattr(self, f"on_{name}")(parts.path, query)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with server.lock:
                server.together -= 1

    def send(self, status, body, **headers):
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        for key, value in headers.items():
            if value is not None:
                self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def on_coded(self, path, query):
        body = self.server.image(path, query)
        for name in query.get("with", "").split(","):
            body = CODINGS[name](body)
        body = body[: int(query.get("bytes", len(body)))]
        coding = {"Content_Encoding": query["says"]} if "says" in query else {}
        more = {"Content_Range": query["range"]} if "range" in query else {}
        self.send(int(query.get("status", 200)), body, **coding, **more)

    def first(self):
        return self.server.calls[self.path] == 1

    def on_ok(self, path, query):
        body = self.server.image(path, query)
        return self.send(404, b"no") if body is None else self.send(200, body)

    def on_chunked(self, path, query):
        self.send(200, b"", Content_Length=None, Transfer_Encoding="chunked")
        body = self.server.image(path, query)
        for at in range(0, len(body), 1000):
            part = body[at : at + 1000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        if "broken" not in path:
            self.wfile.write(b"0\r\n\r\n")

    def on_slow(self, path, query):
        self.server.over.wait(float(query.get("s", 30)))
        self.on_ok(path, query)

    def on_drip(self, path, query):
        if "header" in path:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        else:
            self.send(200, b"", Content_Length=None)
        while not self.server.over.wait(0.01):
            self.wfile.write(b"S")

    def on_flaky(self, path, query):
        self.send(500, b"no") if self.first() else self.on_ok(path, query)

    def on_busy(self, path, query):
        self.send(429, b"", Retry_After="0") if self.first() else self.on_ok(path, query)

    def on_patience(self, path, query):
        self.send(429, b"", Retry_After=query["s"])

    def on_truncated(self, path, query):
        body = self.server.image(path, query)
        self.send(200, body[: len(body) // 2], Content_Length=str(len(body)))

    def on_short(self, path, query):
        body = self.server.image(path, query)
        self.send(200, body[: len(body) // 2], Content_Length=None)

    def on_html(self, path, query):
        self.send(200, HTML, Content_Type="text/html")

    def on_text(self, path, query):
        self.send(200, b"ERROR: position off the survey\n")

    def on_empty(self, path, query):
        self.send(200, b"")

    def on_endless(self, path, query):
        self.send(200, b"SIMPLE  =                    T".ljust(2880), Content_Length=None)
        while not self.server.over.is_set():
            self.wfile.write(bytes(1 << 16))

    def on_huge(self, path, query):
        self.send(200, b"", Content_Length=str(10**15))

    def on_redirect(self, path, query):
        self.send(302, b"", Location=query["to"])

    def on_loop(self, path, query):
        self.send(302, b"", Location=f"/loop?n={time.monotonic_ns()}")

    def on_hangup(self, path, query):
        self.wfile.write(b"")

    def on_garbled(self, path, query):
        self.wfile.write(b"\x00\x01 what?\r\n\r\n")

    def on_bomb(self, path, query):
        self.send(200, gzip.compress(self.server.image(path, query) + bytes(4 << 20), 1))

    def on_packed(self, path, query):
        self.send(200, gzip.compress(self.server.image(path, query), 1))

    def on_secret(self, path, query):
        word = "Basic " + base64.b64encode(b"user:word").decode()
        if self.headers.get("Authorization") != word:
            return self.send(401, b"no")
        return self.on_ok(path, query)


@contextmanager
def serving(image):
    """Yield a running server; ``image(path, query)`` makes the good answers."""
    server = Server(image)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
