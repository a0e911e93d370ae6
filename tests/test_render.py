"""Renderer: wave numbers dense enough for what lies far apart, made once a period."""

import numpy as np

from skycnn.simulate.psf import Gaussian
from skycnn.simulate.render import Renderer


def test_periods_grow_in_steps_with_what_is_sharp():
    renderer = Renderer([Gaussian(0.2)], 0.1, 32)
    periods = renderer.periods(np.array([0.0, 31.0, 33.0, 300.0]), np.zeros((4, 2)))
    assert periods[0] == periods[1] == 48
    assert np.allclose(periods[2], 48 * np.sqrt(2))
    assert periods[3] >= 316
    assert renderer.periods(np.zeros(1), np.full((1, 2), 33.0))[0] > 48
    assert renderer.waves(48.0) is renderer.waves(48.0)
    assert len(renderer.waves(96.0).k) > 1.5 * len(renderer.waves(48.0).k)
