"""Feed: rows of a catalogue as a network's input, and what is known of them before the answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import columnkind, fluxkind, kinds
from skycnn.inputs.available import Available
from skycnn.inputs.fluxkind import FluxInput
from skycnn.inputs.imagekind import ImageInput
from skycnn.inputs.kind import Array, Input, Piece, RowInput
from skycnn.network.card import Card
from skycnn.photometry import conditions
from skycnn.photometry.fields import Fields
from skycnn.photometry.photometry import Photometry
from skycnn.schema import Flag
from skycnn.task import Task

if TYPE_CHECKING:
    from skycnn.stamps.stamps import Stamps


class BadRows(RowInput):
    """Conditions of ``--bad``, for a model that takes no fluxes."""

    def __init__(self, texts: Sequence[str], catalogue: Catalogue, bits: conditions.BitNames | None = None) -> None:
        fields = Fields(catalogue.columns, catalogue.label, "--bad needs it")
        self.conditions = tuple(conditions.parse(text, fields, bits=bits) for text in texts)
        self.columns = tuple(dict.fromkeys(name for condition in self.conditions for name in condition.columns))
        self.notes = tuple(f"dropped rows: {condition.text}" for condition in self.conditions)

    def facts(self) -> dict[str, Any]:
        """Return the bits that conditions test by name, if any."""
        return conditions.facts(self.conditions)

    def join(self, piece: Piece, values: Mapping[str, Array]) -> Piece:
        """Return all rows of a chunk, the bad ones flagged."""
        bad = np.zeros(len(piece.rows), bool)
        for condition in self.conditions:
            bad |= condition.holds(values)
        return piece.join(piece.rows, {}, None, np.where(bad, Flag.BAD_ROW, 0).astype(np.int32))


class Feed:
    """Rows of a catalogue as a model's input.

    Parameters
    ----------
    task : Task
    card : Card
        What the model takes.
    inputs : sequence of Input
        One for each kind.

    Attributes
    ----------
    bands : tuple of str
        The model's bands that are there in every kind of input that has bands.
    columns : tuple of str
        Columns of the catalogue that are read.
    notes : tuple of str
        Assumptions, one line each.
    images : ImageInput or None
    photometry : Photometry or None
    """

    def __init__(self, task: Task, card: Card, inputs: Sequence[Input]) -> None:
        self.task, self.card, self.inputs = task, card, tuple(inputs)
        self.bands = tuple(b for b in card.bands if all(i.bands is None or b in i.bands for i in inputs))
        self.columns = tuple(dict.fromkeys(name for part in inputs for name in part.columns))
        self.notes = tuple(dict.fromkeys(note for part in inputs for note in part.notes))
        self.images = next((part for part in inputs if isinstance(part, ImageInput)), None)
        self.photometry: Photometry | None = next(
            (part.photometry for part in inputs if isinstance(part, FluxInput)), None
        )
        self._by_row = [part for part in inputs if isinstance(part, RowInput)]

    @property
    def stamps(self) -> "Stamps | None":
        """The images, if any are read."""
        return self.images.stamps if self.images is not None else None

    @property
    def words(self) -> str:
        """What is read."""
        return " and ".join(part.words for part in self.inputs if part.words)

    def table(self) -> tuple[dict[str, str], ...]:
        """Return ``band``, ``column``, ``error`` and ``unit`` of each band whose fluxes are read."""
        return self.photometry.table() if self.photometry is not None else ()

    def check(self, catalogue: Catalogue, rows: tuple[int, int | None] | None) -> list[str]:
        """See before the work that images show rows ``rows`` alike; return what looks wrong with them or with fluxes.

        Raises
        ------
        InputError
            When the pixel grids of their bands differ.
        """
        fluxes = [*self.photometry.warnings] if self.photometry is not None else []
        return list(dict.fromkeys([*fluxes, *(self.images.check(catalogue, rows) if self.images is not None else [])]))

    def warnings(self) -> list[str]:
        """Return what went wrong with images so far."""
        return self.stamps.warnings() if self.stamps is not None else []

    def hurry(self) -> None:
        """Let nobody wait any longer for images: the run ends."""
        if self.stamps is not None:
            self.stamps.hurry()

    def check_unchanged(self) -> None:
        """See that no image was changed during the run; raises `ChangedError`."""
        if self.stamps is not None:
            self.stamps.check_unchanged()

    def facts(self) -> dict[str, Any]:
        """Return what the input depends on besides the catalogue's values, plain JSON."""
        facts: dict[str, Any] = {}
        for part in self.inputs:
            for key, value in part.facts().items():
                facts[key] = {**facts[key], **value} if key in facts else value
        return facts

    @property
    def state(self) -> list[int] | None:
        """What tells a resumed run that the stamps are as they were; see ``Stamps.state``."""
        return self.stamps.state if self.stamps is not None else None

    def imagined(self, rows: int) -> dict[str, Array]:
        """Return so many rows of input out of nothing, to measure how long the network takes."""
        random, found = np.random.default_rng(0), dict[str, Array]()
        for kind in kinds.find(self.task, self.card.inputs, self.card.name):
            found |= kind.imagined(self.card, rows, random)
        return found

    def pieces(self, first: int, values: Mapping[str, Array], wanted: Array) -> Iterator[Piece]:
        """Yield the rows of a chunk with their input, in the order that suits the images.

        Parameters
        ----------
        first : int
            Absolute number of the chunk's first row.
        values : mapping of str to array
            The values of `columns`, each (n, ...).
        wanted : array (n,)
            Which rows are to be answered, bool; without images all rows come in one piece.
        """
        piece = Piece.empty(len(wanted), len(self.card.bands))
        for part in self._by_row:
            piece = part.join(piece, values)
        if self.images is None:
            yield piece
        else:
            yield from self.images.pieces(piece, first, values, wanted)


def find(task: Task, card: Card, available: Available) -> Feed:
    """Return what feeds a model.

    Raises
    ------
    InputError
        When a kind of input is not there at all, or in pixels of another scale or unit.
    """
    inputs = [kind.find(card, available) for kind in kinds.find(task, card.inputs, card.name)]
    return made(task, card, inputs, available)


def made(task: Task, card: Card, inputs: Sequence[Input], available: Available) -> Feed:
    """Return a feed that leaves out what ``--bad`` names, also where no fluxes are read."""
    bad = [] if card.takes_fluxes else [BadRows(available.options.photometry.bad, available.catalogue, available.bits)]
    return Feed(task, card, [*inputs, *bad])


def check_options(task: Task, card: Card, available: Available) -> None:
    """See that nothing is said of input that a network does not take.

    Raises
    ------
    InputError
        When something is.
    """
    fluxkind.check_options(card, available.options.photometry)
    columnkind.check_options(card, task.columns, available.options.input)
