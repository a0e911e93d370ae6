"""Exhibit: one object of a gallery: what the network saw, what it answered, and what the answer rests on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

POINTS = 160
"""Of a curve: about one in two pixels of a card."""

TAIL = 5e-4
"""Share of a posterior that may lie beyond either end of its curve."""


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One object.

    Parameters
    ----------
    name : str
        The row's id as text.
    row : int
        Its number in the catalogue, from 0.
    pixels : array (band, y, x) or None
        The stamp, y upwards.
    maps : array (y, x) or (band, y, x) or None
        What each pixel adds to the answer.
    bars : mapping of str to float or None
        What each band adds to the answer.
    without : mapping of str to float or None
        The answer without each band.
    curve : tuple of array (n,), array (n,) or None
        Values and the posterior's density there.
    answer : tuple of float, float, float, float or None
        The value, the ends of its interval, and the truth; NaN where there is none.
    unit : str
    columns : mapping of str to str
        The catalogue's columns, as text.
    flags : tuple of str
        In words.
    explained : tuple of float, float, float, optional
        The number that was explained, the same at the baseline, and the residual: the sum of the attributions minus the
        difference of the two.
    """

    name: str
    row: int
    pixels: Array | None
    maps: Array | None
    bars: Mapping[str, float] | None
    without: Mapping[str, float] | None
    curve: tuple[Array, Array] | None
    answer: tuple[float, float, float, float | None]
    unit: str
    columns: Mapping[str, str]
    flags: tuple[str, ...]
    explained: tuple[float, float, float] | None = None

    @property
    def heading(self) -> str:
        """The name, or the number of the row where the name is blank."""
        return self.name if self.name.strip() else f"row {self.row}"

    @property
    def truth(self) -> float:
        """The truth, NaN where it is not known."""
        return math.nan if self.answer[3] is None else float(self.answer[3])

    @property
    def error(self) -> float:
        """The value minus the truth, NaN where either is not known."""
        return self.answer[0] - self.truth

    @property
    def width(self) -> float:
        """The width of the interval, NaN where there is none."""
        return self.answer[2] - self.answer[1]

    def by_band(self) -> tuple[str, dict[str, float]]:
        """Return what a bar stands for and its length for each band: what the band adds, else the change without it.

        Nothing where neither is known.
        """
        if self.bars:
            return "adds", dict(self.bars)
        return "change", {band: value - self.answer[0] for band, value in (self.without or {}).items()}

    def posterior(self) -> tuple[Array, Array] | None:
        """Return values and densities of the posterior, evenly spaced where nearly all of it lies, with room about it.

        None where there is no curve, or it is not finite or has no width. The room takes in the answer and the truth.
        """
        values, density = self._known()
        if len(values) < 2 or not density.max() > 0:
            return None
        share = np.concatenate([[0.0], np.cumsum(np.diff(values) * (density[1:] + density[:-1]) / 2)])
        ends = np.interp((TAIL, 1 - TAIL), share / share[-1], values).tolist() if share[-1] > 0 else values[[0, -1]]
        points = [*ends, *(x for x in (*self.answer[:3], self.truth) if math.isfinite(x))]
        room = 0.04 * (max(points) - min(points)) or 1.0
        low, high = min(points) - room, max(points) + room
        if values[0] >= 0 <= min(points):
            low = max(low, 0.0)  # nothing is below the least value that can be
        at = np.linspace(low, high, POINTS)
        return at, np.interp(at, values, density, left=0, right=0)

    def _known(self) -> tuple[Array, Array]:
        """Return the finite points of the curve, in order of the values."""
        if self.curve is None:
            return np.zeros(0), np.zeros(0)
        values, density = (np.asarray(part, dtype=np.float64) for part in self.curve)
        known = np.isfinite(values) & np.isfinite(density)
        order = np.argsort(values[known], kind="stable")
        return values[known][order], density[known][order]

    @property
    def decimals(self) -> int:
        """How many decimals tell two digits of the interval's width, or, where it has none, four of the value."""
        for size, digits in ((self.width, 2), (self.answer[0], 4)):
            if math.isfinite(size) and size:
                return int(np.clip(digits - 1 - math.floor(math.log10(abs(size))), 0, 6))
        return 3

    def text(self, value: float) -> str:
        """Return a number in the answer's unit with the answer's decimals."""
        return plain(f"{value:.{self.decimals}f}") if math.isfinite(value) else "none"

    @property
    def truth_text(self) -> str:
        """The truth with the answer's decimals, or none if it is whole, as that of a class."""
        return plain(f"{self.truth:.0f}") if self.truth.is_integer() else self.text(self.truth)

    @property
    def sentence(self) -> str:
        """The answer in words, without its unit."""
        value, low, high, _ = self.answer
        if not math.isfinite(value):
            return "no answer"
        parts = [self.text(value)]
        if math.isfinite(self.width):
            parts.append(f"interval {self.text(low)} to {self.text(high)}")
        if math.isfinite(self.truth):
            parts.append(f"truth {self.truth_text}")
        return ", ".join(parts)


def plain(number: str) -> str:
    """Return a number as people print it, with a minus sign."""
    return number.replace("-", "\N{MINUS SIGN}")


def brief(value: float, digits: int = 4) -> str:
    """Return a number with so many digits."""
    return plain(f"{value:.{digits}g}") if math.isfinite(value) else "none"


def signed(values: Sequence[float]) -> list[str]:
    """Return numbers with their signs and as many decimals as tell two digits of the largest."""
    known = [abs(value) for value in values if math.isfinite(value)]
    largest = max(known, default=0.0) or 1.0
    decimals = max(1 - math.floor(math.log10(largest)), 0)
    return [plain(f"{value:+.{decimals}f}") if math.isfinite(value) else "none" for value in values]
