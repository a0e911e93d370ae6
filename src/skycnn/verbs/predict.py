"""predict: rows of a catalogue through a network, the answers spliced into the catalogue."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch

from skycnn import __version__, survey, tasks
from skycnn.fits import safefile
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.extension import Chunk, Extension, flags, renamed
from skycnn.fits.fluxes import Fluxes, Photometry, PhotometryOptions, find, presents
from skycnn.fits.journal import Journal
from skycnn.fits.output import Output
from skycnn.fits.provenance import Record, now
from skycnn.fits.source import Spec, parse
from skycnn.network import choice, model
from skycnn.network.answer import Answerer
from skycnn.network.inference import prefetch
from skycnn.schema import NOT_RUN, Column, Flag, flag_column

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """What ``predict`` may be told; the command line's options bear the same names."""

    task: str
    model: str | None = None
    survey: str | None = None
    hdu: str | None = None
    out: str | None = None
    overwrite: bool = False
    only_new: bool = False
    prefix: str = ""
    suffix: str = ""
    photometry: PhotometryOptions = field(default_factory=PhotometryOptions)
    rows: tuple[int, int | None] | None = None
    pdf: bool = False
    dry_run: bool = False
    decompress: bool = False
    detach: bool = False
    wait: float = 0.0
    device: str | None = None
    batch: int | None = None
    provenance: str | None = None
    command: str = "skycnn predict"


@dataclass(frozen=True)
class Result:
    """What a run did, or would do: the numbers behind its last line and its ``--json``."""

    catalogue: str
    output: str
    rows: int
    model: str
    model_sha256: str
    reason: str
    columns: Sequence[Column]
    bands: Sequence[tuple[str, str, str, str]]
    notes: Sequence[str]
    disk_bytes: int
    answered: int = 0
    flagged: Mapping[str, int] = field(default_factory=dict)
    resumed: int = 0
    seconds: float = 0.0
    unchanged: bool = False
    estimate_seconds: float | None = None
    versions: Mapping[str, str] = field(
        default_factory=lambda: {"skycnn": __version__, "torch": str(torch.__version__), "numpy": np.__version__}
    )


@dataclass(frozen=True)
class Job:
    """All that is settled before the first row is answered."""

    catalogue: Catalogue
    photometry: Photometry
    answerer: Answerer
    extension: Extension
    record: Record
    reason: str
    pdf: bool


def predict(text: str, options: Options, say: Say = lambda _: None, progress: Progress | None = None) -> Result:
    """Answer every row of a catalogue and write the columns into it.

    Parameters
    ----------
    text : str
        ``cat.fits``, ``cat.fits[EXT]``, ``cat.fits.gz``, ``-``.
    options : Options
        What to do.
    say : callable
        Receives notes, one line each.
    progress : callable, optional
        Receives rows done and rows in all.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        Before the first write: bad input, or an answer that would replace something.
    RunError
        The run failed; the catalogue is as it was.
    """
    started = time.monotonic()
    spec = parse(text, options.hdu)
    output = Output(spec, options.out, overwrite=options.overwrite, detach=options.detach)
    with ExitStack() as stack:
        if not options.dry_run:
            stack.enter_context(output.locked(options.wait))
            output.prepare()
        job = _settle(stack, spec, output, options, say)
        added = job.catalogue.rows * job.extension.width
        result = _result(job, output, job.catalogue.source.size + added)
        if options.dry_run:
            return replace(result, estimate_seconds=_estimate(job), unchanged=job.extension.is_written(job.record))
        if job.extension.is_written(job.record):
            output.clean()
            say(f"{job.catalogue.label} holds these answers already (same model, options, photometry); nothing to do")
            return replace(result, unchanged=True, seconds=time.monotonic() - started)
        output.check_space(result.disk_bytes + added)
        key = {"model": job.record.model_sha256, "options": job.record.options, "versions": result.versions}
        with job.extension.journalled(output, key) as journal:
            if journal.discarded:
                say("the journal of another run was found and thrown away")
            with safefile.writing(output.label):
                record, done = _answer(job, journal, result, progress)
            if done.resumed:
                say(f"{done.resumed} rows were finished by an earlier run and are taken over")
            for warning in job.extension.write(output, journal, record):
                say(f"warning: {warning}")
        done = replace(done, seconds=time.monotonic() - started)
        if options.provenance:
            _tell(options.provenance, record, done)
        return done


def _settle(stack: ExitStack, spec: Spec, output: Output, options: Options, say: Say) -> Job:
    """Open the catalogue, choose the model, find the photometry and see that the columns can be written."""
    task = tasks.load(options.task)
    paths = [model.locate(options.model)] if options.model else model.installed()
    cards = [card for card in map(model.read_card, paths) if card.task == task.name]
    catalogue = stack.enter_context(
        Catalogue.open(
            spec,
            holds=lambda columns, _: any(presents(columns, card.bands, options.photometry) for card in cards),
            scratch=output.folder if output.in_place else None,
            decompress=options.decompress,
        )
    )
    catalogue.check_extensible()
    whose = options.survey or _stated_survey(catalogue)

    def photometry(card: model.Card) -> Photometry:
        return find(
            catalogue.columns,
            {**catalogue.header, "SURVEY": whose} if whose else catalogue.header,
            card.bands,
            options.photometry,
            catalogue.label,
            card_photometry=card.photometry,
            dereddened=card.dereddened,
            survey=survey.load(card.survey) if card.survey in survey.names() else None,
            owner=card.name,
        )

    chosen = choice.find(task.name, lambda card: photometry(card).bands, survey=whose, name=options.model)
    found = photometry(chosen.card)
    answerer = Answerer(task, model.read(chosen.path), options.device, options.batch)
    own = (*answerer.posterior.columns(options.pdf), flag_column(task.flag))
    extension = Extension(
        catalogue,
        renamed(own, options.prefix, options.suffix),
        overwrite=options.overwrite,
        only_new=options.only_new,
        rows=options.rows,
    )
    say(f"{chosen.card.name} answers for {catalogue.label}: {chosen.reason}")
    for note in found.notes:
        say(note)
    settings: Mapping[str, Any] = {
        "bands": found.table(),
        **asdict(options.photometry),
        "pdf": options.pdf,
        "rows": options.rows,
        "survey": whose,
    }
    record = Record(
        version=__version__,
        verb="predict",
        task=task.name,
        time=now(),
        command=options.command,
        model=chosen.card.name,
        model_sha256=chosen.card.sha256,
        columns=tuple(column.name for column in extension.columns),
        used=found.columns,
        input_sha256="",
        options=json.loads(json.dumps({name: value for name, value in settings.items() if value})),
        notes=found.notes,
    )
    return Job(catalogue, found, answerer, extension, record, chosen.reason, options.pdf)


def _stated_survey(catalogue: Catalogue) -> str | None:
    stated = catalogue.header.get("SURVEY", catalogue.primary.get("SURVEY"))
    return str(stated).strip().lower() or None if isinstance(stated, str) else None


def _answer(job: Job, journal: Journal, result: Result, progress: Progress | None) -> tuple[Record, Result]:
    """Answer all rows that the journal does not hold; return the record with the input's hash, and the counts."""
    total = hashlib.sha256()
    bits = dict.fromkeys(Flag, 0)
    resumed = answered = 0
    for chunk, fluxes in prefetch(_with_fluxes(job, job.extension.chunks(job.photometry.columns, journal, total))):
        end = chunk.first + len(chunk.run)
        if chunk.values is None:
            resumed += len(chunk.run)
        else:
            values = _values(job, chunk.first, fluxes) if fluxes is not None else {}
            journal.put(chunk.first, chunk.digest, job.extension.merged(chunk, values))
        rows = journal.rows(chunk.first, end)
        found = flags(rows)
        answered += int(np.isfinite(np.ascontiguousarray(rows[:, :4]).view(">f4")).sum())
        for bit in Flag:
            bits[bit] += int(np.count_nonzero(found[found != NOT_RUN] & bit))
        if progress is not None:
            progress(end, job.catalogue.rows)
    flagged = {str(bit.name).lower(): n for bit, n in bits.items() if n}
    record = replace(job.record, input_sha256=total.hexdigest())
    return record, replace(result, answered=answered, flagged=flagged, resumed=resumed)


def _with_fluxes(job: Job, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Fluxes | None]]:
    """Yield chunks with their fluxes, or None where no row is to be answered (this runs in the reader thread)."""
    for chunk in chunks:
        wanted = chunk.values is not None and chunk.run.any()
        yield chunk, job.photometry.fluxes(chunk.values) if chunk.values is not None and wanted else None


def _values(job: Job, first: int, fluxes: Fluxes) -> dict[str, np.ndarray]:
    """Return the columns of one chunk, under the names they get."""
    inputs = {"flux": fluxes.flux, "error": fluxes.error}
    values, flag = job.answerer.answer(first, inputs, fluxes.bad, pdf=job.pdf)
    *names, flag_name = (column.name for column in job.extension.columns)
    plain = [column.name for column in job.answerer.posterior.columns(job.pdf)]
    return {name: values[own] for name, own in zip(names, plain, strict=True)} | {flag_name: flag}


def _tell(path: str, record: Record, result: Result) -> None:
    content = record.to_json() | {
        "catalogue": result.catalogue,
        "output": result.output,
        "rows": result.rows,
        "answered": result.answered,
        "flagged": result.flagged,
        "bands": result.bands,
        "versions": result.versions,
    }
    with safefile.replacing(os.path.realpath(path), path, start=None, detach=True) as fd:
        os.write(fd, (json.dumps(content, indent=2) + "\n").encode())


def _result(job: Job, output: Output, size: int) -> Result:
    return Result(
        catalogue=job.catalogue.label,
        output=output.label,
        rows=job.catalogue.rows,
        model=job.record.model,
        model_sha256=job.record.model_sha256,
        reason=job.reason,
        columns=job.extension.columns,
        bands=job.photometry.table(),
        notes=job.photometry.notes,
        disk_bytes=size,
    )


def _estimate(job: Job) -> float:
    """Return seconds for the whole table, from a few rows answered and thrown away."""
    sample = min(job.catalogue.rows, 2 * job.answerer.inference.batch)
    started = time.monotonic()
    for first, values in job.catalogue.chunks(job.photometry.columns, (0, sample)):
        _values(job, first, job.photometry.fluxes(values))
    return (time.monotonic() - started) / max(sample, 1) * job.catalogue.rows
