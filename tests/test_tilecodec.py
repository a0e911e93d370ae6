"""Tile codecs: right bytes give the right pixels, wrong ones an error at worst; never a crash."""

import threading

import numpy as np
import pytest
from astropy.io.fits.hdu.compressed._codecs import PLIO1, Gzip1, Gzip2, HCompress1, NoCompress, Rice1
from astropy.io.fits.hdu.compressed._quantization import DITHER_METHODS, Quantize

from skycnn.fits.images.tilecodec import DITHER, OPTIONS, Codec, TileError, prepare, unpacked

METHODS = ("RICE_1", "RICE_1 2", "RICE_1 1", "HCOMPRESS_1", "PLIO_1", "GZIP_1", "GZIP_2", "NOCOMPRESS")


def encoded(method, values):
    """Return the codec and the tile's bytes as astropy makes them."""
    name, _, item = method.partition(" ")
    options = {**OPTIONS, "BYTEPIX": int(item or 4)}
    coder = {
        "RICE_1": lambda: Rice1(blocksize=32, bytepix=options["BYTEPIX"], tilesize=values.size),
        "HCOMPRESS_1": lambda: HCompress1(scale=0, smooth=0, bytepix=8, nx=values.shape[0], ny=values.shape[1]),
        "PLIO_1": lambda: PLIO1(tilesize=values.size),
        "GZIP_1": Gzip1,
        "GZIP_2": lambda: Gzip2(itemsize=4),
        "NOCOMPRESS": NoCompress,
    }[name]()
    octets = np.frombuffer(coder.encode(values), np.uint8)
    if name == "PLIO_1":
        octets = octets.view("i2").astype(">i2").view(np.uint8)
    return Codec(name, 32, options), octets


def sky(random, method="RICE_1"):
    shape = tuple(random.integers(4, 90, 2).tolist())
    values = random.normal(60, 15, shape).clip(0, 120).astype("i4")
    return np.where(values > 70, values, 0).astype("i4") if method == "PLIO_1" else values


@pytest.mark.parametrize("method", METHODS)
def test_what_was_packed_is_unpacked(method):
    random = np.random.default_rng(1)
    for _ in range(20):
        values = sky(random, method)
        codec, octets = encoded(method, values)
        assert np.array_equal(codec.decode(octets, values.shape, False), values)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("harm", ["flipped", "zeroed", "cut off", "empty", "random", "zeroed behind its head"])
def test_corrupt_bytes_are_an_error_or_wrong_pixels(method, harm):
    random = np.random.default_rng(2)
    errors = 0
    for _ in range(60):
        values = sky(random, method)
        codec, octets = encoded(method, values)
        octets = octets.copy()
        at = int(random.integers(len(octets)))
        if harm == "flipped":
            octets[at] ^= 1 << int(random.integers(8))
        elif harm == "zeroed":
            octets[at : at + 60] = 0
        elif harm == "cut off":
            octets = octets[:at]
        elif harm == "empty":
            octets = octets[:0]
        elif harm == "random":
            octets[:] = random.integers(0, 256, len(octets))
        else:
            octets[25:] = 0
        try:
            assert codec.decode(octets, values.shape, False).shape == values.shape
        except TileError:
            errors += 1
    if harm == "empty" or (method.startswith("GZIP") and harm not in ("flipped", "zeroed")):
        assert errors == 60
    if method.startswith("RICE") and harm == "cut off":
        assert errors > 55


@pytest.mark.parametrize("place", [2, 5, 9])
def test_the_head_of_hcompress_must_fit_the_tile(place):
    codec, octets = encoded("HCOMPRESS_1", np.ones((40, 50), "i4"))
    octets = octets.copy()
    octets[place] ^= 64
    with pytest.raises(TileError, match="head of an HCOMPRESS"):
        codec.decode(octets, (40, 50), False)


def test_a_plio_list_longer_than_its_bytes():
    codec, octets = encoded("PLIO_1", sky(np.random.default_rng(3), "PLIO_1"))
    octets = octets.copy()
    octets[8:10] = 127  # its length, 32639 x 32768 words
    with pytest.raises(TileError, match="head of a PLIO"):
        codec.decode(octets, (10, 10), False)


def test_values_beyond_the_type_are_corrupt():
    values = np.full((20, 20), 1 << 17, "i4")
    codec, octets = encoded("HCOMPRESS_1", values)
    assert codec.decode(octets, (20, 20), False)[3, 3] == 1 << 17
    with pytest.raises(TileError, match="larger than BITPIX"):
        Codec("HCOMPRESS_1", 16, OPTIONS).decode(octets, (20, 20), False)


@pytest.mark.parametrize("method", ["GZIP_1", "GZIP_2", "NOCOMPRESS"])
@pytest.mark.parametrize("dtype", ["u1", ">i2", ">i4", ">i8", ">f4", ">f8"])
def test_the_number_of_bytes_tells_the_type(method, dtype):
    values = np.arange(30).astype(dtype)
    item = values.itemsize
    coder = {"GZIP_1": Gzip1, "GZIP_2": lambda: Gzip2(itemsize=item), "NOCOMPRESS": NoCompress}[method]()
    octets = np.frombuffer(coder.encode(values), np.uint8)
    assert np.array_equal(unpacked(octets, 30, method, values.dtype.kind == "f"), values)


def test_a_gzip_bomb_does_not_go_off():
    octets = np.frombuffer(Gzip1().encode(np.zeros(10_000_000, "u1")), np.uint8)
    with pytest.raises(TileError, match="too long"):
        unpacked(octets, 100, "GZIP_1", False)


@pytest.mark.parametrize("dither", DITHER)
@pytest.mark.parametrize("bitpix", [-32, -64])
def test_quantised_floats_are_astropys(dither, bitpix):
    prepare()
    raw = np.random.default_rng(4).integers(-1000, 1000, (9, 2000)).astype("i4")
    raw[0, 5] = -2147483646  # which stands for zero in the second method
    row, scale, zero = 7, 0.123, -4.5
    codec = Codec("RICE_1", bitpix, OPTIONS, dither, 42)
    method = DITHER_METHODS[dither]
    oracle = Quantize(row=row + 42 if method != -1 else 0, dither_method=method, quantize_level=None, bitpix=bitpix)
    wanted = np.asarray(oracle.decode_quantized(raw, scale, zero)).reshape(raw.shape)
    assert np.array_equal(codec.dequantised(raw, row, scale, zero), wanted)
    if dither == "SUBTRACTIVE_DITHER_2":
        assert codec.dequantised(raw, row, scale, zero)[0, 5] == 0


def test_hcompress_by_several_threads():
    random = np.random.default_rng(5)
    tiles = []
    for _ in range(8):
        values = sky(random)
        tiles.append((values, *encoded("HCOMPRESS_1", values)))
    wrong = []

    def work():
        for _ in range(30):
            for values, codec, octets in tiles:
                if not np.array_equal(codec.decode(octets, values.shape, False), values):
                    wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
