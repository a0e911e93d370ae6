"""Pixels: whatever way an image is stored, a stamp is a slice of it."""

import os
import threading
from contextlib import ExitStack

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

import imagemaker
from skycnn.errors import ChangedError
from skycnn.images.imageheader import ImageSpec, read_headers
from skycnn.images.openpixels import open_pixels
from skycnn.images.plainpixels import PlainPixels
from skycnn.images.tiledpixels import TiledPixels

SHAPE = (300, 400)
FAR, NEAR = st.integers(-(2**62), 2**62), st.integers(-600, 600)


@pytest.fixture
def opened():
    """Open an image; it is closed when the test ends."""
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(open_pixels(read_headers(ImageSpec(str(path)))[0]))


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Each way of storing to (open image, what it must hold)."""
    folder = tmp_path_factory.mktemp("images")
    made = {}
    for stored in imagemaker.STORED:
        path, expected = imagemaker.write(
            folder / f"{stored.replace(' ', '_')}.fits", imagemaker.array(SHAPE), stored, imagemaker.header()
        )
        made[stored] = (open_pixels(read_headers(ImageSpec(str(path)))[0]), expected)
    yield made
    for pixels, _ in made.values():
        pixels.close()


@pytest.mark.parametrize("stored", imagemaker.STORED)
def test_the_kind_follows_from_the_file(images, stored):
    assert type(images[stored][0]) is (TiledPixels if stored in imagemaker.TILED else PlainPixels)


@pytest.mark.parametrize("stored", imagemaker.STORED)
@pytest.mark.parametrize(("side", "dtype"), [(1, "<f4"), (2, "<f4"), (33, ">f4"), (64, "<f4"), (420, ">f4")])
def test_a_stamp_is_a_slice(images, stored, side, dtype):
    pixels, expected = images[stored]
    random = np.random.default_rng(side)
    n = 20 if side > 400 else 300
    x0, y0 = random.integers(-side - 20, SHAPE[1] + 20, n), random.integers(-side - 20, SHAPE[0] + 20, n)
    x0[0], y0[0] = 0, 0
    x0[1], y0[1] = SHAPE[1] - side, SHAPE[0] - side
    out = np.full((n, side, side), 77, dtype)
    broken = pixels.cut(x0, y0, side, out)
    assert imagemaker.same(out, imagemaker.cut(expected, x0, y0, side))
    assert broken.dtype == bool
    assert broken.shape == (n,)
    assert not broken.any()


@pytest.mark.parametrize("stored", ["float32", "rice rows"])
@settings(max_examples=40, deadline=None)
@given(
    side=st.integers(1, 500),
    places=st.lists(
        st.tuples(st.integers(-(2**62), 2**62) | st.integers(-600, 600), st.integers(-600, 600)), max_size=6
    ),
)
def test_stamps_may_lie_anywhere(images, stored, side, places):
    pixels, expected = images[stored]
    x0, y0 = np.array(places, np.int64).reshape(-1, 2).T
    out = np.zeros((len(places), side, side), "<f4")
    pixels.cut(x0, y0, side, out)
    assert imagemaker.same(out, imagemaker.cut(expected, x0, y0, side))


@pytest.mark.parametrize("stored", ["float32", "scaled", "rice tiles"])
def test_a_stamp_does_not_depend_on_the_others(images, stored):
    pixels, _ = images[stored]
    random = np.random.default_rng(8)
    x0, y0 = random.integers(-40, SHAPE[1], 700), random.integers(-40, SHAPE[0], 700)
    whole = np.empty((700, 40, 40), "<f4")
    pixels.cut(x0, y0, 40, whole)
    some = random.permutation(700)[:50]
    part = np.empty((50, 40, 40), "<f4")
    pixels.cut(x0[some], y0[some], 40, part)
    assert imagemaker.same(part, whole[some])


@pytest.mark.parametrize("stored", ["float32", "int16", "rice rows", "rice floats", "hcompress", "gzip2"])
def test_threads_may_share_an_image(tmp_path, stored, opened):
    path, expected = imagemaker.write(tmp_path / "a.fits", imagemaker.array(SHAPE), stored)
    pixels = opened(path)
    wrong = []

    def work(seed):
        random = np.random.default_rng(seed)
        for _ in range(10):
            x0, y0 = random.integers(-30, SHAPE[1], 30), random.integers(-30, SHAPE[0], 30)
            out = np.empty((30, 32, 32), "<f4")
            pixels.cut(x0, y0, 32, out)
            wrong.extend([seed] * (not imagemaker.same(out, imagemaker.cut(expected, x0, y0, 32))))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("stored", ["float32", "bz2", "rice rows"])
def test_a_change_during_the_run_is_seen(tmp_path, stored, opened):
    path, _ = imagemaker.write(tmp_path / "a.fits", imagemaker.array((40, 50)), stored)
    pixels = opened(path)
    pixels.check_unchanged()
    other = tmp_path / "b"
    other.write_bytes(path.read_bytes())
    os.replace(other, path)
    with pytest.raises(ChangedError, match="changed or replaced"):
        pixels.check_unchanged()
    path.unlink()
    with pytest.raises(ChangedError, match="is gone"):
        pixels.check_unchanged()


@pytest.mark.parametrize("stored", ["float32", "rice rows"])
def test_an_image_that_was_replaced_is_still_cut_as_it_was(tmp_path, stored, opened):
    path, expected = imagemaker.write(tmp_path / "a.fits", imagemaker.array((40, 50)), stored)
    pixels = opened(path)
    path.unlink()
    imagemaker.write(path, imagemaker.array((40, 50), seed=2), stored)
    out = np.empty((1, 40, 40), "<f4")
    pixels.cut(np.array([3]), np.array([0]), 40, out)
    assert imagemaker.same(out[0], expected[:, 3:43])


@pytest.mark.parametrize("stored", ["float32", "rice rows"])
def test_an_image_that_is_truncated_during_the_run(tmp_path, stored, opened):
    path, _ = imagemaker.write(tmp_path / "a.fits", imagemaker.array(SHAPE), stored)
    pixels = opened(path)
    os.truncate(path, 6000)
    for x0 in (10, -10):  # inside, and over the edge
        with pytest.raises(ChangedError, match="truncated"):
            pixels.cut(np.array([x0]), np.array([220]), 64, np.empty((1, 64, 64), "<f4"))


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("shape", [(1, 30, 40), (1, 1, 30, 40), (30, 1, 40), (30, 40, 1)])
def test_axes_of_length_one(tmp_path, shape, tiled, opened):
    values = imagemaker.array((30, 40)).astype("i2")
    unit = fits.CompImageHDU(values.reshape(shape)) if tiled else fits.ImageHDU(values.reshape(shape))
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(tmp_path / "a.fits")
    out = np.empty((1, 30, 30), "<f4")
    opened(tmp_path / "a.fits").cut(np.array([5]), np.array([0]), 30, out)
    assert imagemaker.same(out[0], values[:, 5:35])


def test_no_stamps_are_none(images):
    for pixels, _ in images.values():
        assert pixels.cut(np.empty(0, int), np.empty(0, int), 8, np.empty((0, 8, 8), "<f4")).tolist() == []
