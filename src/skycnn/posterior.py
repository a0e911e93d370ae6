"""Posterior: what a network's raw output means - the loss it is trained with and the columns written, in one object."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from skycnn.schema import Column, Flag, estimate

LEVELS = (0.16, 0.5, 0.84)
"""The median and the ends of the 68 % interval."""

ODDS_WIDTH = 0.06
"""Half-width, in units of 1 + z, of the interval that ODDS integrates (after the odds of Benitez 2000)."""

SPACINGS = ("linear", "log1p")

Summary = tuple[dict[str, np.ndarray], np.ndarray]


class Posterior(ABC):
    """The meaning of a network's raw output.

    Attributes
    ----------
    outputs : int
        Width of the raw output.
    value : str
        The main column, e.g. ``Z_PHOT``.
    scores : str
        The set of scores that judge it: ``redshift`` or ``class``.
    """

    outputs: int
    value: str
    scores: ClassVar[str]

    @abstractmethod
    def columns(self, pdf: bool = False) -> tuple[Column, ...]:
        """Return the columns written, without the flag."""

    @abstractmethod
    def loss(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the mean training loss of raw outputs (n, outputs) against truths (n,)."""

    def score(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the validation score of raw outputs against truths, the lower the better: the mean -log p(truth)."""
        return self.loss(raw, truth)

    def miscalibration(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return how far the posteriors are from covering truths as often as they say; 0 is calibrated."""
        return self.score(raw, truth)

    def outside(self, truth: np.ndarray) -> np.ndarray:
        """Return which truths (n,) no answer can reach, bool (n,)."""
        return np.zeros(len(truth), bool)

    @abstractmethod
    def imitate(self, raw: Tensor, other: Tensor) -> Tensor:
        """Return the mean cross-entropy of raw outputs to the posteriors of others, (n, outputs) both."""

    @abstractmethod
    def blend(self, raws: Sequence[Tensor]) -> Tensor:
        """Return the raw output whose posterior is the mean of several networks' posteriors."""

    @abstractmethod
    def summarise(self, raw: Tensor, pdf: bool = False) -> Summary:
        """Return column name to values, float32 (n,) or (n, width), and flag bits, int32 (n,)."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return the arguments that build this posterior again, as plain JSON."""


@dataclass(frozen=True)
class Axis:
    """One axis of a Grid.

    Parameters
    ----------
    column : str
        The column written.
    low, high : float
        Ends of the grid.
    bins : int
    unit, ucd, meaning : str
        Of the column.
    spacing : str
        ``linear``, or ``log1p``: bins of equal width in log(1 + value), as redshift errors grow.
    blur : float
        Width of the Gaussian that a true value is spread with in training, in bins.
    """

    column: str
    low: float
    high: float
    bins: int
    unit: str = ""
    ucd: str = ""
    meaning: str = ""
    spacing: str = "linear"
    blur: float = 1.0

    def __post_init__(self) -> None:
        if self.bins < 4 or not self.high > self.low or self.spacing not in SPACINGS:
            raise ValueError(
                f"{self.column}: an axis needs four bins or more, high > low, spacing {' or '.join(SPACINGS)}"
            )

    def place(self, value: Tensor) -> Tensor:
        """Return where values lie on the grid, in bins from its lower end."""
        if self.spacing == "linear":
            return (value - self.low) * (self.bins / (self.high - self.low))
        low, high = math.log1p(self.low), math.log1p(self.high)
        return (torch.log1p(value.clamp(min=-0.999)) - low) * (self.bins / (high - low))

    def value(self, place: Tensor) -> Tensor:
        """Return the values at places on the grid, the inverse of ``place``."""
        if self.spacing == "linear":
            return self.low + place * ((self.high - self.low) / self.bins)
        low, high = math.log1p(self.low), math.log1p(self.high)
        return torch.expm1(low + place * ((high - low) / self.bins))

    def target(self, truth: Tensor) -> Tensor:
        """Return the probability of each bin, (n, bins), for true values (n,): a Gaussian of ``blur`` bins."""
        edges = torch.arange(self.bins + 1, dtype=truth.dtype, device=truth.device)
        below = torch.special.ndtr((edges - self.place(truth)[:, None]) / self.blur)
        below[:, 0], below[:, -1] = 0, 1
        target: Tensor = below.diff(dim=1)
        return target


class Grid(Posterior):
    """A joint probability over the bins of one to three axes.

    Parameters
    ----------
    axes : sequence of Axis or mapping
        In the order of the raw output, the last one fastest.
    odds : bool
        Whether ``<COLUMN>_ODDS`` of the first axis is written, the probability within 0.06 (1 + z) of the median.
    """

    scores = "redshift"

    def __init__(self, axes: Sequence[Axis | Mapping[str, Any]], odds: bool = True) -> None:
        self.axes = tuple(axis if isinstance(axis, Axis) else Axis(**axis) for axis in axes)
        if not self.axes:
            raise ValueError("a Grid needs an axis")
        self.odds = odds
        self.shape = tuple(axis.bins for axis in self.axes)
        self.outputs = int(np.prod(self.shape))
        self.value = self.axes[0].column

    def settings(self) -> dict[str, Any]:
        """Return the axes and whether odds are written."""
        return {"axes": [asdict(axis) for axis in self.axes], "odds": self.odds}

    def columns(self, pdf: bool = False) -> tuple[Column, ...]:
        """Return value, interval and odds of the first axis, then value and interval of the others."""
        first = self.axes[0]
        found: list[Column] = []
        for axis in self.axes:
            found += estimate(axis.column, axis.unit, axis.ucd, axis.meaning)
        if self.odds:
            odds = f"probability within {ODDS_WIDTH} (1 + z) of {first.column}"
            found.append(Column(f"{first.column}_ODDS", "f4", "", "stat.probability", odds, "F7.4"))
        if pdf:
            for axis in self.axes:
                grid = f"probability in {axis.bins} bins of {axis.spacing} from {axis.low:g} to {axis.high:g}"
                found.append(Column(f"{axis.column}_PDF", "f4", "", "stat.probability", grid, "E12.4", axis.bins))
        return tuple(found)

    def loss(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the cross-entropy to the blurred truth; ``truth`` is (n,) or (n, axes)."""
        truths = truth.reshape(len(truth), len(self.axes))
        target = self.axes[0].target(truths[:, 0])
        for i, axis in enumerate(self.axes[1:], 1):
            target = (target[..., None] * axis.target(truths[:, i])[:, None, :]).flatten(1)
        loss: Tensor = functional.cross_entropy(raw, target)
        return loss

    def score(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the cross-entropy to the bin of the truth, which is not blurred here."""
        truths = truth.reshape(len(truth), len(self.axes))
        index = torch.zeros(len(truth), dtype=torch.long, device=raw.device)
        for i, axis in enumerate(self.axes):
            index = index * axis.bins + axis.place(truths[:, i]).long().clamp_(0, axis.bins - 1)
        return functional.cross_entropy(raw, index)

    def outside(self, truth: np.ndarray) -> np.ndarray:
        """Return which truths, (n,) or (n, axes), lie off the grid, bool (n,)."""
        truths = np.asarray(truth).reshape(len(truth), len(self.axes))
        low, high = (np.array([getattr(axis, end) for axis in self.axes]) for end in ("low", "high"))
        return np.asarray(((truths < low) | (truths > high)).any(axis=1))

    def miscalibration(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return ``|mean |2 PIT - 1| - 1/2|`` of the first axis: 0 where intervals cover as stated, on the mean.

        The temperature with the best score would leave in the width that ``blur`` adds.
        """
        axis = self.axes[0]
        place = axis.place(truth.reshape(len(truth), -1)[:, :1]).to(raw.dtype)
        mass = torch.softmax(raw, dim=1).reshape(len(raw), axis.bins, -1).sum(dim=2)
        pit = (mass * (place - torch.arange(axis.bins, device=raw.device)).clamp_(0, 1)).sum(dim=1)
        return ((2 * pit - 1).abs().mean() - 0.5).abs()

    def imitate(self, raw: Tensor, other: Tensor) -> Tensor:
        """Return the cross-entropy to the other's probabilities, bin by bin."""
        return functional.cross_entropy(raw, torch.softmax(other, dim=1))

    def blend(self, raws: Sequence[Tensor]) -> Tensor:
        """Return the logarithm of the mean probability of each bin."""
        return torch.logsumexp(torch.stack([torch.log_softmax(raw, dim=1) for raw in raws]), dim=0)

    def summarise(self, raw: Tensor, pdf: bool = False) -> Summary:
        """Return medians, 68 % intervals, odds and, with ``pdf``, the marginal probabilities."""
        joint = torch.softmax(raw, dim=1).reshape(len(raw), *self.shape)
        values: dict[str, Tensor] = {}
        bits = torch.zeros(len(raw), dtype=torch.int32, device=raw.device)
        for i, axis in enumerate(self.axes):
            others = [j + 1 for j in range(len(self.axes)) if j != i]
            mass = joint.sum(dim=others) if others else joint
            low, median, high = _quantiles(mass, axis, values, bits, odds=self.odds and i == 0)
            values |= {axis.column: median, f"{axis.column}_LO": low, f"{axis.column}_HI": high}
            if pdf:
                values[f"{axis.column}_PDF"] = mass
        return {name: value.cpu().numpy() for name, value in values.items()}, bits.cpu().numpy()


def _quantiles(
    mass: Tensor, axis: Axis, values: dict[str, Tensor], bits: Tensor, *, odds: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return 16th, 50th and 84th percentiles, linear within a bin; add odds to ``values`` and flags to ``bits``."""
    cumulative = mass.cumsum(dim=1)
    total = cumulative[:, -1:]
    levels = total * torch.tensor(LEVELS, device=mass.device)
    place = torch.searchsorted(cumulative, levels).clamp_(max=axis.bins - 1)
    inside = mass.gather(1, place)
    before = cumulative.gather(1, place) - inside
    part = ((levels - before) / inside.clamp(min=1e-30)).clamp_(0, 1)
    left, right = axis.value(place.float()), axis.value(place.float() + 1)
    low, median, high = (left + part * (right - left)).unbind(1)
    bits |= int(Flag.VALUE_OUTSIDE) * ((place[:, 0] == 0) | (place[:, 2] == axis.bins - 1)).int()
    bits |= int(Flag.MULTIMODAL) * _multimodal(mass, (place + part)[:, 2] - (place + part)[:, 0]).int()
    if odds:
        reach = ODDS_WIDTH * (1 + median)
        between = _cumulative_at(cumulative, mass, axis, median + reach) - _cumulative_at(
            cumulative, mass, axis, median - reach
        )
        values[f"{axis.column}_ODDS"] = between / total[:, 0]
    return low, median, high


def _cumulative_at(cumulative: Tensor, mass: Tensor, axis: Axis, at: Tensor) -> Tensor:
    """Return the probability below ``at`` (n,)."""
    place = axis.place(at).clamp_(0, axis.bins)
    index = place.long().clamp_(max=axis.bins - 1)[:, None]
    inside = mass.gather(1, index)
    return (cumulative.gather(1, index) - inside + inside * (place[:, None] - index))[:, 0]


def _multimodal(mass: Tensor, width: Tensor) -> Tensor:
    """Return which rows have a second peak: one that rises by 30 % of the highest above the valley between them.

    A normal distribution's peak times the width of its 68 % interval is 0.8, whatever its sigma; only rows well above
    that are looked at closely.
    """
    found = torch.zeros(len(mass), dtype=torch.bool, device=mass.device)
    wide = (mass.amax(dim=1) * width > 1.1).nonzero()[:, 0]
    if len(wide) == 0:
        return found
    smooth = _smooth(mass[wide])
    peak, place = smooth.max(dim=1, keepdim=True)
    bins = torch.arange(mass.shape[1], device=mass.device)
    second = torch.zeros_like(peak)
    for side, turned in ((bins >= place, False), (bins <= place, True)):
        walk = torch.where(side, smooth, peak)  # the other side holds the peak's height: no valley, no rise
        walk = walk.flip(1) if turned else walk
        rise = torch.where(side.flip(1) if turned else side, walk - walk.cummin(dim=1).values, 0)
        second = torch.maximum(second, rise.amax(dim=1, keepdim=True))
    found[wide] = (second > 0.3 * peak)[:, 0]
    return found


def _smooth(mass: Tensor) -> Tensor:
    """Return the mean of each bin and of two neighbours on either side, as far as there are any.

    Sums of slices take a tenth of the time of ``avg_pool1d``.
    """
    bins, reach = mass.shape[1], 2
    padded = functional.pad(mass, (reach, reach))
    there = functional.pad(torch.ones(bins, device=mass.device), (reach, reach))
    total, count = (reduce(add, (part[..., k : k + bins] for k in range(2 * reach + 1))) for part in (padded, there))
    return total / count


class Bernoulli(Posterior):
    """The probability of a yes.

    Parameters
    ----------
    column : str
        The column written, e.g. ``P_MERGER``; its interval is NaN, for one network has none.
    meaning : str
        Of a yes.
    """

    scores = "class"
    outputs = 1

    def __init__(self, column: str, meaning: str = "probability of a yes") -> None:
        self.value, self.meaning = column, meaning

    def settings(self) -> dict[str, Any]:
        """Return the column and its meaning."""
        return {"column": self.value, "meaning": self.meaning}

    def columns(self, pdf: bool = False) -> tuple[Column, ...]:
        """Return the probability and its empty interval."""
        return estimate(self.value, "", "stat.probability", self.meaning, "F8.5")

    def loss(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the binary cross-entropy to truths 0 or 1."""
        return functional.binary_cross_entropy_with_logits(raw[:, 0], truth.to(raw.dtype))

    def imitate(self, raw: Tensor, other: Tensor) -> Tensor:
        """Return the binary cross-entropy to the other's probability."""
        return functional.binary_cross_entropy_with_logits(raw, torch.sigmoid(other))

    def blend(self, raws: Sequence[Tensor]) -> Tensor:
        """Return the logit of the mean probability."""
        return torch.logit(torch.stack([torch.sigmoid(raw) for raw in raws]).mean(dim=0), eps=1e-6)

    def summarise(self, raw: Tensor, pdf: bool = False) -> Summary:
        """Return the probabilities."""
        probability = torch.sigmoid(raw[:, 0]).cpu().numpy()
        empty = np.full_like(probability, np.nan)
        values = {self.value: probability, f"{self.value}_LO": empty, f"{self.value}_HI": empty.copy()}
        return values, np.zeros(len(probability), np.int32)
