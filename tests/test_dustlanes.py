"""Dust before a disc's stars: how deep it is, where its hole lies, and what it leaves of the light."""

from dataclasses import replace

import numpy as np

from skycnn.simulate import draws
from skycnn.simulate.dustlanes import FRONT, DustLanes

LANE = DustLanes(0.3, 1.5, 0.0, 0.4, 0.2, (0.0, 1.0, 0.0))
PLACES = np.stack(np.meshgrid(np.linspace(-1, 1, 41), np.linspace(-1, 1, 41)), -1)


def test_a_lane_is_deepest_along_its_middle_and_the_sheet_lies_everywhere():
    depth = LANE.at(PLACES)
    assert np.isclose(depth.max(), 1.8)
    assert np.isclose(depth[28], 1.8).all()  # y = 0.4 arcsec
    assert np.isclose(depth[0], 0.3, atol=1e-6).all()


def test_a_winding_lane_moves_up_and_down():
    middle = PLACES[replace(LANE, bend=(0.3, 3.0, 0.0)).at(PLACES).argmax(axis=0), np.arange(41), 1]
    assert np.abs(middle - 0.4 - 0.3 * np.sin(3 * PLACES[0, :, 0])).max() < 0.06


def test_a_hole_has_no_dust_at_its_centre_and_all_of_it_outside():
    thick = DustLanes(2.0, 0.0, 0.0, 0.0, 1.0, (0.0, 0.0, 0.0), 0.3)
    assert thick.at(np.zeros(2)) == 0.0 or thick.at(np.zeros(2)) < 1e-3
    assert np.isclose(thick.at(np.array([1.5, 0.0])), 2.0, rtol=0.01)


def test_stars_before_the_dust_lose_nothing():
    place = np.tile([0.0, 0.4], (20000, 1))
    depth = LANE.of_stars(place, draws.generator(1, 0, "dust"))
    assert set(np.round(np.unique(depth), 6)) == {0.0, 1.8}
    assert abs((depth == 0).mean() - FRONT) < 0.02
    law = np.array([1.6, 0.6])
    light = LANE.of_light(place[:1], law)[0]
    assert np.allclose(light, FRONT + (1 - FRONT) * 10 ** (-0.4 * 1.8 * law))


def test_what_is_drawn_has_dust_and_a_hole_only_where_asked():
    drawn = [DustLanes.drawn(draws.generator(2, row, "dust"), hole=row % 2 == 1) for row in range(200)]
    assert all((one.hole > 0) == (row % 2 == 1) for row, one in enumerate(drawn))
    assert 0.3 < np.mean([one.lane > 0 for one in drawn]) < 0.7
    assert all((one.at(PLACES) >= 0).all() for one in drawn)
