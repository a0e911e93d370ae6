"""GridCheck: which pixel grids count as one; test_mosaic sees the refusals as a user meets them."""

import numpy as np
import pytest

from mosaicking import SCALE, SIDE, field, footprints, wcs, write
from skycnn.errors import InputError
from skycnn.images.imagewcs import ImageWcs
from skycnn.stamps.mosaic import gridcheck, placement
from skycnn.stamps.mosaic.gridcheck import GridCheck, relative


def image(projection):
    return ImageWcs(projection.to_header_string(), (SIDE, SIDE), "it")


def sky(x=150.0, y=150.0):
    ra, dec = wcs().all_pix2world(np.atleast_1d(x), np.atleast_1d(y), 0)
    return ra, dec


@pytest.fixture
def check(tmp_path):
    """Return a check of bands, each a list of projections, and where a position lies in them."""

    def call(lon, lat, **bands):
        found = {
            band: footprints(band, [write(tmp_path / f"{band}{i}.fits", field(), p) for i, p in enumerate(projections)])
            for band, projections in bands.items()
        }
        return GridCheck(found), {band: placement.place(one, lon, lat, 9) for band, one in found.items()}

    return call


@pytest.mark.parametrize("turn", [-170.0, -30.0, 0.0, 0.4, 90.0])
@pytest.mark.parametrize("parity", [1, -1])
def test_relative_tells_scale_rotation_and_parity(turn, parity):
    second = wcs(rotation=turn, scale=0.7 * SCALE)
    second.wcs.cd = second.wcs.cd * [[parity], [1]]
    second.wcs.set()
    scale, rotation, found = relative(image(wcs()), image(second), 150.0, 150.0)
    assert (scale, found) == (pytest.approx(1 / 0.7, rel=1e-6), parity)
    if parity > 0:
        assert rotation == pytest.approx(-turn, abs=1e-4)
        back = relative(image(second), image(wcs()), 150.0, 150.0)
        assert back[1] == pytest.approx(-rotation, abs=1e-4)


def test_rotation_is_that_of_the_place():
    """Two tangent points near the pole: north differs between the images, their pixels do not."""
    first, second = wcs(centre=(30.0, 89.9)), wcs(centre=(30.0, 89.9), x0=100)
    assert relative(image(first), image(second), 10.0, 10.0) == pytest.approx((1.0, 0.0, 1), abs=1e-6)
    far = wcs(centre=(90.0, 89.9))
    assert abs(relative(image(first), image(far), 150.0, 150.0)[1]) == pytest.approx(60.0, abs=0.5)


def test_where_a_projection_does_not_reach_nothing_is_told():
    assert relative(image(wcs()), image(wcs(centre=(210.0, -60.0))), 150.0, 150.0) is None


@pytest.mark.parametrize("scale", [1.009, 0.991])
@pytest.mark.parametrize("rotation", [-0.49, 0.49])
def test_grids_that_differ_by_less_than_a_pixel_over_a_stamp_are_one(check, scale, rotation):
    found, places = check(*sky(), g=[wcs()], r=[wcs(rotation=rotation, scale=scale * SCALE)])
    found.check(places)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": 1.011 * SCALE}, r"r0\.fits has pixels of 0\.5055 arcsec, \S*g0\.fits of 0\.5 arcsec"),
        ({"scale": 0.989 * SCALE}, r"r0\.fits has pixels of 0\.4945 arcsec"),
        (
            {"rotation": 0.51},
            r"r0\.fits is rotated by 0\.51 deg against \S*g0\.fits: 0\.51 deg against -?0\.00 deg",
        ),
        ({"rotation": -0.51}, r"r0\.fits is rotated by 0\.51 deg"),
        ({"rotation": 180.0}, r"r0\.fits is rotated by 180\.00 deg"),
    ],
)
def test_others_are_refused_with_both_values(check, changes, message):
    found, places = check(*sky(), g=[wcs()], r=[wcs(**changes)])
    with pytest.raises(InputError, match=message) as caught:
        found.check(places)
    assert caught.value.hint == gridcheck.HINT


@pytest.mark.parametrize(("stretch", "refused"), [(1.03, True), (1.001, False)])
def test_pixels_of_another_shape_are_refused(check, stretch, refused):
    """Their area, and so their mean scale, is the same."""
    second = wcs()
    second.wcs.cd = second.wcs.cd * [[stretch, 1 / stretch]]
    second.wcs.set()
    found, places = check(*sky(), g=[wcs()], r=[second])
    if refused:
        with pytest.raises(InputError, match=r"r0\.fits shows the sky otherwise than \S*g0\.fits: "):
            found.check(places)
    else:
        found.check(places)


def test_all_bands_are_held_against_all_others(check):
    """g does not show the object: r and i are compared with each other nevertheless."""
    away = wcs(centre=(35.0, 60.0))
    found, places = check(*sky(), g=[away], r=[wcs()], i=[wcs(rotation=30.0)])
    assert places["g"].image.tolist() == [-1]
    with pytest.raises(InputError, match=r"i0\.fits is rotated by .* against \S*r0\.fits"):
        found.check(places)


def test_images_of_the_first_band_have_one_scale_too(check):
    near, far = wcs(), wcs(centre=(30.5, 60.0), scale=0.6)
    ra, dec = far.all_pix2world([150.0], [150.0], 0)
    found, places = check(ra, dec, g=[near, far])
    with pytest.raises(InputError, match=r"g1\.fits has pixels of 0\.6 arcsec, \S*g0\.fits of 0\.5"):
        found.check(places)


def test_only_images_that_rows_lie_on_are_looked_at(check):
    found, places = check(*sky(), g=[wcs(), wcs(centre=(30.5, 60.0), scale=0.6)], r=[wcs()])
    found.check(places)


def test_each_pair_is_looked_at_once(check, monkeypatch):
    seen = []
    monkeypatch.setattr(gridcheck, "relative", lambda *places: seen.append(np.round(places[2:])))
    found, places = check(*sky([150.0, 100.0, 50.0], [150.0, 100.0, 50.0]), g=[wcs()], r=[wcs()], i=[wcs()])
    for _ in range(2):
        found.check(places)
    assert np.array_equal(seen, [[150, 150]] * 3)  # each about its first row


def test_a_pair_later_in_the_catalogue_is_seen(check):
    second = wcs(centre=(30.2, 60.0))
    turned = wcs(centre=(30.2, 60.0), rotation=40.0)
    ra, dec = (np.concatenate(both) for both in zip(sky(), second.all_pix2world([150.0], [150.0], 0), strict=True))
    found, places = check(ra, dec, g=[wcs(), second], r=[wcs(), turned])
    found.check({band: place.take(np.array([0])) for band, place in places.items()})
    with pytest.raises(InputError, match=r"r1\.fits is rotated by .* against \S*g1\.fits"):
        found.check(places)
