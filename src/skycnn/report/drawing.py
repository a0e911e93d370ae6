"""Drawing: a posterior, an interval, a bar as SVG in the page, whose colours are those of the page."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.report.exhibit import Exhibit, plain
from skycnn.report.markup import Markup, tag

Array = NDArray[Any]

WIDTH, LEFT, RIGHT = 360, 10, 350
"""Of a drawing, and where its axis begins and ends."""

TOP, BASE, BELOW = 18, 104, 32
"""The highest point of a curve, its axis, and the height of the numbers and the name below it."""

FLAT = 44
"""Where the axis stands below an interval alone."""


def ticks(low: float, high: float) -> list[float]:
    """Return three to seven round numbers within a range."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def posterior(exhibit: Exhibit, quantity: str) -> Markup:
    """Return the posterior's curve with its interval, value and truth; nothing where it is not finite or has no width.

    Parameters
    ----------
    exhibit : Exhibit
        With a curve.
    quantity : str
        What is answered, for the axis.
    """
    shown = exhibit.posterior()
    if shown is None:
        return Markup()
    at, density = shown
    height = density / (density.max() or 1.0)
    axis = _Axis(at[0], at[-1])
    value, begin, end, _ = exhibit.answer
    parts = []
    if math.isfinite(begin) and math.isfinite(end):
        edge = np.concatenate([[begin], at[(at > begin) & (at < end)], [end]])
        around = [
            _point(axis(begin), BASE),
            *_outline(axis, edge, np.interp(edge, at, height)),
            _point(axis(end), BASE),
        ]
        parts.append(tag("polygon", points=" ".join(around), class_="within"))
    parts.append(tag("polyline", points=" ".join(_outline(axis, at, height)), class_="curve"))
    if math.isfinite(value):
        parts.append(_line(axis(value), _up(float(np.interp(value, at, height))), axis(value), BASE, "median"))
    return _drawing(exhibit, quantity, axis, parts, f"posterior of {quantity}")


def interval(exhibit: Exhibit, quantity: str, ends: tuple[float, float]) -> Markup:
    """Return the value and its interval on an axis from one of ``ends`` to the other, with the truth."""
    axis = _Axis(*ends)
    value, begin, end, _ = exhibit.answer
    middle = (TOP + FLAT) / 2
    parts = []
    if math.isfinite(begin) and math.isfinite(end):
        parts.append(_line(axis(begin), middle, axis(end), middle, "range"))
    if math.isfinite(value):
        parts.append(tag("circle", cx=f"{axis(value):.1f}", cy=f"{middle:.1f}", r=6, class_="value"))
    return _drawing(exhibit, quantity, axis, parts, quantity, FLAT)


def bar(value: float, full: float) -> Markup:
    """Return a bar to the right, or to the left if negative, half as long as the drawing for ``full``."""
    length = 50 * min(abs(value) / full, 1) if math.isfinite(value) and full else 0.0
    begin = 50 - length if value < 0 else 50.0
    shown = tag(
        "rect", x=f"{begin:.1f}", y=1, width=f"{length:.1f}", height=10, class_="negative" if value < 0 else "positive"
    )
    return tag(
        "svg",
        shown,
        _line(50, 0, 50, 12, "axis"),
        viewBox="0 0 100 12",
        preserveAspectRatio="none",
        height=12,
        aria_hidden="true",
    )


class _Axis:
    """Where a value stands in a drawing."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __call__(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return LEFT + min(max(part, 0.0), 1.0) * (RIGHT - LEFT)

    def drawn(self, quantity: str, base: float) -> list[Markup]:
        """Return the axis with its numbers and its name."""
        parts = [_line(LEFT, base, RIGHT, base, "axis")]
        for tick in ticks(self.low, self.high):
            place = self(tick)
            parts.append(_line(place, base, place, base - 4, "axis"))
            parts.append(_text(plain(f"{tick:.6g}"), place, base + 14, "middle"))
        return [*parts, _text(quantity, RIGHT, base + BELOW - 4, "end", "name")]


def _drawing(
    exhibit: Exhibit, quantity: str, axis: _Axis, parts: list[Markup], what: str, base: float = BASE
) -> Markup:
    """Return a drawing of parts over an axis, with the truth where it is known."""
    name = f"{quantity} ({exhibit.unit})" if exhibit.unit else quantity
    if math.isfinite(exhibit.truth):
        place = axis(exhibit.truth)
        anchor = "start" if place < (LEFT + RIGHT) / 2 else "end"
        beyond = "" if axis.low <= exhibit.truth <= axis.high else f" {exhibit.truth_text}, off the axis"
        parts = [
            *parts,
            _line(place, 4, place, base, "true"),
            _text(f"truth{beyond}", place + (5 if anchor == "start" else -5), 13, anchor, "truthname"),
        ]
    label = f"{what}: {exhibit.sentence}"
    box = f"0 0 {WIDTH} {base + BELOW}"
    return tag("svg", *axis.drawn(name, base), *parts, viewBox=box, role="img", aria_label=label)


def _outline(axis: _Axis, values: Array, heights: Array) -> list[str]:
    """Return the points of a curve whose heights are within 0..1."""
    return [_point(axis(x), _up(y)) for x, y in zip(values.tolist(), heights.tolist(), strict=True)]


def _up(part: float) -> float:
    return BASE - part * (BASE - TOP)


def _point(x: float, y: float) -> str:
    return f"{x:.1f},{y:.1f}"


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return tag("line", **{key: f"{end:.1f}" for key, end in ends.items()}, class_=kind)


def _text(text: str, x: float, y: float, anchor: str, kind: str | None = None) -> Markup:
    return tag("text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, class_=kind)
