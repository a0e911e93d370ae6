"""Tiling: blocks of tiles by the header alone, and the memory that decoding one takes."""

import pytest

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.images import tiling

SOUND = {"ZNAXIS": 2, "ZNAXIS1": 400, "ZNAXIS2": 300, "ZCMPTYPE": "RICE_1", "TTYPE1": "COMPRESSED_DATA"}


def tiled(shape, bitpix=16, **cards):
    return tiling.read(SOUND | {"ZNAXIS1": shape[1], "ZNAXIS2": shape[0]} | cards, shape, bitpix, "a.fits[1]")


def test_rows_are_the_default():
    found = tiled((300, 400))
    assert (found.shape, found.grid, found.block) == ((1, 400), (300, 1), (128, 1))
    assert (found.codec.options, found.codec.seed) == ({"BLOCKSIZE": 32, "BYTEPIX": 4, "SMOOTH": 0}, 0)
    assert not found.quantised


def test_a_tile_is_no_larger_than_its_image():
    found = tiled((300, 400), ZTILE1=10**9, ZTILE2=70)
    assert (found.shape, found.grid) == ((70, 400), (5, 1))


@pytest.mark.parametrize(("cards", "quantised"), [({"TTYPE2": "ZSCALE"}, True), ({"ZSCALE": 2.0}, True), ({}, False)])
def test_floats_are_quantised_where_there_is_a_scale(cards, quantised):
    assert tiled((300, 400), -32, **cards).quantised is quantised
    assert not tiled((300, 400), 32, **cards).quantised


ONE = {"ZTILE1": 20_000, "ZTILE2": 20_000}


@pytest.mark.parametrize(
    ("cards", "bitpix", "gigabytes"),
    [
        ({"ZCMPTYPE": "RICE_1"}, 16, 4.8),
        ({"ZCMPTYPE": "RICE_1", "ZSCALE": 1.0, "ZQUANTIZ": "SUBTRACTIVE_DITHER_1"}, -32, 6.4),
        ({"ZCMPTYPE": "RICE_1", "ZSCALE": 1.0}, -32, 4.8),
        ({"ZCMPTYPE": "GZIP_1"}, -32, 3.2),
        ({"ZCMPTYPE": "GZIP_2"}, -64, 8.0),
        ({"ZCMPTYPE": "PLIO_1"}, 16, 4.8),
        ({"ZCMPTYPE": "HCOMPRESS_1"}, 16, 4.8),
        ({"ZCMPTYPE": "NOCOMPRESS"}, 16, 3.2),
    ],
)
def test_one_tile_of_20000_x_20000_fits_into_half_of_16_gigabytes(monkeypatch, cards, bitpix, gigabytes):
    monkeypatch.setattr(memory, "_requested", 8 * 10**9)
    assert tiled((20_000, 20_000), bitpix, **ONE, **cards).need == pytest.approx(gigabytes * 1e9)
    monkeypatch.setattr(memory, "_requested", int(gigabytes * 1e9) - 1)
    with pytest.raises(InputError, match=r"a tile of 20000 x 20000 pixels takes \d\.\d GB of memory"):
        tiled((20_000, 20_000), bitpix, **ONE, **cards)


@pytest.mark.parametrize(
    ("cards", "bitpix", "told"),
    [
        ({"ZCMPTYPE": "HCOMPRESS_1", **ONE}, 32, r"too large for HCOMPRESS_1 \(expected at most 268435455 pixels\)"),
        ({"ZCMPTYPE": "RICE_1", "ZTILE1": 30_000, "ZTILE2": 30_000}, 16, "a tile of 30000 x 30000 pixels is too large"),
        ({"ZNAME1": "SMOOTH", "ZVAL1": 2}, 16, "ZVAL1, the SMOOTH of its compression, makes no sense: 2"),
        ({"ZNAME1": "BLOCKSIZE", "ZVAL1": 0}, 16, "ZVAL1, the BLOCKSIZE"),
        ({"ZNAME1": "BYTEPIX"}, 16, "ZVAL1 is unreadable"),
        ({"ZDITHER0": 10_001}, 16, "ZDITHER0 is no seed"),
        ({"ZTILE2": 0}, 16, "its tiles have no size"),
        ({"ZTILE2": True}, 16, "ZTILE2 is unreadable"),
    ],
)
def test_cards_that_make_no_sense(monkeypatch, cards, bitpix, told):
    monkeypatch.setattr(memory, "_requested", 10**15)
    with pytest.raises(InputError, match=told):
        tiled((40_000, 40_000), bitpix, **cards)
