"""Bernoulli: the probability of a yes, and how far other trainings of the network would have it elsewhere."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from skycnn.posterior.posterior import Posterior, Summary, table
from skycnn.schema import Column, estimate

REACH = NormalDist().inv_cdf(0.84)
"""Standard deviations from the median to the 84th percentile."""

NARROWEST = 1e-3
"""Smallest spread of a logit."""

BLUR = 1.0
"""Logits that both distributions are blurred by while one learns from the other: without it a narrow one is stiff."""


class Bernoulli(Posterior):
    """The probability of a yes.

    One network answers with a logit and has no interval. What learns from an ensemble answers with the mean of the
    members' logits and their spread: its interval is where 68 % of networks trained alike would put the probability.

    Parameters
    ----------
    column : str
        The column written, e.g. ``P_MERGER``.
    meaning : str
        Of a yes.
    spread : bool
        Whether the raw output has the spread too; without it the interval is NaN.
    """

    def __init__(self, column: str, meaning: str = "probability of a yes", spread: bool = False) -> None:
        self.values, self.kinds = (column,), {column: "class"}
        self.meaning, self.spread, self.outputs = meaning, spread, 1 + spread

    def distilled(self) -> "Bernoulli":
        """Return the posterior with a spread."""
        return Bernoulli(self.value, self.meaning, spread=True)

    def settings(self) -> dict[str, Any]:
        """Return the column, its meaning and whether it has a spread."""
        return {"column": self.value, "meaning": self.meaning, "spread": self.spread}

    def columns(self, pdf: bool = False) -> tuple[Column, ...]:
        """Return the probability and its interval."""
        return estimate(self.value, "", "stat.probability", self.meaning, "F8.5")

    @staticmethod
    def _parts(raw: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and spread (n,) of the logit, both in proportion to the raw output, as a temperature needs it."""
        return raw[:, 0], raw[:, 1].abs().clamp(min=NARROWEST)

    def _logit(self, raw: Tensor) -> Tensor:
        """Return the logit (n,) of the probability: the mean over the spread (MacKay 1992, Neural Comp. 4, 720)."""
        if not self.spread:
            return raw[:, 0]
        mean, spread = self._parts(raw)
        return mean / torch.sqrt(1 + math.pi / 8 * spread**2)

    def loss(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the binary cross-entropy to truths 0 or 1."""
        own = table(truth, 1)[:, 0]
        known = torch.isfinite(own)
        if not known.any():
            return 0 * raw.sum()
        return functional.binary_cross_entropy_with_logits(self._logit(raw)[known], own[known].to(raw.dtype))

    def imitate(self, raw: Tensor, other: Tensor) -> Tensor:
        """Return the divergence of the members' logits, a normal distribution, from that of the raw output, blurred.

        It is smallest, 0, where mean and spread are the same, whatever the blur.
        """
        (mean, spread), (wanted, width) = self._parts(raw), self._parts(other)
        spread, width = torch.sqrt(spread**2 + BLUR**2), torch.sqrt(width**2 + BLUR**2)
        away = (width**2 + (wanted - mean) ** 2) / (2 * spread**2)
        return (torch.log(spread / width) + away - 0.5).mean()

    def blend(self, raws: Sequence[Tensor]) -> Tensor:
        """Return mean and standard deviation (n, 2) of several networks' logits; one network's has none."""
        logits = torch.stack([raw[:, 0] for raw in raws])
        spread = logits.std(dim=0) if len(raws) > 1 else torch.zeros_like(logits[0])
        return torch.stack([logits.mean(dim=0), spread], dim=1)

    def summarise(self, raw: Tensor, pdf: bool = False) -> Summary:
        """Return the probabilities and, with a spread, their intervals."""
        probability = torch.sigmoid(self._logit(raw)).cpu().numpy()
        if self.spread:
            mean, spread = self._parts(raw)
            low, high = (torch.sigmoid(mean + sign * REACH * spread).cpu().numpy() for sign in (-1, 1))
        else:
            low, high = (np.full_like(probability, np.nan) for _ in range(2))
        return {self.value: probability, f"{self.value}_LO": low, f"{self.value}_HI": high}, np.zeros(
            len(probability), np.int32
        )
