"""FrameFile: an image in microjansky, whatever its unit."""

import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import InputError
from skycnn.images import framefile


def test_a_frame_is_brought_to_microjansky(tmp_path):
    path, pixels = str(tmp_path / "frame.fits"), np.array([[1, 2, np.nan], [4, 5, 6]], ">f4")
    second = fits.ImageHDU(pixels, fits.Header({"BUNIT": "nJy"}), name="SCI")
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels, fits.Header({"BUNIT": "uJy"})), second]).writeto(path)
    assert np.array_equal(framefile.read(path).pixels, pixels.astype("f4"), equal_nan=True)
    for name in ("SCI", "2"):
        found = framefile.read(path, name).pixels
        assert found.dtype == np.float32
        assert found == pytest.approx(1e-3 * pixels, nan_ok=True)


@pytest.mark.parametrize(
    ("header", "extension", "message"),
    [
        ({}, None, "has pixels in no unit that can be brought to microjansky"),
        ({"BUNIT": "adu"}, None, "has pixels in no unit that can be brought to microjansky: 'adu'"),
        ({"BUNIT": "uJy"}, "SCI", r"has no image \[SCI\]"),
    ],
)
def test_frames_that_cannot_be_used(tmp_path, header, extension, message):
    path = str(tmp_path / "frame.fits")
    fits.PrimaryHDU(np.ones((3, 3)), fits.Header(header)).writeto(path)
    with pytest.raises(InputError, match=message):
        framefile.read(path, extension)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        framefile.read(str(tmp_path / "none.fits"))
    fits.PrimaryHDU(np.ones((2, 3, 3))).writeto(tmp_path / "cube.fits")
    with pytest.raises(InputError, match="has no image with two axes"):
        framefile.read(str(tmp_path / "cube.fits"))


@pytest.mark.parametrize("shape", [(5, 5), (5, 17), (23, 4), (1, 9)])
@pytest.mark.parametrize("packed", [False, True])
def test_a_frame_of_any_shape_is_whole(tmp_path, shape, packed):
    pixels = np.random.default_rng(1).normal(size=shape).astype("f4")
    header = fits.Header({"BUNIT": "uJy"})
    unit = fits.CompImageHDU(pixels, header, compression_type="GZIP_2", quantize_level=0) if packed else None
    units = [fits.PrimaryHDU(), unit] if packed else [fits.PrimaryHDU(pixels, header)]
    fits.HDUList(units).writeto(tmp_path / "a.fits")
    assert np.array_equal(framefile.read(str(tmp_path / "a.fits")).pixels, pixels)


def test_a_corrupt_frame_is_refused(tmp_path):
    header, settings = fits.Header({"BUNIT": "uJy"}), {"compression_type": "GZIP_1", "quantize_level": 0}
    unit = fits.CompImageHDU(np.ones((40, 40), "f4"), header, **settings)
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(tmp_path / "a.fits")
    octets = bytearray((tmp_path / "a.fits").read_bytes())
    at = octets.index(b"\x1f\x8b")
    octets[at : at + 30] = bytes(30)
    (tmp_path / "a.fits").write_bytes(octets)
    with pytest.raises(InputError, match="tiles that cannot be decoded"):
        framefile.read(str(tmp_path / "a.fits"))
