"""Backgrounds: stamps of the frames themselves, one place in all bands, none that some band lacks."""

import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.simulate.backgrounds import Backgrounds


def frames(height=30, width=40):
    """Return two frames whose pixels tell where they are, with a hole in the second."""
    first = np.arange(height * width, dtype=np.float32).reshape(height, width)
    second = first + 1e4
    second[12, 20] = np.nan
    return [first, second]


def test_stamps_are_pieces_of_the_frames_without_holes():
    made, rows = Backgrounds(frames(), 8), np.arange(3000)
    stamps = made.cut(5, rows)
    assert (stamps.shape, stamps.dtype) == ((3000, 2, 8, 8), np.float32)
    corner = stamps[:, 0, 0, 0].astype(int)
    y, x = np.divmod(corner, 40)
    inside = np.arange(8)
    assert np.array_equal(stamps[:, 0], (corner[:, None, None] + 40 * inside[:, None] + inside))
    assert np.array_equal(stamps[:, 1], stamps[:, 0] + 1e4)
    allowed = {(a, b) for a in range(23) for b in range(33) if not (a <= 12 < a + 8 and b <= 20 < b + 8)}
    assert set(zip(y.tolist(), x.tolist(), strict=True)) <= allowed
    assert len(set(corner.tolist())) > 0.9 * len(allowed)


def test_a_place_depends_on_seed_and_row_alone():
    made, rows = Backgrounds(frames(), 8), np.array([7, 2000, 3])
    assert np.array_equal(made.cut(5, rows), made.cut(5, np.arange(2001))[rows])
    assert not np.array_equal(made.cut(5, rows), made.cut(6, rows))


@pytest.mark.parametrize(
    ("given", "side", "message"),
    [
        (frames(), 31, "frames smaller than a stamp: '40x30'"),
        ([frames()[0], frames(30, 41)[0]], 8, "frames of several sizes: '40x30, 41x30'"),
        ([np.full((9, 9), np.nan)], 8, "frames without 8x8 pixels of sky that all bands have"),
    ],
)
def test_frames_that_cannot_be(given, side, message):
    with pytest.raises(InputError, match=message):
        Backgrounds(given, side)
