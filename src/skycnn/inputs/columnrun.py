"""ColumnRun: a run that writes what a model says of each row into the catalogue, as new columns."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from skycnn import __version__
from skycnn.errors import counted
from skycnn.files import safefile
from skycnn.files.journal import Journal
from skycnn.fits import foreign
from skycnn.fits.earlieroutput import EarlierOutput
from skycnn.fits.extension import Extension, renamed
from skycnn.fits.output import Output
from skycnn.fits.provenance import Record, now
from skycnn.fits.tally import Tally
from skycnn.inputs.answering import Answering
from skycnn.inputs.columnresult import ColumnOptions, ColumnResult
from skycnn.inputs.feed import Feed
from skycnn.inputs.outputplace import OutputPlace
from skycnn.inputs.work import RowAnswerer, answered
from skycnn.schema import Flag
from skycnn.task import TaskFlag

if TYPE_CHECKING:
    from skycnn.stamps.pixeldigest import PixelDigest

Say = Callable[[str], None]
Progress = Callable[[int, int], None]
R = TypeVar("R", bound=ColumnResult)


@dataclass(frozen=True)
class ColumnRun(Generic[R]):
    """All that is settled before the first row is answered.

    Parameters
    ----------
    feed : Feed
    answerer : RowAnswerer
        Tells the columns, too.
    extension : Extension
    record : Record
    result : ColumnResult
    flags : tuple of TaskFlag
        The task's own.
    step : int, optional
        Rows between two entries of the journal; left out, as many as suit an answerer that is fast.
    """

    feed: Feed
    answerer: RowAnswerer
    extension: Extension
    record: Record
    result: R
    flags: tuple[TaskFlag, ...]
    step: int | None = None


def settled(
    ready: Answering,
    answerer: RowAnswerer,
    output: Output,
    options: ColumnOptions,
    kind: type[R],
    *,
    verb: str,
    settings: Mapping[str, object],
    chosen: "np.ndarray | None" = None,
    step: int | None = None,
    **more: Any,
) -> ColumnRun[R]:
    """See that the columns can be written.

    Parameters
    ----------
    ready : Answering
    answerer : RowAnswerer
    output : Output
    options : ColumnOptions
    kind : type
        Of the result.
    verb : str
        That the record names.
    settings : mapping
        What the values depend on besides the input, plain JSON.
    chosen : ndarray, optional
        Numbers of the rows to be answered, ascending.
    step : int, optional
        See `ColumnRun`.
    **more : object
        Further fields of the result.

    Raises
    ------
    InputError
        When they cannot.
    """
    catalogue, feed, card = ready.catalogue, ready.feed, ready.choice.card
    extension = Extension(
        catalogue,
        renamed(answerer.columns, options.prefix, options.suffix),
        overwrite=options.overwrite,
        only_new=options.only_new,
        rows=options.rows,
        chosen=chosen,
        table_only=options.table_only,
        used=feed.columns,
    )
    extension.check_place(output)
    record = Record(
        version=__version__,
        verb=verb,
        task=ready.task.name,
        time=now(),
        command=options.command,
        model=card.name,
        model_sha256=card.sha256,
        columns=tuple(column.name for column in extension.columns),
        used=feed.columns,
        input_sha256="",
        options=json.loads(json.dumps({name: value for name, value in settings.items() if value})),
        notes=feed.notes,
    )
    path, target = ready.spec.path, None if output.in_place else "NEW.fits" if output.standard else output.label
    votable = foreign.votable_note(catalogue.primary, record.columns, path, target)
    result = kind(
        catalogue=catalogue.label,
        files={"input": path, "output": output.label, **more.pop("files", {})},
        rows=catalogue.rows,
        model=card.name,
        model_sha256=card.sha256,
        reason=ready.choice.reason,
        columns=extension.columns,
        bands=feed.table(),
        notes=ready.notes,
        warnings=(*ready.warnings, *([votable] if votable and not options.table_only else [])),
        disk_bytes=(catalogue.unit.size if options.table_only else catalogue.source.size)
        + catalogue.rows * extension.added_bytes,
        **more,
    )
    return ColumnRun(feed, answerer, extension, record, result, ready.task.flags, step)


def write(
    run: ColumnRun[R],
    place: OutputPlace,
    options: ColumnOptions,
    say: Say,
    progress: Progress | None,
    *,
    words: str = "answers for",
) -> R:
    """Answer the rows of a catalogue and write the columns into it, as a whole or not at all.

    Parameters
    ----------
    run : ColumnRun
        See `settled`.
    place : OutputPlace
    options : ColumnOptions
    say, progress : callable
        Receive notes, one line each; rows done and rows in all.
    words : str
        What the model does.

    Raises
    ------
    InputError
        Before the first write: an answer that would replace something.
    RunError
        The run failed; the catalogue is as it was.
    """
    output, feed = place.output, run.feed
    pixels = (lambda: _digest(feed).end()) if feed.stamps else None
    written, old = run.extension.is_written(run.record, pixels), run.extension.old
    marked = old.marked if old else 0
    if place.earlier:
        marked = EarlierOutput(output.label, run.extension, run.record, copied=written).check(pixels)
    result = replace(run.result, unchanged=written or place.earlier, other_photometry=marked)
    if result.unchanged and not options.dry_run:
        if not result.other_photometry:
            where, same = output.label if place.earlier else result.catalogue, f"same model, options, {feed.words}"
            say(f"{where} holds these answers already ({same}); nothing to do")
        if not place.earlier:
            run.extension.copy(output)
        return replace(result, seconds=time.monotonic() - place.started)
    for note in (f"{result.model} {words} {result.catalogue}: {result.reason}", *result.notes):
        say(note)
    for warning in result.warnings:
        say(f"warning: {warning}")
    if options.only_new and old is not None and old.unknown:
        what = f"{counted(old.unknown, 'earlier answer')} will be compared with what their photometry gives now"
        say(f"{result.catalogue} has changed since its last run: {what}")
    if options.dry_run:
        rows = run.extension.wanted_rows
        return replace(result, estimate_seconds=rows * run.answerer.seconds_a_row(feed.imagined))
    output.check_space(result.disk_bytes + result.rows * run.extension.width)
    key = {"model": result.model_sha256, "options": run.record.options, "versions": result.versions}
    with (
        run.extension.journalled(output, key | {"run": [options.device, options.batch, feed.state]}) as journal,
        run.extension.begun(output) as target,
    ):
        if journal.discarded:
            say("the journal of another run was found and thrown away")
        with safefile.writing(output.label):
            record, done = _answer(run, journal, target.ahead.check, progress)
        if done.resumed:
            say(f"taken over from an earlier run: {counted(done.resumed, 'row')}")
        late = [*feed.warnings(), *run.extension.write(target, journal, record), *_empty(run, done), *_unlike(done)]
    for warning in late:
        say(f"warning: {warning}")
    seconds, warnings = time.monotonic() - place.started, (*done.warnings, *late)
    rate = (done.asked + done.compared - done.resumed) / seconds
    done = replace(done, seconds=seconds, rate=rate, warnings=warnings)
    if place.story is not None:
        place.story.write(record, done)
    return done


def _answer(
    run: ColumnRun[R], journal: Journal, check: Callable[[], None], progress: Progress | None
) -> tuple[Record, R]:
    """Answer all rows that the journal does not hold; return the record with its hashes, and the counts.

    ``check`` raises once the new file is known to fail.
    """
    total, written, tally = hashlib.sha256(), hashlib.sha256(), Tally(run.flags)
    asked = resumed = compared = 0
    stamps, feed = run.feed.stamps, run.feed
    values: dict[str, np.ndarray] = {}
    step = run.step or (stamps.chunk if stamps is not None else None)
    chunks = run.extension.chunks(feed.columns, journal, total, step)
    names = [column.name for column in run.extension.columns]
    with ExitStack() as stack:
        digest = stack.enter_context(closing(_digest(feed))) if stamps is not None else None
        for work in stack.enter_context(closing(answered(feed, run.answerer, chunks))):
            check()
            work.put(names, values)
            if not work.ends_chunk:
                continue
            chunk = work.chunk
            n = int(np.count_nonzero(chunk.run))
            asked += (new := int(np.count_nonzero(chunk.run & ~chunk.kept)))
            compared += n - new
            if chunk.held:
                resumed += n
            else:
                journal.put(chunk.first, chunk.digest, run.extension.merged(chunk, values))
            values, end = {}, chunk.first + len(chunk.run)
            tally.add(rows := journal.rows(chunk.first, end))
            written.update(rows.data)
            if progress is not None:
                progress(end, run.result.rows)
        if digest is not None:
            total.update(digest.end())
    feed.check_unchanged()
    other = tally.flagged.get(Flag.OTHER_PHOTOMETRY.name.lower(), 0)
    record = replace(
        run.record,
        input_sha256="" if run.extension.unseen else total.hexdigest(),
        answers_sha256=written.hexdigest(),
        counts={"rows": run.result.rows, "answered": asked, "compared": compared, "other_photometry": other},
    )
    done = replace(
        run.result,
        answered=tally.answered,
        flagged=tally.flagged,
        asked=asked,
        resumed=resumed,
        compared=compared,
        other_photometry=other,
    )
    return record, done


def _empty(run: ColumnRun[R], done: ColumnResult) -> list[str]:
    """Return a warning where no row has all bands, though the catalogue has a column for each of them."""
    photometry, answered = run.feed.photometry, done.answered or 0
    if photometry is None or photometry.missing or run.feed.stamps is not None:
        return []
    if done.flagged.get("missing_band", 0) < answered or not answered + done.flagged.get("too_few_bands", 0):
        return []
    return [
        f"no row has all bands of {done.model}, though each has a column: values that are null, 0, 99 or no magnitude, "
        "errors of 0 or below, and what is masked or flagged count as missing"
    ]


def _unlike(done: ColumnResult) -> list[str]:
    """Return a warning where most of the answered rows are unlike the model's training sample."""
    outside = max(done.flagged.get(name, 0) for name in ("colour_outside", "value_outside", "unlike_training"))
    if not done.answered or outside <= done.answered / 2:
        return []
    return [
        f"{counted(outside, 'row')} of {done.answered} answered are unlike those that {done.model} was trained on: "
        "look at the columns, errors, units and filters above"
    ]


def _digest(feed: Feed) -> "PixelDigest":
    """Begin the digest of the stamps that are read."""
    from skycnn.stamps.pixeldigest import PixelDigest  # of no use where fluxes alone are read

    return PixelDigest(feed.stamps)
