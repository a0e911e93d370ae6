"""neighbours: k is chosen, the neighbours' redshifts are the draws, and their intervals hold what they promise."""

import numpy as np
import pytest

from classical import sky
from skycnn import baselines, metrics
from skycnn.baselines import neighbours
from skycnn.baselines.neighbours import Neighbours

RNG = np.random.default_rng(2)


def test_neighbours_choose_k_and_give_their_redshifts_as_draws():
    baseline, (inputs, z) = Neighbours(), sky()
    baseline.fit(inputs, z)
    answer = baseline.answer(sky(50, seed=1)[0])
    assert baseline.k in neighbours.NUMBERS
    assert answer.draws.shape == (50, baseline.k)
    assert np.isin(answer.draws, z).all()


def test_cross_fitted_neighbours_choose_k_in_every_fold():
    inputs, z = sky(1000)
    outer = baselines.folds(inputs)
    for k in range(5):
        baseline, out = Neighbours(), outer != k
        baseline.fit(baselines.take(inputs, out), z[out] + 0.1 * RNG.standard_normal(out.sum()))
        assert baseline.k >= 10  # noisy truths: one neighbour is never best


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_neighbours_of_a_handful_of_rows(rows):
    baseline, (inputs, z) = Neighbours(), sky(rows)
    baseline.fit(inputs, z)
    assert np.isfinite(baseline.answer(sky(5, seed=1)[0]).value).all()


@pytest.mark.parametrize("k", [5, 10, 50])
def test_intervals_of_neighbours_that_tell_nothing_hold_68_per_cent(monkeypatch, k):
    monkeypatch.setattr(neighbours, "NUMBERS", (k,))
    random = np.random.default_rng(k)
    inputs, asked = sky(3000, seed=5)[0], sky(3000, seed=6)[0]
    baseline = Neighbours()
    baseline.fit(inputs, random.standard_normal(3000))
    truth = random.standard_normal(3000)
    judged = baselines.held_out(baseline, asked, truth)
    held = {5: 4 / 6}.get(k, 0.68)  # five neighbours end at the outermost
    assert metrics.coverage(judged.low, judged.high, truth) == pytest.approx(held, abs=0.03)
    assert metrics.pit_width(judged.pit) == pytest.approx(1, abs=0.04)


def test_a_row_with_a_missing_band_is_compared_in_the_others():
    inputs, z = sky(4000)
    baseline, (asked, true) = Neighbours(), sky(300, seed=1)
    baseline.fit(inputs, z)
    asked["flux"][:, 1] = asked["error"][:, 1] = np.nan
    told = np.isfinite(asked["flux"][:, [0, 2]]).all(axis=1)
    assert metrics.mae(baseline.answer(asked).value[told], true[told]) < 0.02
