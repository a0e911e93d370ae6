"""Kind: a kind of input that networks take - how it is found in a catalogue, and how it comes row by row."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.fits.tablecolumn import TableColumn
from skycnn.inputs.available import Available, InputOptions
from skycnn.network.card import Card

Array = NDArray[Any]


@dataclass(frozen=True)
class Piece:
    """Input of some rows of a chunk.

    Parameters
    ----------
    rows : array (b,)
        Their numbers within the chunk.
    inputs : dict of str to array (b, ...)
        By the name of `Kind.tensors`; NaN where absent.
    present : array (b, band)
        Which of the model's bands are there in one kind of input at least, bool.
    flags : array (b,)
        int32, bits of `Flag` that are known before the answer.
    rests : array (b, band, 2) or None
        Of stamps: the object's place less the stamp's centre; None without them.
    """

    rows: Array
    inputs: dict[str, Array]
    present: Array
    flags: Array
    rests: Array | None = None

    @classmethod
    def empty(cls, n: int, bands: int) -> Self:
        """Return all n rows of a chunk without any input."""
        return cls(np.arange(n), {}, np.zeros((n, bands), bool), np.zeros(n, np.int32))

    def join(
        self,
        rows: Array,
        inputs: Mapping[str, Array],
        present: Array | None,
        flags: Array,
        rests: Array | None = None,
    ) -> Self:
        """Return some rows with further input of them; ``rows`` count from this piece's first one."""
        return type(self)(
            self.rows[rows],
            {name: content[rows] for name, content in self.inputs.items()} | dict(inputs),
            self.present[rows] if present is None else self.present[rows] | present,
            self.flags[rows] | flags,
            rests,
        )


class Input:
    """Input of one kind, found in a catalogue for a model.

    Attributes
    ----------
    words : str
        What is read, e.g. ``photometry``.
    bands : tuple of str or None
        The model's bands that are there; None where the kind has no bands.
    columns : tuple of str
        Columns of the catalogue that are read.
    notes : tuple of str
        Assumptions, one line each.
    """

    words: str = ""
    bands: tuple[str, ...] | None = None
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return what the input depends on besides the catalogue's values, plain JSON."""
        return {}


class RowInput(Input, ABC):
    """Input that comes in the order of the rows."""

    @abstractmethod
    def join(self, piece: Piece, values: Mapping[str, Array]) -> Piece:
        """Return all rows of a chunk with this input.

        Parameters
        ----------
        piece : Piece
            All rows, with other input.
        values : mapping of str to array (n, ...)
            Of `columns`, physical values.
        """


class Kind(ABC):
    """A kind of input.

    Attributes
    ----------
    name : str
        As `task.Network.inputs` has it.
    tensors : tuple of str
        What the module's ``forward`` takes of it, by name.
    """

    name: str
    tensors: tuple[str, ...]

    @abstractmethod
    def presents(self, columns: Sequence[TableColumn], card: Card, options: InputOptions) -> bool:
        """Return whether a table seems to have it, by a cheap look at its columns."""

    @abstractmethod
    def find(self, card: Card, available: Available) -> Input:
        """Find it in a catalogue and its images.

        Raises
        ------
        InputError
            When it is not there at all, or not as the model takes it.
        """

    @abstractmethod
    def imagined(self, card: Card, rows: int, random: np.random.Generator) -> dict[str, Array]:
        """Return so many rows of it out of nothing, float32, to measure how long a network takes."""
