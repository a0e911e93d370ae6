"""FoldAnswers: each row answered by the one model that did not see it, written into a copy of the catalogue."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from skycnn import __version__
from skycnn.errors import InputError
from skycnn.files import safefile
from skycnn.files.pixelstore import PixelStore
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.extension import Extension
from skycnn.fits.output import Output
from skycnn.fits.provenance import Record, now
from skycnn.fits.source import parse
from skycnn.inputs.trainingrows import TrainingRows
from skycnn.network.answer import Answerer
from skycnn.network.groups import TEST
from skycnn.network.model import Model
from skycnn.network.trainingset import TrainingSet
from skycnn.posterior import Posterior
from skycnn.schema import NOT_RUN, Column, flag_column
from skycnn.task import Task
from skycnn.task.multiple import Multiples

BLOCK = 4096
"""Rows answered at once: of stamps, some hundred MB."""


def out_of(out: str, folds: int) -> list[str]:
    """Return the model files of a training: ``out`` itself, or of several folds ``NAME-fold1.safetensors`` and on."""
    if not folds:
        return [out]
    stem, suffix = os.path.splitext(out)
    return [f"{stem}-fold{number + 1}{suffix}" for number in range(folds)]


class FoldAnswers:
    """The answers of all folds' models.

    Parameters
    ----------
    text : str
        The catalogue, as typed.
    hdu : str or None
    file : str
        Where its copy goes.
    overwrite : bool
        Replace the copy, and columns of the catalogue in it.

    Raises
    ------
    InputError
        When there can be no copy there.
    """

    def __init__(self, text: str, hdu: str | None, file: str, *, overwrite: bool = False) -> None:
        self.spec, self.overwrite = parse(text, hdu), overwrite
        if self.spec.standard:
            raise InputError("--folds reads the catalogue twice, and standard input cannot be", hint="Give a file.")
        self.output = Output(self.spec, file, overwrite=overwrite)
        self.columns: tuple[Column, ...] = ()
        self._parts: list[tuple[np.ndarray, list[np.ndarray]]] = []

    @contextmanager
    def _extension(self, table: str, columns: Sequence[Column]) -> Iterator[Extension]:
        """Yield the columns as they would be added to the table of this number.

        Raises
        ------
        InputError
            When the catalogue has such columns, and they may not be replaced, or cannot be extended.
        """
        with Catalogue.open(replace(self.spec, extension=table)) as catalogue:
            catalogue.check_extensible()
            extension = Extension(catalogue, columns, overwrite=self.overwrite)
            if extension.existing and not self.overwrite:
                what = f"{catalogue.label} has a column {next(iter(extension.existing))!r} already"
                raise InputError(what, hint="--overwrite replaces it in the copy.")
            extension.check_place(self.output)
            yield extension

    def check(self, task: Task, posterior: Posterior, rows: TrainingRows) -> None:
        """See before the work that the copy can be written; raises `InputError`."""
        columns = _columns(task, posterior, rows.facts["options"])
        with self._extension(rows.table, columns):
            self.columns = columns

    def take(self, task: Task, model: Model, rows: TrainingRows, sample: TrainingSet, device: str | None) -> None:
        """Answer the rows that one fold's model was tested on; the folds come in their order."""
        found, chosen = rows.labelled, np.flatnonzero(sample.division.side == TEST)
        if found is None:
            raise ValueError("the rows were not read")
        answerer, parts = Answerer(task, model, device), []
        for first in range(0, len(chosen), BLOCK):
            some = chosen[first : first + BLOCK]
            inputs = {
                name: value.take(some)[:] if isinstance(value, PixelStore) else value[some]
                for name, value in found.inputs.items()
            }
            parts.append(answerer.answer(0, inputs, found.present[some], found.flags[some]))
        number = len(self._parts) + 1
        answers = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else []
        fold = np.full(len(chosen), number, np.int32)
        if answers:
            self._parts.append((found.number[chosen], [*answers[:-1], fold, answers[-1]]))
        else:
            self._parts.append((found.number[chosen], []))

    def write(self, task: Task, models: Sequence[Model], command: str, rows: TrainingRows) -> None:
        """Write the copy.

        Raises
        ------
        RunError
            When it cannot take its place; nothing is written.
        """
        kept = [part for part in self._parts if part[1]]
        number = np.concatenate([part[0] for part in kept])
        order = np.argsort(number, kind="stable")
        number = number[order]
        answers = [np.concatenate(column)[order] for column in zip(*(part[1] for part in kept), strict=True)]
        shas = "".join(model.card.sha256 for model in models)
        with self.output.locked(), self._extension(rows.table, self.columns) as extension:
            self.output.prepare()
            record = Record(
                version=__version__,
                verb="train",
                task=task.name,
                time=now(),
                command=command,
                model=", ".join(model.card.name for model in models),
                model_sha256=hashlib.sha256(shas.encode()).hexdigest(),
                columns=tuple(column.name for column in self.columns),
                used=rows.feed.columns,
                input_sha256="",
                options={"folds": len(models)},
            )
            total = hashlib.sha256()
            with extension.journalled(self.output, {"models": shas}) as journal, extension.begun(self.output) as target:
                with safefile.writing(self.output.label):
                    for chunk in extension.chunks(record.used, journal, total):
                        values = self._of(chunk.first, len(chunk.run), number, answers)
                        journal.put(chunk.first, chunk.digest, extension.merged(chunk, values))
                whole = Record(**{**vars(record), "input_sha256": total.hexdigest()})
                extension.write(target, journal, whole)

    def _of(self, first: int, count: int, number: np.ndarray, answers: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Return the values of ``count`` rows, null where a row has no answer."""
        start, end = np.searchsorted(number, [first, first + count])
        values = {}
        for column, answer in zip(self.columns, answers, strict=True):
            null = np.nan if column.dtype.startswith("f") else NOT_RUN
            values[column.name] = np.full((count, *answer.shape[1:]), null, answer.dtype)
            values[column.name][number[start:end] - first] = answer[start:end]
        return values


def _columns(task: Task, posterior: Posterior, options: Mapping[str, Any]) -> tuple[Column, ...]:
    """Return the answers' columns, the fold and the flag."""
    meaning = f"fold whose model answered, which had not seen the row; {NOT_RUN} for none"
    fold = Column(f"{task.flag}_FOLD", "i4", "", "meta.id", meaning, "I6")
    return (*Multiples(task.multiples, options).among(posterior.columns()), fold, flag_column(task.flag))
