"""Groups: hashes of rows and of names, and the sides that follow from them."""

import numpy as np
import pytest

from skycnn.network import groups
from skycnn.network.groups import family_hashes, name_hashes, picture_hashes, row_hashes, sides

FLUX = np.random.default_rng(0).normal(size=(1000, 3)).astype("f4")


def test_a_row_hash_is_of_the_numbers_alone():
    one = row_hashes(FLUX, FLUX + 1)
    assert len(np.unique(one)) == 1000
    assert (row_hashes(FLUX[::-1].astype(">f4"), FLUX[::-1].astype("f8") + np.float32(1))[::-1] == one).mean() > 0.9
    assert (row_hashes(FLUX.astype(">f4"), FLUX + 1) == one).all()
    assert (row_hashes(FLUX[500:], FLUX[500:] + 1) == one[500:]).all()
    odd = np.array([[np.nan, 0.0], [-np.nan, -0.0]], "f4")
    assert len(np.unique(row_hashes(odd))) == 1


def test_a_name_hash_is_of_the_text():
    hashed = name_hashes(np.array(["a", "b", "a ", ""]))
    assert hashed[0] == hashed[2]
    assert len(np.unique(hashed)) == 3
    assert (name_hashes(np.array([7, 8])) == name_hashes(np.array(["7", "8"]))).all()


def test_a_whole_number_has_one_name():
    whole = np.array([5, 0, -3, 2**52])
    assert (name_hashes(whole.astype("f8")) == name_hashes(whole)).all()
    assert name_hashes(np.array([-0.0])) == name_hashes(np.array([0]))
    assert name_hashes(np.array(["5.0"])) != name_hashes(np.array([5]))  # text is taken as it stands
    assert len(np.unique(name_hashes(np.array([5, 5.5, np.nan, np.inf, 1e300])))) == 5
    assert len(np.unique(name_hashes(np.array([2**53, 2**53 + 1, 2**63 - 1])))) == 3


def test_a_family_is_known_by_the_smallest_of_its_groups():
    #                  a family     alone  no group
    groups = np.array([7, 7, -4, 9, 3, 3, 1, 1, 20, 30])
    own = np.array([10, 20, 20, 11, 12, 12, 1, 1, 20, 30])
    named = np.arange(10) < 6
    groups[3], own[3] = -4, 11
    assert family_hashes(groups, own, named).tolist() == [-4, -4, -4, -4, 3, 3, 1, 1, -4, 30]
    assert family_hashes(own, own, np.zeros(10, bool)).tolist() == own.tolist()
    assert len(family_hashes(own[:0], own[:0], named[:0])) == 0


def test_without_a_column_the_hash_decides():
    hashed = row_hashes(FLUX)
    side = sides(hashed)
    shares = np.bincount(side) / 1000
    assert shares == pytest.approx([0.8, 0.05, 0.1, 0.05], abs=0.04)
    assert (sides(hashed[::-1])[::-1] == side).all()


def test_pictures_are_the_same_however_they_are_turned():
    stamps = np.random.default_rng(3).normal(size=(6, 2, 5, 5)).astype("f4")
    stamps[0, 0, 2, 2] = np.nan
    stamps[1, 1, 0, 0] = 0.0
    found = picture_hashes(stamps)
    assert len(set(found.tolist())) == 6
    for turns in range(4):
        turned = np.rot90(stamps, turns, (2, 3))
        assert (picture_hashes(turned) == found).all()
        assert (picture_hashes(turned[..., ::-1]) == found).all()
    other = stamps.copy()
    other[1, 1, 0, 0] = -0.0
    assert (picture_hashes(other) == found).all()
    other[2, 0, 4, 4] = np.nextafter(other[2, 0, 4, 4], np.float32(9))
    other[3] = stamps[3, ::-1]  # the bands change places
    other[4, 1] = stamps[4, 1].T  # of one band alone
    assert (picture_hashes(other) == found).tolist() == [True, True, False, False, False, True]
    assert picture_hashes(stamps[:0]).shape == (0,)


def test_pictures_are_hashed_block_by_block(monkeypatch):
    stamps = np.random.default_rng(3).normal(size=(7, 2, 5, 5)).astype("f4")
    whole = picture_hashes(stamps), row_hashes(stamps)
    monkeypatch.setattr(groups, "LARGEST", 130)
    monkeypatch.setattr(groups, "FEW", 130)
    assert next(rows.stop - rows.start for rows in groups.row_blocks(stamps)) == 2
    assert (picture_hashes(stamps) == whole[0]).all() and (row_hashes(stamps) == whole[1]).all()
