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
    assert np.array_equal(framefile.read(path), pixels.astype("f4"), equal_nan=True)
    for name in ("SCI", "2"):
        found = framefile.read(path, name)
        assert found.dtype == np.float32
        assert found == pytest.approx(1e-3 * pixels, nan_ok=True)


@pytest.mark.parametrize(
    ("header", "extension", "message"),
    [
        ({}, None, "has pixels in no unit that can be brought to microjansky"),
        ({"BUNIT": "adu"}, None, "has pixels in no unit that can be brought to microjansky: 'adu'"),
        ({"BUNIT": "uJy"}, "SCI", "has no image SCI"),
    ],
)
def test_frames_that_cannot_be_used(tmp_path, header, extension, message):
    path = str(tmp_path / "frame.fits")
    fits.PrimaryHDU(np.ones((3, 3)), fits.Header(header)).writeto(path)
    with pytest.raises(InputError, match=message):
        framefile.read(path, extension)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        framefile.read(str(tmp_path / "none.fits"))
    fits.PrimaryHDU(np.ones((2, 3, 3))).writeto(tmp_path / "cube.fits")
    with pytest.raises(InputError, match="holds no image of two axes"):
        framefile.read(str(tmp_path / "cube.fits"))
