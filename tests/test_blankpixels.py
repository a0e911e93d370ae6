"""BlankPixels: what shows no sky is left out with a margin; noise, counts and single bad pixels stay as they are."""

import numpy as np
import pytest

from skycnn.simulate.blankpixels import MARGIN, SQUARE, blank

HEIGHT, WIDTH = 60, 80
Y, X = np.indices((HEIGHT, WIDTH))


def sky(seed=1):
    return np.random.default_rng(seed).normal(0, 1, (HEIGHT, WIDTH)).astype("f4")


def grown(area):
    """Return an area with the margin about it, counted pixel by pixel."""
    found = np.zeros_like(area)
    for y, x in np.argwhere(area):
        found[max(0, y - MARGIN) : y + MARGIN + 1, max(0, x - MARGIN) : x + MARGIN + 1] = True
    return found


AREAS = {
    "one row": Y == 0,
    "the last two rows": Y >= HEIGHT - 2,
    "a column": X == WIDTH - 1,
    "a frame about all": (Y < 5) | (Y >= 55) | (X < 3) | (X >= 70),
    "a turned chip": Y + X < 40,
    "a gap between chips": (Y > 20) & (Y < 30),
    "half an edge": (Y == 0) & (X > 40),
}


@pytest.mark.parametrize("value", [0, -999, np.nan, np.inf])
@pytest.mark.parametrize("where", AREAS)
def test_areas_of_one_value_are_left_out_with_a_margin(where, value):
    area, frame = AREAS[where], sky()
    frame[area] = value
    assert np.array_equal(blank(frame), grown(area))


COUNTS = np.random.default_rng(2).poisson(0.5, (HEIGHT, WIDTH))


@pytest.mark.parametrize("frame", [sky(), COUNTS, X + 0.01 * Y], ids=["noise", "counts", "a slope"])
def test_sky_stays(frame):
    assert not blank(frame.astype("f4"))[3:-3, 3:-3].any()  # along an edge seven zeros are soon together


def test_single_pixels_without_a_value_have_no_margin():
    frame = sky()
    frame[10, 20], frame[30:32, 40], frame[50, 5:9] = np.nan, np.inf, 0
    bad = ~np.isfinite(frame)
    assert bad.sum() == 3
    assert np.array_equal(blank(frame), bad)


def test_a_square_is_the_smallest_area():
    for side, found in ((SQUARE, True), (SQUARE - 1, False)):
        frame = sky()
        frame[20 : 20 + side, 30 : 30 + side] = 0
        assert blank(frame).any() == found
