"""RowCut: where an object lies in its own image, and its stamp."""

import numpy as np
import pytest

from cutouts import SCALE, Sky
from skycnn.errors import InputError
from skycnn.images.planes import read_planes
from skycnn.stamps.rowimages.rowcut import cut, cut_binned, cut_resampled, has_wcs, locate, mismatch
from test_binning import slow

SKY = Sky()


def header(tmp_path, sky=SKY, size=300, x=149.5, y=149.5, **options):
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.fits"
    path.write_bytes(sky.cutout(x, y, size, **options))
    return read_planes(str(path)).headers[0]


def stamp(place, side=16, **options):
    out = np.empty((side, side), np.float32)
    return out, cut(place, side, out)


@pytest.mark.parametrize("side", [1, 2, 15, 16, 400])
def test_by_position(tmp_path, side):
    image = header(tmp_path)
    (xs, ys), (lons, lats) = SKY.places(20, margin=-10)
    for x, y, lon, lat in zip(xs, ys, lons, lats, strict=True):
        place = locate(image, (lon, lat))
        assert (place.x, place.y) == pytest.approx((x, y), abs=1e-6)
        assert place.on == (-0.5 <= x < 299.5 and -0.5 <= y < 299.5)
        out, found = stamp(place, side)
        wanted, rest = SKY.stamp(x, y, side)
        np.testing.assert_array_equal(out, wanted)
        assert (found.dx, found.dy) == pytest.approx(rest, abs=1e-6)
        assert found.outside == np.isnan(wanted).sum() and not found.broken


def test_by_pixel_and_by_centre(tmp_path):
    image, bare = header(tmp_path), header(tmp_path, size=17, x=100, y=90, keep_wcs=False)
    assert has_wcs(image) and not has_wcs(bare)
    place = locate(image, (10.25, 20.0), in_pixels=True)
    assert (place.x, place.y, place.wcs) == (10.25, 20.0, None)
    for position in (None, (150.0, 2.0)):
        place = locate(bare, position)
        assert (place.x, place.y) == (8, 8)
    np.testing.assert_array_equal(stamp(place, 17)[0], SKY.stamp(100, 90, 17)[0])


def test_the_other_side_of_the_sky_and_far_away(tmp_path):
    image = header(tmp_path)
    place = locate(image, (330.0, -2.0))
    out, found = stamp(place)
    assert not place.on and np.isnan(out).all() and found.outside == 256
    out, found = stamp(locate(image, (1e300, -1e300), in_pixels=True))
    assert np.isnan(out).all() and found.outside == 256


def test_grids_are_compared(tmp_path):
    here = (150.0, 2.0)
    first = locate(header(tmp_path), here)
    assert mismatch(first, first, None) is None and mismatch(first, first, SCALE * 1.005) is None
    assert mismatch(first, first, 0.262) == "scale 0.4 arcsec against 0.262"
    for other, said in (({"scale": 0.5}, "scale 0.5 arcsec against 0.4"), ({"angle": 25}, "rotation")):
        place = locate(header(tmp_path, Sky(**other)), here)
        assert mismatch(place, first, None).startswith(said)
    bare = locate(header(tmp_path, keep_wcs=False), here)
    assert mismatch(bare, first, SCALE) is None and mismatch(first, bare, SCALE) is None


@pytest.mark.parametrize("scale", [None, SCALE, 0.8])
def test_resampled_light_is_kept(tmp_path, scale):
    flat = Sky(angle=70, scale=0.5)
    flat.image[...] = 1
    first = locate(header(tmp_path), (150.0, 2.0))
    other = locate(header(tmp_path, flat), (150.0, 2.0))
    out = np.empty((16, 16), np.float32)
    found = cut_resampled(other, first, scale, 16, out)
    np.testing.assert_allclose(out, ((scale or SCALE) / 0.5) ** 2, rtol=1e-4)
    assert found.outside == 0
    same = np.empty((16, 16), np.float32)
    found = cut_resampled(first, first, None, 16, same)
    np.testing.assert_array_equal(same, stamp(first)[0])


def test_resampled_at_an_edge(tmp_path):
    first = locate(header(tmp_path), (150.0, 2.0))
    other = locate(header(tmp_path, Sky(angle=70), size=12), (150.0, 2.0))
    out = np.empty((16, 16), np.float32)
    found = cut_resampled(other, first, None, 16, out)
    assert found.outside == np.isnan(out).sum() > 0


def test_a_wcs_that_is_none(tmp_path):
    sky = Sky()
    sky.wcs.wcs.cd = np.full((2, 2), 1e-4)
    path = tmp_path / "a.fits"
    data = sky.cutout(149.5, 149.5, 300, keep_wcs=False)
    card = b"CTYPE1  = 'RA---TAN'           "
    path.write_bytes(data.replace(b"END".ljust(80), card.ljust(80) + b"END".ljust(80), 1)[: 2880 + 300 * 300 * 4])
    with pytest.raises(InputError):
        locate(read_planes(str(path)).headers[0], (150.0, 2.0))


@pytest.mark.parametrize(("side", "times"), [(1, 5), (6, 4), (5, 7)])
def test_coarse_pixels_are_sums(tmp_path, side, times):
    image = header(tmp_path)
    (xs, ys), (lons, lats) = SKY.places(20, margin=-12)
    for x, y, lon, lat in zip(xs, ys, lons, lats, strict=True):
        out = np.empty((side, side), ">f4")
        found = cut_binned(locate(image, (lon, lat)), times, side, out)
        fine, rest = SKY.stamp(x, y, side * times)
        light = slow(fine[None], times)[0]
        np.testing.assert_allclose(out, light, rtol=1e-5, atol=1e-4)
        assert (found.dx * times, found.dy * times) == pytest.approx(rest, abs=1e-6)
        assert found.outside == np.isnan(light).sum() and not found.broken
    lost = cut_binned(locate(image, (330.0, -2.0)), times, side, out)
    assert np.isnan(out).all() and lost.outside == side**2
