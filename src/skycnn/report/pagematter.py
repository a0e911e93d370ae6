"""PageMatter: what the page of scores shows beside the tables, gathered while the catalogues are open."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.network.card import Card
from skycnn.report.scorepage import ShownAnswer
from skycnn.scoring import flaggedrows, profile, sizecolumn, worstrows
from skycnn.scoring.origin import Origin, at_hand
from skycnn.scoring.rowbins import RowBins
from skycnn.scoring.scoredrows import ScoredRows
from skycnn.scoring.scoreresult import Answered, Scored
from skycnn.scoring.target import Target
from skycnn.scoring.worstrows import WorstRow
from skycnn.task import Task


def beside(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the columns along which answers are shown though nobody named them: the size, where there is one."""
    size = sizecolumn.find(catalogue.columns)
    return () if size is None else (size.name,)


@dataclass
class PageMatter:
    """The worst rows of each answer, and the units of columns."""

    worst: dict[str, list[WorstRow]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)

    def add(self, catalogue: Catalogue, target: Target, rows: ScoredRows, origin: Origin) -> None:
        """Keep what is shown of the rows of one catalogue."""
        side = origin.card.stamp if origin.card else None
        far = worstrows.find(catalogue, target.kind, target.value, rows, origin.bands, side)
        self.worst[target.answer] = worstrows.merged(self.worst.get(target.answer, ()), far)
        self.units |= {column.name: column.unit for column in catalogue.columns if column.unit}

    def shown(
        self, task: Task, target: Target, rows: ScoredRows, scored: Scored, found: RowBins | None, bands: Sequence[str]
    ) -> ShownAnswer:
        """Return what is shown of an answer; ``found`` are the bins of ``--by``, ``bands`` those of the fluxes."""
        given = (found, scored.bins) if found is not None else None
        along = profile.find(target, rows, scored.scores, bands, given, self.units)
        flagged = flaggedrows.find(target.kind, target.value, rows, scored.scores, task.flags)
        return ShownAnswer(scored, rows, along, flagged, self.worst.get(target.answer, ()))


def cards(models: Sequence[Answered], origin: Origin) -> dict[str, Card]:
    """Return the cards of the models that answered, by their hashes; of those that are at hand."""
    found = {origin.card.sha256: origin.card} if origin.card is not None else {}
    for held in models:
        with suppress(InputError):
            card = at_hand(held.model, held.model_sha256)
            found |= {held.model_sha256: card} if card is not None else {}
    return found
