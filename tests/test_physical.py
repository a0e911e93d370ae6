"""Physical values of raw pixels, and which of them a stamp takes."""

from types import SimpleNamespace

import numpy as np
import pytest

import imagemaker
from skycnn.images.physical import overlaps, physical


def header(bscale=1.0, bzero=0.0, blank=None, bits=None):
    return SimpleNamespace(bscale=bscale, bzero=bzero, blank=blank, bits=bits)


@pytest.mark.parametrize("dtype", ["u1", ">i2", "<i2", ">i4", "<i4", ">i8", ">f4", "<f4", ">f8"])
@pytest.mark.parametrize(("bscale", "bzero"), [(1, 0), (1, 32768), (0.1, -3.7), (1e-30, 1e30)])
def test_the_formula(dtype, bscale, bzero):
    random = np.random.default_rng(3)
    raw = random.integers(-(2**62), 2**62, 999).astype("u8").view("i8")
    if np.dtype(dtype).kind in "iu":
        raw = (raw >> (64 - 8 * np.dtype(dtype).itemsize)).astype(dtype)
    else:
        raw = (raw * 1e-10).astype(dtype)
    wanted = np.array([np.float32(float(value) * bscale + bzero) for value in raw])
    assert imagemaker.same(physical(raw, header(bscale, bzero)), wanted)


def test_long_integers_are_rounded_as_float64_is():
    raw = np.array([2**60 + 2**36 + 1], ">i8")  # just above a half of float32's step
    assert physical(raw, header())[0] == np.float32(np.float64(2**60 + 2**36 + 1))


def test_floats_keep_their_bits():
    bits = np.array([0x7F800001, 0xFFC12345, 0x7F800000, 0x80000000, 1, 0x3F800000], ">u4")
    assert physical(bits.view(">f4"), header()).view(">u4").tolist() == bits.tolist()


def test_what_is_too_large_is_infinite():
    assert physical(np.array([1e300, -1e300, np.nan]), header())[:2].tolist() == [np.inf, -np.inf]
    assert physical(np.array([1e30], "f4"), header(1e300))[0] == np.inf


@pytest.mark.parametrize("blank", [-5, 70000])
def test_blank(blank):
    found = physical(np.array([-5, 0, 5], ">i2"), header(2.0, 1.0, blank))
    assert np.isnan(found).tolist() == [blank == -5, False, False]


def test_blank_means_nothing_for_floats():
    assert physical(np.array([-5.0], "f4"), header(blank=-5))[0] == -5


def test_overlaps_are_what_stamps_and_boxes_share():
    random = np.random.default_rng(4)
    grid = np.arange(30 * 40).reshape(30, 40)
    for _ in range(200):
        side = int(random.integers(1, 50))
        x0, y0 = random.integers(-60, 60, (2, 20))
        y, x = int(random.integers(29)), int(random.integers(39))
        box = (y, x, int(random.integers(y + 1, 31)), int(random.integers(x + 1, 41)))
        masked = np.full(grid.shape, np.nan)
        masked[box[0] : box[2], box[1] : box[3]] = grid[box[0] : box[2], box[1] : box[3]]
        found = np.full((20, side, side), np.nan)
        which = np.flatnonzero(random.random(20) < 0.8)
        rows = []
        for row, there, here in overlaps(x0, y0, side, box, which):
            found[row][here] = grid[box[0] : box[2], box[1] : box[3]][there]
            rows.append(row)
        wanted = imagemaker.cut(masked, x0, y0, side)
        wanted[np.setdiff1d(np.arange(20), which)] = np.nan
        assert np.array_equal(found, wanted, equal_nan=True)
        assert rows == np.flatnonzero(~np.isnan(wanted).all(axis=(1, 2))).tolist()


def test_bits_of_a_mask_are_exact():
    """A float32 would lose the lowest of 2**40 + 1."""
    raw = np.array([0, 1, 32, 33, 2**40 + 1, -1, -(2**63)], ">i8")
    assert physical(raw, header(bits=1)).tolist() == [0, 1, 0, 1, 1, 1, 0]
    assert physical(raw, header(bits=1 << 63)).tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert physical(raw, header(bzero=2.0**63, bits=1 << 63)).tolist() == [1, 1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(("dtype", "bzero"), [("u1", 0), ("u1", -128), (">i2", 0), (">i2", 32768), (">i4", 2.0**31)])
def test_bits_of_scaled_integers(dtype, bzero):
    raw = np.arange(256).astype(dtype)
    wanted = [float((int(value) + int(bzero)) & 0x24 != 0) for value in raw]
    assert physical(raw, header(bzero=float(bzero), bits=0x24)).tolist() == wanted


def test_bits_where_there_is_no_integer():
    raw = np.array([4.0, 5.5, 3.0, np.nan, np.inf, 1e30, -4.0], ">f4")
    np.testing.assert_array_equal(physical(raw, header(bits=4)), [1, np.nan, 0, np.nan, np.nan, np.nan, 1])
    np.testing.assert_array_equal(physical(np.array([4, -5], ">i2"), header(blank=4, bits=4)), [np.nan, 0])
    assert physical(np.array([2, 3], ">i2"), header(bscale=2.0, bits=4)).tolist() == [1, 1]


def test_unsigned_integers_of_64_bits_are_exact():
    """As floats of 64 bits, the values below 1024 would all be 0."""
    wanted = np.array([0, 1, 7, 1000, 2**24, 2**53 + 2**30, 2**63, 2**64 - 1], np.uint64)
    raw = (wanted ^ np.uint64(2**63)).view(np.int64).astype(">i8")
    seen = physical(raw, header(bzero=2.0**63, blank=-(2**63) + 7))
    np.testing.assert_array_equal(seen, np.where(wanted == 7, np.nan, wanted.astype("f4")))
