"""Overlap: groups on several sides of a random split, and the share of the test rows that they make worthless."""

import os

import numpy as np
import pytest

from skycnn.network.division import divide
from skycnn.network.groups import TEST, TRAIN, VALID, row_hashes
from skycnn.network.overlap import Overlap

FLUX = np.random.default_rng(0).normal(size=(1000, 3)).astype("f4")
NUMBER = np.arange(1000)


def test_groups_that_a_random_split_parts_are_counted_with_their_share_of_the_test_rows():
    alone = divide(row_hashes(FLUX), NUMBER, None, None)
    halves = np.repeat(np.arange(2), 500)
    assert Overlap.of(alone.side, halves) == Overlap(2, 1.0)
    assert Overlap.of(alone.side, np.arange(1000)) == Overlap(0, 0.0)
    tested, trained = (np.flatnonzero(alone.side == side) for side in (TEST, TRAIN))
    pairs = np.arange(1000).astype(str)
    pairs[tested[:30]] = pairs[trained[:30]]
    pairs[tested[30:50]] = ""  # blanks are no group
    pairs[trained[30:]] = " "
    assert Overlap.of(alone.side, pairs) == Overlap(30, 30 / len(tested))
    valid = np.arange(1000)
    valid[tested[0]] = valid[np.flatnonzero(alone.side == VALID)[0]]  # not trained on, yet on two sides
    assert Overlap.of(alone.side, valid) == Overlap(1, 0.0)


def test_the_published_subhaloes():
    path = os.path.join(os.path.dirname(__file__), "..", "..", "shared", "data", "mergers", "subsamples_ID.npy")
    if not os.path.exists(path):
        pytest.skip("the DEEPMERGE numbers of subhaloes are not here")
    ids = np.load(path)
    rows = row_hashes(np.arange(len(ids), dtype="f4"))
    found = Overlap.of(divide(rows, np.arange(len(ids)), None, None).side, ids)
    assert found.share > 0.99 and found.groups > 0.6 * len(np.unique(ids))  # 8:1:1; of 7:1:2 it is 0.986
    whole = divide(rows, np.arange(len(ids)), ("SUBHALO", ids), None).side
    assert Overlap.of(whole, ids) == Overlap(0, 0.0)
