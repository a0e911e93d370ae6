"""ScoreTables: scores beside the baselines', the verdict, rows left out, flags, and the worst rows, as tables."""

from collections.abc import Mapping, Sequence

import numpy as np

from skycnn.report import pageblocks
from skycnn.report.chart import number
from skycnn.report.chartbox import axisname, parts, text
from skycnn.report.markup import Markup, join, tag
from skycnn.scoring import flaggedrows
from skycnn.scoring.flaggedrows import FlaggedRows
from skycnn.scoring.scoreresult import Scored
from skycnn.scoring.scoretable import Entry, Score
from skycnn.scoring.worstrows import WorstRow


def scores(scored: Scored) -> Markup:
    """Return all scores of all that answered, with intervals and differences."""
    ran = [entry for entry in scored.entries if entry.scores]
    head = ("score", *(entry.name for entry in ran))
    lines = [("answered", *(f"{100 * entry.answered:.2f}%" for entry in ran))]
    if any(entry.learned is not None for entry in ran):
        lines.append(("rows learned from", *("-" if entry.learned is None else f"{entry.learned:,}" for entry in ran)))
    lines += [(axisname(score, scored.unit), *(_cell(score, entry) for entry in ran)) for score in scored.scores]
    caption = f"n = {scored.rows:,}; in brackets 95% of {scored.bootstrap}"
    if len(ran) > 1:
        caption += f"; \N{INCREMENT} is {scored.value} less the column's own, resample by resample"
    return tag("div", pageblocks.table(head, lines, caption), class_="scores")


def _cell(score: Score, entry: Entry) -> Markup:
    middle, ends = parts(score, entry.scores[score.key])
    lines: list[str] = [tag("span", middle)]
    if ends:
        lines.append(tag("span", ends, class_="ends"))
    if entry.difference and not score.beside:
        less = text(score, entry.difference[score.key], "+")
        lines += [tag("span", f"\N{INCREMENT} {less}", class_="less")] if less != "-" else []
    return join(lines)


def verdicts(scored: Scored) -> Markup:
    """Return which baseline is the best and whether the answers beat it; and who could not run, and why."""
    by_key = {score.key: score for score in scored.scores}
    lines: list[str] = []
    for best in scored.best:
        score = by_key[best.score]
        value, less = score.text(best.value), text(score, best.difference, "+")
        lines.append(
            f"By {best.label} the best baseline is {best.name} ({value}); "
            f"{scored.value} {best.verdict} it: difference {less}."
        )
    if not scored.best:
        lines.append("No baseline was run, so that there is no verdict.")
    notes: dict[str, list[str]] = {}
    for entry in scored.entries:
        if entry.note:
            notes.setdefault(entry.note, []).append(entry.name)
    lines += [f"{', '.join(names)}: {note}." for note, names in notes.items()]
    return tag("ul", *(tag("li", line) for line in lines), class_="verdicts")


def left_out(scored: Scored) -> Markup:
    """Return how many rows were not scored, and why."""
    if not scored.left_out:
        return pageblocks.paragraphs(f"No row was left out: all {scored.rows:,} have a truth and were run.")
    total = scored.rows + sum(scored.left_out.values())
    lines = [("scored", f"{scored.rows:,}", f"{100 * scored.rows / total:.1f}%")]
    lines += [(reason, f"{n:,}", f"{100 * n / total:.1f}%") for reason, n in scored.left_out.items()]
    return pageblocks.table(("rows", "n", "share"), lines, f"Of {total:,} rows")


def flags(scored: Scored, found: Sequence[FlaggedRows]) -> Markup:
    """Return the rows of each flag in words, with their scores."""
    if not found:
        return pageblocks.paragraphs("The catalogue has no column of flags.")
    kept = flaggedrows.shown(scored.kind, scored.scores)
    head = ("flag", "meaning", "n", "share", *(axisname(score, scored.unit) for score in kept))
    lines = [
        (
            each.name,
            each.meaning,
            f"{each.rows:,}",
            f"{100 * each.rows / max(scored.rows, 1):.1f}%",
            *(text(score, each.entry.scores[score.key]) for score in kept),
        )
        for each in found
    ]
    caption = f"Flags of the {scored.rows:,} rows scored; a row may have several. In brackets 95% of "
    return pageblocks.table(head, lines, f"{caption}{flaggedrows.RESAMPLES} bootstrap resamples of these rows", words=2)


def worst(scored: Scored, rows: Sequence[WorstRow], words: Mapping[int, Sequence[str]]) -> Markup:
    """Return rows whose answers are far off.

    Parameters
    ----------
    scored : Scored
    rows : sequence of WorstRow
    words : mapping of int to sequence of str
        What a flag says.
    """
    several = len({row.file for row in rows}) > 1
    unit = f" [{scored.unit}]" if scored.unit else ""
    error = (
        "(answer \N{MINUS SIGN} truth) / (1 + truth)" if scored.kind == "redshift" else "answer \N{MINUS SIGN} truth"
    )
    head = ("object", "row", f"{scored.truth}{unit}", f"{scored.value}{unit}", "68% interval", error, "flags")
    lines = [
        (
            row.name,
            f"{row.number:,}" + (f" of {row.file}" if several else ""),
            number(row.truth),
            number(row.value),
            f"[{number(row.low)}, {number(row.high)}]" if np.isfinite(row.low) and np.isfinite(row.high) else "-",
            number(row.error, "+.3g"),
            "-" if row.flag is None else "; ".join(words[row.flag]) or "none",
        )
        for row in rows
    ]
    return pageblocks.table(head, lines, f"The {len(rows)} answers furthest from the truth, n = {scored.rows:,}")
