"""Overlap: how far groups lie on several sides of a split that does not keep them together."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.network.groups import OUT, TEST, TRAIN, is_named, name_hashes

Array = NDArray[Any]


@dataclass(frozen=True)
class Overlap:
    """Groups on several sides of a split.

    Parameters
    ----------
    groups : int
        How many are.
    share : float
        Of the test rows, those whose group is trained on too.
    """

    groups: int
    share: float

    @classmethod
    def of(cls, side: Array, names: Array) -> "Overlap":
        """Return how far groups overlap.

        Parameters
        ----------
        side : array (n,)
            Of the rows; see `groups`.
        names : array (n,)
            Of the rows' groups; a blank names none.
        """
        used = is_named(names) & (side != OUT)
        hashed, sides = name_hashes(names[used]), side[used]
        pairs = np.unique(np.column_stack([hashed, sides]), axis=0)
        several = np.unique(pairs[:, 0], return_counts=True)[1] > 1
        shared = int(np.count_nonzero(np.isin(hashed[sides == TEST], hashed[sides == TRAIN])))
        tested = int(np.count_nonzero(side == TEST))
        return cls(int(np.count_nonzero(several)), shared / tested if tested else 0.0)
