"""open_pixels: the reader of an image's storage, if its header keeps what it promises."""

import numpy as np
import pytest

import bombs
import imagemaker
from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.images.imageheader import ImageSpec, read_headers
from skycnn.images.openpixels import open_pixels
from skycnn.images.plainpixels import PlainPixels
from skycnn.images.tiledpixels import TiledPixels


@pytest.mark.parametrize("stored", imagemaker.STORED)
def test_each_storage_has_its_reader(tmp_path, stored):
    path, _ = imagemaker.write(tmp_path / "a.fits", imagemaker.array((30, 40)), stored)
    with open_pixels(read_headers(ImageSpec(str(path)))[0]) as pixels:
        assert type(pixels) is (TiledPixels if stored in imagemaker.TILED else PlainPixels)


def test_an_image_of_no_bytes_is_not_mapped(tmp_path):
    """GCOUNT = 0 makes its data empty; a map beyond the end of the file would kill the process."""
    path = bombs.image(tmp_path / "a.fits", (3000, 3000), b"", GCOUNT=0, PCOUNT=0)
    (header,) = read_headers(ImageSpec(path))
    with pytest.raises(InputError, match="BITPIX and NAXISn promise 9000000 bytes of pixels, GCOUNT 0"):
        open_pixels(header)


def test_an_image_larger_than_the_addresses_left(tmp_path, monkeypatch):
    path = bombs.image(tmp_path / "a.fits", (300, 300))
    (header,) = read_headers(ImageSpec(path))
    monkeypatch.setattr(memory, "address_space", lambda: 80_000)
    with pytest.raises(InputError, match="an image of 300 x 300 pixels, takes 90 kB of addresses"):
        open_pixels(header)
    monkeypatch.setattr(memory, "address_space", lambda: 90_000)
    with open_pixels(header) as pixels:
        assert not pixels.cut(np.array([0]), np.array([0]), 8, np.empty((1, 8, 8), np.float32)).any()
