"""cutout: stamps about the rows of a catalogue, streamed with it into a stamp file."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import cast

import numpy as np

from skycnn import __version__
from skycnn.errors import InputError, counted
from skycnn.fits import previousrun
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.columnvalues import ColumnValues
from skycnn.fits.output import Output, compression_of
from skycnn.fits.provenance import Record, now
from skycnn.fits.provenancefile import ProvenanceFile
from skycnn.fits.source import Spec, parse
from skycnn.fits.tally import Tally
from skycnn.report import contactsheet, plotfile
from skycnn.stamps import stampfacts, stampsource
from skycnn.stamps.stampfile import stampfile
from skycnn.stamps.stampfile.cube import Cube
from skycnn.stamps.stampfile.stampcolumns import StampColumns
from skycnn.stamps.stampfile.stampfile import StampFile
from skycnn.stamps.stamps import Batch, Census, Stamps
from skycnn.stamps.stampsource import StampOptions

Say = Callable[[str], None]
Progress = Callable[[int, int], None]
VERSIONS = ("skycnn", "numpy", "astropy")

BLOCK = 131_072
"""Rows whose stamps are cut together, image by image; a resumed run repeats at most one block."""
LARGE_BLOCK = 1 << 20
"""Most rows of a block where the row order hops between images, to visit each only once a block."""
BLOCK_MEMORY, BLOCK_DISK = 128 << 20, 8 << 30
"""Most bytes of such a block in memory, and of its stamps on disk."""
HOPS = 2
"""Mean visits of an image from which on the order counts as hopping."""

PACKINGS = ("rice", "gzip")


@dataclass(frozen=True)
class Options:
    """Options of ``cutout``, named as on the command line."""

    stamps: StampOptions
    out: str
    hdu: str | None = None
    compress: str | None = None
    preview: str | None = None
    rows: tuple[int, int | None] | None = None
    overwrite: bool = False
    dry_run: bool = False
    wait: float = 0.0
    provenance: str | None = None
    command: str = "skycnn cutout"


@dataclass(frozen=True)
class Result:
    """The result of a run or dry run, as in ``--json``; None where nothing was cut."""

    catalogue: str
    files: Mapping[str, str | None]
    rows: int
    bands: Sequence[str]
    side: int
    pixel_scale: float | None
    images: Mapping[str, int]
    nowhere: int
    unplaced: int
    notes: Sequence[str]
    disk_bytes: int
    clean: int | None = None
    flagged: Mapping[str, int] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    resumed: int = 0
    seconds: float = 0.0
    rate: float | None = None
    unchanged: bool = False
    estimate_seconds: float | None = None
    versions: Mapping[str, str] = field(default_factory=lambda: {name: version(name) for name in VERSIONS})


@dataclass(frozen=True)
class CutoutRun:
    """A prepared run, before the first stamp is cut."""

    catalogue: Catalogue
    stamps: Stamps
    rows: tuple[int, int]
    block: int
    record: Record
    result: Result


def cutout(text: str, options: Options, say: Say = lambda _: None, progress: Progress | None = None) -> Result:
    """Cut a stamp about every row of a catalogue, and write stamps and catalogue to a file.

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
        Before the first write: bad input, or an output that exists.
    RunError
        The run failed; no file was made or changed.
    """
    started = time.monotonic()
    spec = parse(text, options.hdu)
    last = _check_out(spec, options)
    output = Output(spec, options.out, overwrite=options.overwrite or last is not None)
    provenance = (
        ProvenanceFile(options.provenance, (spec.path, output.path), options.overwrite) if options.provenance else None
    )
    with ExitStack() as stack:
        if not options.dry_run:
            stack.enter_context(output.locked(options.wait))
            output.prepare(resume=True)
        job = _settle(stack, spec, output, options)
        result = replace(job.result, unchanged=last is not None)
        if last is not None:
            previousrun.check_same_stamps(last, job.record, output.label)
        elif options.preview is not None and os.path.exists(options.preview) and not options.overwrite:
            raise InputError(f"{options.preview} exists", hint="--overwrite replaces it.")
        if result.unchanged and not options.dry_run:
            say(f"{output.label} holds these stamps already (same rows, images, options); nothing to do")
            _preview(options, result)
            return replace(result, seconds=time.monotonic() - started)
        for note in result.notes:
            say(note)
        if options.dry_run:
            return result
        done = _write(job, output, options, say, progress)
        for warning in done.warnings:
            say(f"warning: {warning}")
        seconds = time.monotonic() - started
        done = replace(done, seconds=seconds, rate=(done.rows - done.resumed) / seconds)
        _preview(options, done)
        if provenance is not None:
            provenance.write(job.record, done)
        return done


def _check_out(spec: Spec, options: Options) -> Record | None:
    """Check the files to write; return the record of an earlier run's stamps in OUT."""
    if options.compress not in (None, *PACKINGS):
        raise InputError(f"--compress {options.compress} is not known", expected=" or ".join(PACKINGS))
    if options.out == "-" and options.preview is not None:
        raise InputError("--preview reads the stamps back from their file", hint="--out FILE writes to a file.")
    if compression_of(options.out):
        raise InputError(
            f"--out {options.out} would be an archive, and stamps in one cannot be read one by one",
            hint="Take the ending away; --compress gzip or rice packs each stamp by itself.",
        )
    if options.preview is not None:
        plotfile.check(options.preview, "--preview", overwrite=True)
    if options.out == "-" or not os.path.isfile(options.out):
        return None
    for path, what in ((spec.path, "catalogue"), (options.stamps.stamps or "", "stamp file to read")):
        if os.path.exists(path) and os.path.samefile(path, options.out):
            raise InputError(f"--out {options.out} is the {what} itself", hint="Name another file.")
    return None if options.overwrite else previousrun.stamps_record(options.out)


def _settle(stack: ExitStack, spec: Spec, output: Output, options: Options) -> CutoutRun:
    """Open the catalogue and the images, and count the rows on them."""
    catalogue = stack.enter_context(
        Catalogue.open(spec, holds=lambda columns, _: stampsource.presents(columns, options.stamps))
    )
    start, end = options.rows or (0, None)
    if options.rows is not None and start >= max(catalogue.rows, 1):
        raise InputError(f"--rows begins at {start}, and {catalogue.label} has {counted(catalogue.rows, 'row')}")
    rows = (start, catalogue.rows if end is None else min(end, catalogue.rows))
    scratch = None if options.dry_run else output.folder
    offered = stampsource.offered(catalogue, options.stamps, scratch=scratch, rows=rows)
    stamps = stack.enter_context(offered or stampsource.find(catalogue, options.stamps))
    side = stampsource.training_side(stamps, options.stamps)
    stampfacts.check_spared(stamps, (output.path, options.preview, options.provenance))
    census = stamps.census(catalogue, rows, side)
    notes = [*stamps.notes]
    if census.rows and census.nowhere + census.unplaced == census.rows:
        notes.append(f"warning: {stampfacts.astray(catalogue, stamps, census, rows[0])}")
    settings = {
        "bands": stamps.bands,
        "side": side,
        "rows": options.rows,
        "compress": options.compress,
        **{name: getattr(options.stamps, name) for name in ("radec", "xy", "mask", "weight", "resample")},
        **stamps.facts(),
    }
    record = Record(
        version=__version__,
        verb="cutout",
        task="stamps",
        time=now(),
        command=options.command,
        model="none",
        model_sha256="",
        columns=tuple(column.name for column in StampColumns(stamps.bands, catalogue.names, False).columns),
        used=tuple(stamps.columns),
        input_sha256=previousrun.rows_sha256(catalogue, rows),
        options=json.loads(json.dumps({name: value for name, value in settings.items() if value})),
        notes=tuple(stamps.notes),
    )
    disk = census.rows * 4 * len(stamps.bands) * side**2
    disk += stampfile.table_bytes(catalogue, census.rows, len(stamps.bands))
    result = Result(
        catalogue=catalogue.label,
        files={"input": spec.path, "output": output.label, "preview": options.preview},
        rows=census.rows,
        bands=stamps.bands,
        side=side,
        pixel_scale=stamps.pixel_scale,
        images=census.images,
        nowhere=census.nowhere,
        unplaced=census.unplaced,
        notes=notes,
        disk_bytes=disk,
        estimate_seconds=stampfacts.seconds(stamps, census, disk, options.stamps.remote.concurrency),
    )
    return CutoutRun(catalogue, stamps, rows, _block(census, len(stamps.bands), side), record, result)


def _block(census: Census, bands: int, side: int) -> int:
    """Return the rows of a block."""
    if census.visits < HOPS * len(census.images):
        return BLOCK
    bounds = LARGE_BLOCK, BLOCK_MEMORY // (64 + 40 * bands), BLOCK_DISK // (4 * bands * side**2)
    return max(BLOCK, min(bounds))


def _write(job: CutoutRun, output: Output, options: Options, say: Say, progress: Progress | None) -> Result:
    """Cut what no earlier run has finished, and rename the file; return the counts."""
    stamps, result = job.stamps, job.result
    bands, side = result.bands, result.side
    layout, tally = job.catalogue.packing(stamps.columns), Tally()
    identity = {"options": job.record.options, "columns": stamps.columns, "versions": result.versions}
    with StampFile(
        output,
        job.catalogue,
        rows=job.rows,
        bands=bands,
        side=side,
        facts=stampfacts.cards(stamps),
        compress=options.compress,
        identity=identity,
    ) as file:
        if file.discarded:
            say("the journal of another run was found and thrown away")
        for first, packed in job.catalogue.packed_chunks(stamps.columns, job.rows, job.block):
            digest, n = hashlib.sha256(packed.data).digest(), len(packed)
            done = first - job.rows[0]
            if not file.held(first, n, digest):
                values = ColumnValues([column.name for column in layout], layout, packed)
                rests, flags = np.full((n, len(bands), 2), np.nan), np.zeros(n, np.int32)
                cut = stamps.batches(first, values, np.ones(n, bool), bands=bands, side=side, dtype=">f4")
                with closing(cast(Generator[Batch], cut)) as batches:  # ends the readers on an error
                    for batch in batches:
                        file.write(first, batch)
                        rests[batch.rows], flags[batch.rows] = batch.rests, batch.flags
                        done += len(batch.rows)
                        if progress is not None:
                            progress(done, result.rows)
                file.done(first, n, digest, rests, flags)
            tally.count(file.flags(first, n))
        stamps.check_unchanged()
        if file.resumed:
            say(f"taken over from an earlier run: {counted(file.resumed, 'row')}")
        warnings = [*stamps.warnings(), *file.finish(job.record)]
    return replace(result, clean=tally.clean, flagged=tally.flagged, resumed=file.resumed, warnings=tuple(warnings))


def _preview(options: Options, result: Result) -> None:
    """Draw the contact sheet of the stamps written."""
    if options.preview is None or not result.rows or (result.unchanged and os.path.exists(options.preview)):
        return
    wanted = np.zeros(result.rows, bool)
    wanted[contactsheet.choose(result.rows)] = True
    with Cube.open(options.out) as cube:
        batches = list(cube.batches(0, {}, wanted, bands=result.bands, side=result.side))
    rows = np.concatenate([batch.rows for batch in batches])
    order = np.argsort(rows)
    contactsheet.draw(
        options.preview,
        np.concatenate([batch.pixels for batch in batches])[order],
        result.bands,
        rows[order] + (options.rows or (0, None))[0],
        np.concatenate([batch.flags for batch in batches])[order],
        result.pixel_scale,
        title=os.path.basename(options.out),
        total=result.rows,
    )
