"""HttpGet: one answer, or the reason why there is none; never later, never larger than allowed."""

import io
import socket
import time

import pytest

import skyserver
from skycnn.remote.fetcherror import FetchError
from skycnn.remote.httpget import _seconds, get

BODY = bytes(range(256)) * 100


@pytest.fixture(scope="module")
def server():
    with skyserver.serving(lambda path, query: BODY) as running:
        yield running


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def fetch(url, *, connect=30.0, read=30.0, row=60.0, limit=1 << 20):
    into = io.BytesIO()
    get(url, into, connect=connect, read=read, deadline=time.monotonic() + row, limit=limit)
    return into.getvalue()


def failure(*args, **kwargs):
    with pytest.raises(FetchError) as caught:
        fetch(*args, **kwargs)
    return caught.value


@pytest.mark.parametrize("path", ["/ok", "/chunked", "/redirect?to=/ok", "/slow?s=0.01"])
def test_an_answer_comes_whole(server, path):
    assert fetch(server.url + path) == BODY


@pytest.mark.parametrize(
    ("path", "said", "passing"),
    [
        ("/404", "HTTP 404, no image", False),
        ("/410", "HTTP 410, no image", False),
        ("/204", "HTTP 204, no image", False),
        ("/403", "HTTP 403 Forbidden", False),
        ("/401", "HTTP 401 Unauthorized", False),
        ("/500", "HTTP 500 Internal Server Error", True),
        ("/503", "HTTP 503 Service Unavailable", True),
        ("/truncated", "truncated: 12800 of 25600 bytes", True),
        ("/chunked/broken", "broke off", True),
        ("/hangup", "broke off", True),
        ("/garbled", "broke off", True),
        ("/huge", "an answer of 1000000000 MB; the limit is 1", False),
        ("/endless", "an answer of more than 1 MB, the limit", False),
        ("/loop", "HTTP 302 Found, a redirect that leads nowhere", False),
        ("/redirect?to=file:///etc/passwd", "HTTP 302 Found, a redirect that leads nowhere", False),
        ("/redirect?to=ftp://127.0.0.1/x.fits", "a redirect that leads nowhere: unknown url type: ftp", False),
        ("/redirect?to=/404", "HTTP 404", False),
    ],
)
def test_a_failure_says_why(server, path, said, passing):
    error = failure(server.url + path)
    assert said in error.reason
    assert error.passing == passing
    assert server.url not in error.reason


@pytest.mark.parametrize(
    "query",
    [
        "with=gzip&says=gzip",
        "with=gzip&says=x-gzip",
        "with=gzip&says=identity,%20GZip",
        "with=twice&says=gzip",
        "with=deflate&says=deflate",
        "with=raw&says=deflate",
        "with=deflate,gzip&says=deflate,%20gzip",
        "says=identity",
        "says=",
        "status=203",
        "status=206&range=bytes%200-25599/25600",
    ],
)
def test_an_answer_is_unpacked_as_the_server_says(server, query):
    assert fetch(f"{server.url}/coded?{query}") == BODY


@pytest.mark.parametrize(
    ("query", "said", "passing"),
    [
        ("says=br", "its Content-Encoding is br, which was not asked for and cannot be read", False),
        ("says=gzip,zstd", "its Content-Encoding is zstd, which", False),
        ("says=gzip", "its Content-Encoding is gzip, and its bytes are not", False),
        ("says=deflate", "its Content-Encoding is deflate, and its bytes are not", False),
        ("with=deflate,gzip&says=gzip,%20deflate", "its Content-Encoding is deflate, and its bytes are not", False),
        ("with=gzip&says=gzip,gzip,gzip,gzip", "names 4 codings; 3 are read", False),
        ("with=gzip&says=gzip&bytes=200", "truncated: its Content-Encoding is gzip, and its end is missing", True),
        ("with=gzip&says=gzip&bytes=1", "truncated: its Content-Encoding is gzip, and its end is missing", True),
        ("with=bomb&says=gzip", "an answer of more than 1 MB, the limit", False),
        ("with=bomb,gzip&says=gzip,gzip", "an answer of more than 1 MB, the limit", False),
        ("status=202", "HTTP 202, the image is not ready", True),
        ("status=205", "HTTP 205, no image", False),
        ("status=206", "HTTP 206, a part of the image", False),
        ("status=206&range=bytes%200-99/25600&bytes=100", "HTTP 206, a part of the image: bytes 0-99/25600", False),
        ("status=206&range=bytes%20100-25599/25600", "HTTP 206, a part of the image: bytes 100-25599/25600", False),
        ("status=206&range=bytes%200-25599/*", "HTTP 206, a part of the image", False),
        ("status=206&range=bytes%200-25599/25600&bytes=7", "HTTP 206, a part of the image", False),
        ("status=226", "HTTP 226 IM Used, not the image as a whole", False),
        ("status=207", "HTTP 207 Multi-Status, not the image as a whole", False),
        ("status=299", "HTTP 299, not the image as a whole", False),
    ],
)
def test_an_answer_that_is_not_the_image(server, query, said, passing):
    error = failure(f"{server.url}/coded?{query}")
    assert said in error.reason
    assert error.passing == passing


def test_a_server_that_says_nothing(server):
    error = failure(server.url + "/slow", read=0.2)
    assert (error.reason, error.passing) == ("no packet within 0.2 s", True)


@pytest.mark.parametrize("path", ["/drip", "/drip/header", "/slow"])
def test_what_trickles_ends_with_the_rows_time(server, path):
    error = failure(server.url + path, row=0.2)
    assert (error.reason, error.passing) == ("the row's time is over", False)


def test_no_time_no_call(server):
    before = server.calls.total()
    assert failure(server.url + "/ok", row=-1).reason == "the row's time is over"
    assert server.calls.total() == before


def test_a_server_that_is_not_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = failure(f"http://127.0.0.1:{free.getsockname()[1]}/ok")
    assert error.reason == "no connection: Connection refused"
    assert error.unreachable and error.passing


def test_a_server_that_never_takes_the_call():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)
        with socket.create_connection(busy.getsockname()):  # the only place is taken: further calls are dropped
            waiting = [socket.socket() for _ in range(4)]
            for other in waiting:
                other.setblocking(False)
                other.connect_ex(busy.getsockname())
            error = failure(f"http://127.0.0.1:{busy.getsockname()[1]}/ok", connect=0.1)
            for other in waiting:
                other.close()
    assert error.reason == "no connection within 0.1 s"
    assert error.unreachable


@pytest.mark.parametrize("url", ["http://a..b/", "http://[::1/", "http://127.0.0.1:x/"])
def test_what_is_no_url(url):
    assert failure(url).reason == "no valid URL"


def test_credentials_go_to_their_host_alone(server):
    own = server.url.replace("http://", "http://user:word@")
    assert fetch(own + "/secret") == BODY
    assert fetch(own + "/redirect?to=/secret") == BODY
    with skyserver.serving(lambda path, query: BODY) as other:
        assert "HTTP 401" in failure(f"{own}/redirect?to={other.url}/secret").reason
        assert "Authorization" not in other.headers["/secret"]


def test_who_asks(server):
    fetch(server.url + "/ok/who")
    assert server.headers["/ok/who"]["User-Agent"].startswith("skycnn/")
    assert server.headers["/ok/who"]["Accept-Encoding"] == "identity"


def test_a_proxy_is_used(server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "")
    assert fetch("http://nowhere.invalid/ok") == BODY
    assert server.calls["http://nowhere.invalid/ok"] == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, 0), ("", 0), ("120", 120), ("-3", 0), ("soon", 0), ("Fri, 31 Dec 1999 23:59:59 GMT", 0), ("1.5", 0)],
)
def test_retry_after(text, seconds):
    assert _seconds(text) == seconds


def test_retry_after_may_be_a_date():
    assert _seconds("Fri, 31 Dec 2100 23:59:59 GMT") > 1e9
