"""folds: they follow content or groups, and no order."""

import numpy as np
import pytest

from classical import sky
from skycnn import baselines

RNG = np.random.default_rng(2)


def test_folds_follow_content_and_not_order():
    inputs, _ = sky(500)
    order = RNG.permutation(500)
    fold = baselines.folds(inputs)
    assert (baselines.folds(baselines.take(inputs, order)) == fold[order]).all()
    assert np.bincount(fold, minlength=5) == pytest.approx(np.full(5, 100), abs=45)
    assert (baselines.folds(baselines.take(inputs, np.zeros(9, int))) == fold[0]).all()


def test_rows_without_fluxes_are_spread_over_the_folds():
    empty = np.full((500, 2), np.nan)
    fold = baselines.folds({"flux": empty, "error": empty})
    assert np.bincount(fold, minlength=5) == pytest.approx(np.full(5, 100), abs=45)


@pytest.mark.parametrize("groups", [np.arange(40) // 4, np.array(["a", "b", "c", "d"] * 10)], ids=["number", "text"])
def test_a_group_stands_in_one_fold_and_folds_are_even(groups):
    fold = baselines.folds({"flux": np.zeros((40, 2))}, groups)
    assert all(len(set(fold[groups == name])) == 1 for name in np.unique(groups))
    used, held = np.unique(fold), len(np.unique(groups))
    assert len(used) == min(5, held)
