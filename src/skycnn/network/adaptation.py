"""Adaptation: by what means a network is taught to see a second sample, without truths, as it sees the first."""

import math
from dataclasses import dataclass, field
from typing import Any

from skycnn.errors import InputError
from skycnn.network.discrepancy import Discrepancy

METHODS = {"mmd": 0.1, "adversarial": 0.1, "batchnorm": 1.0}
"""A discrepancy made small; an adversary deceived; statistics of batch normalisation measured on the second sample; and
their usual weights, from trials on stamps with and without noise: a discrepancy of weight 1 took 0.09 of AUC more from
the first sample and gave the second as much; an adversary of 0.3 blurred both samples."""
DEFAULT = "mmd"
STEEP = 10.0
"""How fast the weight of the second sample rises (Ganin et al. 2016, JMLR 17, 59, section 5.2.2)."""


@dataclass(frozen=True)
class Adaptation:
    """How a second sample counts.

    Parameters
    ----------
    by : str
        One of `METHODS`.
    weight : float
        Of the discrepancy, or of the adversary, beside the posterior's loss, once it has risen.
    discrepancy : Discrepancy
        Made small by ``mmd``; by any method an epoch is the better the smaller it is, and the card tells it.
    """

    by: str = DEFAULT
    weight: float = 1.0
    discrepancy: Discrepancy = field(default_factory=Discrepancy)

    def __post_init__(self) -> None:
        if self.by not in METHODS:
            raise InputError("--adapt-by is not understood", value=self.by, expected=", ".join(METHODS))

    @property
    def trains(self) -> bool:
        """Whether the second sample is looked at in training, not only after it."""
        return self.by != "batchnorm"

    def warmed(self, share: float) -> float:
        """Return the weight after some share of the training: from 0, when features mean nothing yet, to its whole."""
        return self.weight * (2 / (1 + math.exp(-STEEP * share)) - 1)

    def facts(self) -> list[Any]:
        """Return what a resumed training must have in common with its beginning, plain JSON."""
        return [self.by, self.weight, list(self.discrepancy.widths)]


def requested(second: str | None, by: str | None) -> Adaptation | None:
    """Return how a second sample counts, of ``--adapt`` and ``--adapt-by``; None without one.

    Raises
    ------
    InputError
        When the method is not known, or there is nothing to adapt to.
    """
    if by is not None and second is None:
        raise InputError("--adapt-by tells how a second sample counts, and there is none", hint="--adapt TARGET.fits")
    by = by or DEFAULT
    return None if second is None else Adaptation(by, METHODS.get(by, 0.0))
