"""Axis: one axis of a Grid - where its bins lie, and how a column of answers follows from their probabilities."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add

import torch
from torch import Tensor
from torch.nn import functional

from skycnn.schema import Column, Flag, estimate
from skycnn.typed import check_fields

LEVELS = (0.16, 0.5, 0.84)
"""The median and the ends of the 68 % interval."""

ODDS_WIDTH = 0.06
"""Half-width, in units of 1 + z, of the interval that ODDS integrates (after the odds of Benitez 2000)."""

LARGEST = 1e30
"""Of an axis: the columns are float32, and sums of its ends are to be numbers."""


@dataclass(frozen=True)
class Spacing:
    """What of a value a grid's bins are equally wide in.

    Parameters
    ----------
    of, back, end : callable
        ``of`` of values (n,), ``back`` its inverse; ``end`` of one value, an end of the grid.
    above : float
        Every grid lies above it.
    least : float
        Values below are taken for it.
    """

    of: Callable[[Tensor], Tensor] = lambda values: values
    back: Callable[[Tensor], Tensor] = lambda places: places
    end: Callable[[float], float] = float
    above: float = -LARGEST
    least: float = -math.inf


SPACINGS = {
    "linear": Spacing(),
    "log1p": Spacing(torch.log1p, torch.expm1, math.log1p, above=-1.0, least=-0.999),
    "log": Spacing(torch.log, torch.exp, math.log, above=0.0, least=1e-30),
}
KINDS = ("value", "redshift")


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
        ``linear``; ``log1p``: bins of equal width in log(1 + value), as redshift errors grow; or ``log``: in the
        logarithm of the value, for what is above 0 and known to a factor.
    blur : float
        Width of the Gaussian that a true value is spread with in training, in bins.
    kind : str
        ``value``, or ``redshift``, whose errors are judged in units of 1 + z.
    odds : bool
        Whether ``<COLUMN>_ODDS`` is written, the probability within 0.06 (1 + z) of the median; of redshifts alone.
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
    kind: str = "value"
    odds: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        if self.bins < 4 or not self.high > self.low or self.spacing not in SPACINGS:
            raise ValueError(
                f"{self.column}: an axis needs four bins or more, high > low, spacing {' or '.join(SPACINGS)}"
            )
        if self.kind not in KINDS or (self.odds and self.kind != "redshift"):
            raise ValueError(f"{self.column}: an axis is of kind {' or '.join(KINDS)}; odds are those of a redshift")
        above = SPACINGS[self.spacing].above
        if not (above < self.low and self.high < LARGEST and self.blur > 0):
            raise ValueError(f"{self.column}: an axis lies between {above:g} and {LARGEST:g}, and its blur is above 0")

    def place(self, value: Tensor) -> Tensor:
        """Return where values lie on the grid, in bins from its lower end."""
        spacing = SPACINGS[self.spacing]
        low, high = spacing.end(self.low), spacing.end(self.high)
        return (spacing.of(value.clamp(min=spacing.least)) - low) * (self.bins / (high - low))

    def value(self, place: Tensor) -> Tensor:
        """Return the values at places on the grid, the inverse of ``place``."""
        spacing = SPACINGS[self.spacing]
        low, high = spacing.end(self.low), spacing.end(self.high)
        return spacing.back(low + place * ((high - low) / self.bins))

    @property
    def edges(self) -> Tensor:
        """The bins' edges, float64 (bins + 1,)."""
        return self.value(torch.arange(self.bins + 1, dtype=torch.float64))

    def bin(self, truth: Tensor) -> Tensor:
        """Return the bin of each true value (n,), int64; one off the grid is in the last or first."""
        return self.place(truth).long().clamp_(0, self.bins - 1)

    def target(self, truth: Tensor) -> Tensor:
        """Return the probability of each bin, (n, bins), for true values (n,): a Gaussian of ``blur`` bins."""
        edges = torch.arange(self.bins + 1, dtype=truth.dtype, device=truth.device)
        below = torch.special.ndtr((edges - self.place(truth)[:, None]) / self.blur)
        below[:, 0], below[:, -1] = 0, 1
        target: Tensor = below.diff(dim=1)
        return target

    def pit(self, mass: Tensor, truth: Tensor) -> Tensor:
        """Return the probability below true values (n,), of bins' probabilities (n, bins)."""
        place = self.place(truth[:, None]).to(mass.dtype)
        return (mass * (place - torch.arange(self.bins, device=mass.device)).clamp_(0, 1)).sum(dim=1)

    def columns(self) -> tuple[Column, ...]:
        """Return value and interval."""
        return estimate(self.column, self.unit, self.ucd, self.meaning)

    def odds_columns(self) -> tuple[Column, ...]:
        """Return the column of odds, where there is one."""
        meaning = f"probability within {ODDS_WIDTH} (1 + z) of {self.column}"
        return (Column(f"{self.column}_ODDS", "f4", "", "stat.probability", meaning, "F7.4"),) if self.odds else ()

    def pdf_column(self) -> Column:
        """Return the column of the bins' probabilities."""
        grid = f"probability in {self.bins} bins of {self.spacing} from {self.low:g} to {self.high:g}"
        return Column(f"{self.column}_PDF", "f4", "", "stat.probability", grid, "E12.4", self.bins)

    def summarise(self, mass: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Return percentiles, linear within a bin, and odds by column, and flags (n,), of probabilities (n, bins)."""
        cumulative = mass.cumsum(dim=1)
        total = cumulative[:, -1:]
        levels = total * torch.tensor(LEVELS, device=mass.device)
        place = torch.searchsorted(cumulative, levels).clamp_(max=self.bins - 1)
        inside = mass.gather(1, place)
        before = cumulative.gather(1, place) - inside
        part = ((levels - before) / inside.clamp(min=1e-30)).clamp_(0, 1)
        left, right = self.value(place.float()), self.value(place.float() + 1)
        low, median, high = (left + part * (right - left)).unbind(1)
        bits = int(Flag.VALUE_OUTSIDE) * ((place[:, 0] == 0) | (place[:, 2] == self.bins - 1)).int()
        bits |= int(Flag.MULTIMODAL) * multimodal(mass, (place + part)[:, 2] - (place + part)[:, 0]).int()
        values = {self.column: median, f"{self.column}_LO": low, f"{self.column}_HI": high}
        if self.odds:
            reach = ODDS_WIDTH * (1 + median)
            between = self._below(cumulative, mass, median + reach) - self._below(cumulative, mass, median - reach)
            values[f"{self.column}_ODDS"] = between / total[:, 0]
        return values, bits

    def _below(self, cumulative: Tensor, mass: Tensor, at: Tensor) -> Tensor:
        """Return the probability below ``at`` (n,)."""
        place = self.place(at).clamp_(0, self.bins)
        index = place.long().clamp_(max=self.bins - 1)[:, None]
        inside = mass.gather(1, index)
        return (cumulative.gather(1, index) - inside + inside * (place[:, None] - index))[:, 0]


def multimodal(mass: Tensor, width: Tensor) -> Tensor:
    """Return which rows have a second peak: one that rises by 30 % of the highest above the valley between them.

    A normal distribution's peak times the width of its 68 % interval is 0.8, whatever its sigma; only rows well above
    that are looked at closely.

    Parameters
    ----------
    mass : tensor (n, bins)
    width : tensor (n,)
        Of the 68 % interval, in bins.
    """
    several = torch.zeros(len(mass), dtype=torch.bool, device=mass.device)
    wide = (mass.amax(dim=1) * width > 1.1).nonzero()[:, 0]
    if len(wide) == 0:
        return several
    smooth = _smooth(mass[wide])
    peak, place = smooth.max(dim=1, keepdim=True)
    bins = torch.arange(mass.shape[1], device=mass.device)
    second = torch.zeros_like(peak)
    for side, mirrored in ((bins >= place, False), (bins <= place, True)):
        walk = torch.where(side, smooth, peak)  # the other side is masked with the peak's height, so that nothing rises
        walk = walk.flip(1) if mirrored else walk
        rise = torch.where(side.flip(1) if mirrored else side, walk - walk.cummin(dim=1).values, 0)
        second = torch.maximum(second, rise.amax(dim=1, keepdim=True))
    several[wide] = (second > 0.3 * peak)[:, 0]
    return several


def _smooth(mass: Tensor) -> Tensor:
    """Return the mean of each bin and of two neighbours on either side, as far as there are any.

    Sums of slices take a tenth of the time of ``avg_pool1d``.
    """
    bins, reach = mass.shape[1], 2
    padded = functional.pad(mass, (reach, reach))
    there = functional.pad(torch.ones(bins, device=mass.device), (reach, reach))
    total, count = (reduce(add, (part[..., k : k + bins] for k in range(2 * reach + 1))) for part in (padded, there))
    return total / count
