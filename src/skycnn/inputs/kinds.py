"""Kinds: which kinds of input there are - fluxes, images, and the columns that a task declares."""

from collections.abc import Sequence

from skycnn.errors import InputError
from skycnn.fits.tablecolumn import TableColumn
from skycnn.inputs.available import InputOptions
from skycnn.inputs.columnkind import ColumnKind
from skycnn.inputs.fluxkind import FluxKind
from skycnn.inputs.imagekind import ImageKind
from skycnn.inputs.kind import Kind
from skycnn.network.card import Card
from skycnn.task import Task


def find(task: Task, names: Sequence[str], owner: str) -> tuple[Kind, ...]:
    """Return a network's kinds of input: fluxes, images, then columns.

    Parameters
    ----------
    task : Task
    names : sequence of str
        `task.Network.inputs`.
    owner : str
        Names the network in messages.

    Raises
    ------
    InputError
        When one is not known.
    """
    known = _known(task)
    for name in names:
        if name not in known:
            raise InputError(f"{owner} takes input of kind {name!r}", hint="Update skycnn.")
    return tuple(kind for name, kind in known.items() if name in names)


def presents(task: Task, card: Card, columns: Sequence[TableColumn], options: InputOptions) -> bool:
    """Return whether a table seems to be the one: it has fluxes or a place in images, and all columns needed."""
    wanted = [kind for name, kind in _known(task).items() if name in card.inputs]
    there = {kind: kind.presents(columns, card, options) for kind in wanted}
    of_bands = [held for kind, held in there.items() if not isinstance(kind, ColumnKind)]
    return (any(of_bands) or not of_bands) and all(held for kind, held in there.items() if isinstance(kind, ColumnKind))


def _known(task: Task) -> dict[str, Kind]:
    known: dict[str, Kind] = {kind.name: kind for kind in (FluxKind(), ImageKind(task.reddened))}
    return known | {name: ColumnKind(name, column) for name, column in task.columns.items()}
