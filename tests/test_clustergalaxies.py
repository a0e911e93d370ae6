"""Galaxies of a cluster and the light between them."""

import numpy as np
import pytest

from skycnn import redsequence
from skycnn.schema import AB_ZERO_POINT
from skycnn.simulate import clustergalaxies
from skycnn.simulate.clustergalaxies import COUNTED, Members
from skycnn.simulate.halo import Halo

Z = 0.2
STAR = float(redsequence.characteristic(np.array([Z]))[0])


def halo(radius=300.0):
    return Halo(radius, 2.0, 0.7, 40.0, np.array([10.0, -20.0]))


def in_i(spots):
    return AB_ZERO_POINT - 2.5 * np.log10(spots.flux[:, 3])


def test_as_many_bright_red_members_lie_within_the_radius_as_are_counted():
    random, around = np.random.default_rng(1), halo()
    for count in (5, 30, 120):
        spots = clustergalaxies.members(random, around, Z, Members(count, float(count), 250.0))
        colour = -2.5 * np.log10(spots.flux[:, 1] / spots.flux[:, 2])
        bright = in_i(spots) < STAR + COUNTED
        redness = colour - redsequence.colours(np.full(len(colour), Z), in_i(spots))[:, 1]
        inside = around.apart(spots.place) < 250
        red = bright & inside & (redness > -0.15)
        assert count <= red.sum() + 2 and red.sum() <= count * 1.35 + 8  # a fifth of the blue ones are as red
        assert (in_i(spots) > STAR + COUNTED).sum() > bright.sum()


def test_a_radius_that_hardly_holds_a_member_still_holds_all_that_are_counted():
    spots = clustergalaxies.members(np.random.default_rng(1), halo(3000.0), Z, Members(40, 40.0, 1.0))
    assert (in_i(spots) < STAR + COUNTED).sum() >= 40


def test_central_galaxy_and_diffuse_light_have_the_light_asked_for_at_the_halos_centre():
    around = halo()
    central = clustergalaxies.central(np.random.default_rng(1), around, Z, 6.0)
    diffuse = clustergalaxies.diffuse(around, Z, 12.0)
    for spots, light in ((central, 6.0), (diffuse, 12.0)):
        assert -2.5 * np.log10(spots.flux[:, 3].sum()) + AB_ZERO_POINT == pytest.approx(STAR - 2.5 * np.log10(light))
        assert spots.place == pytest.approx(np.tile(around.centre, (len(spots.sigma), 1)))
    assert diffuse.sigma.max() > 4 * np.sqrt((central.sigma**2 * central.flux[:, 3]).sum() / central.flux[:, 3].sum())
    assert diffuse.ratio == pytest.approx(0.7) and central.angle == pytest.approx(40)


def test_fluxes_are_those_of_magnitudes_and_colours():
    flux = clustergalaxies.fluxes(np.array([AB_ZERO_POINT]), np.array([[2.0, 1.0, 0.5, 0.25]]))
    assert -2.5 * np.log10(flux) == pytest.approx(np.array([[3.5, 1.5, 0.5, 0.0, -0.25]]))


def test_faint_members_blue_ones_and_wide_light_are_as_many_as_asked():
    counts = []
    for faint, blue in ((1.0, 1.0), (2.0, 1.0), (1.0, 2.0)):
        spots = clustergalaxies.members(
            np.random.default_rng(1), halo(), Z, Members(60, 60.0, 250.0, faint=faint, blue=blue)
        )
        colour = -2.5 * np.log10(spots.flux[:, 1] / spots.flux[:, 2])
        red = colour - redsequence.colours(np.full(len(colour), Z), in_i(spots))[:, 1] > -0.15
        dim = in_i(spots) > STAR + COUNTED
        counts.append(((red & dim).sum(), (~red).sum()))
    (faint, blue), (more, same), (alike, bluer) = counts
    assert more > 1.7 * faint and abs(alike - faint) < 0.2 * faint
    assert bluer > 1.7 * blue and abs(same - blue) < 0.2 * blue
    wide, usual = (clustergalaxies.diffuse(halo(), Z, 12.0, extent).sigma for extent in (1.5, 1.0))
    assert wide == pytest.approx(1.5 * usual)
