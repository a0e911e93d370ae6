"""Rows on their sides: what belongs together is on one side, and leaks are named."""

import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.network import groups
from skycnn.network.division import divide
from skycnn.network.groups import OUT, TEST, TRAIN, VALID, row_hashes

FLUX = np.random.default_rng(0).normal(size=(1000, 3)).astype("f4")
NUMBER = np.arange(1000)


def words(count, **places):
    found = np.full(count, "train", "U5")
    for word, rows in places.items():
        found[rows] = word
    return found


def test_repeated_rows_stay_together():
    twice = np.concatenate([FLUX, FLUX])
    side = divide(row_hashes(twice), np.arange(2000), None, None).side
    assert (side[:1000] == side[1000:]).all()


def test_a_split_column_is_honoured():
    column = words(1000, TEST=slice(0, 100), Valid=slice(100, 150), **{" ": slice(150, 160)})
    side = divide(row_hashes(FLUX), NUMBER, None, ("PART", column)).side
    assert (side[:100] == TEST).all()
    assert (side[100:150] == VALID).all()
    assert (side[150:160] == OUT).all()
    assert (side[160:] == TRAIN).all()
    assert groups.counts(side) == {"train": 840, "valid": 50, "test": 100}


def test_a_tenth_validates_where_the_column_names_none():
    side = divide(row_hashes(FLUX), NUMBER, None, ("PART", words(1000, test=slice(0, 200)))).side
    assert (side[:200] == TEST).all()
    assert 50 < (side[200:] == VALID).sum() < 110


def test_another_word_in_the_split_column_is_refused():
    with pytest.raises(InputError, match=r"split column PART says 'tset' \(expected train, valid, test or a blank\)"):
        divide(row_hashes(FLUX), NUMBER, None, ("PART", words(1000, tset=3)))


def test_a_group_that_straddles_the_split_is_named():
    tiles = np.repeat([f"T{k}" for k in range(100)], 10)
    divide(row_hashes(FLUX), NUMBER, ("TILE", tiles), ("PART", words(1000, test=slice(0, 20))))
    with pytest.raises(InputError, match="group T2 of TILE stands on two sides of the split: train and test"):
        divide(row_hashes(FLUX), NUMBER, ("TILE", tiles), ("PART", words(1000, test=slice(0, 21))))


def test_a_repeated_row_that_straddles_the_split_is_named():
    twice = np.concatenate([FLUX[:5], FLUX])
    with pytest.raises(InputError, match=r"row (2|7)\d{0} with its copies stands on two sides.*train and test"):
        divide(row_hashes(twice), np.arange(1005), None, ("PART", words(1005, test=2)))


def test_a_row_without_a_group_is_one_with_its_copies():
    twice = np.concatenate([FLUX, FLUX])
    tiles = np.repeat(["", "A", "", "B"], 500)
    found = divide(row_hashes(twice), np.arange(2000), ("TILE", tiles), None)
    assert (found.group[:500] == found.group[1000:1500]).all()
    assert len(np.unique(found.group)) == 502


def test_a_test_group_that_the_parent_saw_is_named():
    tiles = np.repeat([f"T{k}" for k in range(100)], 10)
    split = ("PART", words(1000, test=slice(0, 30), valid=slice(30, 60)))
    parent = divide(row_hashes(FLUX), NUMBER, ("TILE", tiles), split)
    parent.check_parent(parent.seen(), "old")
    other = divide(row_hashes(FLUX + 1), NUMBER, ("TILE", tiles), ("PART", words(1000, test=slice(40, 50))))
    with pytest.raises(InputError, match=r"group T4 of TILE is in the test split, but old was trained or validated on"):
        other.check_parent(parent.seen(), "old")


def test_a_test_row_that_the_parent_saw_is_named_whatever_its_group():
    parent = divide(row_hashes(FLUX), NUMBER, None, ("PART", words(1000, test=slice(0, 30))))
    renamed = np.arange(1000)
    fine = divide(row_hashes(FLUX), NUMBER, ("ID", renamed), ("PART", words(1000, test=slice(0, 30))))
    fine.check_parent(parent.seen(), "old")
    leak = divide(row_hashes(FLUX), NUMBER, ("ID", renamed), ("PART", words(1000, test=slice(0, 31))))
    with pytest.raises(InputError, match="row 30 with its copies is in the test split, but old"):
        leak.check_parent(parent.seen(), "old")


def test_a_group_that_changed_side_is_named():
    tiles = np.repeat([f"T{k}" for k in range(100)], 10)
    first = divide(row_hashes(FLUX), NUMBER, ("TILE", tiles), ("PART", words(1000, test=slice(0, 30))))
    before = groups.table(first.group, first.side)
    first.check_same(before, "my.checkpoint")
    moved = divide(row_hashes(FLUX), NUMBER, ("TILE", tiles), ("PART", words(1000, test=slice(0, 20))))
    with pytest.raises(InputError, match=r"group T2 of TILE changed side since my\.checkpoint was written: test then"):
        moved.check_same(before, "my.checkpoint")
