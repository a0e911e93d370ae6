"""Placement: the most central image of each row, against a comparison by astropy, one row and image at a time."""

import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

import tiles
from skycnn.images.imagelist import expand
from skycnn.stamps.mosaic import placement
from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.mosaic.placement import fillers, place, place_pixels

RNG = np.random.default_rng(7)
SIDE = 16


def made(folder, headers, shape=(100, 120), **more):
    """Return the footprints of images with these headers."""
    for number, cards in enumerate(headers):
        tiles.write(folder / f"t{number:03d}.fits", cards, shape)
    return Footprints("g", expand("g", [f"{folder}/t*.fits"]), **more)


def mosaic(folder, lon, lat, across=5, step=90, **more):
    """Return images that overlap, in rows and columns about a place."""
    pixel = tiles.SCALE / 3600
    places = [
        (
            lon + (column - across // 2) * step * pixel / np.cos(np.radians(lat)),
            lat + (row - across // 2) * step * pixel,
        )
        for row in range(across)
        for column in range(across)
    ]
    return made(folder, [tiles.header(a % 360, d, **more) for a, d in places])


def around(lon, lat, n, degrees):
    """Return positions about a place, evenly in a square; also at a pole."""
    down, across = np.radians(RNG.uniform(-degrees, degrees, (2, n)))
    a, d = np.radians([lon, lat])
    rho = np.hypot(across, down)
    c = np.arctan(rho)
    with np.errstate(invalid="ignore"):
        dec = np.arcsin(np.cos(c) * np.sin(d) + np.where(rho > 0, down * np.sin(c) * np.cos(d) / rho, 0))
    ra = a + np.arctan2(across * np.sin(c), rho * np.cos(d) * np.cos(c) - down * np.sin(d) * np.sin(c))
    return np.degrees(ra) % 360, np.degrees(dec)


def oracle(headers, lon, lat, side, shape=(100, 120), near=5.0):
    """Return the image and the position of each row by astropy, as the words of `place` say."""
    image, x, y, on = np.full(len(lon), -1), *np.full((2, len(lon)), np.nan), np.zeros(len(lon), bool)
    deepest = np.full(len(lon), -np.inf)
    for number, cards in enumerate(headers):
        wcs = WCS(cards)
        close = (
            np.cos(np.radians(lat)) * np.cos(np.radians(cards["CRVAL2"])) * np.cos(np.radians(lon - cards["CRVAL1"]))
        )
        close += np.sin(np.radians(lat)) * np.sin(np.radians(cards["CRVAL2"]))
        for row in np.flatnonzero(close > np.cos(np.radians(near))):
            u, v = (float(value) for value in wcs.all_world2pix(lon[row], lat[row], 0, tolerance=1e-9))
            first = [int(np.floor(at - (side - 1) / 2 + 0.5)) for at in (u, v)]
            if not all(-side < at < size for at, size in zip(first, shape[::-1], strict=True)):
                continue
            here = -0.5 <= u < shape[1] - 0.5 and -0.5 <= v < shape[0] - 0.5
            depth = min(u + 0.5, v + 0.5, shape[1] - 0.5 - u, shape[0] - 0.5 - v) - (not here)
            if depth > deepest[row] + 1e-6:
                deepest[row], image[row], x[row], y[row], on[row] = depth, number, u, v, here
    return image, x, y, on


def headers_of(found):
    return [fits.getheader(image.spec.path) for image in found.images]


def agree(found, wanted):
    np.testing.assert_array_equal(found.image, wanted[0])
    np.testing.assert_allclose(found.x, wanted[1], atol=2e-6)
    np.testing.assert_allclose(found.y, wanted[2], atol=2e-6)
    np.testing.assert_array_equal(found.on, wanted[3])


@pytest.mark.parametrize(
    ("lon", "lat", "more"),
    [
        (150.0, 2.0, {}),
        (0.001, -30.0, {"angle": 30.0}),
        (359.999, 60.0, {"kind": "SIN"}),
        (77.0, 89.995, {}),
        (200.0, -89.999, {"angle": 100.0}),
        (80.0, 20.0, {"kind": "TAN-SIP", **tiles.SIP}),
    ],
)
def test_the_most_central_image_is_taken(tmp_path, lon, lat, more):
    across = 1 if abs(lat) > 89 else 5
    found = mosaic(tmp_path, lon, lat, across, **more)
    ra, dec = around(lon, lat, 400, (0.3 * across + 0.8) * 120 * tiles.SCALE / 3600)
    wanted = oracle(headers_of(found), ra, dec, SIDE)
    here = place(found, ra, dec, SIDE)
    agree(here, wanted)
    assert 0 < here.on.sum() < len(ra)
    assert len(np.unique(here.image)) > across**2 / 2


def test_images_about_a_pole(tmp_path):
    """Twenty of them: the tree, not one by one; the pole itself lies in several."""
    cards = [tiles.header(lon, 89.99 if lon % 36 else 89.995) for lon in range(0, 360, 18)]
    found = made(tmp_path, cards)
    ra, dec = around(10.0, 90.0, 300, 0.02)
    ra[:3], dec[:3] = (0, 90, 359.9), 90
    agree(place(found, ra, dec, SIDE), oracle(cards, ra, dec, SIDE))


def test_the_sky_around_in_one_image(tmp_path):
    shape = (180, 360)
    cards = tiles.header(0.0, 0.0, shape, "CAR", scale=3600.0, crpix=(180.5, 90.5))
    found = made(tmp_path, [cards, tiles.header(0.0, 0.0, shape, "CAR", scale=3600.0, crpix=(180.5, 90.5))], shape)
    lon, lat = np.array([0.0, 359.75, 0.25, 179.3, 180.7, 90.0, 12.3]), np.array([0.0, 0, 0, 10, -10, 89.9, -89.9])
    here = place(found, lon, lat, 3)
    wrapped = (lon + 180) % 360 - 180
    np.testing.assert_allclose(here.x, 179.5 - wrapped, atol=1e-9)
    np.testing.assert_allclose(here.y, 89.5 + lat, atol=1e-9)
    np.testing.assert_array_equal(here.image, 0)
    assert here.on.all()


def test_the_far_side_is_no_place(tmp_path):
    found = made(tmp_path, [tiles.header(10.0, 20.0)])
    here = place(found, np.array([190.0, 10.0, 100.0]), np.array([-20.0, 20.0, 20.0]), SIDE)
    np.testing.assert_array_equal(here.image, [-1, 0, -1])
    np.testing.assert_allclose(here.x, [np.nan, 59.5, np.nan], atol=1e-6)


def test_rows_without_a_position_lie_nowhere(tmp_path):
    found = made(tmp_path, [tiles.header(10.0, 20.0)])
    here = place(found, np.array([np.nan, 10, 10, np.inf, -350, 370]), np.array([20, np.nan, 91, 20, 20, 20.0]), SIDE)
    np.testing.assert_array_equal(here.image, [-1, -1, -1, -1, 0, 0])
    np.testing.assert_array_equal(np.isnan(here.x) & np.isnan(here.y), here.image < 0)
    np.testing.assert_array_equal(here.on, here.image == 0)
    assert (here.image.dtype, here.x.dtype, here.on.dtype) == (np.int32, np.float64, bool)
    assert len(place(found, np.zeros(0), np.zeros(0), SIDE)) == 0


@pytest.mark.parametrize("order", [1, -1])
def test_equally_central_goes_to_the_first(tmp_path, order):
    """Two images mirrored about the meridian of the object; rounding must not decide."""
    pixel = tiles.SCALE / 3600
    cards = [tiles.header((side * 20 * pixel) % 360, 0.0) for side in (order, -order)]
    found = made(tmp_path, cards)
    lat = np.linspace(-30, 30, 1001) * pixel
    here = place(found, np.zeros(1001), lat, SIDE)
    np.testing.assert_array_equal(here.image, 0)
    aside = place(found, np.full(1001, 1e-4 * pixel * order), lat, SIDE)
    np.testing.assert_array_equal(aside.image[abs(lat) < 20 * pixel], 0)
    other = place(found, np.full(1001, -1e-4 * pixel * order) % 360, np.zeros(1001), SIDE)
    np.testing.assert_array_equal(other.image, 1)


@pytest.mark.parametrize("side", [1, 4, 15, 300])
def test_a_stamp_that_only_touches_an_image_has_it(tmp_path, side):
    """Also one larger than the image; beyond, not a pixel is there and the row is nowhere."""
    cards = tiles.header(10.0, 0.0)
    found = made(tmp_path, [cards])
    reach = np.arange(-side - 3.0, side + 123.0, 0.25)
    x, y = np.concatenate([reach, np.full(len(reach), 50.0)]), np.concatenate([np.full(len(reach), 50.0), reach])
    keep = abs(x % 1 - 0.5) + abs(y % 1 - 0.5) > 0  # not on a pixel's corner, where rounding decides
    x, y = x[keep] + 0.01, y[keep] + 0.01
    here = place(found, *WCS(cards).all_pix2world(x, y, 0), side)
    x0, y0 = np.floor(x - (side - 1) / 2 + 0.5), np.floor(y - (side - 1) / 2 + 0.5)
    reaches = (x0 + side > 0) & (y0 + side > 0) & (x0 < 120) & (y0 < 100)
    np.testing.assert_array_equal(here.image, np.where(reaches, 0, -1))
    np.testing.assert_array_equal(here.on, (x >= -0.5) & (x < 119.5) & (y >= -0.5) & (y < 99.5))
    np.testing.assert_allclose(here.x[reaches], x[reaches], atol=1e-6)
    assert 0 < reaches.sum() < len(reaches)


@pytest.mark.parametrize("apart", [0.05, 1e-7])
def test_an_image_that_holds_the_object_comes_before_one_that_its_stamp_reaches(tmp_path, apart):
    cards = [tiles.header(10.0, 0.0), tiles.header(10.0, 0.0, crpix=(60.5, -49.5))]
    found = made(tmp_path, cards)
    x, y = np.array([60.0]), np.array([99.5 + apart])  # beyond the first, within the second
    here = place(found, *WCS(cards[0]).all_pix2world(x, y, 0), SIDE)
    assert (here.image[0], here.on[0]) == (1, True)


@pytest.mark.parametrize(
    ("across", "more"),
    [
        (2, {}),
        (5, {}),
        (5, {"kind": "TAN-SIP", **tiles.SIP}),
        (5, {"PV1_1": 1.0, "PV1_7": 1e-3, "PV2_1": 1.0, "PV2_10": 1e-3, "kind": "TPV"}),
        (2, {"RADESYS": "FK4", "EQUINOX": 1950.0}),
        (5, {"RADESYS": "FK5", "EQUINOX": 1975.0}),
        (5, {"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"}),
    ],
)
def test_a_row_does_not_depend_on_the_others(tmp_path, monkeypatch, across, more):
    found = mosaic(tmp_path, 0.0, 40.0, across, **more)
    ra, dec = around(*found.wcs(len(found.images) // 2).centre, 1200, 0.5 * across * 120 * tiles.SCALE / 3600)
    ra[5], dec[7], ra[9] = np.nan, np.nan, 180.0
    whole = place(found, ra, dec, SIDE)
    assert 100 < (whole.image >= 0).sum() < 1200

    def same(rows, here):
        wanted = whole.take(rows)
        for name in ("image", "x", "y", "on"):
            np.testing.assert_array_equal(getattr(here, name), getattr(wanted, name))

    for rows in (RNG.permutation(1200), np.arange(1200)[::-1], RNG.choice(1200, 500), np.arange(1, 1200, 2)):
        same(rows, place(found, ra[rows], dec[rows], SIDE))
    for row in range(0, 1200, 53):
        same(np.array([row]), place(found, ra[row : row + 1], dec[row : row + 1], SIDE))
    monkeypatch.setattr(placement, "BLOCK", 297)
    same(np.arange(1200), place(found, ra, dec, SIDE))
    monkeypatch.setattr(placement, "BLOCK", 1 << 17)
    monkeypatch.setattr(placement, "PAIRS", 400)
    monkeypatch.setattr(placement, "_SAMPLE", 101)
    same(np.arange(1200), place(found, ra, dec, SIDE))


def test_positions_in_pixels(tmp_path):
    found = made(tmp_path, [fits.Header()], sky=False)
    x = np.array([0.0, -0.5, 119.5, 119.4, -20.0, 126.0, 127.0, np.nan, 1e300, -1e300, 5.0, np.inf])
    y = np.array([0.0, 99.4, 50.0, 50.0, 50.0, 50.0, 50.0, 5.0, 5.0, 5.0, np.nan, 5.0])
    here = place_pixels(found, x, y, SIDE)
    placed = np.array([1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0], bool)
    np.testing.assert_array_equal(here.image, placed - 1)
    np.testing.assert_array_equal(here.x, np.where(placed, x, np.nan))
    np.testing.assert_array_equal(here.y, np.where(placed, y, np.nan))
    np.testing.assert_array_equal(here.on, [1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    assert fillers(found, here, np.arange(12), SIDE) == []


def grid_of_tiles(folder, kind="TAN", **more):
    """Return nine images cut from one pixel grid, 100 x 120 pixels each at steps of 90 and 110, and their corners."""
    corners = [(column * 110, row * 90) for row in range(3) for column in range(3)]
    cards = [tiles.header(0.0, 50.0, kind=kind, crpix=(171 - x, 141 - y), **more) for x, y in corners]
    return made(folder, cards), np.array(corners)


@pytest.mark.parametrize("more", [{}, {"angle": 33.0}, {"kind": "TAN-SIP", **tiles.SIP}])
@pytest.mark.parametrize("side", [15, 40, 300])
def test_neighbours_on_the_same_grid_fill_a_stamp(tmp_path, side, more):
    """Of SIP images each has the distortion about its own CRPIX, which is one and the same place: also one grid."""
    found, corners = grid_of_tiles(tmp_path, **more)
    x, y = RNG.uniform(-5, 345, 300), RNG.uniform(-5, 285, 300)
    first = found.wcs(0)
    here = place(found, *first.to_sky(x, y), side)
    assert (here.image >= 0).all()
    answer = fillers(found, here, np.arange(300), side)
    x0, y0 = np.floor(x - (side - 1) / 2 + 0.5), np.floor(y - (side - 1) / 2 + 0.5)
    wanted = []
    for row in range(300):
        main = corners[here.image[row]]
        gx, gy = x0[row] - corners[:, 0], y0[row] - corners[:, 1]
        if (
            gx[here.image[row]] >= 0
            and gy[here.image[row]] >= 0
            and (gx[here.image[row]] + side <= 120 and gy[here.image[row]] + side <= 100)
        ):
            continue
        px, py = x[row] - corners[:, 0], y[row] - corners[:, 1]
        depth = np.min([px + 0.5, py + 0.5, 119.5 - px, 99.5 - py], axis=0)
        overlaps = (gx < 120) & (gy < 100) & (gx + side > 0) & (gy + side > 0)
        others = [n for n in range(9) if n != here.image[row] and overlaps[n]]
        others.sort(key=lambda n: -round(depth[n], 4))
        wanted += [(row, n, *(main - corners[n])) for n in others]
    assert sorted(answer) == sorted(wanted)
    assert [entry[0] for entry in answer] == [entry[0] for entry in wanted]
    assert [entry[:2] for entry in answer] == [entry[:2] for entry in wanted]
    assert len(wanted) > 5
    assert all(type(value) is int for value in answer[0])


def test_other_grids_do_not_fill(tmp_path):
    """Also where the object itself has the same place in a pixel and only the stamp's corners have not."""
    main, middle = tiles.header(10.0, 0.0), (60.5, -49.5)
    lon, lat = (float(value) for value in WCS(main).all_pix2world(60, 97, 0))
    about = {"lon": lon, "lat": lat, "crpix": (61, 98 - 90)}
    cards = [
        main,
        tiles.header(**about, angle=0.05),
        tiles.header(**about, CD1_1=-1.001 * tiles.SCALE / 3600),
        tiles.header(**about, CD2_2=1.001 * tiles.SCALE / 3600),
        tiles.header(**about, CD1_1=tiles.SCALE / 3600),
        tiles.header(10.0, 0.0, crpix=(60.5, -49.0)),
        tiles.header(10.0, 0.0, kind="TAN-SIP", crpix=middle, A_ORDER=2, B_ORDER=2, A_2_0=1e-5, B_0_2=1e-5),
        tiles.header(100.0, 0.0, crpix=middle),
        tiles.header(10.0, 0.0, crpix=middle),
    ]
    found = made(tmp_path, cards)
    here = placement.Placement(np.zeros(2, np.int32), np.array([60.0, 60.0]), np.array([97.0, 20.0]), np.ones(2, bool))
    assert fillers(found, here, np.array([0, 1]), SIDE) == [(0, 8, 0, -100)]


def test_a_filler_does_not_depend_on_the_other_rows(tmp_path):
    found, _ = grid_of_tiles(tmp_path)
    x, y = RNG.uniform(-5, 345, 200), RNG.uniform(-5, 285, 200)
    here = place(found, *found.wcs(0).to_sky(x, y), 40)
    whole = fillers(found, here, np.arange(200), 40)
    for row in range(200):
        assert fillers(found, here, np.array([row]), 40) == [entry for entry in whole if entry.row == row]
    some = RNG.permutation(200)[:80]
    again = fillers(found, here.take(some), np.arange(80), 40)
    assert sorted((int(some[entry.row]), *entry[1:]) for entry in again) == sorted(
        tuple(entry) for entry in whole if entry.row in some
    )


def test_rows_on_no_image_have_no_fillers(tmp_path):
    found, _ = grid_of_tiles(tmp_path)
    here = place(found, np.array([180.0, np.nan]), np.array([0.0, 0.0]), 40)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fillers(found, here, np.array([0, 1]), 40) == []
        assert fillers(found, here, np.zeros(0, int), 40) == []
