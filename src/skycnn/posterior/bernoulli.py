"""Bernoulli: the probability of a yes, and where other trainings of the network would put it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from skycnn.posterior.posterior import Posterior, Summary, Target, table
from skycnn.schema import Column, estimate

REACH = NormalDist().inv_cdf(0.84)
"""Standard deviations from the median to the 84th percentile."""

NARROWEST = 1e-3
"""Smallest spread of a logit."""

DECIDED = 0.05
"""Size of a logit below which a row counts as undecided: a probability of 0.49 to 0.51."""

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
    reach : float
        Spreads from the mean to either end of the interval, as `spanning` finds it: what learns from an ensemble has
        errors of its own, so that its spread is not quite the ensemble's.
    """

    def __init__(
        self, column: str, meaning: str = "probability of a yes", spread: bool = False, reach: float = REACH
    ) -> None:
        self.values, self.kinds = (column,), {column: "class"}
        self.meaning, self.spread, self.outputs, self.reach = meaning, spread, 1 + spread, reach

    def distilled(self) -> "Bernoulli":
        """Return the posterior with a spread."""
        return Bernoulli(self.value, self.meaning, spread=True)

    def settings(self) -> dict[str, Any]:
        """Return the column, its meaning and whether it has a spread."""
        plain = {"column": self.value, "meaning": self.meaning, "spread": self.spread}
        return plain if self.reach == REACH else {**plain, "reach": self.reach}

    def spanning(self, raw: Tensor, others: Sequence[Tensor], member: Posterior) -> "Bernoulli":
        """Return the posterior whose interval holds 68 % of the answers of one more network like the others.

        Of k networks one more lies further from their mean than they do themselves, by ``sqrt((k + 1) / (k - 1))``.
        """
        k = len(others)
        if not self.spread or k < 2 or not len(raw):
            return self
        logits, (mean, spread) = torch.stack([other[:, 0] for other in others]), self._parts(raw)
        centre = logits.mean(dim=0)
        further = centre + (logits - centre) * math.sqrt((k + 1) / (k - 1))
        reach = np.quantile(((further - mean).abs() / spread).cpu().numpy(), 0.68)
        return Bernoulli(self.value, self.meaning, spread=True, reach=round(float(reach), 4))

    def columns(self, pdf: bool = False) -> tuple[Column, ...]:
        """Return the probability and its interval."""
        value, *ends = estimate(self.value, "", "stat.probability", self.meaning, "F8.5")
        return value, *(replace(end, meaning=f"{end.meaning} over trainings of the network") for end in ends)

    @staticmethod
    def _parts(raw: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and spread (n,) of the logit; a temperature divides both, for both are linear in the output."""
        return raw[:, 0], raw[:, 1].abs().clamp(min=NARROWEST)

    def _logit(self, raw: Tensor) -> Tensor:
        """Return the logit (n,) of the probability: the mean over the spread (MacKay 1992, Neural Comp. 4, 720)."""
        if not self.spread:
            return raw[:, 0]
        mean, spread = self._parts(raw)
        return mean / torch.sqrt(1 + math.pi / 8 * spread**2)

    def loss(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the binary cross-entropy to truths 0 or 1."""
        truths = table(truth, 1)[:, 0]
        known = torch.isfinite(truths)
        if not known.any():
            return 0 * raw.sum()
        return functional.binary_cross_entropy_with_logits(self._logit(raw)[known], truths[known].to(raw.dtype))

    def imitate(self, raw: Tensor, other: Tensor) -> Tensor:
        """Return the divergence of the members' logits, a normal distribution, from that of the raw output, blurred.

        It is smallest, 0, where mean and spread are the same, whatever the blur.
        """
        (mean, spread), (wanted, width) = self._parts(raw), self._parts(other)
        spread, width = torch.sqrt(spread**2 + BLUR**2), torch.sqrt(width**2 + BLUR**2)
        away = (width**2 + (wanted - mean) ** 2) / (2 * spread**2)
        return (torch.log(spread / width) + away - 0.5).mean()

    def blend(self, raws: Sequence[Tensor]) -> Tensor:
        """Return mean and spread (n, 2) of several networks' logits; the spread of one alone is nothing.

        The spread is that of one more network about the mean of k: ``s sqrt(1 + 1/k)``, for the mean is uncertain too.
        """
        logits, k = torch.stack([raw[:, 0] for raw in raws]), len(raws)
        spread = logits.std(dim=0) * math.sqrt(1 + 1 / k) if k > 1 else torch.zeros_like(logits[0])
        return torch.stack([logits.mean(dim=0), spread], dim=1)

    @property
    def targets(self) -> Mapping[str, Target]:
        """The logit of the probability: evidence adds up in it, as it does not in the probability."""
        return {self.value: Target("", f"logit of {self.value}, {self.meaning}")}

    def explained(
        self, raw: Tensor, target: str, temperatures: Tensor | None = None, bins: Tensor | None = None
    ) -> Tensor:
        """Return the logit (n,) of the probability."""
        return self._logit(raw if temperatures is None else raw / temperatures)

    def log_widths(self, raw: Tensor) -> Tensor:
        """Return how undecided a row is, minus the logarithm of its logit's size, (n, 1)."""
        return -self._logit(raw).abs().clamp(min=DECIDED).log()[:, None]

    def excess(self, raw: Tensor, truth: Tensor, temperatures: Tensor) -> Tensor:
        """Return how fast the cross-entropy falls with the logarithm of the temperature, (n, 1)."""
        logit = self._logit(raw / temperatures)[:, None]
        return (torch.sigmoid(logit) - table(truth, 1)) * logit

    def summarise(self, raw: Tensor, pdf: bool = False, temperatures: Tensor | None = None) -> Summary:
        """Return the probabilities and, with a spread, their intervals, which hold them."""
        raw = raw if temperatures is None else raw / temperatures
        probability = torch.sigmoid(self._logit(raw))
        low = high = torch.full_like(probability, math.nan)
        if self.spread:
            mean, spread = self._parts(raw)
            low = torch.sigmoid(mean - self.reach * spread).minimum(probability)  # the mean of a skewed distribution
            high = torch.sigmoid(mean + self.reach * spread).maximum(probability)  # may lie beyond its percentiles
        columns = {self.value: probability, f"{self.value}_LO": low, f"{self.value}_HI": high}
        return {name: value.cpu().numpy() for name, value in columns.items()}, np.zeros(len(raw), np.int32)
