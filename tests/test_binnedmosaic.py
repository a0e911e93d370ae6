"""BinnedMosaic: where coarse pixels lie on the sky, compressed images, and a model's coarse pixels."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from mosaicking import SCALE, SIDE, field, mosaic, positions, sliced, stamps, wcs, write
from skycnn.errors import InputError
from skycnn.images import resample as resampling
from skycnn.schema import Flag
from skycnn.stamps import stamps as stampsmodule
from skycnn.stamps.mosaic import binnedlayer
from skycnn.stamps.mosaic.binnedmosaic import BinnedMosaic
from skycnn.stamps.mosaic.resampledmosaic import ResampledMosaic
from test_binning import slow

X, Y = np.random.default_rng(3).uniform(80, SIDE - 80, (2, 12))


def binned_wcs(projection, x0, y0, times):
    """Return the WCS of a stamp that begins at a pixel, by astropy's own arithmetic of slices."""
    return WCS(projection.to_header()).slice((slice(y0, None, times), slice(x0, None, times)))


@pytest.mark.parametrize(("side", "times"), [(8, 5), (9, 4), (5, 7)])
def test_the_object_lies_where_the_stamp_says(tmp_path, side, times):
    pixels = field(1)
    path = write(tmp_path / "g.fits", pixels, wcs())
    with mosaic({"g": [path]}, made=BinnedMosaic) as source:
        coarse = source.binned(times)
        assert (coarse.pixel_scale, source.pixel_scale) == (pytest.approx(SCALE * times), pytest.approx(SCALE))
        found, rests, flags = stamps(coarse, positions(X, Y), ("g",), side)
        assert coarse.facts() == source.facts() | {"bin": times}
    assert not flags.any()
    for i in range(len(X)):
        fine, rest = sliced(pixels, X[i], Y[i], side * times)
        np.testing.assert_allclose(found[i, 0], slow(fine[None], times)[0], rtol=1e-5, atol=1e-4)
        assert rests[i, 0] * times == pytest.approx(rest, abs=1e-6)
        x0, y0 = (int(np.floor(at - (side * times - 1) / 2 + 0.5)) for at in (X[i], Y[i]))
        sky = wcs().all_pix2world(X[i], Y[i], 0)
        inside = binned_wcs(wcs(), x0, y0, times).all_world2pix(*sky, 0)
        assert np.array(inside) - (side - 1) / 2 == pytest.approx(rests[i, 0], abs=1e-5)


def test_compressed_images_give_the_same(tmp_path):
    pixels = field(1)
    plain = write(tmp_path / "g.fits", pixels, wcs())
    tiled, packed = tmp_path / "tiled.fits", tmp_path / "g.fits.gz"
    unit = fits.CompImageHDU(pixels.astype("f4"), wcs().to_header(), compression_type="GZIP_2", quantize_level=0)
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(tiled)
    fits.PrimaryHDU(pixels, wcs().to_header()).writeto(packed)
    found = []
    for path in (plain, tiled, packed):
        with mosaic({"g": [path]}, made=BinnedMosaic) as source:
            found.append(stamps(source.binned(6), positions(X, Y), ("g",), 10))
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, same)


def test_a_row_depends_on_itself_alone(tmp_path):
    paths = [
        write(tmp_path / "a.fits", field(1)[:, :170], wcs()),
        write(tmp_path / "b.fits", field(1)[:, 150:], wcs(SIDE, 150)),
    ]
    x, y = np.random.default_rng(4).uniform(-20, SIDE + 20, (2, 40))
    with mosaic({"g": paths, "r": paths[:1]}, made=BinnedMosaic) as source:
        whole = stamps(source.binned(5), positions(x, y), ("g", "r"), 9)
    rows = np.random.default_rng(5).permutation(40)[:17]
    with (
        pytest.MonkeyPatch.context() as patch,
        mosaic({"g": paths, "r": paths[:1]}, made=BinnedMosaic, threads=3) as source,
    ):
        patch.setattr(stampsmodule, "BATCH_BYTES", 4 * 4 * 2 * 9 * 9)
        patch.setattr(binnedlayer, "PIECES", 1)
        some = stamps(source.binned(5), positions(x[rows], y[rows]), ("g", "r"), 9)
    for one, other in zip(whole, some, strict=True):
        np.testing.assert_array_equal(one[rows], other)


def test_stamps_over_the_edge_and_off_the_image_are_flagged(tmp_path):
    path = write(tmp_path / "g.fits", np.ones((SIDE, SIDE), "f4"), wcs())
    x = np.array([150.0, 27.5, 26.0, 299.0, -30.0, 2000.0])  # 9 x 6 pixels reach 27 to the left
    with mosaic({"g": [path]}, made=BinnedMosaic) as source:
        found, _, flags = stamps(source.binned(6), positions(x, np.full(6, 150.0)), ("g",), 9)
    off = Flag.OFF_IMAGE
    assert flags.tolist() == [0, 0, 0, Flag.EDGE, off | Flag.MISSING_BAND, off | Flag.MISSING_BAND]
    np.testing.assert_allclose(found[:3], 36.0)  # what lies off by less than half a pixel is scaled up
    assert np.isnan(found[3]).sum() == 9 * 4


def test_positions_in_pixels_need_no_scale(tmp_path):
    pixels = field(1)
    fits.PrimaryHDU(pixels).writeto(tmp_path / "bare.fits")
    with mosaic({"g": [tmp_path / "bare.fits"]}, "pixel", BinnedMosaic) as source:
        found, _, _ = stamps(source.binned(4), {"X": X, "Y": Y}, ("g",), 6)
        assert source.binned(4).pixel_scale is None
    light = slow(np.stack([sliced(pixels, *at, 24)[0] for at in zip(X, Y, strict=True)]), 4)
    np.testing.assert_allclose(found[:, 0], light, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("scale", "kind", "times", "said"),
    [
        (SCALE * 4, BinnedMosaic, 4, "4 x 4 pixels of the images are one, keeping the flux"),
        (SCALE * 4 * 1.003, BinnedMosaic, 4, "4 x 4 pixels of the images are one, keeping the flux"),
        (SCALE * 4.4, ResampledMosaic, 4.4, "the images are resampled, keeping the flux"),
    ],
)
def test_the_coarse_pixels_of_a_model_are_made(tmp_path, scale, kind, times, said):
    flat = np.ones((SIDE, SIDE), "f4")
    bands = {"g": [write(tmp_path / "g.fits", flat, wcs())]}
    with mosaic(bands, made=BinnedMosaic) as source:
        found = source.rescaled(scale, "it")
        assert type(found) is kind
        assert found.notes[-1] == f"it takes pixels of {scale:.4g} arcsec: {said}"
        assert found.pixel_scale == pytest.approx(scale, rel=0.005)
        pixels, rests, flags = stamps(found, positions(X[:3], Y[:3]), ("g",), 20)
        again = source.binned(2).rescaled(scale, "it")
        np.testing.assert_array_equal(stamps(again, positions(X[:3], Y[:3]), ("g",), 20)[0], pixels)
        assert source.times == 1
    np.testing.assert_allclose(pixels, times**2, rtol=1e-3)
    assert (np.abs(rests) <= 0.5).all() and not flags.any()


@pytest.mark.parametrize("scale", [SCALE * 1.5, SCALE / 2])
def test_pixels_that_are_not_coarse_are_refused(tmp_path, scale):
    bands, said = {"g": [write(tmp_path / "g.fits", field(1), wcs())]}, r"it was trained on .*; these have 0\.5 arcsec"
    with mosaic(bands, made=BinnedMosaic) as source, pytest.raises(InputError, match=said) as caught:
        source.rescaled(scale, "it")
    assert "--resample" in caught.value.hint


def test_coarse_pixels_of_a_turned_band_agree_with_reproject(tmp_path, monkeypatch):
    """Bands on two grids and no whole ratio; pieces of 100 pixels, and a hole."""
    reproject = pytest.importorskip("reproject", reason="reproject is not installed")
    monkeypatch.setattr(resampling, "PIECE", 100)
    turned, image = wcs(rotation=30.0, scale=0.35), field(2) + np.float32(3)
    image[150:153, 140:160] = np.nan
    bands = {"g": [write(tmp_path / "g.fits", field(1), wcs())], "r": [write(tmp_path / "r.fits", image, turned)]}
    side, scale = 17, 3.3
    with mosaic(bands, made=BinnedMosaic) as source:
        found, rests, flags = stamps(source.rescaled(scale, "it"), positions([151.3], [148.6]), ("g", "r"), side)
    target = wcs()
    target.wcs.crpix = (np.array(target.wcs.crpix) - 1 - [151.3, 148.6]) * SCALE / scale + (side - 1) / 2 + 1
    target.wcs.cd = target.wcs.cd * scale / SCALE
    theirs, part = reproject.reproject_exact((np.nan_to_num(image), turned), target, (side, side), parallel=False)
    known, _ = reproject.reproject_exact(
        (np.isfinite(image).astype("f4"), turned), target, (side, side), parallel=False
    )
    ratio, inner = (scale / 0.35) ** 2, part > 1 - 1e-6
    assert inner.sum() > 100 and (known[inner] < 0.99).any()
    np.testing.assert_allclose(found[0, 1][inner], (theirs / known * ratio)[inner], rtol=3e-3)
    assert (rests == 0).all()
    assert flags[0] & ~Flag.EDGE == 0
