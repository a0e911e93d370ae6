"""Tally: how many rows of a run have an answer, and how many each flag."""

import numpy as np

from skycnn.schema import NOT_RUN, Flag


class Tally:
    """Counts over packed rows: the first column is the value, the last one the flag.

    Attributes
    ----------
    answered : int
        Rows with a finite value.
    clean : int
        Rows run without a flag.
    """

    def __init__(self) -> None:
        self.answered = self.clean = 0
        self._bits = dict.fromkeys(Flag, 0)

    def add(self, rows: "np.ndarray") -> None:
        """Count packed rows, uint8 (n, width)."""
        self.answered += int(np.isfinite(np.ascontiguousarray(rows[:, :4]).view(">f4")).sum())
        self.count(flags(rows))

    def count(self, flags: "np.ndarray") -> None:
        """Count flags (n,) of rows that were run."""
        run = flags[flags != NOT_RUN]
        self.clean += int(np.count_nonzero(run == 0))
        for bit in Flag:
            self._bits[bit] += int(np.count_nonzero(run & bit))

    @property
    def flagged(self) -> dict[str, int]:
        """Number of rows by flag, of flags that occur."""
        return {str(bit.name).lower(): n for bit, n in self._bits.items() if n}


def flags(rows: "np.ndarray") -> "np.ndarray":
    """Return the flag column of packed rows, int32 (n,)."""
    return np.asarray(np.ascontiguousarray(rows[:, -4:]).view(">i4")[:, 0], np.int32)
