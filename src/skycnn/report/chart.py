"""Chart: a figure as SVG in the page itself, whose colours are the page's: it follows light, dark and print.

Looks are classes of chart.css: ``one`` and ``two`` differ in lightness and in dashes too, so that no colour is needed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.report.markup import Markup, tag

Array = NDArray[Any]

LEVELS = 7
"""Shades of a density."""

RIGHT, TOP, BOTTOM = 14, 10, 46
"""Margins in units of the drawing, in which the letters of ticks and labels are 13 high."""

NAME, LETTER = 34, 8.0
"""Of the left margin: for the name of the axis, and for each letter of a tick."""


TICKS = 5
"""About so many on an axis."""

RIM = 4
"""What is drawn so far beyond the axes is seen: half a dot."""


@dataclass(frozen=True)
class Axis:
    """An axis.

    Parameters
    ----------
    label : str
        With its unit.
    low, high : float
    names : sequence of str
        At 0, 1, 2, ... in place of numbers.
    """

    label: str
    low: float
    high: float
    names: Sequence[str] = ()

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Return places and texts of round numbers, or of the names."""
        if self.names:
            return [(float(k), name) for k, name in enumerate(self.names)]
        step = rounded((self.high - self.low) / most)
        places = np.arange(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1) * step
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        large = max(abs(self.low), abs(self.high)) >= 1e5 or step < 1e-4
        return [(float(x), number(float(x) + 0.0, ".3g" if large else f".{digits}f")) for x in places]


def rounded(step: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= step * (1 - 1e-9))


def number(value: float, form: str = ".4g") -> str:
    """Return a number with the sign for minus that printers use."""
    text = f"{value:{form}}"
    return ("0" if not float(text) else text).replace("-", "\N{MINUS SIGN}")


class Chart:
    """A frame with axes, into which layers are drawn in the order of the calls.

    Parameters
    ----------
    x, y : Axis
    alt : str
        What is seen, for those who do not see it.
    width, height : int
        Units of the drawing; the page scales it.
    """

    def __init__(self, x: Axis, y: Axis, alt: str, *, width: int = 420, height: int = 300) -> None:
        self.x, self.y, self._alt = x, y, alt
        self._width, self._height = width, height
        longest = max((len(text) for _, text in y.ticks(TICKS)), default=0)
        self.left = round((NAME if y.label else NAME / 2) + LETTER * longest)
        self._layers: list[Markup] = []

    def line(self, x: Sequence[float] | Array, y: Sequence[float] | Array, look: str = "one") -> None:
        """Draw a line through points; where one is not finite it is broken."""
        across, up = self._across(x), self._up(y)
        pen, path = "M", []
        for a, b in zip(across.tolist(), up.tolist(), strict=True):
            if not (math.isfinite(a) and math.isfinite(b)):
                pen = "M"
                continue
            path.append(f"{pen}{a:.1f} {b:.1f}")
            pen = "L"
        self._path("line", look, path)

    def dots(self, x: Sequence[float] | Array, y: Sequence[float] | Array, look: str = "one", size: str = "") -> None:
        """Draw points; ``size`` is ``small`` for many."""
        across, up = self._across(x), self._up(y)
        inside = self._inside(across, up)
        found = dict.fromkeys(f"M{a:.1f} {b:.1f}h0" for a, b in zip(across[inside], up[inside], strict=True))
        self._path(f"dots {size}".strip(), look, list(found))

    def intervals(
        self,
        at: Sequence[float] | Array,
        low: Sequence[float] | Array,
        high: Sequence[float] | Array,
        look: str = "one",
        *,
        sideways: bool = False,
    ) -> None:
        """Draw intervals upwards at places of the x axis, or sideways at places of the y axis."""
        to_page = (self._across, self._up) if not sideways else (self._up, self._across)
        place, ends = to_page[0](at), [to_page[1](end) for end in (low, high)]
        path = []
        for a, b, c in zip(place.tolist(), *(end.tolist() for end in ends), strict=True):
            if all(map(math.isfinite, (a, b, c))):
                path.append(f"M{b:.1f} {a:.1f}H{c:.1f}" if sideways else f"M{a:.1f} {b:.1f}V{c:.1f}")
        self._path("interval", look, path)

    def band(self, x: Sequence[float] | Array, low: Sequence[float] | Array, high: Sequence[float] | Array) -> None:
        """Fill between two lines."""
        across, *ends = self._across(x), self._up(low), self._up(high)
        known = np.isfinite(across) & np.isfinite(ends[0]) & np.isfinite(ends[1])
        if not known.any():
            return
        there = [f"{a:.1f} {b:.1f}" for a, b in zip(across[known], ends[0][known], strict=True)]
        back = [f"{a:.1f} {b:.1f}" for a, b in zip(across[known][::-1], ends[1][known][::-1], strict=True)]
        self._path("band", "", ["M", "L".join(there + back), "Z"])

    def steps(self, edges: Array, heights: Array, look: str = "one") -> None:
        """Draw a histogram, filled."""
        across, up, ground = self._across(edges), self._up(heights), float(self._up([max(self.y.low, 0.0)])[0])
        path = [f"M{across[0]:.1f} {ground:.1f}"]
        path += [f"V{b:.1f}H{a:.1f}" for a, b in zip(across[1:], up, strict=True)]
        self._path("steps", look, [*path, f"V{ground:.1f}"])

    def cells(self, x: Array, y: Array, counts: Array) -> list[int]:
        """Draw counts (x, y) in cells between edges in shades that go by their logarithm.

        Returns
        -------
        list of int
            The least count of each shade.
        """
        most = int(counts.max(initial=0))
        steps = np.unique(np.rint(np.geomspace(1, max(most, 1), LEVELS + 1)[:-1]).astype(int)) if most else np.zeros(0)
        across, up = self._across(x), self._up(y)
        shade = np.searchsorted(steps, counts, side="right")  # 0 is none
        for level in range(1, len(steps) + 1):
            path = []
            for j in range(counts.shape[1]):
                row = np.concatenate([[0], (shade[:, j] == level).astype(int), [0]])
                starts, stops = (np.flatnonzero(np.diff(row) == sign) for sign in (1, -1))
                for start, stop in zip(starts, stops, strict=True):
                    # absolute, so that neighbours share their edges to the last digit: no seam is seen
                    left, right = across[start], across[stop]
                    path.append(f"M{left:.1f} {up[j + 1]:.1f}H{right:.1f}V{up[j]:.1f}H{left:.1f}z")
            self._path("cells", f"shade{level + LEVELS - len(steps)}", path)
        return [int(step) for step in steps]

    def svg(self) -> Markup:
        """Return the figure."""
        box = (self.left, TOP, self._width - RIGHT, self._height - BOTTOM)
        left, top, right, bottom = box
        marks, texts = [], []
        for value, text in self.x.ticks(TICKS):
            at = float(self._across([value])[0])
            marks.append(f"M{at:.1f} {bottom}v5")
            texts.append(tag("text", text, x=f"{at:.1f}", y=bottom + 19, class_="tick middle"))
        for value, text in self.y.ticks(TICKS):
            at = float(self._up([value])[0])
            marks.append(f"M{left} {at:.1f}h-5")
            texts.append(tag("text", text, x=left - 9, y=f"{at + 4.5:.1f}", class_="tick end"))
        texts.append(tag("text", self.x.label, x=(left + right) / 2, y=self._height - 8, class_="axisname middle"))
        if self.y.label:
            place = f"rotate(-90 14 {(top + bottom) / 2})"
            texts.append(
                tag("text", self.y.label, x=14, y=(top + bottom) / 2, transform=place, class_="axisname middle")
            )
        frame = tag("path", d=f"M{left} {top}V{bottom}H{right}", class_="frame")
        x, y, wide, high = left - RIM, top - RIM, right - left + 2 * RIM, bottom - top + 2 * RIM
        inner = tag("svg", *self._layers, x=x, y=y, width=wide, height=high, viewBox=f"{x} {y} {wide} {high}")
        drawn = [inner, frame, tag("path", d="".join(marks), class_="frame"), *texts]
        size = f"0 0 {self._width} {self._height}"
        return tag("svg", *drawn, viewBox=size, role="img", aria_label=self._alt, class_="chart")

    def _across(self, x: Sequence[float] | Array) -> Array:
        share = (np.asarray(x, np.float64) - self.x.low) / (self.x.high - self.x.low)
        return np.asarray(self.left + np.clip(share, -0.02, 1.02) * (self._width - RIGHT - self.left))

    def _up(self, y: Sequence[float] | Array) -> Array:
        share = (np.asarray(y, np.float64) - self.y.low) / (self.y.high - self.y.low)
        bottom = self._height - BOTTOM
        return np.asarray(bottom - np.clip(share, -0.02, 1.02) * (bottom - TOP))

    def _inside(self, across: Array, up: Array) -> Array:
        wide = (across >= self.left - 0.1) & (across <= self._width - RIGHT + 0.1)
        return np.asarray(wide & (up >= TOP - 0.1) & (up <= self._height - BOTTOM + 0.1))

    def _path(self, kind: str, look: str, path: Sequence[str]) -> None:
        if path:
            self._layers.append(tag("path", d="".join(path), class_=f"{kind} {look}".strip()))


def legend(*entries: tuple[str, str]) -> Markup:
    """Return what looks mean, as (look, words)."""
    return tag("ul", *(tag("li", tag("i", class_=look), words) for look, words in entries), class_="legend")


def shades(steps: Sequence[int], most: int) -> Markup:
    """Return the legend of a density: the least count of each shade, and the largest."""
    looks = [f"shade{LEVELS - len(steps) + k + 1}" for k in range(len(steps))]
    marks = tag("span", *(tag("i", class_=look) for look in looks), class_="shades")
    least = steps[0] if steps else 0
    return tag("p", f"rows per cell: {least:,} ", marks, f" {most:,}", class_="legend")
