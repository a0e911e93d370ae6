"""Places of members in a halo."""

import numpy as np
import pytest

from skycnn.simulate.halo import Halo


def test_members_lie_as_in_a_projected_nfw_profile():
    halo = Halo(500.0, 3.0, 1.0, 0.0, np.zeros(2))
    apart = halo.apart(halo.places(np.random.default_rng(1), 200_000)) / 500
    x = 3.0 * np.array([0.1, 0.3, 0.6])  # projected mass of Bartelmann 1996, A&A 313, 697, far inside the edge

    def cylinder(x):
        edge = np.where(x < 1, np.arccosh(1 / np.minimum(x, 1)), np.arccos(1 / np.maximum(x, 1)))
        return np.log(x / 2) + edge / np.sqrt(abs(1 - x**2))

    inside = np.array([(apart < each / 3).mean() for each in x])
    assert inside[:-1] / inside[-1] == pytest.approx(cylinder(x)[:-1] / cylinder(x)[-1], rel=0.05)
    assert apart.max() <= 2


def test_halo_is_stretched_turned_and_shifted():
    halo = Halo(300.0, 2.0, 0.5, 30.0, np.array([40.0, -20.0]))
    place = halo.places(np.random.default_rng(2), 100_000)
    assert np.median(place, axis=0) == pytest.approx([40, -20], abs=2)
    values, axes = np.linalg.eigh(np.cov(place.T))
    assert np.sqrt(values[0] / values[1]) == pytest.approx(0.5, rel=0.03)
    assert np.degrees(np.arctan2(axes[1, 1], axes[0, 1])) % 180 == pytest.approx(30, abs=2)
