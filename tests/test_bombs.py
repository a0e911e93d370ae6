"""The bombs of `make bombs`, small: each is refused with its sizes, or costs no more memory than was granted."""

import tracemalloc

import numpy as np
import pytest

import bombs
from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.fits import tablebytes
from skycnn.fits.catalogue import Catalogue
from skycnn.images import archive
from skycnn.images.imageheader import ImageSpec, read_headers
from skycnn.images.openpixels import open_pixels
from skycnn.images.planes import read_planes
from skycnn.stamps.stampfile.cube import Cube

SHAPE = (3000, 3000)
PIXELS = SHAPE[0] * SHAPE[1]
QUICK = {"ZNAME1": "BLOCKSIZE", "ZVAL1": 512}


@pytest.fixture(autouse=True)
def bounded(monkeypatch):
    monkeypatch.setattr(memory, "_requested", 10**12)


def stamp(path):
    """Return a stamp at the image's corner, and whether it is broken."""
    out = np.empty((1, 8, 8), np.float32)
    (header,) = read_headers(ImageSpec(path))
    with open_pixels(header) as pixels:
        broken = pixels.cut(np.array([0]), np.array([0]), 8, out)
    return out, bool(broken[0])


TILES = {
    "RICE_1": (lambda: bombs.rice(PIXELS, 512), 16, QUICK),
    "GZIP_1": (lambda: bombs.packed(2 * PIXELS), 16, {}),
    "GZIP_2": (lambda: bombs.packed(4 * PIXELS), -32, {}),
    "PLIO_1": (lambda: bombs.plio(PIXELS), 16, {}),
    "HCOMPRESS_1": (lambda: bombs.hcompress(*SHAPE, 60), 32, {}),
}


@pytest.mark.parametrize("method", TILES)
def test_a_tile_that_swells_takes_what_was_granted_or_is_refused(tmp_path, monkeypatch, method):
    heap, bitpix, more = TILES[method]
    path = bombs.tiled(tmp_path / "a.fits", method, SHAPE, heap(), bitpix, **more)
    out, broken = stamp(path)
    assert (out == 0).all()
    assert not broken
    monkeypatch.setattr(memory, "_requested", memory.LEAST)
    with pytest.raises(
        InputError, match=r"a tile of 3000 x 3000 pixels takes \d+ MB of memory \(expected at most 67 MB"
    ):
        read_headers(ImageSpec(path))


@pytest.mark.parametrize("method", TILES)
def test_a_tile_of_too_few_bytes_is_corrupt_and_cheap(tmp_path, method):
    """What the header promises is not allocated: only HCOMPRESS and PLIO make any number of zeros of nothing."""
    heap, bitpix, _ = TILES[method]
    path = bombs.tiled(tmp_path / "a.fits", method, SHAPE, heap()[:5], bitpix)
    (header,) = read_headers(ImageSpec(path))
    out = np.empty((1, 8, 8), np.float32)
    with open_pixels(header) as pixels:
        tracemalloc.start()
        assert pixels.cut(np.array([0]), np.array([0]), 8, out)[0]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert np.isnan(out).all()
    assert peak < 4.1 * PIXELS  # the block itself


def test_tiles_that_lie_upon_each_other_are_refused(tmp_path):
    heap = bombs.packed(2 * PIXELS)
    tiles = {"ZTILE1": SHAPE[1], "ZTILE2": 1}
    path = bombs.tiled(tmp_path / "a.fits", "GZIP_1", SHAPE, heap, rows=SHAPE[0], **tiles)
    with pytest.raises(InputError, match="its tiles lie upon each other in the heap"):
        stamp(path)
    with pytest.raises(InputError, match="its tiles lie upon each other in the heap"):
        Catalogue.open(bombs.packed_table(tmp_path / "t.fits", 1000))


@pytest.mark.parametrize("planes", [1000, 2_000_000])
def test_cubes_of_many_planes_are_refused_at_once(tmp_path, planes):
    path = bombs.image(tmp_path / "a.fits", (1, 1, planes))
    with pytest.raises(InputError, match=rf"NAXIS3 is {planes} bands \(expected at most 999\)"):
        read_planes(path)
    path = bombs.image(tmp_path / "b.fits", (1, 1, planes, 1))
    with pytest.raises(InputError, match=rf"NAXIS3 is {planes} bands"):
        Cube.open(path)


@pytest.mark.parametrize("axis", ["ZNAXIS3", "ZNAXIS4"])
def test_compressed_cubes_of_any_number_of_planes(tmp_path, axis):
    axes = {"ZNAXIS": 4, "ZNAXIS3": 1, "ZNAXIS4": 1, "ZTILE3": 1, "ZTILE4": 1}
    path = bombs.tiled(tmp_path / "a.fits", "GZIP_1", (8, 8), bombs.packed(256), -32, **axes | {axis: 250_000_000})
    with pytest.raises(InputError, match=r"ZNAXIS3 is 250000000 bands|NAXIS2 is 1 tiles, .* planes are 250000000"):
        Cube.open(path)
    with pytest.raises(InputError, match="NAXIS3 is 250000000 bands"):
        read_planes(bombs.tiled(tmp_path / "b.fits", "GZIP_1", (8, 8), b"", -32, ZNAXIS=3, ZNAXIS3=250_000_000))


def test_stamps_larger_than_memory_are_refused(tmp_path, monkeypatch):
    axes = {"ZNAXIS": 4, "ZNAXIS3": 1, "ZNAXIS4": 1, "ZTILE3": 1, "ZTILE4": 1}
    path = bombs.tiled(tmp_path / "a.fits", "GZIP_1", SHAPE, bombs.packed(4 * PIXELS), -32, **axes)
    monkeypatch.setattr(memory, "_requested", 10**8)
    with pytest.raises(InputError, match="a stamp of 3000 x 3000 pixels in 1 bands takes 216 MB"):
        Cube.open(path)


def test_a_compressed_table_that_promises_more_than_its_heap_can_hold(tmp_path):
    with pytest.raises(InputError, match=r"ZNAXIS1 and ZNAXIS2 promise 400.0 GB, more than \d+ kB can hold"):
        Catalogue.open(bombs.packed_table(tmp_path / "t.fits", 10**10))


def test_columns_larger_than_memory_are_refused(tmp_path, monkeypatch):
    """A sparse file costs nothing on the disk."""
    path = tmp_path / "a.fits"
    head = bombs.PRIMARY + bombs.rawfits.header(bombs.table_cards([("NAME", "100000A"), ("X", "E")], 20_000))
    path.write_bytes(head)
    with path.open("r+b") as file:
        file.truncate(len(head) + 100_004 * 20_000)
    with Catalogue.open(str(path)) as opened:
        assert not opened.read(["X"], (0, 100))["X"].any()
        monkeypatch.setattr(memory, "_requested", 10**8)
        with pytest.raises(InputError, match=r"reading 20000 rows of NAME takes 10\.0 GB of memory"):
            next(opened.chunks(["NAME"]))
        with pytest.raises(InputError, match=r"reading 20000 rows of NAME takes"):
            opened.read(["NAME"])


def test_headers_larger_than_memory_and_units_without_end(tmp_path, monkeypatch):
    cards = [bombs.rawfits.card(*card) for card in (("XTENSION", "IMAGE"), ("BITPIX", 8), ("NAXIS", 0))]
    path = tmp_path / "a.fits"
    path.write_bytes(bombs.PRIMARY + 4000 * bombs.rawfits.hdu(cards))
    monkeypatch.setattr(memory, "_requested", memory.LEAST)
    with pytest.raises(InputError, match=r"reading its headers takes 67 MB of memory"):
        Catalogue.open(str(path))
    for module in (tablebytes, archive):
        monkeypatch.setattr(module, "MOST_UNITS", 300)
    with pytest.raises(InputError, match="has more than 300 header-data units"):
        Catalogue.open(str(path))
    with pytest.raises(InputError, match="has more than 300 header-data units"):
        read_headers(ImageSpec(str(path), "*"))


def test_the_script_measures_a_child(tmp_path):
    ended = bombs.run(["--version"], str(tmp_path), str(bombs.Path(__file__).parents[1] / "src"))
    assert (ended.code, ended.said[:7]) == (0, "skycnn ")
    assert ended.megabytes > 5 and 0 < ended.cpu < 100
