"""BaselineInputs: what the baselines are given of a catalogue's rows - fluxes, and columns that the task names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import features
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import imagekind
from skycnn.inputs.available import Available, InputOptions, survey_of
from skycnn.inputs.imagekind import ImageKind
from skycnn.photometry.fields import Field, Fields
from skycnn.photometry.fluxes import Photometry
from skycnn.scoring import stampreader
from skycnn.scoring.origin import Origin
from skycnn.scoring.scoredrows import InputReader
from skycnn.scoring.stampreader import Measure, StampReader
from skycnn.task import InputColumn, OwnBaseline, Task

Array = NDArray[Any]


@dataclass(frozen=True)
class FluxReader:
    """Reads fluxes and errors.

    Parameters
    ----------
    photometry : Photometry, optional
        Without it all are absent.
    bands : int
        How many then.
    """

    photometry: Photometry | None
    bands: int = 0

    @property
    def columns(self) -> Sequence[str]:
        """Those of the photometry."""
        return self.photometry.columns if self.photometry is not None else ()

    def read(self, chunk: Mapping[str, Array], rows: Array) -> Mapping[str, Array]:
        """Return ``flux`` and ``error`` (n, band), microjansky."""
        if self.photometry is None:
            return {name: np.full((len(rows), self.bands), np.nan, np.float32) for name in ("flux", "error")}
        fluxes = self.photometry.fluxes(chunk)
        return {"flux": fluxes.flux, "error": fluxes.error}


@dataclass(frozen=True)
class ColumnReader:
    """Reads one of the task's `InputColumn`.

    Parameters
    ----------
    name : str
        By which networks and features know it.
    field : Field
    column : InputColumn
    """

    name: str
    field: Field
    column: InputColumn

    @property
    def columns(self) -> Sequence[str]:
        """The one column."""
        return (self.field.column.name,)

    def read(self, chunk: Mapping[str, Array], rows: Array) -> Mapping[str, Array]:
        """Return the values (n,), NaN where they are impossible."""
        values = np.asarray(self.field.of(chunk), np.float64)
        return {self.name: np.where((values >= self.column.low) & (values <= self.column.high), values, np.nan)}


@dataclass(frozen=True)
class AbsentReader:
    """Stands for an input that a catalogue does not have: NaN (n,)."""

    name: str
    columns: Sequence[str] = ()

    def read(self, chunk: Mapping[str, Array], rows: Array) -> Mapping[str, Array]:
        """Return NaN."""
        return {self.name: np.full(len(rows), np.nan)}


@dataclass(frozen=True)
class Readers:
    """Reads with several readers."""

    readers: Sequence[InputReader]

    @property
    def columns(self) -> Sequence[str]:
        """Those of all."""
        return tuple(dict.fromkeys(name for reader in self.readers for name in reader.columns))

    def read(self, chunk: Mapping[str, Array], rows: Array) -> Mapping[str, Array]:
        """Return what all read."""
        return {name: values for reader in self.readers for name, values in reader.read(chunk, rows).items()}


def find(
    catalogue: Catalogue,
    origin: Origin,
    task: Task,
    say: Callable[[str], None],
    *,
    needed: bool,
    strict: bool,
    fluxes: bool = False,
    own: Sequence[OwnBaseline] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Readers:
    """Return the reader of the kinds of input that the task's features need.

    Parameters
    ----------
    catalogue : Catalogue
    origin : Origin
        Of the answers; the baselines see the bands that the model saw.
    task : Task
    say : callable
        Receives a note where an input is not there; it is absent then.
    needed : bool
        Whether any baseline looks at inputs.
    strict : bool
        Whether an input that is not there is an error; no column is that the task can do without.
    fluxes : bool
        Whether fluxes are read where they are found, whatever the baselines look at.
    own : sequence of OwnBaseline
        Baselines that are the task's own.
    progress : callable, optional
        Receives rows done and all rows while stamps are measured.

    Raises
    ------
    InputError
        When it is one.
    """
    readers: dict[str, InputReader] = {}
    sets: tuple[features.Make | OwnBaseline, ...] = (*features.sets(task.features).values(), *own)
    measures = stampreader.measures(sets)
    seen = dict.fromkeys(kind for make in sets for kind in features.kinds(make))
    for kind in sorted(seen | ({"flux": None} if fluxes else {}), key="image".__eq__):  # stamps with columns known
        looked_at = needed and kind in seen
        try:
            reader: InputReader | None = None
            if looked_at and kind == "image" and measures:
                columns = [reader for name, reader in readers.items() if name in task.columns]
                reader = _stamps(catalogue, origin, task, measures, progress, columns)
            elif looked_at or (fluxes and kind == "flux"):
                reader = _reader(catalogue, origin, task, kind)
        except InputError as error:
            if strict and looked_at and (kind not in task.columns or task.columns[kind].needed):
                raise
            if looked_at:
                say(f"the baselines have no {features.words(kind)}: {error.what}")
            reader = None
        absent = FluxReader(None, len(origin.bands)) if kind == "flux" else AbsentReader(kind)
        readers[kind] = reader or absent
    return Readers(tuple(readers.values()))


def _stamps(
    catalogue: Catalogue,
    origin: Origin,
    task: Task,
    measures: Sequence[Measure],
    progress: Callable[[int, int], None] | None,
    columns: Sequence[InputReader],
) -> StampReader:
    """Return the reader of the catalogue's own stamps, as the model that answered takes them."""
    if origin.card is None:
        raise InputError("which model answered is not known, and so not its stamps", hint="Name it with --model.")
    options = InputOptions(photometry=origin.options)
    known = origin.user_survey
    survey = survey_of(catalogue, known.name if known else None)
    available = Available(catalogue, options, imagekind.opened(catalogue, options), survey, known)
    return StampReader(
        ImageKind(task.reddened).find(origin.card, available), measures, catalogue.rows, progress, columns
    )


def _reader(catalogue: Catalogue, origin: Origin, task: Task, kind: str) -> InputReader:
    """Return the reader of one kind of input."""
    if kind == "flux":
        return FluxReader(origin.photometry(catalogue), len(origin.bands))
    if kind not in task.columns:
        raise InputError(f"score reads no input of kind {kind!r}", expected=" or ".join(("flux", *task.columns)))
    column = task.columns[kind]
    fields = Fields(catalogue.columns, catalogue.label, f"the baselines need {column.meaning}")
    names = (*filter(None, [origin.column(kind)]), *column.names)
    name = next((name for name in names if fields.get(name)), column.names[0])
    return ColumnReader(kind, fields.require(name, f"--input {kind}=COLUMN"), column)
