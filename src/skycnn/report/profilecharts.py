"""ProfileCharts: scores along a quantity, and the baselines' beside them."""

from collections.abc import Sequence

import numpy as np

from skycnn import metrics
from skycnn.report import pageblocks
from skycnn.report.chart import Chart
from skycnn.report.chartbox import axisname, box, boxes, ranked, span, text
from skycnn.report.markup import Markup, tag
from skycnn.scoring.profile import RESAMPLES, Profile
from skycnn.scoring.scoreresult import Scored
from skycnn.scoring.scoretable import Score

RULES = {"bias": 0.0, "coverage_68": metrics.NOMINAL}
"""What a score is where all is well."""

GROUNDED = ("sigma_nmad", "outliers", "mae", "half_width", "false_positives")
"""Scores that are best at 0, which is seen."""

WIDTH, HEIGHT = 320, 240
"""Of a chart of a profile: four are beside each other."""

COMPARED = {"redshift": ("sigma_nmad", "outliers"), "value": ("mae", "half_width"), "class": ("auc", "brier")}


def draw(profile: Profile, scored: Scored, command: str) -> Markup:
    """Return the charts of one profile, each score one, and its table."""
    named = bool(profile.bins and profile.bins[0].name)
    resampled = "" if scored.by == profile.label else f"{RESAMPLES} "
    resampled += "bootstrap resamples of each bin's rows"
    label = f"{profile.label} [{profile.unit}]" if profile.unit else profile.label
    rows = sum(b.rows for b in profile.bins)
    note = f"n = {rows:,} in {len(profile.bins)} bins. Bars: 95% of {resampled}. "
    note += "Dotted: as it should be." if any(score.key in RULES for score in profile.scores) else ""
    table = tag("details", tag("summary", "table"), _table(profile, scored.value, label, resampled))
    charts = [
        chart
        for score in profile.scores
        if _known(profile, "auc" if score.key == "purity" else score.key) > 1
        for chart in [_chart(profile, scored, score, label, named)]
    ]
    return box(f"By {label}", [tag("div", *charts, class_="small")], [note], command, table)


def _known(profile: Profile, key: str) -> int:
    """Return how many bins have a score; one of the AUC has rows of both classes, without which purity says nothing."""
    return sum(bool(np.isfinite(b.entries[0].scores[key].value)) for b in profile.bins)


def _chart(profile: Profile, scored: Scored, score: Score, label: str, named: bool) -> Markup:
    """Return the chart of one score along the quantity, with what it should be."""
    found = [b.entries[0].scores[score.key] for b in profile.bins]
    scale, title = 100.0 if score.percent else 1.0, f"{score.label} by {profile.label}"
    words = axisname(score, scored.unit)
    if named:
        names = [b.name for b in profile.bins]
        return ranked(names, found, words, title, scale=scale, rule=False, width=WIDTH).svg()
    values = scale * np.array([(each.value, each.low, each.high) for each in found])
    rule = RULES.get(score.key)
    low = 0.0 if score.key in GROUNDED else None
    y = span(values if rule is None else np.append(values, rule), words, low=low)
    chart = Chart(span(profile.middle, label), y, title, width=WIDTH, height=HEIGHT)
    if rule is not None:
        chart.line((chart.x.low, chart.x.high), (rule, rule), "rule")
    chart.intervals(profile.middle, values[:, 1], values[:, 2])
    chart.dots(profile.middle, values[:, 0])
    return chart.svg()


def _table(profile: Profile, value: str, label: str, resampled: str) -> Markup:
    head = (profile.label, "rows", *(score.label for score in profile.scores))
    rows = [
        (
            b.name or f"{b.low:.4g} to {b.high:.4g}",
            f"{b.rows:,}",
            *(text(score, b.entries[0].scores[score.key]) for score in profile.scores),
        )
        for b in profile.bins
    ]
    return pageblocks.table(head, rows, f"{value} by {label}; in brackets 95% of {resampled}")


def beside(scored: Scored, command: str) -> Markup:
    """Return charts of the scores that decide, of all that answered; none where there is nothing beside the answers."""
    ran = [entry for entry in scored.entries if entry.scores]
    if len(ran) < 2:
        return Markup()
    learned = [f"{entry.name} {entry.learned:,}" for entry in ran if entry.learned is not None]
    note = f"n = {scored.rows:,}. Bars: 95% of {scored.bootstrap}."
    trained = f"Rows learned from: {', '.join(learned)}." if learned else ""
    figures = []
    for score in _shown(scored.scores, scored.kind):
        found = [entry.scores[score.key] for entry in ran]
        alt = f"{score.label} of the answers and of the baselines"
        scale = 100.0 if score.percent else 1.0
        chart = ranked([entry.name for entry in ran], found, axisname(score, scored.unit), alt, scale=scale)
        figures.append(
            box(f"{score.label.removesuffix(' %')}, beside the baselines", [chart.svg()], [note, trained], command)
        )
    return boxes(*figures)


def _shown(scores: Sequence[Score], kind: str) -> list[Score]:
    return [score for score in scores if score.key in COMPARED[kind]]
