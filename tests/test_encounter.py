"""encounter: stars in the fields of two galaxies."""

import numpy as np
import pytest

from skycnn.simulate import encounter, orbit
from skycnn.simulate.encounter import Encounter, integrate
from skycnn.simulate.halos import Halos

HALO = Halos.of(200.0, 60.0, 1.0)
PAIR = Halos.of(np.array([200.0, 180.0]), np.array([60.0, 54.0]), np.ones(2))


def disc(count=2000, seed=0):
    """Return a thick disc's places and velocities."""
    rng = np.random.default_rng(seed)
    r, angle = rng.gamma(2.0, 1.5, count), rng.uniform(0, 2 * np.pi, count)
    place = np.stack([r * np.cos(angle), r * np.sin(angle), rng.normal(0, 0.3, count)], 1)
    speed = HALO.circular(np.linalg.norm(place, axis=1))
    around = np.stack([-np.sin(angle), np.cos(angle), 0 * angle], 1)
    return place, speed[:, None] * around + rng.normal(0, 0.03, (count, 3))


@pytest.mark.parametrize(("step", "kept"), [(1.0, True), (4.0, False)])
def test_energy_and_angular_momentum_of_3_gyr_in_a_field_at_rest(monkeypatch, step, kept):
    monkeypatch.setattr(encounter, "STEP", step)
    last, (place, velocity) = int(3000 / step), disc()
    lonely = Halos(np.array([HALO.mass, 0.0]), np.full(2, 60.0), np.ones(2))
    still = Encounter(lonely, np.zeros((last + 2, 2, 3)), place, velocity, np.array([last, last + 1]))
    before, after = integrate([still])[0].astype(float)
    pull = -HALO.pull(np.linalg.norm(before, axis=1))[:, None] * before
    speed = (after - before) / step - pull * step / 2  # leapfrog: of half a step later

    def energy(place, velocity):
        return 0.5 * (velocity**2).sum(1) + HALO.potential(np.linalg.norm(place, axis=1))

    drift = np.abs(energy(before, speed) / energy(place, velocity) - 1)
    turn, turned = np.cross(place, velocity), np.cross(before, speed)
    slip = np.linalg.norm(turned - turn, axis=1) / np.linalg.norm(turn, axis=1)
    assert np.quantile(slip, 0.99) < 1e-3
    assert (np.quantile(drift, 0.99) < 1e-3) == kept


def test_stars_do_not_depend_on_what_is_worked_beside_them():
    way = orbit.follow(PAIR, 100.0, 1.0, 8.0)
    whole = np.pad(way.place, ((0, 0), (0, 0), (0, 1)))
    entries = []
    for seed, shown in enumerate(([0, 40, 40, 90], [3, 250], [120])):
        place, velocity = disc(50, seed)
        entries.append(Encounter(PAIR, whole[seed * 20 :][: shown[-1] + 2], place, velocity, np.array(shown)))
    together = integrate(entries)
    assert [len(part) for part in together] == [4, 2, 1]
    for part, entry in zip(together, entries, strict=True):
        assert np.array_equal(part, integrate([entry])[0])
    assert together[0][0] == pytest.approx(entries[0].place, abs=1e-5)
    assert np.array_equal(together[0][1], together[0][2])
    assert integrate([]) == []


def flown(spin):
    """Return how many stars of a disc end far out after a parabolic passage, spinning so."""
    pair = Halos.of(np.full(2, 200.0), np.full(2, 60.0), np.ones(2))
    way = orbit.follow(pair, 100.0, 1.0, 10.0)
    begin, end = way.closest - 150, way.closest + 250
    whole = np.pad(way.place[begin : end + 2], ((0, 0), (0, 0), (0, 1)))
    place, velocity = disc()
    sense = np.sign(np.cross(*(whole[k, 1] - whole[k, 0] for k in (0, 1)))[2])
    velocity = velocity * [1, 1, 1] if spin * sense > 0 else velocity * [-1, -1, 1]
    drift = whole[1, 0] - whole[0, 0]
    seen = integrate([Encounter(pair, whole, place + whole[0, 0], velocity + drift, np.array([end - begin]))])[0][0]
    away = np.linalg.norm(seen - whole[end - begin, 0], axis=1)
    return np.count_nonzero(away > 15), np.count_nonzero(np.linalg.norm(place, axis=1) > 15)


def test_a_disc_that_spins_with_the_passage_is_torn_and_one_against_it_is_not():
    """Toomre & Toomre 1972, figures 1 to 4."""
    (torn, before), (whole, _) = flown(1), flown(-1)
    assert before < 10
    assert torn > 120
    assert torn > 3 * whole
