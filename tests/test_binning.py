"""binning: the light of blocks is kept, and what is absent is taken to be like the rest or is absent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skycnn.images.binning import LEAST, beyond, binned, coarser, ratio


def slow(fine, times):
    """Return the same, block by block in double precision."""
    side = fine.shape[-1] // times
    out = np.full((len(fine), side, side), np.nan)
    for n, y, x in np.ndindex(out.shape):
        block = fine[n, y * times : (y + 1) * times, x * times : (x + 1) * times].astype("f8")
        known = block[np.isfinite(block)]
        if known.size >= LEAST * block.size:
            out[n, y, x] = known.mean() * block.size
    return out


@pytest.mark.parametrize("times", [1, 2, 3, 7, 16])
def test_light_is_the_sum_of_its_pixels(times):
    fine = np.random.default_rng(1).normal(3, 1, (2, 5 * times, 5 * times)).astype("f4")
    expected = fine.astype("f8").reshape(2, 5, times, 5, times).sum((2, 4))
    np.testing.assert_allclose(binned(fine, times), expected, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(1, 4), st.data())
def test_any_pixels_are_as_block_by_block(times, side, data):
    values = st.floats(-1e6, 1e6, width=32) | st.sampled_from([np.nan, np.inf, -np.inf])
    fine = data.draw(hnp.arrays("f4", (1, side * times, side * times), elements=values))
    found = binned(fine, times)
    assert found.dtype == np.float32
    scale = np.nansum(np.abs(np.where(np.isfinite(fine), fine, 0).astype("f8"))) + 1e-30
    np.testing.assert_allclose(found, slow(fine, times), rtol=1e-5, atol=4e-6 * scale)


@pytest.mark.parametrize(("absent", "light"), [(0, 16.0), (1, 16.0), (8, 16.0), (9, np.nan), (16, np.nan)])
def test_a_pixel_of_which_half_is_there_is_scaled_up(absent, light):
    fine = np.ones((1, 4, 4), "f4")
    fine.reshape(-1)[:absent] = np.nan
    np.testing.assert_allclose(binned(fine, 4)[0, 0, 0], light, rtol=1e-6)
    assert beyond(np.isnan(fine), 4)[0, 0, 0] == np.isnan(light)


@pytest.mark.parametrize(
    ("scale", "fine", "times"),
    [(6.336, 0.396, 16), (6.336, 0.396127, 16), (6.336, 0.262, 0), (0.4, 0.4, 1), (0.8, 0.4, 2), (0.3, 0.4, 0)],
)
def test_ratios_are_whole_within_half_a_percent(scale, fine, times):
    assert ratio(scale, fine) == times
    assert coarser(scale, fine) == (scale / fine > 1.5)
