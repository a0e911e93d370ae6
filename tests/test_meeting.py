"""meeting: two galaxies and the times at which they are seen."""

import numpy as np
import pytest

from skycnn.simulate import orbit
from skycnn.simulate.encounter import integrate
from skycnn.simulate.meeting import GROUP, PARTICLES, SECOND, WINDOW, Meeting, burst
from skycnn.simulate.starsystem import OLD, YOUNG


@pytest.fixture(scope="module")
def merging():
    pairs = [Meeting(1, group, "merger") for group in range(6)]
    flown = integrate([pair.encounter for pair in pairs])
    return [(pair, pair.snapshots(places)) for pair, places in zip(pairs, flown, strict=True)]


def test_kinds_follow_from_the_time(merging):
    for pair, seen in merging:
        times = np.array([snapshot.time for snapshot in seen])
        kinds = [snapshot.kind for snapshot in seen]
        assert len(seen) == GROUP and kinds.count("merger") == 6 and kinds[6:] == ["before", "after"]
        assert (np.abs(times[:6]) <= WINDOW).all() and times[6] < -WINDOW and WINDOW < times[7] <= 1000
        assert 0.1 <= pair.ratio <= 1
        assert seen[0].pericentre < 26


def test_galaxies_are_apart_before_and_one_afterwards(merging):
    for _, seen in merging:
        apart = np.array([np.linalg.norm(snapshot.centres[1]) for snapshot in seen])
        times = np.array([snapshot.time for snapshot in seen])
        assert (apart[times >= 0] < 2).all() and (apart[times < -100] > 1).all()
        for snapshot in seen:
            place, owner = snapshot.stars.place, snapshot.stars.owner
            assert np.bincount(owner).tolist() == [PARTICLES, SECOND]
            near = np.linalg.norm(place - snapshot.centres[owner], axis=1)
            assert np.median(near) < 12  # most stars stay with their galaxy


def test_stars_form_faster_at_coalescence_and_slower_later(merging):
    for pair, seen in merging:
        by_time = sorted((abs(snapshot.time), snapshot.stars.burst.sum()) for snapshot in seen[:6])
        assert by_time[0][1] > 0
        after = seen[7]
        assert after.stars.fading == pytest.approx(np.exp(-(after.time - 100) / 500))
        assert seen[6].stars.fading == 1
        assert (after.stars.burst[pair.population == OLD] == 0).all()


def test_fly_bys_never_become_one():
    for group in range(4):
        pair = Meeting(1, group, "flyby")
        assert pair.orbit.coalescence is None
        seen = pair.snapshots(integrate([pair.encounter])[0])
        assert {snapshot.kind for snapshot in seen} == {"flyby"}
        assert np.isnan([snapshot.time for snapshot in seen]).all()


def test_a_burst_shines_among_young_stars_near_their_centre():
    rng = np.random.default_rng(0)
    place, kind = rng.normal(0, 3, (400, 3)), rng.integers(0, 3, 400)
    owner = np.arange(400) % 2
    centres = np.array([[0.0, 0, 0], [5, 0, 0]])
    place[owner == 1] += centres[1]
    light = burst(place, kind, centres, owner, [2.0, 0.5])
    assert np.bincount(owner, light).tolist() == pytest.approx([2.0, 0.5])
    assert (light[kind != YOUNG] == 0).all()
    near = np.linalg.norm(place - centres[owner], axis=1)
    young = (kind == YOUNG) & (owner == 0)
    assert light[young & (near < 2)].sum() > light[young & (near > 4)].sum()


def test_what_never_merges_is_no_merger(monkeypatch):
    follow = orbit.follow
    monkeypatch.setattr(orbit, "follow", lambda pair, apart, swift, wide: follow(pair, apart, 2.0, 20.0))
    pair = Meeting(1, 0, "merger")
    seen = pair.snapshots(integrate([pair.encounter])[0])
    assert {snapshot.kind for snapshot in seen} == {"flyby"}
