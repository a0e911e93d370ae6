"""Planes: one image a band, from files with two axes or three."""

import bz2
import gzip

import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import InputError
from skycnn.images.openpixels import open_pixels
from skycnn.images.planes import read_planes

RANDOM = np.random.default_rng(5)
CUBE = RANDOM.normal(size=(3, 7, 9)).astype(np.float32)


def write(path, data, header=None, **cards):
    unit = fits.PrimaryHDU(data, fits.Header(header) if header else None)
    unit.header.update(cards)
    unit.writeto(path)
    return str(path)


def pixels(header):
    ny, nx = header.shape
    out = np.empty((1, 9, 9), np.float32)
    with open_pixels(header) as opened:
        opened.cut(np.array([0]), np.array([0]), 9, out)
    return out[0, :ny, :nx]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_three_axes_are_bands(tmp_path, pack):
    path = tmp_path / "cube.fits"
    write(path, CUBE, BANDS="g r z", BUNIT="nmgy")
    path.write_bytes(pack(path.read_bytes()))
    planes = read_planes(str(path))
    assert (planes.names, planes.shape) == (("g", "r", "z"), (7, 9))
    for i, name in enumerate("grz"):
        header = planes.band(name)
        assert header.header["BUNIT"] == "nmgy"
        np.testing.assert_array_equal(pixels(header), CUBE[i])


def test_scaled_integers(tmp_path):
    raw = RANDOM.integers(-30000, 30000, (2, 7, 9)).astype(np.int16)
    raw[1, 2, 3] = 77
    unit = fits.PrimaryHDU(raw)
    path = tmp_path / "cube.fits"
    unit.writeto(path)
    with fits.open(path, "update", do_not_scale_image_data=True) as file:
        file[0].header.update(BSCALE=0.1, BZERO=5.0, BLANK=77)
    wanted = (raw.astype(np.float64) * 0.1 + 5).astype(np.float32)
    wanted[raw == 77] = np.nan
    planes = read_planes(str(path))
    for i in range(2):
        np.testing.assert_array_equal(pixels(planes.band("any", i)), wanted[i])


@pytest.mark.parametrize(
    ("bands", "names"),
    [("g r z", ("g", "r", "z")), ("g,r,z", ("g", "r", "z")), ("grz", ("g", "r", "z")), ("F1 F2 F3", ("F1", "F2", "F3"))]
    + [(text, ()) for text in ("", "gr", "ggg", "g g r", 5)],
)
def test_names_of_bands(tmp_path, bands, names):
    assert read_planes(write(tmp_path / "a.fits", CUBE, BANDS=bands)).names == names


def test_two_axes_are_one_band(tmp_path):
    planes = read_planes(write(tmp_path / "a.fits", CUBE[0], FILTER="r"))
    assert planes.names == ("r",) and len(planes.headers) == 1
    assert planes.band("anything") is planes.headers[0]
    np.testing.assert_array_equal(pixels(planes.headers[0]), CUBE[0])
    with pytest.raises(InputError):
        planes.band("g", 1)


@pytest.mark.parametrize("shape", [(1, 7, 9), (1, 1, 7, 9), (1, 3, 7, 9)])
def test_axes_of_length_one_do_not_count(tmp_path, shape):
    data = np.broadcast_to(CUBE, (1, 3, 7, 9))[:, : shape[-3]].reshape(shape)
    planes = read_planes(write(tmp_path / "a.fits", data))
    assert len(planes.headers) == shape[-3] and planes.shape == (7, 9)
    np.testing.assert_array_equal(pixels(planes.headers[-1]), CUBE[shape[-3] - 1])


def test_an_extension(tmp_path):
    path = tmp_path / "a.fits"
    units = [fits.PrimaryHDU(), fits.ImageHDU(CUBE, name="SCI"), fits.ImageHDU(-CUBE, name="ERR")]
    fits.HDUList(units).writeto(path)
    for extension, sign in ((None, 1), ("SCI", 1), ("err", -1), ("2", -1)):
        np.testing.assert_array_equal(pixels(read_planes(str(path), extension).headers[1]), sign * CUBE[1])


def test_names_choose_before_places(tmp_path):
    planes = read_planes(write(tmp_path / "a.fits", CUBE, BANDS="z r g"))
    np.testing.assert_array_equal(pixels(planes.band("g", 0)), CUBE[2])
    with pytest.raises(InputError, match="holds bands z r g"):
        planes.band("u", 0)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.unlink(), "does not exist"),
        (lambda path: path.write_bytes(path.read_bytes()[:2880]), "shorter than its header says"),
        (lambda path: path.write_bytes(path.read_bytes()[:1000]), "END"),
        (lambda path: path.write_bytes(b"<html>"), "not FITS"),
        (lambda path: path.write_bytes(gzip.compress(path.read_bytes())[:60]), "corrupt gz archive"),
        (lambda path: (path.unlink(), path.mkdir()), "folder"),
        (lambda path: write(path.with_name("b.fits"), None) and path.with_name("b.fits").replace(path), "no image"),
    ],
)
def test_bad_files(tmp_path, spoil, said):
    path = tmp_path / "a.fits"
    write(path, CUBE)
    spoil(path)
    with pytest.raises(InputError, match=said):
        read_planes(str(path))


def test_several_images(tmp_path):
    path = tmp_path / "a.fits"
    units = [fits.PrimaryHDU(), *(fits.ImageHDU(CUBE[0], name="SCI") for _ in range(2))]
    fits.HDUList(units).writeto(path)
    with pytest.raises(InputError, match="holds 2 images"):
        read_planes(str(path))


def test_a_compressed_cube_is_refused(tmp_path):
    path = tmp_path / "a.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(np.zeros((3, 40, 40), np.int16))]).writeto(path)
    with pytest.raises(InputError, match="funpack"):
        read_planes(str(path))
