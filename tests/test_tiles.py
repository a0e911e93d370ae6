"""Tiles: a compressed image as the table that it is."""

import shutil
import subprocess

import numpy as np
import pytest
from astropy.io import fits

import imagemaker
from skycnn.errors import InputError
from skycnn.fits.tilebytes import TileError
from skycnn.images.imageheader import ImageSpec, read_headers
from skycnn.images.tiles import Tiles


def assembled(path, extension=None):
    """Return the image that its tiles make."""
    (header,) = read_headers(ImageSpec(str(path), extension))
    tiles = Tiles(header)
    made = np.full(header.shape, 77, np.float32)
    high, wide = tiles.shape
    for iy in range(tiles.grid[0]):
        for ix in range(tiles.grid[1]):
            tiles.fill(iy, ix, made[iy * high : (iy + 1) * high, ix * wide : (ix + 1) * wide])
    tiles.close()
    return made


@pytest.mark.parametrize("stored", imagemaker.TILED)
def test_tiles_make_the_image(tmp_path, stored):
    path, expected = imagemaker.write(tmp_path / "a.fits", imagemaker.array((140, 170)), stored)
    assert imagemaker.same(assembled(path), expected)


@pytest.mark.parametrize(
    "options",
    [
        ("-r",),
        ("-r", "-q", "8"),
        ("-g", "-q", "0"),
        ("-r", "-q", "16", "-t", "50,60"),
        ("-g",),
        ("-g2", "-q", "0"),
        ("-h",),
        ("-h", "-s", "2"),
        ("-h", "-q", "4"),
        ("-p",),
        ("-qz", "8"),
        ("-qn", "8"),
        ("-w",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "f4", "f8"])
def test_what_fpack_made_is_what_fitsio_reads(tmp_path, options, kind):
    fitsio = pytest.importorskip("fitsio")
    if shutil.which("fpack") is None:
        pytest.skip("fpack is not installed")
    values = imagemaker.array((130, 150)).astype(kind)
    if kind[0] == "f":
        values += np.random.default_rng(1).normal(0, 0.3, values.shape).astype(kind)
        values[3:7, 4:9] = np.nan
        values[60:80] = 0
    fits.writeto(tmp_path / "a.fits", values)
    ran = subprocess.run(["fpack", *options, "a.fits"], cwd=tmp_path, capture_output=True, text=True, check=False)
    if ran.returncode or not (tmp_path / "a.fits.fz").exists():
        pytest.skip(f"fpack refuses: {ran.stderr.strip() or ran.stdout.strip()}")
    wanted = fitsio.read(tmp_path / "a.fits.fz", ext=1).astype(np.float32)
    assert imagemaker.same(assembled(tmp_path / "a.fits.fz"), wanted)


@pytest.mark.parametrize("dither", [-1, 1, 2])
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_quantised_floats_are_what_astropy_reads(tmp_path, dither, kind):
    random = np.random.default_rng(2)
    values = random.normal(100, 5, (90, 80)).astype(kind)
    values[10:12] = 3.0  # a tile that cannot be quantised
    values[40, 3:9] = np.nan
    values[50, :20] = 0
    unit = fits.CompImageHDU(values, compression_type="RICE_1", quantize_level=4, quantize_method=dither, dither_seed=9)
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(tmp_path / "a.fits")
    with fits.open(tmp_path / "a.fits") as file:
        wanted = file[1].data.astype(np.float32)
    assert np.isnan(wanted).sum() == 6
    assert imagemaker.same(assembled(tmp_path / "a.fits"), wanted)


def test_scaled_integers(tmp_path):
    unit = fits.CompImageHDU(imagemaker.array((60, 70)).astype("i2"))
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(tmp_path / "a.fits")
    with fits.open(tmp_path / "a.fits", "update", disable_image_compression=True) as file:
        file[1].header.update({"BSCALE": 0.25, "BZERO": 1000.0, "ZBLANK": 60})
    wanted = (imagemaker.array((60, 70)) * 0.25 + 1000).astype(np.float32)
    wanted[imagemaker.array((60, 70)) == 60] = np.nan
    assert imagemaker.same(assembled(tmp_path / "a.fits"), wanted)


def altered(path, **cards):
    with fits.open(path, "update", disable_image_compression=True) as file:
        for name, value in cards.items():
            if value is None:
                del file[1].header[name]
            else:
                file[1].header[name] = value


@pytest.mark.parametrize(
    ("cards", "said"),
    [
        ({"ZCMPTYPE": "LZW"}, "compressed by ZCMPTYPE = 'LZW'"),
        ({"ZQUANTIZ": "RANDOM"}, "quantised by ZQUANTIZ = 'RANDOM'"),
        ({"ZTILE1": 0}, "no size"),
        ({"ZTILE1": "wide"}, "ZTILE1 is unreadable"),
        ({"ZTILE1": 10}, "NAXIS2 is 60 tiles, its image takes 420"),
        ({"ZNAME2": "BYTEPIX", "ZVAL2": 3}, "ZVAL2, the BYTEPIX of its compression, makes no sense: 3"),
        ({"TTYPE1": "OTHER"}, "no column COMPRESSED_DATA"),
        ({"TFORM1": "8B"}, "COMPRESSED_DATA is 8B"),
        ({"THEAP": 10**9}, "THEAP"),
    ],
)
def test_tables_that_are_no_images(tmp_path, cards, said):
    path, _ = imagemaker.write(tmp_path / "a.fits", imagemaker.array((60, 70)), "rice rows")
    altered(path, **cards)
    with pytest.raises(InputError, match=said):
        Tiles(read_headers(ImageSpec(str(path)))[0])


def test_a_descriptor_that_points_outside(tmp_path):
    path, expected = imagemaker.write(tmp_path / "a.fits", imagemaker.array((60, 70)), "rice rows")
    (header,) = read_headers(ImageSpec(str(path)))
    with fits.open(path, disable_image_compression=True) as file:
        wide = file[1].header["NAXIS1"]
    octets = bytearray(path.read_bytes())
    for row, change in ((5, (0, 127)), (6, (4, 127)), (7, (0, 255)), (8, (4, 255))):
        octets[header.offset + row * wide + change[0]] = change[1]
    path.write_bytes(octets)
    (header,) = read_headers(ImageSpec(str(path)))
    tiles = Tiles(header)
    out = np.empty((1, 70), np.float32)
    for row in (5, 6, 7, 8):
        with pytest.raises(TileError, match="outside the heap"):
            tiles.fill(row, 0, out)
    tiles.fill(4, 0, out)
    assert imagemaker.same(out[0], expected[4])
    tiles.close()


def test_a_tile_without_bytes(tmp_path):
    path, _ = imagemaker.write(tmp_path / "a.fits", imagemaker.array((60, 70)), "rice rows")
    (header,) = read_headers(ImageSpec(str(path)))
    octets = bytearray(path.read_bytes())
    octets[header.offset : header.offset + 8] = bytes(8)
    path.write_bytes(octets)
    tiles = Tiles(read_headers(ImageSpec(str(path)))[0])
    with pytest.raises(TileError):
        tiles.fill(0, 0, np.empty((1, 70), np.float32))
    tiles.close()
