"""ScoreTables: scores beside the baselines', the verdict, rows left out, flags, and the worst rows, as tables."""

from collections.abc import Mapping, Sequence
from functools import partial

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

FEWEST = 10
"""Rows of a flag of which a score says anything."""

LONGEST = 24
"""Letters of a name that is not broken into lines."""


def scores(scored: Scored) -> Markup:
    """Return all scores of all that answered, with intervals and differences."""
    ran = [entry for entry in scored.entries if entry.scores]
    head = ("score", *(entry.name for entry in ran))
    lines = [("answered", *(f"{100 * entry.answered:.2f}%" for entry in ran))]
    if any(entry.learned is not None for entry in ran):
        lines.append(("rows learned from", *("-" if entry.learned is None else f"{entry.learned:,}" for entry in ran)))
    lines += [(axisname(score, scored.unit), *(_cell(score, entry) for entry in ran)) for score in scored.scores]
    caption = f"{scored.value}: n = {scored.rows:,}; in brackets 95% of {scored.bootstrap}"
    if len(ran) > 1:
        caption += f"; \N{INCREMENT} is {scored.value} less the column's own, resample by resample"
    if any(entry.ratio for entry in ran):
        caption += f", \N{DIVISION SIGN} {scored.value} over it"
    return tag("div", pageblocks.table(head, lines, caption), class_="scores")


def _cell(score: Score, entry: Entry) -> Markup:
    middle, ends = parts(score, entry.scores[score.key])
    lines: list[str] = [tag("span", middle)]
    if ends:
        lines.append(tag("span", ends, class_="ends"))
    if entry.difference and not score.beside:
        less, ends = parts(score, entry.difference[score.key], "+")
        lines += [tag("span", f"\N{INCREMENT} {less}", class_="less"), tag("span", ends, class_="ends")] if ends else []
    if over := entry.ratio.get(score.key):
        middle, ends = (f"{over.value:.3f}", f"[{over.low:.3f}, {over.high:.3f}]")
        lines += [tag("span", f"\N{DIVISION SIGN} {middle}", class_="less"), tag("span", ends, class_="ends")]
    return join(lines)


def _ends(row: WorstRow, digits: str) -> str:
    if not (np.isfinite(row.low) and np.isfinite(row.high)):
        return "-"
    return f"[{number(row.low, digits)}, {number(row.high, digits)}]"


def verdicts(scored: Scored) -> Markup:
    """Return which baseline is the best and whether the answers beat it; and who could not run, and why."""
    by_key = {score.key: score for score in scored.scores}
    lines: list[str] = []
    for best in scored.best:
        score = by_key[best.score]
        value, less = score.text(best.value), text(score, best.difference, "+")
        sign = "%" if score.percent else ""
        lines.append(
            f"By {best.label.removesuffix(' %')} the best baseline is {best.name} ({value}{sign}); "
            f"{scored.value} {best.verdict} it: difference {less}{' percentage points' if sign else ''}."
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
    return pageblocks.table(("rows", "n", "share"), lines, f"Rows scored of {scored.value}, of {total:,}")


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
            *(text(score, each.entry.scores[score.key]) if each.rows >= FEWEST else "-" for score in kept),
        )
        for each in found
    ]
    caption = f"Flags of the {scored.rows:,} rows of {scored.value}; a row may have several. In brackets 95% of "
    caption += f"{flaggedrows.RESAMPLES} bootstrap resamples of these rows, of {FEWEST} at least"
    return pageblocks.table(head, lines, caption, words=2)


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
    digits = ".4g" if scored.kind == "value" else ".4f"
    whole, said = partial(tag, "span", class_="whole"), partial(tag, "span", class_="said")
    columns = (f"{scored.truth}{unit}", f"{scored.value}{unit}", "68% interval", error)
    head = ("object", "row", *columns, said("flags"))
    lines = [
        (
            whole(row.name) if len(row.name) <= LONGEST else row.name,
            f"{row.number:,}" + (f" of {row.file}" if several else ""),
            number(row.truth, ".4g" if scored.kind == "class" else digits),
            number(row.value, digits),
            whole(_ends(row, digits)),
            number(row.error, f"+{digits}"),
            said("-" if row.flag is None else "; ".join(words[row.flag]) or "none"),
        )
        for row in rows
    ]
    return pageblocks.table(
        head, lines, f"The {len(rows)} answers of {scored.value} furthest from the truth, of n = {scored.rows:,}"
    )
