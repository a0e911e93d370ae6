"""CompressedCube: stamp files in tiles, read alike by skycnn, astropy and CFITSIO; a corrupt tile costs one stamp."""

import os
import shutil
import subprocess

import fitsio
import numpy as np
import pytest
from astropy.io import fits

import rawfits
import stamping
from extending import extend
from skycnn.errors import InputError, Interrupted
from skycnn.fits import catalogue, splice
from skycnn.fits.stamplayout import compressedcube
from skycnn.schema import Flag
from skycnn.stamps.stampfile import partialfile
from skycnn.stamps.stampfile.cube import Cube
from skycnn.stamps.stamps import Batch

BANDS, SIDE = ("g", "r"), 12


def sky(rows):
    """Return stamps as a survey has them: noise and a source; some without noise, with holes, or empty."""
    rng = np.random.default_rng(5)
    out = rng.normal(10, 1, (50, len(BANDS), SIDE, SIDE)).astype(np.float32)
    out[:, :, 5:7, 5:7] += 100
    out[3, 0] = 7.5
    out[4] = np.nan
    out[5, 1, :4] = np.nan
    out[6, 0, 0, 0] = np.inf
    out[7] = 0
    return out[np.asarray(rows)]


NO_LOSS = [(3, 0), (4, 0), (4, 1), (6, 0), (7, 0), (7, 1)]
"""Planes that cannot be quantised."""


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(stamping, "pixels", lambda rows, bands, side: sky(rows))
    monkeypatch.setattr(catalogue, "CHUNK", stamping.CHUNK)
    monkeypatch.setattr(splice, "CHUNK_BYTES", 3000)
    monkeypatch.setattr(partialfile, "READ_BYTES", 5000)
    monkeypatch.setattr(compressedcube, "PART_BYTES", 4 * 2 * SIDE * SIDE * 7)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


@pytest.fixture(params=["rice", "gzip"])
def pair(request, hard, tmp_path):
    """A plain stamp file and the same compressed."""
    plain, packed = tmp_path / "plain.fits", tmp_path / "packed.fits"
    stamping.cut(hard, plain, bands=BANDS, side=SIDE)
    stamping.cut(hard, packed, bands=BANDS, side=SIDE, compress=request.param)
    return request.param, plain, packed


def read(path, n=50, **more):
    with Cube.open(str(path)) as cube:
        parts = list(cube.batches(0, {}, np.ones(n, bool), bands=BANDS, side=SIDE, **more))
    return Batch(*(np.concatenate([getattr(part, name) for part in parts]) for name in Batch.__annotations__))


def close(found, method):
    """See that pixels are those that went in: bit for bit, or to half a step of the noise."""
    expected = sky(range(50))
    assert found.dtype.kind == "f"
    if method == "gzip":
        np.testing.assert_array_equal(found, expected)
        return
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    for plane in NO_LOSS:
        np.testing.assert_array_equal(found[plane], expected[plane])
    there = np.isfinite(expected)
    lost = np.abs(found[there] - expected[there])
    assert 0.01 < lost.max() < 0.5 * 1.5 / 4  # half of a step; the noise of so small a tile is not quite 1
    assert lost.std() < 0.1


def test_the_tiles_are_read_back(pair):
    method, plain, packed = pair
    found, whole = read(packed), read(plain)
    close(found.pixels, method)
    for name in ("rows", "rests", "flags"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
    with Cube.open(str(packed)) as cube, Cube.open(str(plain)) as other:
        assert (cube.bands, cube.side, cube.rows, cube.pixel_scale) == (other.bands, SIDE, 50, other.pixel_scale)
    np.testing.assert_array_equal(read(packed, dtype=">f4").pixels, found.pixels)


def test_astropy_reads_the_same(pair):
    method, _, packed = pair
    mine = read(packed).pixels
    with fits.open(packed) as units:
        assert [type(unit).__name__ for unit in units] == ["PrimaryHDU", "CompImageHDU", "BinTableHDU"]
        assert [unit.name for unit in units] == ["PRIMARY", "IMAGES", "CATALOGUE"]
        header = units[1].header
        assert (header["BANDS"], header["PIXSCALE"], header["NAXIS4"]) == ("g r", 0.25, 50)
        told = str(header["HISTORY"])
        assert ("lossy" in told and "q = 4" in told) if method == "rice" else ("without loss" in told)
        np.testing.assert_array_equal(units[1].data, mine)


@pytest.mark.skipif(shutil.which("funpack") is None, reason="funpack is not installed")
def test_cfitsio_makes_the_same_pixels(pair, tmp_path):
    method, _, packed = pair
    subprocess.run(["funpack", "-O", str(tmp_path / "un.fits"), str(packed)], check=True, capture_output=True)
    mine = read(packed).pixels
    if method == "rice":
        mine[np.isinf(mine)] = np.nan  # CFITSIO takes infinities for NaN where ZBLANK is given
    np.testing.assert_array_equal(fitsio.read(str(tmp_path / "un.fits"), ext=1), mine)
    np.testing.assert_array_equal(read(tmp_path / "un.fits").pixels, mine)  # an unpacked one is a stamp file too


@pytest.mark.skipif(shutil.which("fitsverify") is None, reason="fitsverify is not installed")
def test_fitsverify_does_not_complain(pair):
    ran = subprocess.run(["fitsverify", "-q", str(pair[2])], capture_output=True, text=True, check=False)
    assert ran.stdout.startswith("verification OK"), ran.stdout


def test_the_catalogue_is_the_same(pair):
    _, plain, packed = pair
    assert rawfits.units(packed.read_bytes())[0][2] == rawfits.units(plain.read_bytes())[0][1]


def test_the_same_stamps_give_the_same_bytes(pair, hard, tmp_path, monkeypatch):
    method, _, packed = pair
    monkeypatch.setattr(compressedcube, "PART_BYTES", 1 << 20)
    stamping.cut(hard, tmp_path / "again.fits", bands=BANDS, side=SIDE, compress=method)
    assert (tmp_path / "again.fits").read_bytes() == packed.read_bytes()


def test_a_stopped_run_resumes_to_the_same_bytes(pair, hard, tmp_path):
    method, _, packed = pair
    out = tmp_path / "again.fits"
    with pytest.raises(Interrupted):
        stamping.cut(hard, out, bands=BANDS, side=SIDE, compress=method, stop=("finish", 1, Interrupted(15)))
    assert stamping.cut(hard, out, bands=BANDS, side=SIDE, compress=method)[0] == 50
    assert out.read_bytes() == packed.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["again.fits", "hard.fits", "packed.fits", "plain.fits"]


def test_predict_extends_its_catalogue(pair):
    _, _, packed = pair
    before = packed.read_bytes()
    assert extend(packed) == 50
    old, new = rawfits.units(before)[0], rawfits.units(packed.read_bytes())[0]
    assert old[:2] == new[:2]
    assert new[2].value("TFIELDS") == old[2].value("TFIELDS") + 4


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows(hard, tmp_path, rows):
    out = tmp_path / "few.fits"
    stamping.cut(hard, out, bands=BANDS, side=SIDE, compress="rice", rows=(2, 2 + rows))
    with Cube.open(str(out)) as cube:
        assert cube.rows == rows
        assert sum(len(batch.rows) for batch in cube.batches(0, {}, np.ones(rows, bool), bands=BANDS, side=4)) == rows


@pytest.mark.parametrize("spoil", ["bytes", "length", "place"])
def test_a_corrupt_tile_costs_one_stamp(pair, spoil):
    """The ninth row's second band."""
    _, _, packed = pair
    whole = read(packed).pixels
    octets = bytearray(packed.read_bytes())
    unit = rawfits.units(bytes(octets))[0][1]
    data, wide = octets.index(unit.data), unit.value("NAXIS1")
    place = data + (9 * 2 + 1) * wide
    n, at = np.frombuffer(bytes(octets[place : place + 16]), ">i8")
    if spoil == "bytes":
        start = data + wide * unit.value("NAXIS2") + at
        octets[start : start + n] = b"\xff" * n
    else:
        octets[place : place + 16] = np.array([n // 2, at] if spoil == "length" else [n, 10**12], ">i8").tobytes()
    packed.write_bytes(octets)
    found = read(packed)
    assert np.isnan(found.pixels[9, 1]).all()
    assert found.flags[9] & Flag.UNREADABLE
    assert not (np.delete(found.flags, 9) & Flag.UNREADABLE).any()
    rest = np.ones((50, 2), bool)
    rest[9, 1] = False
    np.testing.assert_array_equal(found.pixels[rest], whole[rest])


@pytest.mark.parametrize("more", [{"tile_shape": (1, 2, SIDE, SIDE)}, {"compression_type": "PLIO_1"}])
def test_other_tiles_are_refused_with_the_command_that_unpacks_them(tmp_path, more):
    cube = np.ones((4, 2, SIDE, SIDE), np.int16 if "compression_type" in more else np.float32)
    settings = {"tile_shape": (1, 1, SIDE, SIDE), **more}
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(cube, **settings)]).writeto(tmp_path / "c.fits")
    with pytest.raises(InputError, match="a tile for each plane") as told:
        Cube.open(str(tmp_path / "c.fits"))
    assert told.value.hint.startswith("Unpack it first: funpack")


@pytest.mark.parametrize("dither", [-1, 1, 2])
def test_tiles_that_astropy_made(tmp_path, dither):
    cube = sky(range(8, 20))
    cube[0, 0, 0, :3] = np.nan
    unit = fits.CompImageHDU(
        cube, compression_type="RICE_1", tile_shape=(1, 1, SIDE, SIDE), quantize_method=dither, dither_seed=9
    )
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(tmp_path / "c.fits")
    with Cube.open(str(tmp_path / "c.fits")) as stamps:
        (batch,) = stamps.batches(0, {}, np.ones(12, bool), bands=stamps.bands, side=SIDE)
    np.testing.assert_array_equal(batch.pixels, fits.getdata(tmp_path / "c.fits", 1))
