"""The rule of integration: things sharp and wide, near and far."""

import numpy as np
import pytest

from skycnn.simulate import waves


def integral(f, limit=8.0, period=96.0):
    """Return the integral over the half axis by the rule."""
    k, weight = waves.nodes(limit, period)
    return float(weight @ f(k))


@pytest.mark.parametrize("place", [0.0, 10.0, 40.0])
def test_what_is_sharp_is_summed_up_to_the_period(place):
    assert integral(lambda k: np.exp(-(k**2) / 2) * np.cos(k * place)) == pytest.approx(
        np.sqrt(np.pi / 2) * np.exp(-(place**2) / 2), abs=1e-7
    )


@pytest.mark.parametrize("width", [3.0, 10.0, 30.0])
def test_what_is_wide_is_summed_too(width):
    # exp(-k w) is the transform of a Lorentzian's wings: cusp at 0, where an even spacing of 2 pi/96 is far too coarse.
    k, weight = waves.nodes(8.0, 96.0)
    seen = 2 * weight @ (np.exp(-k * width) * np.cos(20 * k))
    assert seen == pytest.approx(2 * width / (width**2 + 400), abs=5e-6)


def test_the_nodes_are_dense_at_0_and_reach_the_limit():
    k, weight = waves.nodes(3.0, 128.0)
    assert (np.diff(k) > 0).all()
    assert 3.0 - 2 * np.pi / 128 < k[-1] < 3.0 + 2 * np.pi / 128
    assert np.diff(k)[0] < 2 * np.pi / 128 / 20
    assert np.diff(k)[-1] == pytest.approx(2 * np.pi / 128, rel=1e-3)
    assert weight.sum() == pytest.approx(k[-1] + np.pi / 128, rel=1e-3)
