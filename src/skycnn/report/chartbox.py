"""ChartBox: a chart with its title, its legend, and a caption that tells n, units, intervals and the command."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.bootstrap import Interval
from skycnn.report.chart import Axis, Chart, number
from skycnn.report.markup import Markup, tag
from skycnn.scoring.scoretable import Score

Array = NDArray[Any]

LONGEST = 22
"""Letters of a name beside a chart."""


def box(title: str, drawn: Sequence[Markup], notes: Sequence[str], command: str, *more: Markup) -> Markup:
    """Return a figure.

    Parameters
    ----------
    title : str
    drawn : sequence of Markup
        Charts and their legends.
    notes : sequence of str
        The caption, a paragraph each; empty ones are left out.
    command : str
        That made it.
    *more : Markup
        What may be opened below, e.g. the table behind it.
    """
    told = [tag("p", note) for note in notes if note]
    caption = tag("figcaption", *told, *more, made(command))
    return tag("figure", tag("h3", title), *drawn, caption, class_="chartbox")


def made(command: str) -> Markup:
    """Return the command that made a figure, folded away."""
    return tag("details", tag("summary", "command"), tag("code", command, class_="made"))


def boxes(*figures: Markup) -> Markup:
    """Return figures beside each other, as many as the screen has room for."""
    return tag("div", *figures, class_="charts")


def text(score: Score, found: Interval, sign: str = "") -> str:
    """Return a score with its interval, as people read it: ``0.0177 [0.0170, 0.0182]``."""
    middle, ends = parts(score, found, sign)
    return f"{middle} {ends}".strip()


def sentence(score: Score, found: Interval) -> str:
    """Return a score by name with its interval, for running text."""
    unit = "%" if score.percent else ""
    return f"{score.label.removesuffix(' %')} {text(score, found)}{unit}"


def axisname(score: Score, unit: str) -> str:
    """Return a score's name beside an axis, with its unit: per cent, or ``unit`` where the score is in the answer's."""
    if score.percent:
        return f"{score.label.removesuffix(' %')} [%]"
    return f"{score.label} [{unit}]" if score.in_unit and unit else score.label


def parts(score: Score, found: Interval, sign: str = "") -> tuple[str, str]:
    """Return a score and its interval as two texts; the second is empty where there is none."""
    middle, low, high = (
        _printed(score.text(x, sign)) if np.isfinite(x) else "-" for x in (found.value, found.low, found.high)
    )
    return middle, "" if "-" in (middle, low, high) else f"[{low}, {high}]"


def _printed(text: str) -> str:
    """Return a number with the printers' minus; none has it that is written as 0."""
    return text.lstrip("-") if not float(text) else text.replace("-", "\N{MINUS SIGN}")


def wilson(hits: Array, rows: Array) -> tuple[Array, Array]:
    """Return the ends of 95 % intervals of binomial shares (Wilson 1927, JASA 22, 209); NaN of no rows."""
    z2 = 1.959964**2
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.asarray(hits, np.float64) / rows
        middle = (share + z2 / (2 * rows)) / (1 + z2 / rows)
        half = np.sqrt(z2 * (share * (1 - share) / rows + z2 / (4 * np.square(rows, dtype=float)))) / (1 + z2 / rows)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def ranked(
    names: Sequence[str],
    found: Sequence[Interval],
    label: str,
    alt: str,
    *,
    scale: float = 1.0,
    rule: bool = True,
    width: int = 420,
) -> Chart:
    """Return scores with their intervals one below the other, each beside its name, the first at the top.

    Parameters
    ----------
    names : sequence of str
    found : sequence of Interval
    label, alt : str
    scale : float
        100 for per cent.
    rule : bool
        Whether a line goes down from the first.
    width : int
        See `Chart`.
    """
    ends = np.array([(f.value, f.low, f.high) for f in found], np.float64).reshape(-1, 3) * scale
    ends = np.where(np.isnan(ends), ends[:, :1], ends)
    short = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}" for name in names]
    lines = np.arange(len(names))[::-1].astype(float)
    x = span(ends, label)
    chart = Chart(
        x,
        Axis("", -0.7, len(names) - 0.3, short[::-1]),
        alt,
        width=width,
        height=70 + 26 * len(names),
    )
    if rule and len(ends) and np.isfinite(ends[0, 0]):
        chart.line([ends[0, 0]] * 2, [-0.7, len(names) - 0.3], "rule")
    chart.intervals(lines, ends[:, 1], ends[:, 2], sideways=True)
    chart.dots(ends[:, 0], lines)
    return chart


def span(values: Array, label: str, *, low: float | None = None, high: float | None = None) -> Axis:
    """Return the axis that shows all values that are finite, with a margin; ``low`` and ``high`` are seen in any case.

    An end beyond which nothing lies has no margin.
    """
    known = np.asarray(values, np.float64)
    known = np.concatenate([known[np.isfinite(known)], [end for end in (low, high) if end is not None]])
    if not len(known):
        known = np.array([0.0, 1.0])
    least, most = float(known.min()), float(known.max())
    margin = 0.06 * (most - least) or 0.1 * abs(most) or 1.0
    start = least if low is not None and least >= low else least - margin
    return Axis(label, start, most + margin)


def said(value: float, form: str = ".3g") -> str:
    """Return a number, a dash for none."""
    return number(value, form) if np.isfinite(value) else "-"
