"""ValueCharts: redshifts and values in a unit - answers against the truth, their errors, PIT and coverage."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import metrics
from skycnn.distribution import Judged
from skycnn.report import pageblocks
from skycnn.report.chart import Axis, Chart, legend, shades
from skycnn.report.chartbox import box, boxes, sentence, span, wilson
from skycnn.report.markup import Markup, tag
from skycnn.scoring.scoreresult import Scored
from skycnn.scoring.worstrows import errors

Array = NDArray[Any]

FEW = 1500
"""Rows up to which each is a dot; above, cells are shaded by their number."""

LEVELS = (0.5, 0.68, 0.8, 0.9, 0.95, 0.99)
"""Of central intervals whose coverage is told."""


def draw(scored: Scored, judged: Judged, truth: Array, command: str) -> Markup:
    """Return the figures of one answer.

    Parameters
    ----------
    scored : Scored
        Its table, the answer's scores first.
    judged : Judged
    truth : array (n,)
    command : str
    """
    known = np.isfinite(judged.value)
    true, value = truth[known], judged.value[known]
    figures = [_against(scored, true, value, command), _residual(scored, true, value, command)]
    pit = None if judged.pit is None else judged.pit[np.isfinite(judged.pit)]
    if pit is not None and len(pit):
        behind = f"D{note[1:]}." if (note := scored.entries[0].note) else ""
        figures += [_pit(pit, behind, command), _coverage(scored, pit, behind, command)]
        return boxes(*figures)
    return boxes(*figures) + tag("p", "No PIT and no coverage: the answers have no interval or posterior beside them.")


def _ends(scored: Scored, truth: Array, value: Array) -> tuple[float, float]:
    both = [part for part in (truth, value) if len(part)]
    if not both:
        return 0.0, 1.0
    if scored.kind == "redshift":
        high = 1.05 * max(float(np.quantile(part, 0.999)) for part in both)
        return 0.0, high if high > 0 else 1.0
    low, high = (f(float(np.quantile(part, q)) for part in both) for f, q in ((min, 0.001), (max, 0.999)))
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _against(scored: Scored, truth: Array, value: Array, command: str) -> Markup:
    """Draw the answers against the truth."""
    ends = _ends(scored, truth, value)
    unit = f" [{scored.unit}]" if scored.unit else ""
    x, y = Axis(f"{scored.truth}, the truth{unit}", *ends), Axis(f"{scored.value}, the answer{unit}", *ends)
    alt = f"{scored.value} against {scored.truth}"
    chart = Chart(x, y, alt, height=420)
    marks = _density(chart, truth, value, ends, ends)
    line = np.array(ends)
    chart.line(line, line, "plain")
    entries = [("plain", "answer = truth")]
    if scored.kind == "redshift":
        for sign in (-1, 1):
            chart.line(line, line + sign * metrics.OUTLIER * (1 + line), "two")
        entries.append(("two", f"off by {metrics.OUTLIER:g} (1 + z): outliers lie beyond"))
    else:
        _running(chart, truth, value)
        entries += [("one", "running median"), ("band", "68% of the rows")]
    beyond = int(np.count_nonzero((truth < ends[0]) | (truth > ends[1]) | (value < ends[0]) | (value > ends[1])))
    silent = scored.rows - len(value)
    asides = [f"{silent:,} without an answer"] * bool(silent) + [f"{beyond:,} beyond the axes"] * bool(beyond)
    found = scored.entries[0].scores
    told = [score for score in scored.scores if not score.key.startswith(("pit", "coverage", "crps"))]
    numbers = "; ".join(sentence(score, found[score.key]) for score in told)
    notes = [
        f"n = {scored.rows:,}" + (f", of them {' and '.join(asides)}" if asides else "") + ".",
        f"{numbers}. In brackets: 95% of {scored.bootstrap}.",
    ]
    return box("Answer against truth", [chart.svg(), legend(*entries), *marks], notes, command)


def _residual(scored: Scored, truth: Array, value: Array, command: str) -> Markup:
    """Draw how far off the answers are, along the truth."""
    error = errors(scored.kind, value, truth)
    across = _ends(scored, truth, truth)
    low, high = np.quantile(error, (0.16, 0.84)).tolist() if len(error) else (-1.0, 1.0)
    limit = metrics.OUTLIER if scored.kind == "redshift" else 0.0
    reach = max(1.4 * limit, 3 * (high - low), 1e-9)
    unit = f" [{scored.unit}]" if scored.unit else ""
    label = "(answer \N{MINUS SIGN} truth) / (1 + truth)" if limit else f"answer \N{MINUS SIGN} truth{unit}"
    x = Axis(f"{scored.truth}, the truth{unit}", *across)
    chart = Chart(x, Axis(label, -reach, reach), f"errors of {scored.value} along {scored.truth}", height=420)
    marks = _density(chart, truth, error, across, (-reach, reach))
    chart.line(across, (0.0, 0.0), "plain")
    entries = [("plain", "no error")]
    for sign in (-1, 1) if limit else ():
        chart.line(across, (sign * limit,) * 2, "two")
    entries += [("two", f"outliers lie beyond \N{PLUS-MINUS SIGN}{limit:g}")] if limit else []
    _running(chart, truth, error)
    entries += [("one", "running median"), ("band", "68% of the rows")]
    beyond = int(np.count_nonzero(np.abs(error) > reach))
    note = f"n = {len(error):,}" + (f", of them {beyond:,} beyond the axes" if beyond else "") + "."
    return box("Error along the truth", [chart.svg(), legend(*entries), *marks], [note], command)


def _density(chart: Chart, x: Array, y: Array, across: tuple[float, float], up: tuple[float, float]) -> list[Markup]:
    """Draw points, one by one if they are few, else as counts in cells; return the legend of the shades."""
    if len(x) <= FEW:
        chart.dots(x, y, "one", "small")
        return []
    bins = 120 if len(x) > 20_000 else 70
    counts, columns, rows = np.histogram2d(x, y, bins=bins, range=(across, up))
    steps = chart.cells(columns, rows, counts)
    return [shades(steps, int(counts.max()))] if steps else []


def _running(chart: Chart, truth: Array, values: Array) -> None:
    """Draw median and 68 % of values along the truth."""
    if len(truth) < 30:
        return
    order = np.argsort(truth, kind="stable")
    parts = np.array_split(order, int(np.clip(len(truth) // 60, 3, 25)))
    centre = [float(np.median(truth[part])) for part in parts]
    low, middle, high = np.array([np.quantile(values[part], (0.16, 0.5, 0.84)) for part in parts]).T
    chart.band(centre, low, high)
    chart.line(centre, middle, "halo")
    chart.line(centre, middle, "one")


def _pit(pit: Array, behind: str, command: str) -> Markup:
    """Draw where the truth fell in each posterior."""
    bins = 20 if len(pit) > 400 else 10
    height = np.histogram(pit, bins, (0, 1))[0] * bins / len(pit)
    noise = 1.96 * float(np.sqrt((bins - 1) / len(pit)))
    y = Axis("rows, relative to uniform", 0.0, max(1.75, 1.15 * float(height.max())))
    chart = Chart(Axis("cumulative probability at the truth", 0.0, 1.0), y, "histogram of the PIT")
    chart.steps(np.linspace(0, 1, bins + 1), height)
    for level in (1 - noise, 1 + noise):
        chart.line((0, 1), (level, level), "two")
    chart.line((0, 1), (1, 1), "rule")
    notes = [
        f"n = {len(pit):,}; mean {pit.mean():.3f} (0.5 if calibrated), width {metrics.pit_width(pit):.3f} (1), "
        f"Kolmogorov-Smirnov distance {metrics.ks_uniform(pit):.3f}. A hollow middle means intervals that are too "
        "narrow, a hump intervals that are too wide, a slope a bias.",
        behind,
    ]
    lines = legend(("rule", "uniform"), ("two", "95% of bins of uniform PIT lie between"))
    return box("PIT: where the truth fell in each posterior", [chart.svg(), lines], notes, command)


def _coverage(scored: Scored, pit: Array, behind: str, command: str) -> Markup:
    """Draw by how much central intervals of many levels hold the truth too often or too rarely."""
    away = np.abs(2 * pit - 1)
    levels = np.unique([*np.linspace(0.05, 0.95, 19), *LEVELS])
    hits = np.array([np.count_nonzero(away <= level + 1e-9) for level in levels])
    low, high = wilson(hits, np.full(len(levels), len(pit)))
    less = [100 * (part - levels) for part in (hits / len(pit), low, high)]
    told = np.isin(levels, LEVELS)
    y = span(np.concatenate([*less, [2.0, -2.0]]), "coverage less level [percentage points]")
    chart = Chart(Axis("level of the interval", 0.0, 1.0), y, "coverage less level, for central intervals")
    chart.band(levels, less[1], less[2])
    chart.line((0, 1), (0, 0), "rule")
    chart.line(levels, less[0])
    chart.dots(levels[told], less[0][told])
    head = ("level", "coverage", "95% interval")
    rows = [
        (f"{100 * level:.0f}%", f"{100 * hit / len(pit):.1f}%", f"[{100 * a:.1f}, {100 * b:.1f}]")
        for level, hit, a, b in zip(levels[told], hits[told], low[told], high[told], strict=True)
    ]
    table = pageblocks.table(head, rows, f"Coverage of central intervals of {scored.value}, n = {len(pit):,}")
    notes = [
        f"n = {len(pit):,}. Below the line intervals are too narrow, above it too wide. From the PIT; the 68% coverage "
        "in the table of scores is that of the ends as written.",
        behind,
    ]
    lines = legend(("rule", "calibrated"), ("band", "95% interval of a share of the rows"))
    return box(
        "Coverage at all levels", [chart.svg(), lines], notes, command, tag("details", tag("summary", "table"), table)
    )
