"""``skycnn predict``: a catalogue in, the network's answers in the same catalogue."""

import shlex
import sys
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from skycnn.cli import console, imageoptions, options, process
from skycnn.cli.optiongroups import Reader, grouped, without
from skycnn.errors import FlaggedError, InputError, counted

EXAMPLES = (
    ("skycnn predict cat.fits --task photoz", "Add Z_PHOT, its 68 % interval, odds and flag to cat.fits, in place."),
    ("skycnn predict cat.fits --task photoz --dry-run", "See the model, the columns and the cost; touch nothing."),
    ("skycnn predict 'cat.fits[GALAXIES]' --task photoz --out new.fits", "Read one table of several; write elsewhere."),
    ("skycnn predict cat.fits --task photoz --band r=RMAG --error r=RERR --unit r=mag", "Name a band's columns."),
    ("skycnn predict cat.fits --task photoz --only-new", "Answer the rows appended since the last run."),
    (
        "skycnn predict stamps.fits --task photoz --out cat.fits --table-only",
        "Answer for a stamp file's rows; write its table without the stamps.",
    ),
    ("zcat cat.fits.gz | skycnn predict - --task photoz > new.fits", "In a pipeline."),
)


@grouped(photometry=options.photometry_options, stamps=without(imageoptions.stamp_options, "size"))
def command(
    *,
    catalogues: options.Catalogues,
    task: options.TaskName,
    model: options.ModelName = None,
    survey: options.Survey = None,
    hdu: options.Hdu = None,
    photometry: Reader,
    stamps: Reader,
    input: options.Input = None,
    rows: options.Rows = None,
    only_new: Annotated[
        bool,
        typer.Option(
            "--only-new", help="Answer only rows without an answer; mark answers that are of other photometry than now."
        ),
    ] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write the whole posterior too, as a vector column.")] = False,
    out: options.Out = None,
    overwrite: options.Overwrite = False,
    prefix: options.Prefix = "",
    suffix: options.Suffix = "",
    table_only: options.TableOnly = False,
    decompress: options.Decompress = False,
    detach: options.Detach = False,
    provenance: options.Provenance = None,
    device: options.Device = None,
    batch: options.Batch = None,
    threads: options.Threads = None,
    wait: options.Wait = 0.0,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    strict: options.Strict = False,
    max_memory: options.MaxMemory = None,
    quiet: options.Quiet = False,
    traceback: options.Traceback = False,
) -> None:
    """Run a network on every row of a catalogue and write its answers into the catalogue as new columns.

    Rows are never dropped or reordered, all other bytes of the file stay as they are, and the file is replaced as a
    whole or not at all. A second run with the same model, options and photometry does nothing, so cron may call it
    every hour; a run that was killed goes on where it was.
    """
    to_stdout = out == "-" or (out is None and "-" in catalogues)
    if json and to_stdout and not dry_run:
        raise InputError(
            "--json and the catalogue cannot both go to standard output", hint="--out FILE writes it to a file."
        )
    if len(catalogues) > 1 and (out is not None or provenance is not None or "-" in catalogues):
        raise InputError(
            "several catalogues are written in place, each to itself", hint="Give one with --out, --provenance or -."
        )
    count = process.prepare(threads)
    from skycnn.verbs import predict as verb

    asked = verb.Options(
        task=task,
        model=model,
        survey=survey,
        hdu=hdu,
        out=out,
        overwrite=overwrite,
        only_new=only_new,
        prefix=prefix,
        suffix=suffix,
        photometry=photometry(),
        stamps=stamps(threads=count) if imageoptions.named(stamps) else None,
        input=options.pairs(input, "--input", "NAME=COLUMN"),
        rows=options.row_range(rows),
        pdf=pdf,
        dry_run=dry_run,
        table_only=table_only,
        decompress=decompress,
        detach=detach,
        wait=wait,
        device=device,
        batch=batch,
        provenance=provenance,
        command=shlex.join(["skycnn", *sys.argv[1:]]),
    )
    if len(catalogues) > 1:  # bad input is found before the first of them is written
        for catalogue in catalogues:
            verb.predict(catalogue, replace(asked, dry_run=True))
    results = []
    for catalogue in catalogues:
        with console.progress(catalogue) as step:
            results.append(verb.predict(catalogue, asked, console.say, step))
        _tell(results[-1], dry_run=dry_run, json=json)
    if json:
        plain = [asdict(result) for result in results]
        console.emit(plain[0] if len(plain) == 1 else {"catalogues": plain})
    if only_new and not dry_run:
        _check_kept(results)
    flagged = sum(sum(result.flagged.values()) for result in results)
    if strict and flagged:
        raise FlaggedError(f"rows were flagged: {_reasons(results)}", hint="All is written; see the flag column.")


def _check_kept(results: list[Any]) -> None:
    """Raise `FlaggedError` where earlier answers are not those of the rows' photometry."""
    kept = [result for result in results if result.other_photometry]
    if kept:
        told = ", ".join(f"{counted(r.other_photometry, 'row')} of {r.files['output']}" for r in kept)
        verb = "holds an answer" if sum(r.other_photometry for r in kept) == 1 else "hold answers"
        flag = kept[0].columns[-1].name
        raise FlaggedError(
            f"{told} {verb} of other photometry, marked OTHER_PHOTOMETRY in {flag}",
            hint="New rows are answered; --overwrite answers all rows anew.",
        )


def _reasons(results: list[Any]) -> str:
    total: dict[str, int] = {}
    for result in results:
        for reason, n in result.flagged.items():
            total[reason] = total.get(reason, 0) + n
    return ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in total.items()) or "none"


def _tell(result: Any, *, dry_run: bool, json: bool) -> None:
    if dry_run:
        if not json:
            _draw(result)
        return
    if result.unchanged:
        return
    names = ", ".join(column.name for column in result.columns)
    console.say(
        f"{result.files['output']}: {result.answered} of {counted(result.rows, 'row')} answered "
        f"({result.rate:,.0f} rows/s); flagged: {_reasons([result])}; wrote {names}"
    )


def _draw(result: Any) -> None:
    if result.bands:  # a model of images reads no columns of fluxes
        console.table(("BAND", "COLUMN", "ERROR", "UNIT"), [list(band.values()) for band in result.bands])
    console.table(
        ("WRITES", "FORM", "UNIT", "MEANING"),
        [
            (
                column.name,
                column.form,
                column.unit or "-",
                column.meaning,
            )
            for column in result.columns
        ],
    )
    state = "holds these answers already: nothing would be done" if result.unchanged else "would be written"
    cost = f"{result.disk_bytes / 1e6:.1f} MB, about {max(1, round(result.estimate_seconds))} s and start-up"
    console.say(
        f"{result.files['output']} {state}: {counted(result.rows, 'row')}, {cost}, by {result.model} ({result.reason})"
    )
