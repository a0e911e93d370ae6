"""Tally: how many rows of a run have an answer, and how many were flagged for what."""

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

    def count(self, found: "np.ndarray") -> None:
        """Count flags (n,); a row that was not run has none."""
        found = found[found != NOT_RUN]
        self.clean += int(np.count_nonzero(found == 0))
        for bit in Flag:
            self._bits[bit] += int(np.count_nonzero(found & bit))

    @property
    def flagged(self) -> dict[str, int]:
        """Rows flagged, by reason; a reason that never occurred is left out."""
        return {str(bit.name).lower(): n for bit, n in self._bits.items() if n}


def flags(rows: "np.ndarray") -> "np.ndarray":
    """Return the flag column of packed rows, int32 (n,)."""
    return np.asarray(np.ascontiguousarray(rows[:, -4:]).view(">i4")[:, 0], np.int32)
