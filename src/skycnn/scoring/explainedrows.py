"""ExplainedRows: which rows of a catalogue are explained, and which of them a gallery shows, in which order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from skycnn.errors import InputError, counted
from skycnn.inputs.answering import Answering
from skycnn.inputs.explainoptions import ExplainOptions
from skycnn.inputs.rowselection import RowSelection
from skycnn.photometry.fields import Fields
from skycnn.scoring import largesterrors
from skycnn.scoring.largesterrors import KnownTruth
from skycnn.scoring.target import Names
from skycnn.task import Truth

Array = NDArray[Any]

USUAL = 50
"""Rows of a gallery where none are named."""
MOST = 500
"""Rows of a gallery; a page of more is too large for a browser."""


@dataclass(frozen=True)
class ExplainedRows:
    """Rows of a catalogue.

    Parameters
    ----------
    selection : RowSelection
        Those explained.
    shown : array (n,)
        Numbers of those that a gallery shows, in its order.
    order : str
        Which they are, in words.
    """

    selection: RowSelection
    shown: Array
    order: str


def find(
    ready: Answering, value: str, truth: KnownTruth | None, options: ExplainOptions, say: Callable[[str], None]
) -> ExplainedRows:
    """Return the rows of ``--rows``, ``--where`` and ``--worst``; of a gallery alone, no more than it shows.

    Parameters
    ----------
    ready : Answering
    value : str
        The column of answers that is explained.
    truth : KnownTruth or None
    options : ExplainOptions
    say : callable
        Receives a line where rows are left out, or in another order.

    Raises
    ------
    InputError
        When a condition cannot be read, or there is no truth for ``--worst``.
    """
    catalogue = ready.catalogue
    selection = RowSelection.find(catalogue, options.rows, options.where, ready.available.bits)
    if options.worst is not None:
        return _worst(ready, value, truth, selection, options, say)
    shown, alone = selection.head(MOST), not options.writes
    if alone and not options.selects and len(selection) > USUAL:
        of = counted(len(selection), "row")
        say(f"the first {USUAL} of {of} are looked at; --rows, --where or --worst name others")
        shown = selection.head(USUAL)
        selection = selection.of(shown)
    if options.pictures and len(selection) > len(shown):
        say(f"the gallery shows the first {len(shown)} of {counted(len(selection), 'row')}")
        selection = selection.of(shown) if alone else selection
    if not len(selection) and catalogue.rows:
        say(f"warning: no row of {catalogue.label} is selected")
    return ExplainedRows(selection, shown, "in the order of the catalogue")


def _worst(
    ready: Answering,
    value: str,
    truth: KnownTruth | None,
    selection: RowSelection,
    options: ExplainOptions,
    say: Callable[[str], None],
) -> ExplainedRows:
    worst = options.worst or 0
    if truth is None:
        names = ", ".join(ready.task.truths.get(value, Truth()).names) or "none is known by name"
        what = f"{ready.catalogue.label} has no column of the truth ({names})"
        raise InputError(what, hint="Name it: --worst N --truth COLUMN.")
    against = f"of largest error against {truth.field.name}"
    if options.dry_run:  # to find them may take as long as all the rest
        shown = selection.head(worst)
        return ExplainedRows(selection.of(shown), shown, f"the {counted(len(shown), 'row')} {against}")
    column = Names(options.prefix, options.suffix).written(value)
    numbers, by = largesterrors.find(ready, truth, selection, worst, column, say)
    order = f"the {counted(len(numbers), 'row')} {against}, {by}"
    say(f"{order}; a gallery shows them by error, files keep the catalogue's order")
    return ExplainedRows(selection.of(numbers), numbers[:MOST], order)


def truth_of(ready: Answering, value: str, options: ExplainOptions) -> KnownTruth | None:
    """Return the truth of an answer: the column of ``--truth``, else one that is known by name; None for none.

    Raises
    ------
    InputError
        When ``--truth`` names a column that is not there, or of another answer.
    """
    posterior, catalogue = ready.answerer.posterior, ready.catalogue
    others = [name for name in posterior.values if name != value]
    given = Names(options.prefix, options.suffix).given("--truth", options.truth, [value, *others])
    if given and value not in given:
        raise InputError(f"--truth names none of {value}, which is explained", expected=f"--truth {value}=COLUMN")
    bounds = ready.task.truths.get(value, Truth())
    named = given[value][-1] if given else next((name for name in bounds.names if catalogue.has(name)), None)
    if named is None:
        return None
    fields = Fields(catalogue.columns, catalogue.label, "explain reads it")
    return KnownTruth(value, posterior.kinds[value], fields.require(named, "--truth COLUMN", flag=True), bounds)
