"""ColumnKind: a column of the catalogue that a network takes as it is, e.g. a redshift."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.tablecolumn import TableColumn
from skycnn.inputs.available import Available, InputOptions
from skycnn.inputs.kind import Array, Kind, Piece, RowInput
from skycnn.network.card import Card
from skycnn.schema import Flag
from skycnn.task import InputColumn

LARGEST = float(np.finfo(np.float32).max)
MARGIN = 0.1
"""Of the training sample's range, by which a value may lie beyond it."""


class ColumnInput(RowInput):
    """The column of one catalogue.

    Parameters
    ----------
    name : str
        The network's name of it.
    declared : InputColumn
    column : TableColumn or None
        None where the catalogue has none.
    trained : tuple of float, optional
        Lowest and highest value of the training sample.
    """

    def __init__(
        self,
        name: str,
        declared: InputColumn,
        column: TableColumn | None,
        trained: tuple[float, float] = (-np.inf, np.inf),
    ) -> None:
        self.name, self.declared, self.column, self.trained = name, declared, column, trained
        self.columns = () if column is None else (column.name,)
        self.words = f"column {column.name}" if column is not None else f"no {name}"
        self.notes = (f"{name}: {self.words}" if column is not None else f"no column of {name}, {declared.meaning}",)

    def join(self, piece: Piece, values: Mapping[str, Array]) -> Piece:
        """Return all rows of a chunk with the column's values (n,), NaN where there is none or no possible one.

        A value that the training sample does not reach is flagged, and left out where the network can do without.
        """
        value, unlike = np.full(len(piece.rows), np.nan, np.float32), np.zeros(len(piece.rows), bool)
        if self.column is not None:
            read = np.asarray(values[self.column.name], np.float64)
            possible = (read >= self.declared.low) & (read <= self.declared.high) & (np.abs(read) <= LARGEST)
            value[possible] = read[possible]
            unlike = (value < self.trained[0]) | (value > self.trained[1])
            if not self.declared.needed:
                value[unlike] = np.nan
        flags = np.where(np.isfinite(value), 0, Flag.MISSING_INPUT).astype(np.int32)
        flags[unlike] |= Flag.UNLIKE_TRAINING
        return piece.join(piece.rows, {self.name: value}, None, flags)

    def facts(self) -> dict[str, Any]:
        """Return which column it is."""
        return {"input": {self.name: self.column.name}} if self.column is not None else {}


class ColumnKind(Kind):
    """A column of numbers, (n,).

    Parameters
    ----------
    name : str
        As the task, the network and ``--input`` call it.
    declared : InputColumn
        Where it is looked for, and which values are possible.
    """

    def __init__(self, name: str, declared: InputColumn) -> None:
        self.name, self.tensors, self.declared = name, (name,), declared

    def presents(self, columns: Sequence[TableColumn], card: Card, options: InputOptions) -> bool:
        """Return whether a table has it, or need not."""
        named = options.input.get(self.name)
        wanted = {name.casefold() for name in ([named] if named else self.declared.names)}
        return not self.declared.needed or any(column.name.casefold() in wanted for column in columns)

    def find(self, card: Card, available: Available) -> ColumnInput:
        """Return the column that ``--input`` names, else the first that is known by name.

        Raises
        ------
        InputError
            When it is not there and must be, or holds no single number a row.
        """
        column = self._column(card, available.catalogue, available.options.input)
        return ColumnInput(self.name, self.declared, column, _trained(card, self.name))

    def _column(self, card: Card, catalogue: Catalogue, named: Mapping[str, str]) -> TableColumn | None:
        if self.name in named:
            return catalogue.number(named[self.name])
        for name in self.declared.names:
            column = catalogue.has(name)
            if column is not None and column.numeric:
                return column
        if self.declared.needed:
            what = f"{card.name} needs {self.name}, {self.declared.meaning}; {catalogue.label} has no column"
            names = " or ".join(self.declared.names) or "of it"
            raise InputError(f"{what} {names}", hint=f"Name it with --input {self.name}=COLUMN.")
        return None

    def imagined(self, card: Card, rows: int, random: np.random.Generator) -> dict[str, Array]:
        """Return numbers from 0 to 1, or what of these is possible."""
        values = random.random(rows, np.float32)
        return {self.name: values.clip(self.declared.low, self.declared.high).astype(np.float32)}


def trained(columns: Mapping[str, Array]) -> dict[str, list[float]]:
    """Return the lowest and highest value of a training sample's columns (n,), for its model's card."""
    known = {name: values[np.isfinite(values)] for name, values in columns.items()}
    return {name: [float(values.min()), float(values.max())] for name, values in known.items() if len(values)}


def _trained(card: Card, name: str) -> tuple[float, float]:
    """Return what a card says of a column's values in the training sample."""
    columns = card.sample.get("columns")
    ends = columns.get(name) if isinstance(columns, Mapping) else None
    known = isinstance(ends, list) and len(ends) == 2 and all(isinstance(end, int | float) for end in ends)
    if not ends or not known:
        return -np.inf, np.inf
    margin = MARGIN * (ends[1] - ends[0])
    return float(ends[0] - margin), float(ends[1] + margin)


def check_options(card: Card, columns: Mapping[str, InputColumn], named: Mapping[str, str]) -> None:
    """See that ``--input`` names what a network takes.

    Raises
    ------
    InputError
        When it does not.
    """
    known = [name for name in card.inputs if name in columns]
    strange = [name for name in named if name not in known]
    if strange:
        hint = None if known else "Leave --input out."
        raise InputError(
            f"{card.name} takes no {strange[0]!r}", expected=f"--input {' '.join(known)}" if known else None, hint=hint
        )
