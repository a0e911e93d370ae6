"""Division: rows on the sides of a split; what stands on two sides, was seen before or changed side is an error."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.network.groups import (
    CALIB,
    OUT,
    SIDES,
    TEST,
    TRAIN,
    VALID,
    complete,
    family_hashes,
    folds,
    is_named,
    name_hashes,
    read_sides,
    sides,
)

Array = NDArray[Any]

FEWEST, ENOUGH = 10, 20
"""Rows to validate and to calibrate with; with fewer one part does both: a fifth of the rows, up to the second number.
"""
RANDOM = "random"
"""What ``--split`` says for rows one by one: no group is kept together."""


@dataclass(frozen=True)
class Division:
    """Rows on the sides of a split.

    Parameters
    ----------
    side : array (n,)
        ``TRAIN``, ``VALID``, ``TEST``, ``CALIB``, or ``OUT``.
    group : array (n,)
        Hash of each row's group.
    row : array (n,)
        Hash of each row's inputs; the same as ``group`` where no column names groups.
    family : array (n,)
        Hash of the groups that share repeated rows; what the sides follow from.
    name, row_name : callable
        Return what the group of a row, or the row itself, is called.
    stated : bool
        Whether a column says which rows validate.
    """

    side: Array
    group: Array
    row: Array
    family: Array
    name: Callable[[int], str]
    row_name: Callable[[int], str]
    stated: bool = False

    def check_parent(self, seen: Array, parent: str, row: Array | None = None) -> None:
        """See that nothing in the test part was seen by the network that training begins with.

        Parameters
        ----------
        seen : array
            Hashes of the groups and rows that it saw.
        parent : str
            Its name.
        row : array (n,), optional
            Hash of those inputs of each row that it takes; default of all.
        """
        check_unseen(self.group, self.side, seen, self.name, parent)
        check_unseen(self.row if row is None else row, self.side, seen, self.row_name, parent)

    def check_same(self, before: tuple[Array, Array], file: str) -> None:
        """See that no group changed side since a checkpoint was written; see the function of this name."""
        check_same(self.group, self.side, before, self.name, file)

    @property
    def looked_at(self) -> Array:
        """Which rows training looks at, for its weights or for its choices, bool (n,)."""
        return np.isin(self.side, (TRAIN, VALID, CALIB))

    def seen(self) -> Array:
        """Return the hashes of the groups and rows that a network trained here has seen, sorted."""
        rows = self.looked_at
        return np.unique(np.concatenate([self.group[rows], self.row[rows]]))

    def merged(self, known: Array) -> "Division":
        """Return the division without a calibration part where rows are too few for two: validation rows do both.

        Where no column says which rows validate, families that train join them until there are enough, by their hashes.

        Parameters
        ----------
        known : array (n,)
            Which rows have a truth, bool; the others neither validate nor calibrate.
        """
        if all(np.count_nonzero(known & (self.side == part)) >= FEWEST for part in (VALID, CALIB)):
            return self
        side = np.where(self.side == CALIB, VALID, self.side)
        return replace(self, side=side if self.stated else self._filled(side, known))

    def _filled(self, side: Array, known: Array) -> Array:
        """Return sides with rows enough that validate, if there are: families larger than what is wanted stay."""
        counted = known & np.isin(side, (TRAIN, VALID))
        wanted = min(max(int(counted.sum()) // 5, FEWEST), ENOUGH)
        families, member = np.unique(self.family, return_inverse=True)
        sizes = np.bincount(member[counted], minlength=len(families))
        lacking = wanted - int((known & (side == VALID)).sum())
        taken = []
        for family in np.unique(member[counted & (side == TRAIN)]).tolist():
            if sizes[family] <= lacking:
                taken.append(family)
                lacking -= sizes[family]
        return np.where(np.isin(member, taken) & (side == TRAIN), VALID, side)  # rows left out stay so

    def fold(self, number: int, count: int) -> "Division":
        """Return the division that tests on one of ``count`` folds of families, and trains on the others."""
        used = self.side != OUT
        side = np.where(folds(self.family, count) == number, TEST, TRAIN)
        return replace(self, side=np.where(used, complete(side, self.family), OUT), stated=False)


def divide(
    row: Array,
    number: Array,
    group: tuple[str, Array] | None,
    split: tuple[str, Array] | None,
    picture: Array | None = None,
) -> Division:
    """Return rows on their sides: a group with all copies of its rows, and the groups of these, on one.

    Parameters
    ----------
    row : array (n,)
        Hash of each row's inputs.
    number : array (n,)
        Of the rows in their catalogue, for messages.
    group, split : tuple of str and array (n,), optional
        Name and content of the column that names groups; of the one that names sides.
    picture : array (n,), optional
        Hash of each row's stamps, see `groups.picture_hashes`: rows whose stamps are flipped or turned are copies too.

    Raises
    ------
    InputError
        When the column puts a group, or a row and its copies, on two sides; rows that it leaves out join nothing.
    """

    def row_name(index: int) -> str:
        return f"row {int(number[index])} with its copies"

    copy = row if picture is None else picture
    hashed, name, named = row, row_name, np.zeros(len(row), bool)
    if group is not None:
        column, values = group
        named = is_named(values)
        hashed = np.where(named, name_hashes(values), row)

        def name(index: int) -> str:
            return f"group {values[index]!s} of {column}" if named[index] else row_name(index)

    if split is None:
        family = family_hashes(hashed, copy, named)
        return Division(sides(family), hashed, row, family, name, row_name)
    side = read_sides(split[1], split[0])
    check_straddle(hashed, side, name)
    check_straddle(copy, side, row_name)
    used, family = side != OUT, hashed.copy()
    family[used] = family_hashes(hashed[used], copy[used], named[used])
    stated = bool((side == VALID).any())
    side[used] = complete(side[used], family[used])
    return Division(side, hashed, row, family, name, row_name, stated)


def check_straddle(groups: Array, side: Array, name: Callable[[int], str]) -> None:
    """See that no group stands on two sides.

    Parameters
    ----------
    groups, side : array (n,)
    name : callable
        ``name(row)`` returns what the group of a row is called.

    Raises
    ------
    InputError
        Naming the first group that does.
    """
    used = np.flatnonzero(side >= 0)
    order = used[np.lexsort((side[used], groups[used]))]
    same = groups[order][1:] == groups[order][:-1]
    split = np.flatnonzero(same & (side[order][1:] != side[order][:-1]))
    if len(split):
        one, other = order[split[0]], order[split[0] + 1]
        raise InputError(
            f"{name(int(one))} stands on two sides of the split: {SIDES[side[one]]} and {SIDES[side[other]]}",
            hint="A network would be tested on what it was trained on; mend the split column, or leave --split out.",
        )


def check_unseen(groups: Array, side: Array, seen: Array, name: Callable[[int], str], parent: str) -> None:
    """See that no test group was seen by the network that training begins with.

    Raises
    ------
    InputError
        Naming the first group that was.
    """
    rows = np.flatnonzero((side == TEST) & np.isin(groups, seen))
    if len(rows):
        raise InputError(
            f"{name(int(rows[0]))} is in the test split, but {parent} was trained or validated on it "
            f"({len(np.unique(groups[rows]))} such groups)",
            hint="Split both alike: leave out --split, or give the column that its training was given.",
        )


def check_same(groups: Array, side: Array, before: tuple[Array, Array], name: Callable[[int], str], file: str) -> None:
    """See that no group changed side since a checkpoint was written.

    Parameters
    ----------
    before : tuple of array
        Groups, sorted and distinct, and their sides.

    Raises
    ------
    InputError
        Naming the first group that did.
    """
    old, old_side = before
    if not len(old):
        return
    place = np.clip(np.searchsorted(old, groups), 0, len(old) - 1)
    moved = np.flatnonzero((old[place] == groups) & (side >= 0) & (old_side[place] != side))
    if len(moved):
        row = int(moved[0])
        raise InputError(
            f"{name(row)} changed side since {file} was written: {SIDES[old_side[place[row]]]} then, "
            f"{SIDES[side[row]]} now",
            hint="Give the same split, or --overwrite to start anew.",
        )
