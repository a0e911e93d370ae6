"""pixelpng: PNG files that another reader reads, pixel by pixel."""

import io

import numpy as np
import pytest

from skycnn.report import pixelpng

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


def test_colours_are_read_back_to_a_step(tmp_path):
    pixels = np.random.default_rng(1).random((5, 7, 3))
    pixels[0, 0], pixels[0, 1] = (0, 0.5, 1), (-1, 2, 0)
    read = Image.open(io.BytesIO(pixelpng.colours(pixels)))
    assert (read.mode, read.size) == ("RGB", (7, 5))
    got = np.asarray(read) / 255
    np.testing.assert_allclose(got, np.clip(pixels, 0, 1), atol=0.5 / (pixelpng.LEVELS - 1) + 0.5 / 255)
    assert got[0, 1].tolist() == [0, 1, 0]


def test_numbers_of_colours_are_exact():
    palette = np.arange(30, dtype=np.uint8).reshape(10, 3)
    pixels = np.random.default_rng(2).integers(0, 10, (4, 6)).astype(np.uint8)
    read = Image.open(io.BytesIO(pixelpng.indexed(pixels, palette)))
    assert (read.mode, read.size) == ("P", (6, 4))
    np.testing.assert_array_equal(np.asarray(read.convert("RGB")), palette[pixels])
