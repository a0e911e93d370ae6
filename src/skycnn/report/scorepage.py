"""ScorePage: how good answers are, on one page: scores beside the baselines', figures, the model, the worst rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from skycnn import schema
from skycnn.network.card import Card
from skycnn.report import classcharts, gallery, modelcard, pageblocks, profilecharts, scoretables, valuecharts
from skycnn.report.chartbox import made
from skycnn.report.exhibit import Exhibit
from skycnn.report.markup import Markup, tag
from skycnn.report.page import Page
from skycnn.scoring import profile
from skycnn.scoring.flaggedrows import FlaggedRows
from skycnn.scoring.profile import Profile
from skycnn.scoring.scoredrows import ScoredRows
from skycnn.scoring.scoreresult import Answered, Result, Scored
from skycnn.scoring.worstrows import WorstRow


@dataclass(frozen=True)
class ShownAnswer:
    """What the page shows of one column of answers.

    Parameters
    ----------
    scored : Scored
    rows : ScoredRows
    profiles : sequence of Profile
    flagged : sequence of FlaggedRows
    worst : sequence of WorstRow
    """

    scored: Scored
    rows: ScoredRows
    profiles: Sequence[Profile] = ()
    flagged: Sequence[FlaggedRows] = ()
    worst: Sequence[WorstRow] = ()


@dataclass(frozen=True)
class ScorePage:
    """The page.

    Parameters
    ----------
    result : Result
    answers : sequence of ShownAnswer
    command : str
        What was typed.
    cards : mapping of str to Card or None
        By the hash of each model that answered; None where its file is not at hand.
    flags : sequence of Bit
        The task's own.
    """

    result: Result
    answers: Sequence[ShownAnswer]
    command: str
    cards: Mapping[str, Card | None] = field(default_factory=dict)
    flags: Sequence[schema.Bit] = ()

    def html(self) -> bytes:
        """Return the file."""
        return self.page().html()

    def page(self) -> Page:
        """Return the page."""
        values = " and ".join(answer.scored.value for answer in self.answers)
        page = Page(f"{values} against the truth", self.command, self._facts(), ("chart.css",))
        for answer in self.answers:
            self._add(page, answer, f"{answer.scored.value}: " if len(self.answers) > 1 else "")
        for held in self.result.models:
            page.section(f"Model {held.model}" if held.model else "Model", self._model(held))
        return page

    def _facts(self) -> dict[str, str]:
        """Return what was scored, and by what."""
        result, tables = self.result, [answer.scored for answer in self.answers]
        rows = "; ".join(f"{one.value} against {one.truth}, n = {one.rows:,}" for one in tables)
        drawn = "; ".join(dict.fromkeys(one.bootstrap for one in tables))
        found = {
            "scored": rows,
            "task": result.task,
            "catalogue" if len(result.files) == 1 else "catalogues": ", ".join(result.files),
            "model" if len(result.models) == 1 else "models": "; ".join(_named(held) for held in result.models),
            "bands": " ".join(result.bands),
            "baselines": result.trained_on or "none",
            "intervals": f"{100 * result.level:g}% of {drawn}",
            "versions": ", ".join(f"{name} {version}" for name, version in result.versions.items()),
        }
        return {name: value for name, value in found.items() if value}

    def _add(self, page: Page, answer: ShownAnswer, before: str) -> None:
        scored, rows = answer.scored, answer.rows
        told = [scoretables.verdicts(scored), scoretables.scores(scored)]
        if scored.kind == "class":
            told.insert(1, pageblocks.paragraphs(f"Positive: {scored.value} of {self.result.threshold:g} or more."))
        beside = profilecharts.beside(scored, self.command)
        page.section(f"{before}Scores", *told[:-1], tag("div", told[-1], beside, class_="sidebyside"))
        page.section(f"{before}Answers and truth", self._figures(answer))
        charts = [profilecharts.draw(each, scored, self.command) for each in answer.profiles]
        page.section(f"{before}Along other quantities", *charts, *_absent(answer))
        flags = scoretables.flags(scored, answer.flagged)
        page.section(f"{before}Rows left out, and flags", scoretables.left_out(scored), flags)
        if len(rows.truth):
            page.section(f"{before}The worst answers", self._worst(answer))

    def _figures(self, answer: ShownAnswer) -> Markup:
        scored, rows = answer.scored, answer.rows
        if not len(rows.truth):
            return pageblocks.paragraphs("There are no rows.")
        judged = rows.judged[scored.value]
        if scored.kind == "class":
            return classcharts.draw(scored, judged.value, rows.truth, self.result.threshold, self.command)
        return valuecharts.draw(scored, judged, rows.truth, self.command)

    def _worst(self, answer: ShownAnswer) -> Markup:
        if not answer.worst:
            return pageblocks.paragraphs("No row has an answer.")
        shown = next((row for row in answer.worst if row.pixels is not None), None)
        if shown is not None and shown.pixels is not None:
            return self._cards(answer, shown.bands, shown.pixels.shape)
        words = {row.flag: schema.decode(row.flag, self.flags) for row in answer.worst if row.flag is not None}
        return scoretables.worst(answer.scored, answer.worst, words) + made(self.command)

    def _cards(self, answer: ShownAnswer, bands: Sequence[str], shape: tuple[int, ...]) -> Markup:
        """Return the worst rows as cards with their stamps; stamps of other bands or sizes are left out."""
        scored, several = answer.scored, len(self.result.files) > 1
        alike = [row.pixels is not None and row.pixels.shape == shape and row.bands == bands for row in answer.worst]
        exhibits = [
            Exhibit(
                name=row.name,
                row=row.number,
                pixels=row.pixels if fits else None,
                maps=None,
                bars=None,
                without=None,
                curve=None,
                answer=(row.value, row.low, row.high, row.truth),
                unit=scored.unit,
                columns={"file": row.file} if several else {},
                flags=() if row.flag is None else schema.decode(row.flag, self.flags),
            )
            for row, fits in zip(answer.worst, alike, strict=True)
        ]
        told = f"The {len(exhibits)} answers of {scored.value} furthest from the truth, of n = {scored.rows:,}."
        if any(np.isfinite(row.high - row.low) for row in answer.worst):
            told += " In brackets "
            told += "where 68% of other trainings would put it." if scored.kind == "class" else "the 68% interval."
        cards = gallery.cards(exhibits, bands, quantity=scored.value, first="worst first")
        return tag("div", pageblocks.paragraphs(told), cards, made(self.command), class_="compact")

    def _model(self, held: Answered) -> Markup:
        if not held.model:
            return pageblocks.paragraphs(
                f"{', '.join(held.files)} does not tell which model answered, so that there is no card."
            )
        card = self.cards.get(held.model_sha256)
        intro = pageblocks.paragraphs(f"{held.model}, sha256 {held.model_sha256}, answered {', '.join(held.files)}.")
        if card is None:
            return intro + pageblocks.paragraphs(
                "Its file is not among the models at hand, so that its card and learning curve are not shown. "
                "The variable SKYCNN_MODELS names the folders that are looked into."
            )
        return intro + modelcard.draw(card, self.command)


def _absent(answer: ShownAnswer) -> list[Markup]:
    """Return which quantities answers are not shown along, and why."""
    if not answer.profiles and len(answer.rows.truth) < 2 * profile.FEWEST:
        return [pageblocks.paragraphs(f"There are fewer than {2 * profile.FEWEST} rows: too few for bins.")]
    said = []
    if not any(each.label.startswith("magnitude in") for each in answer.profiles):
        said.append("No magnitude: no photometry was found, or no column of it; --band names one, --by MAG any column.")
    if not answer.rows.beside:
        said.append("No size: the catalogue has no column that is known as one; --by COLUMN shows any.")
    return [pageblocks.paragraphs(*said)]


def _named(held: Answered) -> str:
    return f"{held.model}, sha256 {held.model_sha256}" if held.model else "unknown"
