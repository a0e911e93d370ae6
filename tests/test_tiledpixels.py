"""TiledPixels: each block is decoded once, and a corrupt tile costs only itself. More stands in test_pixels.py."""

import threading
from collections import Counter
from contextlib import ExitStack

import numpy as np
import pytest
from astropy.io import fits

import imagemaker
from skycnn.images import tiledpixels
from skycnn.images.imageheader import ImageSpec, read_headers
from skycnn.images.tiledpixels import TiledPixels


@pytest.fixture
def opened():
    """Open an image; it is closed when the test ends."""
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(TiledPixels(read_headers(ImageSpec(str(path)))[0]))


@pytest.fixture
def decoded(monkeypatch):
    """Count how often each tile is decoded."""
    counts = Counter()
    real = tiledpixels.Tiles.fill
    monkeypatch.setattr(
        tiledpixels.Tiles, "fill", lambda self, y, x, out: counts.update([(y, x)]) or real(self, y, x, out)
    )
    return counts


def random_stamps(pixels, side, n, seed=1):
    random = np.random.default_rng(seed)
    x0 = random.integers(-side // 2, pixels.shape[1] - side // 2, n)
    y0 = np.sort(random.integers(-side // 2, pixels.shape[0] - side // 2, n))
    return x0, y0


@pytest.mark.parametrize("stored", imagemaker.TILED)
def test_each_tile_is_decoded_once(tmp_path, opened, decoded, stored):
    path, expected = imagemaker.write(tmp_path / "a.fits", imagemaker.array((700, 400)), stored)
    pixels = opened(path)
    x0, y0 = random_stamps(pixels, 64, 300)
    for first in range(0, 300, 30):
        some = slice(first, first + 30)
        out = np.empty((30, 64, 64), "<f4")
        pixels.cut(x0[some], y0[some], 64, out)
        assert imagemaker.same(out, imagemaker.cut(expected, x0[some], y0[some], 64))
    assert set(decoded.values()) == {1}


def test_only_the_tiles_that_are_needed_are_decoded(tmp_path, opened, decoded):
    path, _ = imagemaker.write(tmp_path / "a.fits", imagemaker.array((700, 400)), "rice rows")
    pixels = opened(path)
    pixels.cut(np.array([5, 500]), np.array([10, 300]), 20, np.empty((2, 20, 20), "<f4"))
    assert set(decoded) == {(row, 0) for row in range(128)}


@pytest.mark.parametrize("stored", ["rice rows", "rice tiles"])
def test_memory_is_bounded(tmp_path, opened, monkeypatch, stored):
    monkeypatch.setattr(tiledpixels, "_CACHE_BYTES", 1 << 18)
    monkeypatch.setattr(tiledpixels, "_CACHE_BLOCKS", 0)
    path, expected = imagemaker.write(tmp_path / "a.fits", imagemaker.array((1200, 300)), stored)
    pixels = opened(path)
    x0, y0 = random_stamps(pixels, 50, 200)
    for row in range(0, 200, 20):
        out = np.empty((20, 50, 50), "<f4")
        pixels.cut(x0[row : row + 20], y0[row : row + 20], 50, out)
        assert imagemaker.same(out, imagemaker.cut(expected, x0[row : row + 20], y0[row : row + 20], 50))
        assert 0 < pixels.nbytes <= 1 << 18
    pixels.close()
    assert pixels.nbytes == 0


def test_a_block_of_a_wide_image_is_low(tmp_path, opened):
    path, _ = imagemaker.write(tmp_path / "a.fits", np.zeros((150, 40000)), "rice rows", extras=False)
    pixels = opened(path)
    pixels.cut(np.array([7]), np.array([0]), 3, np.empty((1, 3, 3), "<f4"))
    assert pixels.nbytes <= 8 << 20


def test_two_threads_do_not_decode_the_same_block(tmp_path, opened, decoded):
    path, _ = imagemaker.write(tmp_path / "a.fits", imagemaker.array((700, 400)), "rice rows")
    pixels = opened(path)
    x0, y0 = random_stamps(pixels, 64, 100)
    threads = [
        threading.Thread(target=lambda: pixels.cut(x0, y0, 64, np.empty((100, 64, 64), "<f4"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(decoded.values()) == {1}


def harmed(path, tile, how):
    """Destroy the bytes of one tile, in place."""
    (header,) = read_headers(ImageSpec(str(path)))
    with fits.open(path, disable_image_compression=True) as file:
        table = file[1]
        raw = np.frombuffer(table.data.tobytes(), np.uint8).reshape(len(table.data), -1)
        code = table.header["TFORM1"].lstrip("1")[0]
        count, offset = raw[tile, : 8 if code == "P" else 16].copy().view(">i4" if code == "P" else ">i8").tolist()
        begin = header.offset + table.header.get("THEAP", table.header["NAXIS1"] * table.header["NAXIS2"]) + offset
    octets = bytearray(path.read_bytes())
    if how == "zeroed":
        octets[begin : begin + count] = bytes(count)
    elif how == "first bytes flipped":
        octets[begin : begin + 8] = bytes(255 - octet for octet in octets[begin : begin + 8])
    else:
        middle = begin + count // 2
        octets[middle : begin + count] = bytes(begin + count - middle)
    path.write_bytes(octets)


@pytest.mark.parametrize("how", ["zeroed", "first bytes flipped", "second half zeroed"])
@pytest.mark.parametrize(
    ("stored", "tile"), [("rice rows", 77), ("rice tiles", 13), ("gzip1", 200), ("gzip2", 30), ("hcompress", 6)]
)
def test_a_corrupt_tile_is_nan_and_its_stamps_are_told(tmp_path, opened, stored, tile, how):
    path, expected = imagemaker.write(tmp_path / "a.fits", imagemaker.array(), stored)
    harmed(path, tile, how)
    pixels = opened(path)
    high, wide = pixels.tiles.shape
    iy, ix = divmod(tile, pixels.tiles.grid[1])
    truth = expected.copy()
    truth[iy * high : (iy + 1) * high, ix * wide : (ix + 1) * wide] = np.nan
    x0, y0 = random_stamps(pixels, 24, 400)
    out = np.empty((400, 24, 24), "<f4")
    broken = pixels.cut(x0, y0, 24, out)
    touches = (x0 < (ix + 1) * wide) & (x0 + 24 > ix * wide) & (y0 < (iy + 1) * high) & (y0 + 24 > iy * high)
    if how == "second half zeroed" and not broken.any():  # neither RICE nor HCOMPRESS has a checksum
        assert stored not in ("gzip1", "gzip2")
        assert imagemaker.same(out[~touches], imagemaker.cut(expected, x0, y0, 24)[~touches])
        return
    assert 0 < touches.sum() < 400
    assert np.array_equal(broken, touches)
    assert imagemaker.same(out, imagemaker.cut(truth, x0, y0, 24))


@pytest.mark.parametrize("stored", ["rice rows", "rice tiles", "gzip2", "hcompress", "plio", "rice floats"])
def test_bytes_flipped_anywhere_in_the_heap(tmp_path, opened, stored):
    path, expected = imagemaker.write(tmp_path / "a.fits", imagemaker.array(), stored)
    (header,) = read_headers(ImageSpec(str(path)))
    random = np.random.default_rng(3)
    sound = bytearray(path.read_bytes())
    for _ in range(10):
        octets = bytearray(sound)
        begin = header.offset + header.size // 3
        for at in random.integers(begin, header.offset + header.size, 300).tolist():
            octets[at] ^= 1 << int(random.integers(8))
        path.write_bytes(octets)
        pixels = opened(path)
        x0, y0 = random_stamps(pixels, 64, 40)
        out = np.empty((40, 64, 64), "<f4")
        broken = pixels.cut(x0, y0, 64, out)
        wanted = imagemaker.cut(expected, x0, y0, 64)
        outside = np.isnan(imagemaker.cut(np.zeros(expected.shape, "f4"), x0, y0, 64))
        assert np.isnan(out[outside]).all()
        if stored == "gzip2":  # the only one with a checksum
            good = ~broken
            assert imagemaker.same(out[good], wanted[good])


def test_an_archive_of_a_compressed_image(tmp_path, opened):
    import gzip

    path, expected = imagemaker.write(tmp_path / "a.fits", imagemaker.array(), "rice tiles")
    packed = tmp_path / "b.fits.fz.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    out = np.empty((1, 300, 300), "<f4")
    opened(packed).cut(np.array([50]), np.array([0]), 300, out)
    assert imagemaker.same(out[0], expected[:, 50:350])


def test_large_blocks_are_kept_within_the_bound_on_memory(tmp_path, opened, decoded, monkeypatch):
    monkeypatch.setattr(tiledpixels, "_CACHE_BYTES", 1000)
    path, _ = imagemaker.write(tmp_path / "a.fits", imagemaker.array((700, 400)), "rice tiles")
    for bound, most in ((10**9, 1), (8000, 4)):
        monkeypatch.setattr(tiledpixels.memory, "bound", lambda bound=bound: bound)
        decoded.clear()
        pixels = opened(path)
        for _ in range(4):
            pixels.cut(np.array([10, 250, 10]), np.array([10, 10, 300]), 20, np.empty((3, 20, 20), "<f4"))
        assert max(decoded.values()) == most
