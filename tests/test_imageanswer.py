"""ImageAnswer: FITS is told from what servers send instead, and archives are opened within a size."""

import bz2
import gzip
import io

import pytest

from skycnn.remote.fetcherror import FetchError
from skycnn.remote.imageanswer import compression_of, uncompress

FITS = b"SIMPLE  =                    T".ljust(2880)


@pytest.mark.parametrize(
    ("head", "compression"), [(FITS, ""), (gzip.compress(FITS, mtime=0), "gz"), (bz2.compress(FITS), "bz2")]
)
def test_what_may_hold_an_image(head, compression):
    assert compression_of(head) == compression


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "an empty answer"),
        (b"<!DOCTYPE html><title>Back\x1b[2J soon &amp; well</title>", "HTML, not FITS: 'Back [2J soon & well'"),
        (b"  <html>", "HTML, not FITS"),
        (b"<?xml version='1.0'?>", "text, not FITS: \"<?xml version='1.0'?>\""),
        (b"ERROR: off the survey\n", "text, not FITS: 'ERROR: off the survey'"),
        ("Fehler: außerhalb".encode(), "text, not FITS: 'Fehler: au\\xdferhalb'"),
        (b"word " * 100, f"text, not FITS: {('word ' * 100)[:60]!r}"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "no FITS"),
    ],
)
def test_anything_else_is_named(head, said):
    with pytest.raises(FetchError) as caught:
        compression_of(head)
    assert caught.value.reason == said


@pytest.mark.parametrize(("name", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_archives_are_opened(name, pack):
    plain = io.BytesIO()
    uncompress(io.BytesIO(pack(FITS)), name, plain, len(FITS))
    assert plain.getvalue() == FITS
    with pytest.raises(FetchError, match="the limit"):
        uncompress(io.BytesIO(pack(FITS)), name, io.BytesIO(), len(FITS) - 1)
    with pytest.raises(FetchError, match=f"a corrupt {name} archive"):
        uncompress(io.BytesIO(pack(FITS)[:-9]), name, io.BytesIO(), len(FITS))


def test_a_bomb_is_not_unpacked_whole():
    plain = io.BytesIO()
    with pytest.raises(FetchError, match="the limit"):
        uncompress(io.BytesIO(gzip.compress(bytes(64 << 20), 1)), "gz", plain, 1 << 20)
    assert plain.tell() <= 1 << 20
