"""Profiles of star clusters beside sums over their published formulae."""

import numpy as np
import pytest

from skycnn.simulate.clusterprofile import EFF, FURTHEST, King


def eff(r, gamma):
    return (1 + r**2) ** (-gamma / 2)


def king(r, end):
    return np.where(r < end, ((1 + r**2) ** -0.5 - (1 + end**2) ** -0.5) ** 2, 0)


CASES = [(EFF(2.8), eff, 2.8), (EFF(3.2), eff, 3.2), (EFF(4.0), eff, 4.0), (King(3.0), king, 3.0), (King(50), king, 50)]


@pytest.mark.parametrize(("profile", "formula", "number"), CASES)
def test_radii_hold_their_share(profile, formula, number):
    r = np.concatenate([[0], np.geomspace(1e-4, 1e6, 400_001)])
    light = formula(r, number) * 2 * np.pi * r
    within = np.concatenate([[0], np.cumsum(np.diff(r) * (light[1:] + light[:-1]) / 2)])
    within /= within[-1]
    share = np.array([0.02, 0.1, 0.3, 0.5, 0.7, 0.85])
    radii = np.interp(share, within, r)
    assert profile.radius(share) == pytest.approx(radii / radii[3], rel=0.01)


def test_the_first_and_the_last_stars():
    share = np.array([0.0, 1 - 1e-15])
    for profile in (EFF(2.1), *(case[0] for case in CASES)):
        assert profile.radius(share)[0] == 0
        assert 1 < profile.radius(share)[1] <= FURTHEST


@pytest.mark.parametrize("wrong", [lambda: EFF(2.0), lambda: EFF(np.nan), lambda: King(0.0)])
def test_light_that_has_no_end_or_no_place(wrong):
    with pytest.raises(ValueError, match="profile of"):
        wrong()
