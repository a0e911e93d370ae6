"""Caps: which positions lie near which images, against a comparison of all with all."""

import numpy as np
import pytest

from skycnn.stamps.mosaic.skycaps import FEW, Caps

RNG = np.random.default_rng(20)


def sky(n):
    return RNG.uniform(0, 360, n), np.degrees(np.arcsin(RNG.uniform(-1, 1, n)))


def separation(lon, lat, caps_lon, caps_lat):
    """Return degrees, (n, cap), by the haversine formula."""
    a, d, b, e = (np.radians(v) for v in (lon[:, None], lat[:, None], caps_lon[None], caps_lat[None]))
    half = np.sin((d - e) / 2) ** 2 + np.cos(d) * np.cos(e) * np.sin((a - b) / 2) ** 2
    return np.degrees(2 * np.arcsin(np.sqrt(np.minimum(half, 1))))


@pytest.mark.parametrize("caps", [1, FEW, FEW + 1, 400])
@pytest.mark.parametrize("margin", [0.0, 3.0])
def test_pairs_are_those_within_reach(caps, margin):
    lon, lat = sky(3000)
    where = sky(caps)
    where[1][:2] = (90, -90)[:caps]
    radius = 10 ** RNG.uniform(-1, 1.6, caps)  # 0.1 to 40 degrees: in trees of several sizes, and each for itself
    row, cap = Caps(*where, radius).near(lon, lat, margin)
    inside = separation(lon, lat, *where) <= radius + margin
    assert len(row) > 0
    wanted = np.nonzero(inside.T)
    np.testing.assert_array_equal(cap, wanted[0])
    np.testing.assert_array_equal(row, wanted[1])
    assert row.dtype == cap.dtype == np.int64


def test_a_cap_of_180_degrees_is_the_whole_sky():
    lon, lat = sky(100)
    row, _ = Caps(np.array([10.0]), np.array([20.0]), np.array([180.0])).near(lon, lat, 50.0)
    np.testing.assert_array_equal(row, np.arange(100))
    row, _ = Caps(np.array([10.0]), np.array([20.0]), np.array([180.0])).near(np.array([190.0]), np.array([-20.0]))
    assert len(row) == 1


def test_margins_may_differ_from_cap_to_cap():
    caps = Caps(np.array([0.0, 0.0]), np.array([0.0, 0.0]), np.array([1.0, 1.0]))
    row, cap = caps.near(np.array([0.0, 359.5]), np.array([1.5, 0.0]), np.array([0.4, 0.6]))
    np.testing.assert_array_equal((row, cap), [(1, 0, 1), (0, 1, 1)])


@pytest.mark.parametrize("caps", [3, 300])
def test_a_pair_does_not_depend_on_the_other_rows(caps):
    lon, lat = sky(5000)
    found = Caps(*sky(caps), np.full(caps, 8.0))
    row, cap = found.near(lon, lat, 0.5)
    whole = set(zip(row.tolist(), cap.tolist(), strict=True))
    for size in (1, 7, 640):
        some = RNG.choice(5000, size, replace=False)
        row, cap = found.near(lon[some], lat[some], 0.5)
        wanted = {pair for pair in whole if pair[0] in set(some.tolist())}
        assert set(zip(some[row].tolist(), cap.tolist(), strict=True)) == wanted


@pytest.mark.parametrize("caps", [3, 300])
def test_no_rows_have_no_pairs(caps):
    row, cap = Caps(*sky(caps), np.full(caps, 8.0)).near(np.zeros(0), np.zeros(0))
    assert (row.shape, cap.shape) == ((0,), (0,))
