"""PlainPixels: mapped images. What holds for every image stands in test_pixels.py."""

from contextlib import ExitStack

import numpy as np
import pytest
from astropy.io import fits

import imagemaker
from skycnn.images import plainpixels
from skycnn.images.imageheader import ImageSpec, read_headers
from skycnn.images.plainpixels import PlainPixels


@pytest.fixture
def opened():
    """Open an image; it is closed when the test ends."""
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(PlainPixels(read_headers(ImageSpec(str(path)))[0]))


@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
def test_floats_come_bit_for_bit(tmp_path, dtype, opened):
    bits = np.random.default_rng(5).integers(0, 2**32, (90, 110), np.uint32)
    bits[0, :4] = 0x7F800001, 0xFFC12345, 0x80000000, 1  # NaNs with a message, minus nothing, the smallest
    fits.PrimaryHDU(bits.view("f4")).writeto(tmp_path / "a.fits")
    out = np.empty((3, 20, 20), dtype)
    opened(tmp_path / "a.fits").cut(np.array([0, 50, -3]), np.array([0, 60, 0]), 20, out)
    found = out.view(dtype.replace("f", "u"))
    assert np.array_equal(found[0], bits[:20, :20])
    assert np.array_equal(found[1], bits[60:80, 50:70])
    assert np.array_equal(found[2, :, 3:], bits[:20, :17])


def test_stamps_inside_are_taken_many_at_a_time(tmp_path, monkeypatch, opened):
    path, expected = imagemaker.write(tmp_path / "a.fits", imagemaker.array(), "float32")
    calls = []
    real = plainpixels.physical
    monkeypatch.setattr(plainpixels, "physical", lambda raw, header: calls.append(len(raw)) or real(raw, header))
    random = np.random.default_rng(6)
    x0, y0 = random.integers(0, 336, 1000), random.integers(0, 236, 1000)
    x0[700] = -5
    out = np.empty((1000, 64, 64), "<f4")
    opened(path).cut(x0, y0, 64, out)
    assert calls[:2] == [512, 487]
    assert len(calls) == 3
    assert imagemaker.same(out, imagemaker.cut(expected, x0, y0, 64))


def test_what_is_taken_at_once_is_bounded_in_bytes(tmp_path, monkeypatch, opened):
    path, _ = imagemaker.write(tmp_path / "a.fits", imagemaker.array((600, 600)), "float64")
    calls = []
    real = plainpixels.physical
    monkeypatch.setattr(plainpixels, "physical", lambda raw, header: calls.append(raw.nbytes) or real(raw, header))
    opened(path).cut(np.arange(40), np.arange(40), 500, np.empty((40, 500, 500), "<f4"))
    assert max(calls) <= 8 << 20


def test_a_map_is_no_memory_of_ours(tmp_path, opened):
    path, _ = imagemaker.write(tmp_path / "a.fits", imagemaker.array(), "float32")
    assert opened(path).nbytes == 0


@pytest.mark.parametrize("number", [0, 1, 2])
def test_each_unit_of_a_file(tmp_path, number):
    values = [imagemaker.array((31, 47), seed) for seed in range(3)]
    units = [fits.PrimaryHDU(values[0]), *(fits.ImageHDU(entry) for entry in values[1:])]
    fits.HDUList(units).writeto(tmp_path / "a.fits")
    (header,) = read_headers(ImageSpec(str(tmp_path / "a.fits"), str(number)))
    out = np.empty((1, 31, 31), "<f4")
    with PlainPixels(header) as pixels:
        pixels.cut(np.array([9]), np.array([0]), 31, out)
    assert imagemaker.same(out[0], values[number][:, 9:40])
