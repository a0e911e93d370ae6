"""mergers: rows of all kinds, each by itself."""

import numpy as np
import pytest

from skycnn.simulate import mergers
from skycnn.simulate.meeting import GROUP
from skycnn.simulate.mergers import KINDS, MIX, draw
from skycnn.survey import Survey

SURVEY = Survey("x", "x", ("F814W", "F160W"), 0.1875, {}, {}, {}, wavelength={"F814W": 8045.0, "F160W": 15370.0})
BANDS = ("F814W", "F160W")


def drawn(rows, seed=1, **words):
    return draw(SURVEY, BANDS, seed, rows, "all", **words)


@pytest.fixture(scope="module")
def some():
    return drawn(np.arange(256))


def test_the_label_is_the_time_to_coalescence(some):
    truth = some.truth
    near = np.abs(np.nan_to_num(truth["TIME"], nan=1e9)) <= 250
    assert np.array_equal(truth["MERGER"] == 1, near)
    assert np.array_equal(truth["KIND"] == KINDS.index("merger"), near)
    assert np.isnan(truth["TIME"][truth["KIND"] == KINDS.index("flyby")]).all()
    assert 0.3 < truth["MERGER"].mean() < 0.6


def test_all_times_of_a_pair_are_one_group_and_others_are_alone(some):
    pairs = np.isin(some.truth["KIND"], [KINDS.index(name) for name in ("merger", "flyby", "before", "after")])
    assert np.array_equal(some.group[pairs], np.arange(256)[pairs] // GROUP * GROUP)
    assert np.array_equal(some.group[~pairs], np.arange(256)[~pairs])


def test_a_row_depends_on_no_other(some):
    rows = np.array([200, 3, 64, 3, 77])
    again = drawn(rows)
    for name, values in again.truth.items():
        assert np.array_equal(values, some.truth[name][rows], equal_nan=True), name
    assert np.array_equal(again.light.total(), some.light.total()[rows])
    assert np.array_equal(again.light.place[: again.light.start[1]], some.light.take(rows[:1]).place)
    assert not np.array_equal(drawn(rows, seed=2).light.total(), again.light.total())


def test_kinds_have_their_shares():
    found = [mergers._kind(1, group, "yes") for group in range(3000)]
    for name, share in MIX.items():
        assert found.count(name) / 3000 == pytest.approx(share, abs=0.03)
    assert sum(MIX.values()) == pytest.approx(1)


def test_chance_pairs_may_be_left_out():
    chance = [group for group in range(100) if mergers._kind(1, group, "yes") == "projection"]
    rows = np.array([group * GROUP for group in chance[:4]])
    pairs, discs = drawn(rows), drawn(rows, projections="no")
    assert (pairs.truth["KIND"] == KINDS.index("projection")).all() and np.isfinite(pairs.truth["MASS_RATIO"]).all()
    assert (discs.truth["KIND"] == KINDS.index("disc")).all() and np.isnan(discs.truth["MASS_RATIO"]).all()


def test_what_is_seen_is_as_bright_as_galaxies_at_z_2_are(some):
    magnitude = 23.9 - 2.5 * np.log10(some.light.total())
    assert 21.5 < np.median(magnitude[:, 1]) < 23.5
    assert 0 < np.median(magnitude[:, 0] - magnitude[:, 1]) < 2
    assert (some.truth["LOG_MASS"] >= 10).all() and (some.truth["LOG_MASS"] <= 11.2).all()
    apart = some.truth["SEPARATION"]
    assert np.isnan(apart[np.isin(some.truth["KIND"], [1, 2])]).all()
    assert (apart[some.truth["TIME"] > 0] < 2).all()


def test_truths_are_those_that_are_told(some):
    assert set(some.truth) == {column.name for column in mergers.COLUMNS}


def test_bursts_are_as_strong_as_asked_and_nothing_else_changes(some):
    rows = np.flatnonzero(np.isin(some.truth["KIND"], [KINDS.index("merger"), KINDS.index("projection")]))[:60]
    weak, usual, strong = (drawn(rows, bursts=strength) for strength in (0.0, 1.0, 3.0))
    assert np.array_equal(usual.light.flux, some.light.take(rows).flux)
    for name, values in weak.truth.items():
        assert np.array_equal(values, usual.truth[name], equal_nan=True), name
    near = (usual.truth["KIND"] == KINDS.index("merger")) & (np.abs(usual.truth["TIME"]) < 50)
    light = [sample.light.total() for sample in (weak, usual, strong)]
    assert near.any() and (light[0][near] < light[1][near]).all() and (light[1][near] < light[2][near]).all()
    chance = usual.truth["KIND"] == KINDS.index("projection")
    assert np.array_equal(light[0][chance], light[2][chance])
