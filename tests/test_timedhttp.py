"""TimedHttp: no packet later than allowed, none after the deadline, no way but http and https."""

import time
from urllib.error import HTTPError, URLError

import pytest

import skyserver
from skycnn.remote.timedhttp import opener


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with skyserver.serving(lambda path, query: b"body") as running:
        yield running


def ask(url, read=5.0, row=5.0):
    with opener(read, time.monotonic() + row).open(url, timeout=5) as response:
        return response.read()


def test_an_answer(server):
    assert ask(server.url + "/ok") == b"body"


@pytest.mark.parametrize("path", ["/drip", "/drip/header", "/slow"])
@pytest.mark.parametrize("times", [{"row": 0.2}, {"read": 0.004, "row": 5}])
def test_time_is_over(server, path, times):
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        ask(server.url + path, **times)
    assert time.monotonic() - began < 4  # not a measurement: the server would go on for ever


def test_a_redirect_is_followed_and_its_body_not_read(server):
    assert ask(server.url + "/redirect?to=/ok") == b"body"

    class Endless(skyserver.Handler):
        def on_redirect(self, path, query):
            self.send(302, b"", Location="/ok", Content_Length=None)
            while not self.server.over.is_set():
                self.wfile.write(bytes(1 << 16))

    server.RequestHandlerClass = Endless
    assert ask(server.url + "/redirect") == b"body"


def test_a_circle_ends(server):
    with pytest.raises(HTTPError):
        ask(server.url + "/loop")
    assert server.calls.total() <= 10


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:,a"])
def test_other_protocols(url):
    with pytest.raises(URLError):
        ask(url)
