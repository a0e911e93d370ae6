"""StampReader: what baselines are given of stamps - the numbers that features measure, not the pixels."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.features import Inputs, Make
from skycnn.inputs.imagekind import ImageInput
from skycnn.inputs.kind import Piece
from skycnn.scoring.scoredrows import InputReader
from skycnn.task import OwnBaseline

Array = NDArray[Any]
Measure = Callable[[Inputs], Mapping[str, Array]]

PART = 256
"""Stamps measured at a time; between two parts the user is told how far it is."""


def measures(sets: Sequence[Make | OwnBaseline]) -> tuple[Measure, ...]:
    """Return what sets of features and tasks' own baselines measure of stamps, each kind of measurement once."""
    found = [make.measure for make in sets if hasattr(make, "measure")]
    return tuple(dict.fromkeys(found))


class StampReader:
    """Measures the stamps of rows as they are asked for, a batch in memory at a time, and each row once.

    Parameters
    ----------
    images : ImageInput
        The stamps, as the model that answered takes them.
    measure : sequence of callable
        See `features.FeatureTable`.
    rows : int
        Of the catalogue.
    progress : callable, optional
        Receives rows done and all rows.
    beside : sequence of InputReader
        Of the columns (n,) that the measurements are given too.
    """

    def __init__(
        self,
        images: ImageInput,
        measure: Sequence[Measure],
        rows: int,
        progress: Callable[[int, int], None] | None = None,
        beside: Sequence[InputReader] = (),
    ) -> None:
        self._images, self._measure, self._rows, self._progress = images, measure, rows, progress
        self._bands, self._beside = len(images.card.bands), tuple(beside)
        none = np.zeros(0, np.int64)
        columns = self._columns({name: np.zeros(0) for one in self._beside for name in one.columns}, none)
        nothing = np.zeros((0, self._bands, images.side, images.side), np.float32)
        self._held = {name: np.full(rows, np.nan, np.float32) for name in self._measured({"image": nothing} | columns)}
        self._done = np.zeros(rows, bool)

    @property
    def columns(self) -> Sequence[str]:
        """Those that stamps are found by, and those that are measured with."""
        others = (name for one in self._beside for name in one.columns)
        return tuple(dict.fromkeys((*self._images.columns, *others)))

    def read(self, chunk: Mapping[str, Array], rows: Array) -> Mapping[str, Array]:
        """Return what is measured of rows, float32 (n,) by name; NaN of a row without a stamp."""
        if len(new := np.flatnonzero(~self._done[rows])):
            first, span = int(rows[new[0]]), int(rows[new[-1]] - rows[new[0]]) + 1
            place = rows[new] - first
            wanted = np.zeros(span, bool)
            wanted[place] = True
            values = {name: _spread(chunk[name][new], place, span) for name in self._images.columns}
            columns = self._columns({name: chunk[name][new] for name in self.columns}, rows[new])
            columns = {name: _spread(known, place, span) for name, known in columns.items()}
            for piece in self._images.pieces(Piece.empty(span, self._bands), first, values, wanted):
                for at in range(0, len(piece.rows), PART):
                    part = piece.rows[at : at + PART]
                    numbers, inputs = first + part, {name: known[part] for name, known in columns.items()}
                    inputs["image"] = piece.inputs["image"][at : at + PART]
                    for name, found in self._measured(inputs).items():
                        self._held[name][numbers] = found
                    self._done[numbers] = True
                    if self._progress is not None:
                        self._progress(int(numbers[-1]) + 1, self._rows)
        return {name: held[rows] for name, held in self._held.items()}

    def _columns(self, chunk: Mapping[str, Array], rows: Array) -> dict[str, Array]:
        return {name: values for one in self._beside for name, values in one.read(chunk, rows).items()}

    def _measured(self, inputs: Inputs) -> dict[str, Array]:
        return {name: values for measure in self._measure for name, values in measure(inputs).items()}


def _spread(values: Array, place: Array, span: int) -> Array:
    """Return values (n, ...) at their places among ``span`` rows."""
    spread = np.zeros((span, *values.shape[1:]), values.dtype)
    spread[place] = values
    return spread
