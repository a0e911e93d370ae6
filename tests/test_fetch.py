"""Fetch: further tries where they help, waits as asked, an end when the row's time is over."""

import io
import threading
import time
from dataclasses import replace

import pytest

import skyserver
from skycnn.remote.fetch import Fetcher, RemoteOptions
from skycnn.remote.fetcherror import FetchError

BODY = b"SIMPLE".ljust(2880)
QUICK = RemoteOptions(connect=30, read=30, row=60, retries=2, pause=0.01, limit=1 << 20)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with skyserver.serving(lambda path, query: BODY) as running:
        yield running


def fetch(url, row=60.0, fetcher=None):
    into = io.BytesIO()
    (fetcher or Fetcher(QUICK)).fetch(url, into, time.monotonic() + row)
    return into.getvalue()


@pytest.mark.parametrize(("path", "calls"), [("/ok", 1), ("/flaky", 2), ("/busy", 2)])
def test_what_passes_is_tried_again(server, path, calls):
    assert fetch(server.url + path) == BODY
    assert server.calls[path] == calls


@pytest.mark.parametrize(
    ("path", "said", "calls"),
    [
        ("/404", "HTTP 404, no image", 1),
        ("/403", "HTTP 403 Forbidden", 1),
        ("/endless", "an answer of more than 1 MB, the limit", 1),
        ("/500", "HTTP 500 Internal Server Error, 3 tries", 3),
        ("/truncated", "truncated: 1440 of 2880 bytes, 3 tries", 3),
        ("/patience?s=0", "HTTP 429 Too Many Requests, 3 tries", 3),
        ("/patience?s=600", "HTTP 429 Too Many Requests; no time for another try after 600 s", 1),
    ],
)
def test_a_failure_tells_the_tries(server, path, said, calls):
    with pytest.raises(FetchError) as caught:
        fetch(server.url + path)
    assert caught.value.reason == said
    assert server.calls[path] == calls


def test_a_server_that_says_nothing_is_asked_again(server):
    with pytest.raises(FetchError) as caught:
        fetch(server.url + "/slow", fetcher=Fetcher(replace(QUICK, read=0.1)))
    assert caught.value.reason == "no packet within 0.1 s, 3 tries"
    assert server.calls["/slow"] == 3


def test_a_wait_is_at_least_what_the_server_asks(server, monkeypatch):
    fetcher, waits = Fetcher(QUICK), []
    monkeypatch.setattr(fetcher.stopped, "wait", lambda seconds: waits.append(seconds))
    with pytest.raises(FetchError):
        fetch(server.url + "/patience?s=3", fetcher=fetcher)
    with pytest.raises(FetchError):
        fetch(server.url + "/500", fetcher=fetcher)
    assert waits == [3, 3, 0.01, 0.02]


def test_half_an_answer_leaves_nothing_in_the_next(server):
    answers = iter([BODY * 3, BODY])
    server.image = lambda path, query: next(answers)
    cut = skyserver.Handler.on_truncated

    def once(self, path, query):
        return cut(self, path, query) if self.first() else self.on_ok(path, query)

    server.RequestHandlerClass = type("Once", (skyserver.Handler,), {"on_truncated": once})
    assert fetch(server.url + "/truncated") == BODY


def test_a_stop_ends_the_waiting(server):
    fetcher = Fetcher(RemoteOptions(retries=3, pause=60, row=600))
    threading.Timer(0.05, fetcher.stop).start()
    with pytest.raises(FetchError, match="stopped"):
        fetch(server.url + "/500", row=600, fetcher=fetcher)


def test_nothing_slow_is_imported_for_the_options():
    import subprocess
    import sys

    program = "import sys; import skycnn.remote.fetch; print({'ssl', 'http.client', 'numpy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "set()"
