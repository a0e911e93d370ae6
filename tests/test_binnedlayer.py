"""BinnedLayer: coarse stamps are the binned stamps of fine pixels, piece by piece, whatever is missing."""

import numpy as np
import pytest
from astropy.io import fits

from mosaicking import SIDE, field, footprints, positions, sliced, tiles, wcs, write
from skycnn.images import pixelunit
from skycnn.images.openpixels import open_pixels
from skycnn.stamps.mosaic import binnedlayer, placement
from skycnn.stamps.mosaic.layer import Layer
from skycnn.stamps.mosaic.openimages import OpenImages
from test_binning import slow

X = np.array([100.3, 150.0, 3.0, 296.6, -20.0, 150.2])
Y = np.array([120.8, 150.5, 150.0, 299.0, 20.0, 3.4])


@pytest.fixture
def layer():
    shared = []

    def call(paths, opener=open_pixels, **planes):
        shared.append(OpenImages(opener=opener))
        return Layer(footprints("g", paths, **planes), shared[-1])

    yield call
    for images in shared:
        images.close()


def cut(made, x, y, side, times):
    place = placement.place(made.footprints, *positions(x, y).values(), side * times)
    out = np.full((len(x), side, side), np.nan, ">f4")
    outside, broken = np.full(len(x), side * side), np.zeros(len(x), bool)
    for image in set(place.image[place.image >= 0].tolist()):
        rows = np.flatnonzero(place.image == image)
        part = np.full((len(rows), side, side), -1, ">f4")
        outside[rows], broken[rows] = binnedlayer.cut(made, place.take(rows), side, times, part)
        out[rows] = part
    return out, outside, broken


def expected(pixels, side, times, x=X, y=Y):
    fine = np.stack([sliced(pixels, *at, side * times)[0] for at in zip(x, y, strict=True)])
    return slow(fine, times)


@pytest.mark.parametrize(("side", "times"), [(1, 3), (9, 4), (10, 5), (7, 16), (33, 2)])
@pytest.mark.parametrize("piece", [512, 24])
def test_stamps_are_binned_slices(layer, tmp_path, monkeypatch, side, times, piece):
    monkeypatch.setattr(binnedlayer, "PIECE", piece)
    pixels = field()
    found, outside, broken = cut(layer([write(tmp_path / "g.fits", pixels, wcs())]), X, Y, side, times)
    light = expected(pixels, side, times)
    np.testing.assert_allclose(found, light, rtol=1e-5, atol=1e-4)
    assert outside.tolist() == np.isnan(light).sum((1, 2)).tolist()
    assert not broken.any()


@pytest.mark.parametrize("piece", [512, 40])
def test_adjoining_tiles_are_one_image(layer, tmp_path, monkeypatch, piece):
    monkeypatch.setattr(binnedlayer, "PIECE", piece)
    pixels = field()
    found, outside, _ = cut(layer(tiles(tmp_path, pixels, 110, overlap=3)), X, Y, 12, 10)
    light = expected(pixels, 12, 10)
    np.testing.assert_allclose(found, light, rtol=1e-5, atol=1e-4)
    assert outside.tolist() == np.isnan(light).sum((1, 2)).tolist()


def test_a_neighbour_a_fraction_of_a_pixel_off_fills_coarse_stamps(layer, tmp_path):
    flat = np.ones((SIDE, 160), "f4")
    paths = [write(tmp_path / f"{x0}.fits", flat, wcs(SIDE, x0)) for x0 in (0, 150.4)]
    found, outside, _ = cut(layer(paths), np.array([140.0]), np.array([150.0]), 12, 10)
    np.testing.assert_allclose(found, 100.0, rtol=1e-6)
    assert outside.tolist() == [0]
    assert cut(layer(paths), np.array([140.0]), np.array([150.0]), 100, 1)[1].tolist() == [
        3100
    ]  # fine ones it does not


def test_masked_and_weightless_pixels_are_absent(layer, tmp_path):
    pixels, random = field(), np.random.default_rng(5)
    bad = random.random((SIDE, SIDE)) < np.linspace(0, 1, SIDE)
    image = write(tmp_path / "g.fits", pixels, wcs())
    masks = [write(tmp_path / "m.fits", bad.astype("i2"), wcs())]
    weights = [write(tmp_path / "w.fits", (~bad).astype("f4"), wcs())]
    holed = np.where(bad, np.nan, pixels).astype("f4")
    for planes in ({"masks": masks}, {"weights": weights}):
        found, outside, _ = cut(layer([image], **planes), X[:2], Y[:2], 12, 8)
        np.testing.assert_allclose(found, expected(holed, 12, 8, X[:2], Y[:2]), rtol=1e-5, atol=1e-4)
        assert np.isnan(found).any()
        assert outside.tolist() == [0, 0]


def test_what_is_hidden_or_broken_is_counted_by_stamp(layer, tmp_path, monkeypatch):
    monkeypatch.setattr(binnedlayer, "PIECE", 16)
    image = write(tmp_path / "g.fits", field(), wcs())
    mask = write(tmp_path / "m.fits", np.ones((SIDE, SIDE), "i2"), wcs())
    made = layer([image], masks=[mask])
    found, _, broken = cut(made, X[:2], Y[:2], 12, 8)
    assert np.isnan(found).all() and not broken.any()
    assert made.hiding()[0].startswith(f"the mask hides every pixel of 2 stamps ({mask})")

    def gone(header, scratch):
        raise OSError("g.fits: Input/output error")

    made = layer([image], gone)
    found, _, broken = cut(made, X[:2], Y[:2], 12, 8)
    assert np.isnan(found).all() and broken.all()
    assert made.warnings() == ["g.fits: Input/output error: missing in 2 stamps"]


@pytest.mark.parametrize(
    ("unit", "light"),
    [(None, 64), ("nanomaggy", 64), ("adu", 64), ("uJy/pixel", 64), ("MJy/sr", 1), ("uJy/arcsec2", 1)],
)
def test_a_surface_brightness_is_a_mean(layer, tmp_path, unit, light):
    path = write(tmp_path / "g.fits", np.ones((SIDE, SIDE), "f4"), wcs())
    if unit is not None:
        fits.setval(path, "BUNIT", value=unit)
    np.testing.assert_allclose(cut(layer([path]), X[:1], Y[:1], 3, 8)[0], light, rtol=1e-6)
    named = layer([path]).converted(pixelunit.Conversion("adu", {"g": "adu"}))
    np.testing.assert_allclose(cut(named, X[:1], Y[:1], 3, 8)[0], 64, rtol=1e-6)
