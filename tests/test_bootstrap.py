"""bootstrap: its intervals hold the truth as often as they say, over rows, over groups, and when shrunk."""

import numpy as np
import pytest

from skycnn.bootstrap import Interval, Resampling, bootstrap, difference, interval, ratio

RNG = np.random.default_rng(11)


def mean_of(values):
    return lambda index: values[index].mean()


def test_the_interval_of_a_mean_holds_the_truth_as_often_as_it_says():
    hits = 0
    for seed in range(200):
        values = RNG.standard_normal(100)
        found = interval(values.mean(), bootstrap(mean_of(values), Resampling(100, resamples=200, seed=seed)))
        hits += found.low <= 0.0 <= found.high
    assert 0.89 <= hits / 200 <= 0.99


def test_the_spread_is_the_analytic_standard_error():
    values = RNG.standard_normal(2000)
    assert bootstrap(mean_of(values), Resampling(2000)).std() == pytest.approx(values.std() / np.sqrt(2000), rel=0.1)


def test_large_samples_draw_fewer_rows_and_shrink_to_the_same_spread():
    values = 5.0 + RNG.standard_normal(40_000)
    few = Resampling(40_000, most=1000)
    assert few.drawn == 1000
    assert max(len(index) for index in few) == 1000
    draws = bootstrap(mean_of(values), few)
    assert draws.std() == pytest.approx(values.std() / 200, rel=0.1)
    assert draws.mean() == pytest.approx(values.mean(), abs=0.002)


def test_groups_are_drawn_whole():
    groups = np.array(["b", "a", "b", "c", "c", "c"])
    for index in Resampling(6, groups, resamples=50):
        counts = np.bincount(index, minlength=6)
        assert counts[0] == counts[2]
        assert counts[3] == counts[4] == counts[5]
        assert counts[[0, 1, 3]].sum() == 3


def test_equal_rows_in_a_group_widen_the_interval():
    values = np.repeat(RNG.standard_normal(100), 25)
    by_row = bootstrap(mean_of(values), Resampling(2500, resamples=400)).std()
    by_group = bootstrap(mean_of(values), Resampling(2500, np.repeat(np.arange(100), 25), 400)).std()
    assert by_group == pytest.approx(5 * by_row, rel=0.2)


def test_a_seed_gives_the_same_resamples_and_another_seed_others():
    first, again, other = (np.concatenate(list(Resampling(50, resamples=3, seed=s))) for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_a_paired_difference_sees_what_two_intervals_cannot():
    hard = RNG.standard_normal(500)  # the rows' common difficulty
    first, second = hard + 0.01 * RNG.standard_normal(500), hard + 0.01
    draws = [bootstrap(mean_of(values), Resampling(500)) for values in (first, second)]
    alone = interval(first.mean(), draws[0])
    assert alone.low < second.mean() < alone.high
    paired = difference(*draws)
    assert paired.low < -0.01 < paired.high < 0.0
    assert difference(draws[0], draws[0]) == Interval(0.0, 0.0, 0.0)


def test_a_paired_ratio_sees_it_too():
    hard = RNG.exponential(1.0, 500)
    draws = [bootstrap(mean_of(values), Resampling(500)) for values in (0.9 * hard, hard)]
    paired = ratio(*draws)
    assert paired.value == pytest.approx(0.9) and 0.899 < paired.low <= paired.high < 0.901
    assert np.isnan(ratio(draws[0], 0 * draws[1]).value)


def test_vector_statistics_come_as_columns():
    values = RNG.random((30, 2))
    assert bootstrap(lambda index: values[index].mean(axis=0), Resampling(30, resamples=9)).shape == (9, 2)


def test_resamples_without_a_score_are_left_out():
    found = interval(1.0, np.array([np.nan, 1.0, 1.0]))
    assert (found.low, found.high) == (1.0, 1.0)
    assert np.isnan(interval(np.nan, np.full(3, np.nan)).low)


def test_a_resampling_says_what_it_draws():
    assert str(Resampling(100)) == "1000 bootstrap resamples of 100 rows"
    assert str(Resampling(40_000, resamples=5)) == "5 bootstrap resamples of 10000 of 40000 rows, scaled to all of them"
    assert str(Resampling(4, np.array([1, 1, 2, 2]))) == "1000 bootstrap resamples of 2 groups"
