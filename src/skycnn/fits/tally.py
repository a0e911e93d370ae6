"""Tally: how many rows of a run have an answer, and how many were flagged for what."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from skycnn import schema
from skycnn.schema import Bit


class Tally:
    """Counts over packed rows: the first column is the value, the last one the flag.

    Parameters
    ----------
    task_flags : iterable of TaskFlag
        Bits of the task's own.

    Attributes
    ----------
    answered : int
        Rows with a finite value.
    clean : int
        Rows run without a flag.
    """

    def __init__(self, task_flags: Iterable[Bit] = ()) -> None:
        self.answered = self.clean = 0
        self._task_flags, self._counts = tuple(task_flags), Counter[str]()

    def add(self, rows: "np.ndarray") -> None:
        """Count packed rows, uint8 (n, width)."""
        self.answered += int(np.isfinite(np.ascontiguousarray(rows[:, :4]).view(">f4")).sum())
        self.count(flags(rows))

    def count(self, flags: "np.ndarray") -> None:
        """Count flags (n,); a row that was not run has none."""
        self.clean += int(np.count_nonzero(flags == 0))
        self._counts.update(schema.counts(flags, self._task_flags))

    @property
    def flagged(self) -> dict[str, int]:
        """Rows flagged, by reason; a reason that never occurred is left out."""
        names = (name.lower() for name, _ in schema.bits(self._task_flags).values())
        return {name: self._counts[name] for name in names if self._counts[name]}


def flags(rows: "np.ndarray") -> "np.ndarray":
    """Return the flag column of packed rows, int32 (n,)."""
    return np.asarray(np.ascontiguousarray(rows[:, -4:]).view(">i4")[:, 0], np.int32)
