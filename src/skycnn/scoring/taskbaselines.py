"""TaskBaselines: baselines that are a task's own, and what they say of the rows that are scored."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from skycnn import baselines, features, survey
from skycnn.distribution import join, judge
from skycnn.errors import InputError
from skycnn.scoring.origin import Origin
from skycnn.scoring.scoredrows import ScoredRows
from skycnn.scoring.scoretable import Predictor
from skycnn.task import OwnBaseline, Sight, Task

BLOCK = 10_000
"""Rows answered at a time, for a distribution is many numbers a row."""


def make(
    task: Task, names: Iterable[str], origin: Origin, say: Callable[[str], None], *, strict: bool
) -> Mapping[str, OwnBaseline]:
    """Return the task's own among the baselines of some names, for rows seen as the model saw them that answered.

    Parameters
    ----------
    task : Task
    names : iterable of str
    origin : Origin
    say : callable
        Receives a note on one that cannot be had.
    strict : bool
        Whether that is an error.

    Raises
    ------
    InputError
        When it is one.
    """
    wanted = [name for name in names if name in task.baselines]
    found = {}
    for name in wanted:
        try:
            found[name] = task.baselines[name](_sight(origin))
        except InputError as error:
            if strict:
                raise
            say(f"no baseline {name}: {error.what}")
    return found


def _sight(origin: Origin) -> Sight:
    """Return how rows were seen, by the card of the model that answered."""
    card = origin.card
    if card is None:
        return Sight(origin.user_survey, origin.bands)
    given: Any = card.sample.get("options", {})
    return Sight(survey.known(card.survey, origin.user_survey), card.bands, given if isinstance(given, Mapping) else {})


def answer(name: str, own: OwnBaseline, rows: ScoredRows, column: str) -> Predictor:
    """Return what a baseline says of the rows to score in a column of answers, or why it says nothing."""
    if not len(rows.truth):
        return Predictor(name, None, "there are no rows")
    inputs = features.of_kinds(rows.inputs, (name, *own.inputs))
    if not inputs or not baselines.present(inputs).any():
        return Predictor(name, None, f"no {' and no '.join(map(features.words, own.inputs))} was found")
    parts = []
    for first in range(0, len(rows.truth), BLOCK):
        block = slice(first, first + BLOCK)
        value, distribution = own.answer(baselines.take(inputs, block), column)
        parts.append(judge(value, distribution, rows.truth[block]))
    return Predictor(name, join(parts), own.note, 0)
