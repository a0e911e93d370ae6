"""Leaves: the training rows that fall into a forest's leaves, a sample of the truth of whatever falls there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skycnn.baselines.baseline import Array

DRAWS = 4
"""Taken of each leaf."""

GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)
"""Its multiples lie evenly between whole numbers: each tree takes other ranks."""


@dataclass(frozen=True)
class Leaves:
    """The leaves of one tree.

    Parameters
    ----------
    truth : array (m,)
        Of the training rows, in the order of their leaves, within a leaf the smallest first.
    first, held : array (nodes,)
        Where each leaf begins in it, and how many rows it has.
    """

    truth: Array
    first: Array
    held: Array

    def draws(self, leaf: Array, shift: float) -> Array:
        """Return draws (n, DRAWS) of leaves (n,): evenly spaced ranks, moved by a share of their distance."""
        rank = (np.arange(DRAWS) + shift) / DRAWS * self.held[leaf, None]
        result: Array = self.truth[self.first[leaf, None] + rank.astype(np.int64)]
        return result


def gather(trees: Iterable[Any], table: Array, truth: Array) -> list[Leaves]:
    """Return the leaves of fitted trees, filled with all training rows, seen by the tree or not."""
    found = []
    for tree in trees:
        leaf = tree.apply(table)
        held = np.bincount(leaf, minlength=tree.tree_.node_count).astype(np.int32)
        order = np.lexsort((truth, leaf))
        found.append(Leaves(truth[order].astype(np.float32), (np.cumsum(held) - held).astype(np.int32), held))
    return found


def sample(trees: Iterable[Any], leaves: Iterable[Leaves], table: Array) -> Array:
    """Return the truths that rows share their leaves with, ``DRAWS`` a tree, (n, trees x DRAWS).

    Meinshausen 2006 (JMLR 7, 983) weights all of them; so many give the same quantiles to a percent of their width.
    """
    pairs = enumerate(zip(trees, leaves, strict=True), start=1)
    drawn = [own.draws(tree.apply(table), number * GOLDEN % 1.0) for number, (tree, own) in pairs]
    return np.concatenate(drawn, axis=1)
