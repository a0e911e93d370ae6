"""leaves: draws are truths of the training rows in the same leaf, in the leaf's own proportions."""

import numpy as np
import pytest

from skycnn.baselines import leaves
from skycnn.baselines.leaves import DRAWS


class Tree:
    """Leaves by the whole part of the number."""

    class tree_:  # noqa: N801
        node_count = 5

    def apply(self, table):
        return np.floor(table[:, 0]).astype(int)


def test_draws_are_the_truths_of_the_leaf():
    table = np.array([[0.5], [0.1], [2.2], [2.9], [2.1], [4.0]])
    truth = np.array([7.0, 5.0, 1.0, 3.0, 2.0, 9.0])
    (found,) = leaves.gather([Tree()], table, truth)
    drawn = leaves.sample([Tree()], [found], np.array([[0.9], [2.0], [4.5]]))
    assert drawn.shape == (3, DRAWS)
    assert set(drawn[0]) == {5.0, 7.0}
    assert set(drawn[1]) == {1.0, 2.0, 3.0}
    assert set(drawn[2]) == {9.0}


def test_many_trees_have_the_leafs_quantiles():
    truth = np.random.default_rng(0).exponential(1, 500)
    trees = [Tree()] * 100
    found = leaves.gather(trees, np.zeros((500, 1)), truth)
    drawn = leaves.sample(trees, found, np.zeros((1, 1)))
    for q in (0.025, 0.16, 0.5, 0.84, 0.975):
        assert np.quantile(drawn, q) == pytest.approx(np.quantile(truth, q), rel=0.03, abs=0.01)
