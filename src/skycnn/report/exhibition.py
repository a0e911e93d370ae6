"""Exhibition: explained rows of a catalogue, collected as they come, and made into exhibits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.distribution import Binned
from skycnn.fits import rowsubset
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.columnvalues import ColumnValues
from skycnn.inputs.explaining import Explained, Explaining
from skycnn.inputs.kind import Piece
from skycnn.report.exhibit import Exhibit
from skycnn.schema import counts, decode
from skycnn.scoring import idcolumn
from skycnn.task import TaskFlag

Array = NDArray[Any]

MOST_COLUMNS = 60
"""Columns of the catalogue on a card."""

DIGITS = 7
"""Of numbers with a point."""


@dataclass(frozen=True)
class _Row:
    """What is kept of an explained row."""

    pixels: Array | None
    maps: Mapping[str, Array]
    without: Array | None
    values: Mapping[str, Array]
    flag: int
    explained: tuple[float, float, float]


class Exhibition:
    """Rows to be shown.

    Parameters
    ----------
    numbers : array (n,)
        Of the rows, in the order of the show.
    explaining : Explaining
        What explains them.
    flags : tuple of TaskFlag
        The task's own.
    """

    def __init__(self, numbers: Array, explaining: Explaining, flags: tuple[TaskFlag, ...] = ()) -> None:
        self.numbers, self._explaining, self._flags = np.asarray(numbers, np.int64), explaining, flags
        self._wanted = set(self.numbers.tolist())
        self._rows: dict[int, _Row] = {}

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def missing(self) -> Array:
        """Rows that were not taken yet, ascending."""
        return np.array(sorted(self._wanted - self._rows.keys()), np.int64)

    @property
    def answered(self) -> int:
        """How many of the rows taken have an answer."""
        return sum(bool(np.isfinite(row.values[self._explaining.value])) for row in self._rows.values())

    @property
    def flagged(self) -> dict[str, int]:
        """How many of the rows taken were flagged, by reason."""
        return counts(np.array([row.flag for row in self._rows.values()], np.int64), self._flags)

    def take(self, first: int, piece: Piece, explained: Explained) -> None:
        """Keep those rows of a piece, of a chunk that begins at ``first``, that are to be shown."""
        for i, number in enumerate((first + piece.rows).tolist()):
            if number not in self._wanted:
                continue
            found = explained.attributions
            image = piece.inputs.get("image")
            self._rows[number] = _Row(
                None if image is None else np.array(image[i]),
                {name: np.array(content[i]) for name, content in found.maps.items()},
                None if explained.without is None else explained.without[i],
                {name: np.array(content[i]) for name, content in explained.values.items()},
                int(explained.flags[i]),
                (float(found.answer[i]), float(found.reference[i]), float(found.residual[i])),
            )

    def exhibits(self, catalogue: Catalogue, truth: Array | None) -> list[Exhibit]:
        """Return the exhibits; ``truth`` (n,) is of the rows in the order of the show."""
        names, columns = _texts(catalogue, self.numbers)
        return [
            self._exhibit(k, number, names[k], {name: texts[k] for name, texts in columns.items()}, truth)
            for k, number in enumerate(self.numbers.tolist())
        ]

    def _exhibit(self, k: int, number: int, name: str, columns: Mapping[str, str], truth: Array | None) -> Exhibit:
        row, answerer, value = self._rows[number], self._explaining.answerer, self._explaining.value
        bands = answerer.card.bands
        low, high = (float(row.values[f"{value}_{end}"]) for end in ("LO", "HI"))
        known = None if truth is None or not np.isfinite(truth[k]) else float(truth[k])
        without = row.without if row.without is not None and np.isfinite(row.without).any() else None
        return Exhibit(
            name=name,
            row=number,
            pixels=row.pixels,
            maps=row.maps.get("image"),
            bars=_bars(row.maps, bands),
            without=None if without is None else dict(zip(bands, map(float, without), strict=True)),
            curve=self._curve(row),
            answer=(float(row.values[value]), low, high, known),
            unit=self._explaining.value_unit,
            columns=columns,
            flags=decode(row.flag, self._flags),
            explained=row.explained,
        )

    def _curve(self, row: _Row) -> tuple[Array, Array] | None:
        """Return values and the density of the posterior there; None where it is no grid, or there is no answer."""
        values = {name: content[None] for name, content in row.values.items()}
        value = self._explaining.value
        if not np.isfinite(row.values[value]):
            return None
        found = self._explaining.answerer.posterior.distribution(value, values)
        if not isinstance(found, Binned):
            return None
        edges, mass = np.asarray(found.edges, np.float64), np.asarray(found.probability[0], np.float64)
        density = mass / np.diff(edges) / max(mass.sum(), 1e-30)
        return (edges[:-1] + edges[1:]) / 2, density


def _bars(maps: Mapping[str, Array], bands: tuple[str, ...]) -> dict[str, float] | None:
    """Return what each band adds: its flux, and its pixels where a map tells them apart; None for neither."""
    total: Array | None = None
    for content in maps.values():
        if content.ndim in (1, 3):
            part = content if content.ndim == 1 else content.sum(axis=(1, 2))
            total = part if total is None else total + part
    return None if total is None else dict(zip(bands, map(float, total), strict=True))


def _texts(catalogue: Catalogue, numbers: Array) -> tuple[list[str], dict[str, list[str]]]:
    """Return the objects' names, empty for none, and the catalogue's columns as text, those of one value a row."""
    single = [column for column in catalogue.columns if column.single and column.name]
    shown = list({column.name: column for column in reversed(single)}.values())[::-1]
    identity = idcolumn.find(shown)
    names = [column.name for column in shown[:MOST_COLUMNS]]
    if identity is not None and identity.name not in names:
        names.append(identity.name)
    with rowsubset.subset(catalogue, numbers) as some:
        layout = some.packing(names)
        packed = [rows for _, rows in some.packed_chunks(names)]
        values = ColumnValues(names, layout, np.concatenate(packed) if packed else np.empty((0, 0), np.uint8))
        texts = {name: _text(values, name, len(numbers)) for name in names} if packed else {name: [] for name in names}
    return [""] * len(numbers) if identity is None else texts[identity.name], texts


def _text(values: ColumnValues, name: str, n: int) -> list[str]:
    exact = values.exact(name)
    items = [exact.item(i) for i in range(n)]
    return [
        "" if item is None or item != item else f"{item:.{DIGITS}g}" if isinstance(item, float) else str(item)
        for item in items
    ]
