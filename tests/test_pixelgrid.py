"""PixelGrid: which grids are the same, wherever on the sky they are looked at."""

import numpy as np
import pytest

import wcsheaders
from skycnn.images.imagewcs import ImageWcs
from skycnn.images.pixelgrid import PixelGrid, differs
from wcsheaders import SHAPE, header

EAST_LEFT = np.array([[-1.0, 0.0], [0.0, 1.0]])


def turned(angle, scale=0.25, parity=-1, at=(10.0, 20.0), stretch=1.0):
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return PixelGrid(scale * np.array([[c, s], [-s, c]]) @ np.diag([parity * stretch, 1]), *at)


def grid(**more):
    return ImageWcs(wcsheaders.text(header(CRPIX1=500.5, CRPIX2=450.5, **more)), SHAPE, "a.fits").grid


@pytest.mark.parametrize("angle", [-170.0, -45.0, 0.0, 10.0, 90.0, 180.0])
@pytest.mark.parametrize("parity", [-1, 1])
def test_numbers(angle, parity):
    found = turned(angle, 0.3, parity)
    assert found.scale == pytest.approx(0.3)
    assert (found.rotation - angle) % 360 == pytest.approx(0, abs=1e-9)
    assert (found.parity, found.aspect) == (parity, pytest.approx(1))


def test_same_grids_do_not_differ():
    assert differs(turned(12.0), turned(12.0)) is None
    assert differs(turned(180.0), turned(-179.8)) is None
    assert differs(turned(0.0, 0.25), turned(0.4, 0.252)) is None


def test_both_values_are_told():
    assert differs(turned(0, 0.262), turned(0, 0.396)) == "scale 0.262 arcsec against 0.396"
    assert differs(turned(10.0), turned(-0.5)) == "rotation 10.00 deg against -0.50"
    assert differs(turned(0.0, parity=1), turned(0.0)).startswith("parity +1 (mirrored) against -1")
    assert differs(turned(0.0, stretch=1.02), turned(0.0, stretch=1 / 1.02)).startswith("scale")
    tall = PixelGrid(0.25 * EAST_LEFT @ np.diag([1.1, 1 / 1.1]), 10.0, 20.0)
    assert differs(tall, turned(0.0)).startswith("pixels of aspect 1.210 against 1.000")


def test_tolerances():
    assert differs(turned(0, 0.25), turned(0, 0.2530)) is not None
    assert differs(turned(0.5), turned(0.0)) is not None
    assert differs(turned(0.5), turned(0.0), rotation=1.0) is None
    assert differs(turned(0, 0.25), turned(0, 0.26), scale=0.1) is None


@pytest.mark.parametrize("lat", [0.0, -40.0, 80.0, 89.9])
def test_parts_of_one_plane_are_the_same_grid(lat):
    """Two parts of one gnomonic image, looked at in their own middles: north is another way, the grid is not."""
    whole = ImageWcs(wcsheaders.text(header(at=(33.0, lat), scale=2.0)), SHAPE, "a.fits")
    a, b = whole.grid_at(100, 100), whole.grid_at(900, 800)
    assert differs(a, b) is None
    assert lat != 89.9 or abs(a.rotation - b.rotation) > 20
    aside = PixelGrid(turned(5.0).axes @ np.linalg.inv(turned(0.0).axes) @ b.axes, b.lon, b.lat)
    assert differs(a, aside).startswith("rotation")


def test_images_at_the_pole():
    """Seen from CRVALs on either side of the pole the same pixels have rotations half a turn apart."""
    a, b = grid(at=(0.0, 89.99), turn=0.0), grid(at=(180.0, 89.99), turn=180.0)
    assert differs(a, b) is None
    assert differs(a, grid(at=(180.0, 89.99), turn=0.0)).startswith("rotation")


def test_opposite_places_and_no_extent():
    assert differs(turned(0.0, at=(0.0, 0.0)), turned(0.0, at=(180.0, 0.0))) is None
    assert PixelGrid(np.zeros((2, 2)), 0.0, 0.0).aspect == np.inf
