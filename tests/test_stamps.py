"""Stamps: the geometry of DESIGN.md, and what pixels tell of themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skycnn.schema import Flag
from skycnn.stamps.stamps import BATCH_BYTES, batch_rows, corner, flat, pixel_flags, rest, shown


@given(st.floats(-1e5, 1e5), st.integers(1, 300))
def test_the_object_lies_within_half_a_pixel_of_the_centre(x, side):
    first = corner(np.array([x]), side)
    left = rest(np.array([x]), first, side)
    assert -0.5 <= left[0] < 0.5
    assert left[0] + first[0] + (side - 1) / 2 == pytest.approx(x, abs=1e-9)


@pytest.mark.parametrize(
    ("x", "side", "first", "left"),
    [
        (10.0, 1, 10, 0.0),  # one pixel, at its centre
        (10.0, 5, 8, 0.0),
        (10.0, 4, 9, -0.5),  # a pixel's centre is a corner of an even stamp's middle: the half goes down
        (10.5, 4, 9, 0.0),
        (10.5, 5, 9, -0.5),  # exactly on a pixel's corner
        (-0.5, 3, -1, -0.5),
        (9.999999999, 5, 8, -1e-9),
    ],
)
def test_known_corners(x, side, first, left):
    found = corner(np.array([x]), side)
    assert found.dtype == np.int64
    assert found[0] == first
    assert rest(np.array([x]), found, side)[0] == pytest.approx(left, abs=1e-12)


@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
def test_flags_of_pixels(dtype):
    pixels = np.ones((6, 2, 4, 4), dtype)
    outside = np.zeros((6, 2), int)
    pixels[1, 0, 0, 0] = np.nan  # a NaN inside
    pixels[2, 1, 0] = np.nan  # a row beyond the edge
    outside[2, 1] = 4
    pixels[3, 1, :2] = np.nan  # both
    outside[3, 1] = 4
    pixels[4, 0] = np.nan  # a band without a pixel
    outside[4, 0] = 16
    pixels[5, 0, 1, 1] = np.inf  # no value that a network can take
    found = pixel_flags(pixels, outside)
    assert found.dtype == np.int32
    assert found.tolist() == [
        0,
        Flag.NAN_PIXELS,
        Flag.EDGE,
        Flag.EDGE | Flag.NAN_PIXELS,
        Flag.MISSING_BAND,
        Flag.NAN_PIXELS,
    ]


@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
def test_every_kind_of_nan_and_both_infinities_are_seen(dtype):
    bits = np.array([0x7F800001, 0x7FC00000, 0xFFC00000, 0xFFFFFFFF, 0x7F800000, 0xFF800000, 0x7F7FFFFF], np.uint32)
    pixels = bits.view(np.float32).astype(dtype).reshape(-1, 1, 1, 1)
    expected = [Flag.MISSING_BAND] * 6 + [0]
    assert pixel_flags(np.repeat(pixels, 1, axis=1)).tolist() == expected


def test_pixels_that_do_not_lie_in_one_piece():
    pixels = np.ones((3, 2, 4, 8), "<f4")[..., ::2]
    pixels[1, 1, 2, 2] = np.nan
    assert pixel_flags(pixels).tolist() == [0, Flag.NAN_PIXELS, 0]


def test_no_stamps():
    assert pixel_flags(np.empty((0, 3, 8, 8), "<f4")).shape == (0,)


@given(st.integers(1, 12), st.integers(1, 4000))
def test_a_batch_is_bounded(bands, side):
    rows = batch_rows(bands, side)
    assert rows == 1 or (rows <= 4096 and rows * bands * side * side * 4 <= BATCH_BYTES)


@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
def test_planes_that_hold_any_pixel(dtype):
    pixels = np.ones((3, 3, 5, 5), dtype)
    pixels[0, 1] = np.nan  # nothing
    pixels[1, 2, 2, 2] = np.nan  # all but the middle
    pixels[1, 0] = np.nan
    pixels[1, 0, 4, 4] = 7.0  # a single one
    pixels[2, 1] = np.inf  # nothing but infinities
    assert shown(pixels).tolist() == [[True, False, True], [True, True, True], [True, False, True]]


def test_nan_is_found_whatever_the_plane_sums_to():
    pixels = np.ones((4, 1, 4, 4), "<f4")
    pixels[0, 0, :2] = np.float32(3e38)  # overflows
    pixels[1, 0, 0, :2] = np.inf, -np.inf
    pixels[2, 0, 3, 3] = np.nan
    assert pixel_flags(pixels).tolist() == [0, Flag.NAN_PIXELS, Flag.NAN_PIXELS, 0]


@pytest.mark.parametrize("side", [2, 7, 8])
def test_planes_of_one_value_are_flat(side):
    pixels = np.random.default_rng(0).normal(size=(9, 2, side, side)).astype("f4")
    pixels[0], pixels[1, 1], pixels[2], pixels[3] = 0, 4, np.nan, np.inf
    pixels[4, :, ::2] = np.nan  # some pixels absent
    pixels[5] = 3
    pixels[5, 0, 0, 0] = np.nan
    pixels[6] = 3
    pixels[6, 1, 0, 1] = np.nextafter(np.float32(3), np.float32(4))
    pixels[7, 0], pixels[7, 0, 0, 0] = 0, -0.0
    expected = np.zeros((9, 2), bool)
    expected[[0, 3, 5]] = expected[1, 1] = expected[6, 0] = expected[7, 0] = True
    assert flat(pixels).tolist() == expected.tolist()


def test_one_pixel_is_not_flat():
    assert not flat(np.zeros((3, 2, 1, 1), "f4")).any()
    assert flat(np.zeros((0, 2, 5, 5), "f4")).shape == (0, 2)
