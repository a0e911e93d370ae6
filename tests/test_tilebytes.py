"""TileBytes: RICE and gzip as their encoders wrote them; a promise beyond the bytes there allocates nothing."""

import gzip
import tracemalloc
import zlib

import numpy as np
import pytest
from astropy.io.fits.hdu.compressed._codecs import Rice1

import bombs
from skycnn.fits import tilebytes
from skycnn.fits.tilebytes import TileError, inflated, unriced, unshuffled


@pytest.mark.parametrize("item", [1, 2, 4])
@pytest.mark.parametrize("count", [1, 31, 32, 33, 1000])
def test_rice_is_read_as_it_was_written(item, count):
    kind = {1: "u1", 2: "i2", 4: "i4"}[item]
    for values in (np.random.default_rng(1).integers(0, 120, count), np.zeros(count), np.full(count, 7)):
        written = bytes(Rice1(blocksize=32, bytepix=item, tilesize=count).encode(values.astype(kind)))
        found = unriced(np.frombuffer(written, np.uint8), 32, item, count)
        assert found.dtype == kind
        assert np.array_equal(found, values.astype(kind))


def test_rice_of_too_few_bytes_allocates_nothing():
    octets = np.frombuffer(bombs.rice(10**6, 32), np.uint8)
    assert not unriced(octets, 32, 4, 10**6).any()
    tracemalloc.start()
    with pytest.raises(TileError, match="are too few for 64000000 values"):
        unriced(octets, 32, 4, 64_000_000)
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()
    with pytest.raises(TileError, match="too many for one tile"):
        unriced(octets, 65535, 4, 2**29)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("count", [0, 1, 1000, 300_000])
def test_gzip_is_read_as_it_was_written(pack, count):
    values = np.random.default_rng(1).integers(0, 256, count, np.uint8).tobytes()
    assert inflated(pack(values), count).tobytes() == values
    assert inflated(memoryview(pack(values) + b"more"), count + 5).tobytes() == values


def test_gzip_is_no_longer_than_allowed():
    packed = bombs.packed(50_000_000)
    with pytest.raises(TileError, match="holds more than the 999 bytes of its tile"):
        inflated(packed, 999)
    tracemalloc.start()
    with pytest.raises(TileError, match="is cut off"):
        inflated(packed[:100], 10**12)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()
    with pytest.raises(TileError):
        inflated(b"nonsense", 10)
    with pytest.raises(TileError, match="cut off"):
        inflated(b"", 10)
    assert len(packed) * tilebytes.INFLATES > 50_000_000


@pytest.mark.parametrize("item", [1, 2, 4, 8])
def test_bytes_of_the_same_significance(item):
    values = np.random.default_rng(1).integers(0, 256, (20, item), np.uint8)
    assert np.array_equal(unshuffled(np.ascontiguousarray(values.T).reshape(-1), item), values.reshape(-1))
