"""TrainingSet: rows with their truth on the sides of a split; what a network may learn, choose and be judged by."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError, counted
from skycnn.files.pixelstore import PixelStore
from skycnn.network import division, groups
from skycnn.network.division import Division
from skycnn.network.groups import TRAIN
from skycnn.network.sample import Sample, sample

Array = NDArray[Any]

FEWEST = {"train": 30, "valid": division.FEWEST}
"""Rows below which nothing is trained."""
MANY = 50
"""Groups of which a tenth is likely to be enough."""
SEEN = "_groups.seen"
"""Tensor of a model file: hashes of the groups and rows that it was trained, chosen and calibrated on, sorted."""


@dataclass(frozen=True)
class TrainingSet:
    """Rows with their truth.

    Parameters
    ----------
    inputs : mapping of str to array (n, ...) or PixelStore
        What the network takes.
    truth : array (n, truths)
        NaN where a row has none.
    division : Division
        Of the rows into training, validation, test and calibration.
    number : array (n,), optional
        Of the rows in their catalogue.
    """

    inputs: Mapping[str, Array | PixelStore]
    truth: Array
    division: Division
    number: Array | None = None

    def part(self, *sides: int) -> Sample:
        """Return the rows of one side or of several; their stamps are not copied."""
        rows = np.flatnonzero(np.isin(self.division.side, sides))
        return sample(
            {
                name: value.take(rows) if isinstance(value, PixelStore) else value[rows]
                for name, value in self.inputs.items()
            },
            self.truth[rows],
        )

    def fold(self, number: int, count: int) -> "TrainingSet":
        """Return the set that tests on one of ``count`` folds, and trains on the others."""
        return replace(self, division=self.division.fold(number, count).merged(self.known))

    @property
    def known(self) -> Array:
        """Which rows have a truth, bool (n,)."""
        return np.asarray(np.isfinite(self.truth).any(axis=1))

    @property
    def trained(self) -> Array:
        """The truths of the rows that training looks at, (rows, truths)."""
        return self.truth[self.division.looked_at & self.known]

    def digest(self) -> str:
        """Return a hash of all values that training depends on."""
        total = hashlib.sha256()
        for name in sorted(self.inputs):
            value = self.inputs[name]
            for rows in groups.row_blocks(value):
                total.update(np.ascontiguousarray(value[rows], "<f4").data)
        total.update(np.ascontiguousarray(self.truth, "<f8").tobytes())
        total.update(np.ascontiguousarray(self.division.side, "<i8").tobytes())
        return total.hexdigest()

    def check(self, label: str, left_out: Mapping[str, int]) -> None:
        """See that there are rows enough.

        Raises
        ------
        InputError
            When there are not.
        """
        for word, count in groups.counts(self.division.side[self.known]).items():
            if count < FEWEST.get(word, 0):
                raise InputError(
                    f"{label} has {counted(count, 'row')} to {word} with",
                    expected=f"{FEWEST[word]} or more",
                    hint=self._why_few(left_out),
                )

    def _why_few(self, left_out: Mapping[str, int]) -> str:
        """Return what to do about a side with too few rows."""
        families = len(np.unique(self.division.group))
        if families <= min(MANY, len(self.truth) // 2):
            return (
                f"The {len(self.truth)} rows are of {counted(families, 'group')}, each on one side; name more or none."
            )
        left = ", ".join(f"{n} {reason}" for reason, n in left_out.items())
        return "Give more rows, or name their sides with --split COLUMN." + (f" Left out: {left}." if left else "")

    def table(self) -> tuple[Array, Array]:
        """Return the distinct groups in use, sorted, and their sides."""
        return groups.table(self.division.group, self.division.side)

    def facts(self, names: Sequence[str]) -> dict[str, Any]:
        """Return what a model's card says of its sample, plain JSON; ``names`` are those of the truths."""
        trained = self.truth[self.division.side == TRAIN]
        known, side = self.table()
        spans = {name: _range(trained[:, number]) for number, name in enumerate(names)}
        return {
            "rows": groups.counts(self.division.side),
            "truth_range": spans[names[0]] if len(names) == 1 else spans,
            "sha256": self.digest(),
            "split_sha256": hashlib.sha256(known.tobytes() + side.tobytes()).hexdigest(),
        }


def _range(truth: Array) -> list[float] | None:
    """Return the smallest and the largest truth; None where there is none."""
    known = truth[np.isfinite(truth)]
    return [round(float(known.min()), 5), round(float(known.max()), 5)] if len(known) else None
