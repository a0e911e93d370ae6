"""ContentCoding: bytes come out as they went in, however they are cut, and never more than a piece at once."""

import gzip
import tracemalloc
import zlib

import pytest

from skycnn.remote.contentcoding import PIECE, codings, decoded
from skycnn.remote.fetcherror import FetchError

BODY = bytes(range(256)) * 1000


@pytest.mark.parametrize("step", [1, 7, PIECE])
def test_pieces_of_any_size(step):
    packed = gzip.compress(zlib.compress(BODY, wbits=-15))
    pieces = (packed[at : at + step] for at in range(0, len(packed), step))
    assert b"".join(decoded(pieces, ["deflate", "gzip"])) == BODY


def test_nothing_is_nothing():
    assert list(decoded([], ["gzip"])) == []
    assert list(decoded([b"a", b"b"], [])) == [b"a", b"b"]


def test_a_bomb_is_unpacked_no_faster_than_it_is_taken():
    bomb = gzip.compress(gzip.compress(bytes(1 << 28), 9), 9)
    tracemalloc.start()
    try:
        pieces = decoded([bomb], ["gzip", "gzip"])
        assert all(len(next(pieces)) <= PIECE for _ in range(50))
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_names():
    assert codings("") == codings("identity, ,") == []
    assert codings("Deflate,X-GZip") == ["deflate", "gzip"]
    with pytest.raises(FetchError, match="is compress, which was not asked for"):
        codings("gzip, compress")
