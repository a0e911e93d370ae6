"""SecondSample: rows without truths that a network is adapted to, apart from those that it is chosen and judged by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skycnn.errors import InputError, counted
from skycnn.network import groups
from skycnn.network.division import Division
from skycnn.network.groups import CALIB, TEST, VALID
from skycnn.network.sample import Sample
from skycnn.network.sample import sample as tensors
from skycnn.network.trainingset import FEWEST

Array = NDArray[Any]


@dataclass(frozen=True)
class SecondSample:
    """The rows of a second catalogue.

    Parameters
    ----------
    sample : Sample
    row, group : array (n,)
        Hashes of each row's inputs and of its group; the row's own where no column names groups.
    source, survey : str
        Names of its file and of its survey; empty for unknown.
    """

    sample: Sample
    row: Array
    group: Array
    source: str
    survey: str

    @classmethod
    def of(cls, inputs: Mapping[str, Any], names: Array | None, source: str, survey: str) -> "SecondSample":
        """Return rows by their inputs, each (n, ...), and the names (n,) of their groups."""
        row = groups.row_hashes(*inputs.values())
        group = row if names is None else groups.name_hashes(names)
        return cls(tensors(inputs, np.full((len(row), 1), np.nan)), row, group, source, survey)

    def apart(self, division: Division, say: Callable[[str], None]) -> tuple[Sample, dict[str, Any]]:
        """Return the rows that a network is adapted to, and what its card says of them.

        Those that belong to a group to validate, calibrate or test with, or repeat such a row, are left out.

        Parameters
        ----------
        division : Division
            Of the first sample.
        say : callable
            Is told how many there are.

        Raises
        ------
        InputError
            When too few are left.
        """
        held = np.isin(division.side, (VALID, CALIB, TEST))
        kept = ~(np.isin(self.group, division.group[held]) | np.isin(self.row, division.row[held]))
        count = int(np.count_nonzero(kept))
        left = len(kept) - count
        words = f"{self.source} has {counted(count, 'row')} to adapt to"
        if left:
            words += f"; left out: {left} of groups to validate, calibrate or test with"
        if count < FEWEST["train"]:
            raise InputError(words, expected=f"{FEWEST['train']} or more", hint="Name a larger file with --adapt.")
        say(words)
        rows = self.sample.part(torch.from_numpy(np.flatnonzero(kept))) if left else self.sample
        names = {"source": self.source, "survey": self.survey}
        return rows, names | {"rows": count, "left_out": left, "sha256": self.sample.digest()}
