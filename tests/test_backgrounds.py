"""Backgrounds: stamps of the frames themselves, one place in all bands, none without sky or about a source."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    ("frames", "side", "message"),
    [
        (frames(), 31, "frames smaller than a stamp: '40x30'"),
        ([frames()[0], frames(30, 41)[0]], 8, "frames of several sizes: '40x30, 41x30'"),
        ([np.full((9, 9), np.nan)], 8, "frames without 8x8 pixels of sky that all bands have"),
    ],
)
def test_frames_that_cannot_be(frames, side, message):
    with pytest.raises(InputError, match=message):
        Backgrounds(frames, side)


def numbered(height=60, width=90, seed=1):
    """Return noise, and a frame of the pixels' numbers that tells where a stamp was cut."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width)).astype(np.float32)
    return [noise, np.arange(height * width, dtype=np.float32).reshape(height, width)]


def centres(made, count=400):
    """Return where the centres of stamps lie, x and y."""
    y, x = np.divmod(made.cut(1, np.arange(count))[:, 1, 0, 0].astype(int), made.frames[1].shape[1])
    return np.stack([x, y], axis=1) + (made.side - 1) / 2


places = st.tuples(st.floats(-30, 120), st.floats(-30, 90)) | st.just((np.nan, 5.0))


@settings(max_examples=40, deadline=None)
@given(st.lists(places, max_size=8), st.sampled_from([8, 11, 16]))
def test_no_centre_lies_near_a_source(sources, side):
    sources = np.array(sources).reshape(-1, 2)
    made = Backgrounds(numbered(), side, sources)
    inside = np.array([(x, y) for x in range(90 - side + 1) for y in range(60 - side + 1)]) + (side - 1) / 2
    apart = np.sqrt(((inside[:, None] - sources) ** 2).sum(axis=-1))
    assert made.radius == side / 4
    assert made.places == (~(apart <= side / 4).any(axis=1)).sum()
    apart = np.sqrt(((centres(made)[:, None] - sources) ** 2).sum(axis=-1))
    assert not (apart <= side / 4).any()


def test_no_centre_lies_on_what_stands_out_of_one_band():
    frames = numbered(seed=2)
    frames[0][30:33, 50:53] += 60
    made = Backgrounds(frames, 16)
    assert made.facts["evident"] == 1
    apart = np.hypot(*(centres(made) - (51, 31)).T)
    assert 4 < apart.min() < 8
    assert Backgrounds(frames[1:], 16).facts["evident"] == 0


@pytest.mark.parametrize("value", [0, np.nan])
def test_stamps_keep_off_the_edges_of_chips(value):
    frames = numbered()
    frames[0][:10], frames[0][:, 80:] = value, value
    x, y = (centres(Backgrounds(frames, 16)) - 7.5).T
    assert (y.min(), x.max()) == (12, 78 - 16)


def test_what_files_are_told():
    made = Backgrounds(numbered(), 16, np.array([[45.0, 30.0]]), {"avoid": {"sources": 1}})
    assert made.facts == {"avoid": {"sources": 1}, "radius": 4.0, "places": 3323, "evident": 0}
    told = "their centres farther than 4 pixels from 0 sources that stand out of the frames and 1 source of --avoid"
    assert made.line == f"backgrounds: 3323 places on the frames, {told}"


def test_too_few_places():
    with pytest.raises(InputError) as caught:
        Backgrounds([frame[:20, :30] for frame in numbered()], 16, np.array([[10.0, 10.0]]))
    assert str(caught.value) == (
        "--background leaves 41 places for stamps of 16x16 pixels: 75 lie wholly on sky that all bands have, 34 of "
        "these with a source within 4 pixels of their centre (expected 100 or more). Give larger frames, or a smaller "
        "--size."
    )
