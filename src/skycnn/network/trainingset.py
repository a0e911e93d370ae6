"""TrainingSet: rows with their truth on the sides of a split; what a network may learn, choose and be judged by."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError, counted
from skycnn.files.pixelstore import PixelStore
from skycnn.network import groups
from skycnn.network.division import Division
from skycnn.network.groups import BLOCK, TRAIN, VALID
from skycnn.network.sample import Sample, sample

Array = NDArray[Any]

FEWEST = {"train": 50, "valid": 10}
"""Rows below which nothing is trained."""
MANY = 50
"""Groups of which a tenth is likely to be enough."""
SEEN = "_groups.seen"
"""Tensor of a model file: hashes of the groups and rows that it was trained and validated on, sorted."""


@dataclass(frozen=True)
class TrainingSet:
    """Rows with their truth.

    Parameters
    ----------
    inputs : mapping of str to array (n, ...) or PixelStore
        What the network eats.
    truth : array (n,)
    division : Division
        Of the rows into training, validation and test.
    """

    inputs: Mapping[str, Array | PixelStore]
    truth: Array
    division: Division

    def part(self, side: int) -> Sample:
        """Return the rows of one side; their stamps are not copied."""
        mine = np.flatnonzero(self.division.side == side)
        return sample(
            {
                name: value.take(mine) if isinstance(value, PixelStore) else value[mine]
                for name, value in self.inputs.items()
            },
            self.truth[mine],
        )

    @property
    def seen(self) -> Array:
        """Which rows training looks at, for its weights or for its choices, bool (n,)."""
        return np.isin(self.division.side, (TRAIN, VALID))

    def digest(self) -> str:
        """Return a hash of all numbers that training depends on."""
        total = hashlib.sha256()
        for name in sorted(self.inputs):
            value = self.inputs[name]
            for first in range(0, len(value), BLOCK):
                total.update(np.ascontiguousarray(value[first : first + BLOCK], "<f4").tobytes())
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
        for word, count in groups.counts(self.division.side).items():
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

    def facts(self) -> dict[str, Any]:
        """Return what a model's card says of its sample, plain JSON."""
        trained = self.truth[self.division.side == TRAIN]
        known, side = self.table()
        return {
            "rows": groups.counts(self.division.side),
            "truth_range": [round(float(trained.min()), 5), round(float(trained.max()), 5)],
            "sha256": self.digest(),
            "split_sha256": hashlib.sha256(known.tobytes() + side.tobytes()).hexdigest(),
        }
