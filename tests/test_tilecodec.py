"""TileCodec: HCOMPRESS in 32 and 64 bits, and streams that are spoilt, which its C decoder does not notice."""

import numpy as np
import pytest
from astropy.io.fits.hdu.compressed._compression import compress_hcompress_1_c

import bombs
from skycnn.fits.tilebytes import TileError
from skycnn.images.tilecodec import OPTIONS, Codec

RANGES = {8: (0, 256), 16: (-(2**15), 2**15), 32: (-(2**28), 2**28), -32: (-(2**28), 2**28)}


def hcompressed(values):
    return np.frombuffer(bytes(compress_hcompress_1_c(values.astype(np.int64), *values.shape, 0, 8)), np.uint8)


@pytest.mark.parametrize("bitpix", RANGES)
@pytest.mark.parametrize("shape", [(60, 80), (7, 5), (33, 64), (300, 4)])
def test_hcompress_of_the_whole_range(shape, bitpix):
    values = np.random.default_rng(1).integers(*RANGES[bitpix], shape)
    assert np.array_equal(Codec("HCOMPRESS_1", bitpix, OPTIONS).decode(hcompressed(values), shape, False), values)


@pytest.mark.parametrize("bitpix", [16, 32])
def test_spoilt_hcompress_ends_within_its_padding(bitpix):
    """Without it the decoder would read on behind the bytes, and the process might end."""
    random, shape, codec = np.random.default_rng(2), (33, 20), Codec("HCOMPRESS_1", bitpix, OPTIONS)
    sound = hcompressed(random.integers(0, 3000, shape))
    for number in range(300):
        spoilt = sound[: random.integers(25, len(sound) + 1) if number % 3 == 0 else len(sound)].copy()
        places = random.integers(10, len(spoilt), random.integers(1, 6))
        spoilt[places] = random.integers(0, 256, len(places))
        if number % 4 == 3:
            spoilt[22:25] = random.integers(0, 64, 3)
        try:
            assert codec.decode(spoilt, shape, False).shape == shape
        except TileError:
            continue


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"\xdd\x99", "head of an HCOMPRESS stream"),
        (bombs.hcompress(9, 8, 20), "head of an HCOMPRESS stream"),
        (bombs.hcompress(8, 8, 64), "head of an HCOMPRESS stream"),
        (bombs.hcompress(8, 8, 40)[:-20], "bad|hdecompress|decod"),
        (bytes(70_000), "70000 bytes are too many for 64 pixels"),
    ],
)
def test_heads_that_lie(octets, told):
    with pytest.raises(TileError, match=told):
        Codec("HCOMPRESS_1", 32, OPTIONS).decode(np.frombuffer(octets, np.uint8), (8, 8), False)


def test_values_larger_than_bitpix_allows():
    values = np.full((8, 8), -(2**17))
    with pytest.raises(TileError, match="larger than BITPIX allows"):
        Codec("HCOMPRESS_1", 16, OPTIONS).decode(hcompressed(values), (8, 8), False)
