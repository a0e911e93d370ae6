"""predict: rows of a catalogue through a network, the answers spliced into the catalogue."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version

import numpy as np

from skycnn import __version__, survey, tasks
from skycnn.errors import InputError, counted
from skycnn.files import safefile
from skycnn.files.journal import Journal
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.extension import Chunk, Extension, renamed
from skycnn.fits.output import Output
from skycnn.fits.provenance import Record, now
from skycnn.fits.provenancefile import ProvenanceFile
from skycnn.fits.source import Spec, parse
from skycnn.fits.tally import Tally
from skycnn.inputs.available import Offer
from skycnn.inputs.feed import Feed, Piece
from skycnn.network import choice, model
from skycnn.network.answer import Answerer
from skycnn.photometry.fluxes import PhotometryOptions, presents
from skycnn.schema import Column
from skycnn.stamps import stampsource
from skycnn.stamps.pixeldigest import PixelDigest
from skycnn.stamps.stampsource import StampOptions
from skycnn.workahead import fetch_ahead, work_ahead

Say = Callable[[str], None]
Progress = Callable[[int, int], None]
Work = tuple[Chunk, Piece | None, bool]
"""A chunk, a piece of it, and whether that is the chunk's last."""
VERSIONS = ("skycnn", "torch", "numpy")

PIECES = 2
"""Pieces of a chunk in work at once: while the last batches of one are waited for, the next one's keep others busy."""


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
    stamps: StampOptions = field(default_factory=StampOptions)
    rows: tuple[int, int | None] | None = None
    pdf: bool = False
    dry_run: bool = False
    table_only: bool = False
    decompress: bool = False
    detach: bool = False
    wait: float = 0.0
    device: str | None = None
    batch: int | None = None
    provenance: str | None = None
    command: str = "skycnn predict"


@dataclass(frozen=True)
class Result:
    """What a run did, or would do: the numbers behind its last line and its ``--json``; None where nothing was run."""

    catalogue: str
    files: Mapping[str, str]
    rows: int
    model: str
    model_sha256: str
    reason: str
    columns: Sequence[Column]
    bands: Sequence[Mapping[str, str]]
    notes: Sequence[str]
    disk_bytes: int
    answered: int | None = None
    flagged: Mapping[str, int] = field(default_factory=dict)
    asked: int = 0
    resumed: int = 0
    seconds: float = 0.0
    rate: float | None = None
    unchanged: bool = False
    estimate_seconds: float | None = None
    versions: Mapping[str, str] = field(default_factory=lambda: {name: version(name) for name in VERSIONS})


@dataclass(frozen=True)
class PredictRun:
    """All that is settled before the first row is answered."""

    feed: Feed
    answerer: Answerer
    extension: Extension
    record: Record
    result: Result


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
    story = (
        ProvenanceFile(options.provenance, (spec.path, output.path), options.overwrite) if options.provenance else None
    )
    with ExitStack() as stack:
        if not options.dry_run:
            stack.enter_context(output.locked(options.wait))
            output.prepare()
        job = _settle(stack, spec, output, options)
        stamps = job.feed.stamps
        written = job.extension.is_written(job.record, (lambda: PixelDigest(stamps).end()) if stamps else None)
        result = replace(job.result, unchanged=written)
        if written and not options.dry_run:
            same = f"same model, options, {job.feed.kinds}"
            say(f"{result.catalogue} holds these answers already ({same}); nothing to do")
            job.extension.copy(output)
            return replace(result, seconds=time.monotonic() - started)
        for note in (f"{result.model} answers for {result.catalogue}: {result.reason}", *result.notes):
            say(note)
        if options.dry_run:
            return replace(result, estimate_seconds=result.rows * job.answerer.seconds_a_row())
        output.check_space(result.disk_bytes + result.rows * job.extension.width)
        key = {"model": result.model_sha256, "options": job.record.options, "versions": result.versions}
        with (
            job.extension.journalled(output, key | {"run": [options.device, options.batch, job.feed.state]}) as journal,
            job.extension.begun(output) as target,
        ):
            if journal.discarded:
                say("the journal of another run was found and thrown away")
            with safefile.writing(output.label):
                record, done = _answer(job, journal, target.ahead.check, say, progress)
            if done.resumed:
                say(f"taken over from an earlier run: {counted(done.resumed, 'row')}")
            for warning in job.extension.write(target, journal, record):
                say(f"warning: {warning}")
        seconds = time.monotonic() - started
        done = replace(done, seconds=seconds, rate=(done.asked - done.resumed) / seconds)
        if story is not None:
            story.write(record, done)
        return done


def _settle(stack: ExitStack, spec: Spec, output: Output, options: Options) -> PredictRun:
    """Open the catalogue, choose the model, find the photometry and see that the columns can be written."""
    task, mine = tasks.load(options.task), survey.own(options.survey)
    candidates = choice.candidates(task.name, options.model)
    with_images = any("image" in card.inputs for _, card in candidates)
    catalogue = stack.enter_context(
        Catalogue.open(
            spec,
            holds=lambda columns, _: (
                any(presents(columns, card.bands, options.photometry) for _, card in candidates)
                or (with_images and stampsource.presents(columns, options.stamps))
            ),
            scratch=output.folder if output.in_place and not options.dry_run else None,
            decompress=options.decompress,
        )
    )
    catalogue.check_extensible()
    stated = (mine.name if mine else options.survey) or catalogue.header.get("SURVEY", catalogue.primary.get("SURVEY"))
    whose = stated.strip().lower() if isinstance(stated, str) else None
    stamps = stampsource.offered(catalogue, options.stamps, rows=options.rows) if with_images else None
    if stamps is not None:
        stack.enter_context(stamps)
    elif (options.stamps.given or options.stamps.pixel_unit) and options.model is not None:
        raise InputError(
            f"{candidates[0][1].name} takes no images", hint="Leave --model out, or what is said of images."
        )
    elif options.stamps.given:
        raise InputError(f"no model for task {task.name} takes images", hint="Leave --images and --stamps out.")
    offer = Offer(catalogue, options.photometry, stamps, whose or None, mine)
    pinned = options.model is not None
    chosen = choice.find(task.name, candidates, offer.bands, whose or None, pinned=pinned)
    left = _left_out(chosen, options, whose) if stamps is not None and not pinned else ()
    feed = offer.feed(chosen.card)
    answerer = Answerer(task, model.read(chosen.path), options.device, options.batch, pdf=options.pdf)
    extension = Extension(
        catalogue,
        renamed(answerer.columns, options.prefix, options.suffix),
        overwrite=options.overwrite,
        only_new=options.only_new,
        rows=options.rows,
        table_only=options.table_only,
    )
    extension.check_place(output)
    notes = (*left, *feed.notes, *(f"warning: {text}" for text in feed.check(catalogue, options.rows)))
    settings = {
        "bands": feed.table(),
        **options.photometry.settings(),
        **feed.facts(),
        "pdf": options.pdf,
        "rows": options.rows,
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
        used=feed.columns,
        input_sha256="",
        options=json.loads(json.dumps({name: value for name, value in settings.items() if value})),
        notes=feed.notes,
    )
    result = Result(
        catalogue=catalogue.label,
        files={"input": spec.path, "output": output.label},
        rows=catalogue.rows,
        model=record.model,
        model_sha256=record.model_sha256,
        reason=chosen.reason,
        columns=extension.columns,
        bands=feed.table(),
        notes=notes,
        disk_bytes=(catalogue.unit.size if options.table_only else catalogue.source.size)
        + catalogue.rows * extension.added_bytes,
    )
    return PredictRun(feed, answerer, extension, record, result)


def _left_out(chosen: choice.Choice, options: Options, whose: str | None) -> tuple[str, ...]:
    """Return, where there are stamps, why models of better kinds do not answer.

    Raises
    ------
    InputError
        When the user named images and the model chosen takes none.
    """
    card = chosen.card
    if "image" in card.inputs:
        return tuple(entry.note for entry in chosen.left)
    why = [entry for entry in chosen.left if "image" in entry.card.inputs]
    none = f"no {card.task} model of images was trained for survey {whose!r}"
    if options.stamps.given:
        told, hint = (why[0].error, why[0].error.hint) if why else (InputError(none), None)
        rest = f"Without --images and --stamps {card.name} answers."
        raise InputError(
            f"the images named cannot be used: {told.what}",
            value=told.value,
            expected=told.expected,
            hint=f"{hint} {rest}" if hint else rest,
        )
    return tuple(entry.note for entry in why) or (f"the stamps are not used: {none}",)


def _answer(
    job: PredictRun, journal: Journal, check: Callable[[], None], say: Say, progress: Progress | None
) -> tuple[Record, Result]:
    """Answer all rows that the journal does not hold; return the record with the input's hash, and the counts.

    ``check`` raises once the new file is known to fail.
    """
    total, tally, asked, resumed = hashlib.sha256(), Tally(), 0, 0
    stamps = job.feed.stamps
    values: dict[str, np.ndarray] = {}
    chunks = job.extension.chunks(job.feed.columns, journal, total, stamps.chunk if stamps is not None else None)
    with (  # an error ends the reader too
        closing(PixelDigest(stamps)) as digest,
        closing(fetch_ahead(_pieces(job.feed, chunks), hurry=job.feed.hurry)) as ready,
        closing(work_ahead(partial(_work, job), ready, PIECES, PIECES)) as answered,
    ):
        for chunk, piece, last, answers in answered:
            check()
            end = chunk.first + len(chunk.run)
            if piece is not None:
                _take(job, chunk, piece, answers, values)
            if not last:
                continue
            asked += (n := int(np.count_nonzero(chunk.run)))
            if chunk.held:
                resumed += n
            else:
                journal.put(chunk.first, chunk.digest, job.extension.merged(chunk, values))
            values = {}
            tally.add(journal.rows(chunk.first, end))
            if progress is not None:
                progress(end, job.result.rows)
        shown = digest.end()
    for warning in job.feed.warnings():
        say(f"warning: {warning}")
    total.update(shown)
    job.feed.check_unchanged()
    done = replace(job.result, answered=tally.answered, flagged=tally.flagged, asked=asked, resumed=resumed)
    return replace(job.record, input_sha256=total.hexdigest()), done


def _pieces(feed: Feed, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Piece | None, bool]]:
    """Yield chunks with their input, in one piece or several, and whether it is the chunk's last."""
    for chunk in chunks:
        if chunk.values is not None:
            for piece in feed.pieces(chunk.first, chunk.values, chunk.run):
                yield chunk, piece, False
        yield chunk, None, True


def _work(
    job: PredictRun, item: tuple[Chunk, Piece | None, bool]
) -> tuple[Chunk, Piece | None, bool, list[np.ndarray]]:
    """Answer a piece of a chunk."""
    chunk, piece, _ = item
    if piece is None:
        return *item, []
    first = chunk.first if _whole(job, chunk, piece) else 0
    return *item, job.answerer.answer(first, piece.inputs, piece.present, piece.flags)


def _whole(job: PredictRun, chunk: Chunk, piece: Piece) -> bool:
    return len(piece.rows) == len(chunk.run) and job.feed.stamps is None


def _take(
    job: PredictRun, chunk: Chunk, piece: Piece, answers: Sequence[np.ndarray], values: dict[str, np.ndarray]
) -> None:
    """Put the answers to a piece's rows, under the names their columns get."""
    n, whole = len(chunk.run), _whole(job, chunk, piece)
    for column, answer in zip(job.extension.columns, answers, strict=True):
        if whole:
            values[column.name] = answer
            continue
        if column.name not in values:
            values[column.name] = np.zeros((n, *answer.shape[1:]), answer.dtype)
        values[column.name][piece.rows] = answer
