"""ClassCharts: probabilities of a class - ROC, purity and completeness, reliability, and how they are spread."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import metrics
from skycnn.report import pageblocks
from skycnn.report.chart import Axis, Chart, legend
from skycnn.report.chartbox import box, boxes, ranked, sentence, text, wilson
from skycnn.report.markup import Markup, tag
from skycnn.scoring.scoreresult import Scored

Array = NDArray[Any]

MOST = 400
"""Points of a curve: more are not seen."""


def draw(scored: Scored, p: Array, truth: Array, threshold: float, command: str) -> Markup:
    """Return the figures of one answer.

    Parameters
    ----------
    scored : Scored
        Its table, the answer's scores first.
    p, truth : array (n,)
        Probabilities, NaN where unanswered, and 0 or 1.
    threshold : float
        From which a row is called positive.
    command : str
    """
    known = np.isfinite(p)
    p, yes = p[known], truth[known] > 0.5
    figures = [
        *_curves(scored, p, yes, threshold, command),
        _reliability(scored, p, yes, command),
        _spread(scored, p, yes, threshold, command),
    ]
    if any(b.against and np.isfinite(b.against[0].value) for b in scored.bins):
        figures.append(_kinds(scored, command))
    return boxes(*figures)


def _curves(scored: Scored, p: Array, yes: Array, threshold: float, command: str) -> list[Markup]:
    """Draw completeness against false positives, and against purity, as the threshold falls."""
    distinct, code = np.unique(-p, return_inverse=True)  # rows of one probability are one step
    hits, false = (
        np.concatenate([[0], np.cumsum(np.bincount(code[side], minlength=len(distinct)))]) for side in (yes, ~yes)
    )
    positives, negatives = int(yes.sum()), int((~yes).sum())
    if not (positives and negatives):
        return []
    chosen = np.unique(np.linspace(0, len(hits) - 1, MOST).astype(int))
    at = int(np.searchsorted(distinct, -threshold, side="right"))
    by_key = {score.key: score for score in scored.scores}
    found = scored.entries[0].scores
    counts = f"n = {len(p):,}: {positives:,} with {scored.truth} = 1, {negatives:,} with 0."
    mark = ("dot", f"called positive from {threshold:g}")
    banded = ("band", "95% binomial interval")

    def words(*keys: str) -> str:
        told = "; ".join(sentence(by_key[key], found[key]) for key in keys if key in by_key)
        return f"{told}. In brackets: 95% of {scored.bootstrap}."

    alt = f"ROC of {scored.value}"
    roc = Chart(Axis("false positives: share of the negatives", 0, 1), Axis("completeness", 0, 1), alt, height=420)
    complete, rate = hits / positives, false / negatives
    roc.band(rate[chosen], *(end[chosen] for end in wilson(hits, np.full(len(hits), positives))))
    roc.line((0, 1), (0, 1), "rule")
    roc.line(rate[chosen], complete[chosen])
    roc.dots([rate[at]], [complete[at]])
    first = box(
        "ROC", [roc.svg(), legend(("rule", "by chance"), banded, mark)], [counts, words("auc", "false_positives")],
        command,
    )  # fmt: skip
    rest = chosen[1:]  # without the threshold from which no row is called positive
    called = (hits + false)[rest]
    alt = f"purity and completeness of {scored.value}"
    chart = Chart(Axis("completeness", 0, 1), Axis("purity", 0, 1.02), alt, height=420)
    chart.band(complete[rest], *wilson(hits[rest], called))
    share = positives / len(p)
    chart.line((0, 1), (share, share), "rule")
    chart.line(complete[rest], hits[rest] / called)
    if at:
        chart.dots([complete[at]], [hits[at] / (hits[at] + false[at])])
    notes = [counts, words("completeness", "purity", "f1", "purity_at_prevalence")]
    notes.append(f"Purity holds for a sample of which {100 * share:.3g}% are positive; rarer positives lower it.")
    marks = legend(("rule", "by chance"), banded, mark)
    return [first, box("Purity and completeness", [chart.svg(), marks], notes, command)]


def _reliability(scored: Scored, p: Array, yes: Array, command: str) -> Markup:
    """Draw the share of positives in bins of the probability."""
    bins = metrics.CALIBRATION_BINS
    place = np.clip((p * bins).astype(int), 0, bins - 1)
    count, hits, total = (np.bincount(place, weight, bins) for weight in (None, yes, p))
    used = count > 0
    count, hits, centre = count[used], hits[used], total[used] / count[used]
    low, high = wilson(hits, count)
    axes = Axis(f"mean {scored.value}", 0, 1), Axis(f"share with {scored.truth} = 1", -0.02, 1.02)
    chart = Chart(*axes, f"reliability of {scored.value}", height=420)
    chart.line((0, 1), (0, 1), "rule")
    chart.intervals(centre, low, high)
    chart.dots(centre, hits / count)
    scores, found = {score.key: score for score in scored.scores}, scored.entries[0].scores
    ece, calibrated = (text(scores[key], found[key]) for key in ("ece", "ece_calibrated"))
    notes = [
        f"n = {len(p):,}; bars: 95% binomial intervals.",
        f"ECE {ece}, in brackets 95% of {scored.bootstrap}; were it calibrated {calibrated}.",
    ]
    rows = [
        (f"{c:.3f}", f"{n:,}", f"{h / n:.3f}", f"[{a:.3f}, {b:.3f}]")
        for c, n, h, a, b in zip(centre, count, hits, low, high, strict=True)
    ]
    head = (f"mean {scored.value}", "rows", "share of positives", "95% interval")
    table = pageblocks.table(head, rows, f"Reliability in ten bins of {scored.value}")
    more = tag("details", tag("summary", "table"), table)
    return box("Reliability", [chart.svg(), legend(("rule", "calibrated"))], notes, command, more)


def _spread(scored: Scored, p: Array, yes: Array, threshold: float, command: str) -> Markup:
    """Draw how the probabilities of either class are spread."""
    bins = 20 if len(p) < 2000 else 40
    edges = np.linspace(0, 1, bins + 1)
    heights = [np.histogram(p[side], edges)[0] * bins / max(int(side.sum()), 1) for side in (~yes, yes)]
    top = 1.08 * max(1.0, *(float(height.max()) for height in heights))
    y = Axis("rows of a class, relative to uniform", 0, top)
    chart = Chart(Axis(f"{scored.value}, the answer", 0, 1), y, f"{scored.value} of either class", height=420)
    chart.steps(edges, heights[1], "one")
    chart.steps(edges, heights[0], "two")
    chart.line((threshold, threshold), (0, top), "rule")
    marks = legend(
        ("one", f"{scored.truth} = 1"), ("two", f"{scored.truth} = 0"), ("rule", "called positive from here")
    )
    notes = [f"n = {len(p):,}: {int(yes.sum()):,} with {scored.truth} = 1, {int((~yes).sum()):,} with 0; {bins} bins."]
    return box("Answers of either class", [chart.svg(), marks], notes, command)


def _kinds(scored: Scored, command: str) -> Markup:
    """Draw the AUC of all positives against the negatives of each bin of ``--by``."""
    bins = [b for b in scored.bins if b.against and np.isfinite(b.against[0].value)]
    names = [b.name or f"{b.low:.4g} to {b.high:.4g}" for b in bins]
    chart = ranked(names, [b.against[0] for b in bins], "AUC", f"AUC by {scored.by}", rule=False)
    notes = [
        f"All rows with {scored.truth} = 1 against those with 0 in each {scored.by}. Bars: 95% of bootstrap resamples.",
        "n of each: " + "; ".join(f"{name}: {b.rows:,}" for name, b in zip(names, bins, strict=True)) + ".",
    ]
    return box(f"AUC against the negatives, by {scored.by}", [chart.svg()], notes, command)
