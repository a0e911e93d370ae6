"""fieldstars: how many there are, and where their colours lie."""

import numpy as np
import pytest

from skycnn.simulate import draws, fieldstars

AREA = 20.0


@pytest.fixture(scope="module")
def sky():
    return fieldstars.draw(draws.generator(1, 0, "stars"), AREA)


def test_there_are_as_many_as_the_counts_say(sky):
    edges, below = fieldstars.counts().edges, fieldstars.counts().below
    assert len(sky) == pytest.approx(AREA * below[-1], rel=0.02)
    assert np.count_nonzero(sky[:, 3] < 18) == pytest.approx(AREA * np.interp(18, edges, below), rel=0.04)
    assert sky[:, 3].min() >= 14 and sky[:, 3].max() <= 21


def test_density_scales_the_numbers():
    one, three = (len(fieldstars.draw(draws.generator(2, 0, "stars"), 1.0, density)) for density in (1.0, 3.0))
    assert three == pytest.approx(3 * one, rel=0.05)


def test_colours_lie_along_the_locus(sky):
    colours = sky[:, :-1] - sky[:, 1:]
    locus = np.array(fieldstars.LOCUS)
    along = colours[:, 1] + colours[:, 2]
    for k, width in enumerate(fieldstars.WIDTH):
        off = colours[:, k] - np.interp(along, locus[:, 0], locus[:, 1 + k])
        assert abs(np.median(off)) < 0.01
        assert off.std() < 3 * width  # g - i itself scatters


def test_the_locus_agrees_with_itself():
    locus = np.array(fieldstars.LOCUS)
    assert locus[:, 2] + locus[:, 3] == pytest.approx(locus[:, 0], abs=1e-9)


def test_faint_stars_are_red(sky):
    g_i = sky[:, 1] - sky[:, 3]
    shares = [np.mean(g_i[np.abs(sky[:, 3] - i) < 0.5] > 1.8) for i in (15, 17, 19, 20.5)]
    assert (np.diff(shares) > 0).all()
