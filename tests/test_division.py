"""Rows on their sides: what belongs together is on one side, and leaks are named."""

import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.network import groups
from skycnn.network.division import divide
from skycnn.network.groups import CALIB, OUT, TEST, TRAIN, VALID, name_hashes, row_hashes, sides

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
    assert np.isin(side[100:150], (VALID, CALIB)).all()
    assert (side[150:160] == OUT).all()
    assert (side[160:] == TRAIN).all()
    assert groups.counts(side) == {"train": 840, "valid": 27, "test": 100, "calib": 23}


def test_a_tenth_validates_where_the_column_names_none():
    side = divide(row_hashes(FLUX), NUMBER, None, ("PART", words(1000, test=slice(0, 200)))).side
    assert (side[:200] == TEST).all()
    assert 25 < (side[200:] == VALID).sum() < 55
    assert 25 < (side[200:] == CALIB).sum() < 55


def test_another_word_in_the_split_column_is_refused():
    with pytest.raises(
        InputError, match=r"split column PART says 'tset' \(expected train, valid, calib, test or a blank\)"
    ):
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


TILES = np.repeat([f"T{k}" for k in range(100)], 10)


def shared(*pairs):
    """Return fluxes of which some rows repeat others."""
    flux = FLUX.copy()
    for row, other in pairs:
        flux[other] = flux[row]
    return row_hashes(flux)


def test_groups_that_share_a_repeated_row_stay_together():
    pairs = [(10 * k, 10 * k + 15) for k in range(0, 60, 2)]  # T0 with T1, T2 with T3 ..
    found = divide(shared(*pairs), NUMBER, ("TILE", TILES), None)
    tiles = found.side.reshape(100, 10)
    assert (tiles == tiles[:, :1]).all()
    assert (tiles[0:60:2, 0] == tiles[1:60:2, 0]).all()
    alone = sides(name_hashes(TILES)).reshape(100, 10)
    assert (alone[0:60:2, 0] != alone[1:60:2, 0]).any()
    assert (tiles[60:] == alone[60:]).all()  # as if there were no others
    assert (found.group == name_hashes(TILES)).all()


def test_the_side_of_a_family_depends_on_no_other_row():
    own = shared((0, 15), (16, 25), (26, 990))  # T0, T1, T2 and T99, by a chain
    found = divide(own, NUMBER, ("TILE", TILES), None)
    assert len(np.unique(found.side[np.r_[0:30, 990:1000]])) == 1
    mixed = np.random.default_rng(1).permutation(1000)
    assert (divide(own[mixed], NUMBER, ("TILE", TILES[mixed]), None).side == found.side[mixed]).all()
    some = np.r_[0:30, 500:700, 990:1000]
    assert (divide(own[some], NUMBER[some], ("TILE", TILES[some]), None).side == found.side[some]).all()


def test_a_copy_without_a_group_goes_where_the_group_is():
    pairs = [(10 * k, 500 + k) for k in range(50)]
    blank = TILES.copy()
    blank[500:] = ""
    side = divide(shared(*pairs), NUMBER, ("TILE", blank), None).side
    assert (side[:500] == sides(name_hashes(TILES))[:500]).all()
    assert (side[500:550] == side[0:500:10]).all()


def test_a_repeated_row_of_two_groups_that_straddles_the_split_is_named():
    part = ("PART", words(1000, test=slice(0, 30)))
    divide(shared((26, 29)), NUMBER, ("TILE", TILES), part)
    divide(shared((26, 500)), NUMBER, ("TILE", TILES), ("PART", words(1000, test=slice(0, 30), **{"": 500})))
    with pytest.raises(InputError, match=r"^row (26|500) with its copies stands on two sides of the split: .*test"):
        divide(shared((26, 500)), NUMBER, ("TILE", TILES), part)


def test_groups_that_share_a_repeated_row_validate_together():
    pairs = [(10 * k, 10 * k + 15) for k in range(0, 100, 2)]
    part = ("PART", words(1000, test=slice(0, 40)))
    side = divide(shared(*pairs), NUMBER, ("TILE", TILES), part).side
    pair = side.reshape(50, 20)
    assert (pair == pair[:, :1]).all()
    assert (pair[:2] == TEST).all()
    assert 1 < np.isin(pair[2:, 0], (VALID, CALIB)).sum() < 12


def test_a_group_is_named_on_the_sides_that_the_column_says():
    for k in range(100):
        with pytest.raises(InputError, match=f"group T{k} of TILE stands on two sides of the split: train and test"):
            divide(row_hashes(FLUX), NUMBER, ("TILE", TILES), ("PART", words(1000, test=slice(10 * k, 10 * k + 5))))


def test_groups_of_whole_numbers_are_on_the_same_side_however_the_column_is_stored():
    whole = np.repeat(np.arange(100), 10)
    side = divide(row_hashes(FLUX), NUMBER, ("ID", whole), None).side
    for same in (whole.astype("f8"), whole.astype("u8"), whole.astype(str)):
        assert (divide(row_hashes(FLUX), NUMBER, ("ID", same), None).side == side).all()


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


def test_calibration_rows_are_half_of_those_that_validated():
    """Training and test rows are those of the release that had three sides."""
    hashed = row_hashes(FLUX)
    side, tenth = divide(hashed, NUMBER, None, None).side, hashed.view("<u8") % 10
    assert ((side == TRAIN) == (tenth < 8)).all() and ((side == TEST) == (tenth == 9)).all()
    assert 30 < (side == CALIB).sum() < 70 and 30 < (side == VALID).sum() < 70
    column = words(1000, test=slice(0, 100), valid=slice(100, 150), calibration=slice(150, 170))
    side = divide(hashed, NUMBER, None, ("PART", column)).side
    assert groups.counts(side) == {"train": 830, "valid": 50, "test": 100, "calib": 20}


def test_too_few_rows_for_two_parts_do_both():
    whole = divide(row_hashes(FLUX), NUMBER, None, None)
    assert whole.merged(np.ones(1000, bool)) is whole
    known = whole.side != CALIB
    known[np.flatnonzero(~known)[:9]] = True
    merged = whole.merged(known).side
    assert (merged[whole.side == CALIB] == VALID).all()
    assert (merged[whole.side != CALIB] == whole.side[whole.side != CALIB]).all()


@pytest.mark.parametrize(("n", "wanted"), [(50, 10), (80, 14), (120, 20)])
def test_of_few_rows_enough_validate_unless_a_column_says_which(n, wanted):
    known = np.arange(1000) < n
    whole = divide(row_hashes(FLUX), NUMBER, None, None)
    few = whole.merged(known).side
    assert (few[known] == VALID).sum() == max(wanted, np.isin(whole.side[known], (VALID, CALIB)).sum())
    assert (
        np.isin(whole.side[few != whole.side], (TRAIN, CALIB)).all()
        and (few == TEST).sum() == (whole.side == TEST).sum()
    )
    tiles = divide(row_hashes(FLUX), NUMBER, ("TILE", NUMBER // 20), None).merged(known).side.reshape(-1, 20)
    assert (tiles == tiles[:, :1]).all()  # families of twenty are larger than what is wanted
    stated = divide(row_hashes(FLUX), NUMBER, None, ("PART", words(1000, valid=slice(0, 3))))
    assert (stated.merged(known).side == VALID).sum() == 3
    pairs, half = ("TILE", NUMBER // 2), words(1000)
    half[::2] = ""
    left = divide(row_hashes(FLUX), NUMBER, pairs, ("PART", half)).merged(known)
    assert (left.side[::2] == OUT).all() and (left.side[1:n:2] == VALID).sum() >= 10


def test_folds_keep_families_whole_and_depend_on_no_other_row():
    found = divide(shared((0, 15), (16, 25)), NUMBER, ("TILE", TILES), None)
    tested = np.array([found.fold(number, 4).side == TEST for number in range(4)])
    assert (tested.sum(axis=0) == 1).all()
    assert (tested.reshape(4, 100, 10) == tested.reshape(4, 100, 10)[:, :, :1]).all()
    assert (tested[:, 0] == tested[:, 29]).all()
    assert all(count > 100 for count in tested.sum(axis=1))
    assert {TRAIN, VALID, CALIB, TEST} == set(found.fold(1, 4).side.tolist())
    some = divide(row_hashes(FLUX[500:]), NUMBER[500:], ("TILE", TILES[500:]), None)
    assert (some.fold(2, 4).side == found.fold(2, 4).side[500:]).all()
