"""``skycnn explain``: what a model's answers rest on: maps of the stamps, shares of the bands, a gallery."""

import shlex
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from skycnn.cli import console, imageoptions, options, process
from skycnn.cli.optiongroups import Reader, grouped, without
from skycnn.errors import FlaggedError, InputError, counted

EXAMPLES = (
    ("skycnn explain stamps.fits --task merger --rows 0:50 --html gallery.html", "Look at 50 objects in a browser."),
    ("skycnn explain stamps.fits --task merger --out maps.fits", "Write a map of each row, with its table behind."),
    (
        "skycnn explain stamps.fits --task photoz --method ig --baseline zero --out maps.fits",
        "Write a map of each row and band, against an empty image.",
    ),
    ("skycnn explain cat.fits --task photoz", "Add each band's share in Z_PHOT, and Z_PHOT without it, to cat.fits."),
    (
        "skycnn explain cat.fits --task photoz --worst 20 --truth Z_SPEC --html worst.html",
        "Look at the 20 rows of largest error; cat.fits stays as it is.",
    ),
    (
        "skycnn explain cat.fits --task photoz --where 'Z_PHOT_FLAG == 0' --out why.fits --json",
        "Explain the clean answers; numbers for a script.",
    ),
    ("skycnn explain stamps.fits --task merger --rows 0:50 --check", "See whether the maps depend on the weights."),
)


def columns() -> Any:
    """Return the columns that are written, for the manual: of what ``--target`` names, here of a redshift."""
    from skycnn.inputs.explaining import columns as made

    return made("TARGET", "", "", ("BAND",))


@grouped(photometry=options.photometry_options, stamps=without(imageoptions.stamp_options, "size"))
def command(
    *,
    catalogue: options.Catalogue,
    task: options.TaskName,
    model: options.ModelName = None,
    survey: options.Survey = None,
    hdu: options.Hdu = None,
    photometry: Reader,
    stamps: Reader,
    input: options.Input = None,
    rows: options.Rows = None,
    where: options.Where = None,
    worst: Annotated[
        int | None,
        typer.Option(
            "--worst",
            metavar="N",
            min=1,
            help="Only the N rows whose answers are farthest from --truth.",
        ),
    ] = None,
    truth: options.Truth = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            metavar="joint|ig|cam",
            help="ig: integrated gradients, a map a band; cam: class activation map; joint: of both. Left out: joint "
            "for images, ig for fluxes.",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="NAME", help="Which number to explain, e.g. P_MERGER; left out, the first."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="blurred|smooth|zero|sky",
            help="The input that answers are compared with; else blurred.",
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps", metavar="N", min=1, help="Steps of the integral; left out, as many as the residual needs."
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Print whether maps survive shuffled weights, and how fast answers change with the pixels."
        ),
    ] = False,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write maps, or for fluxes the catalogue with columns; - is stdout."
        ),
    ] = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a gallery of up to 500 objects for a browser.")
    ] = None,
    png: Annotated[
        str | None, typer.Option("--png", metavar="DIR", help="Draw each object of the gallery into this folder.")
    ] = None,
    only_new: Annotated[
        bool, typer.Option("--only-new", help="Of columns in the catalogue: explain only rows that have none yet.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace columns of the same name, OUT, gallery and pictures if there.")
    ] = False,
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
    """Explain answers: which pixels of a stamp, and which bands, a model's answer rests on.

    Of a model that looks at images, --out is a stamp file with a map of each row in the place of its stamps: for
    --method ig one a band, else one of all bands. Of a model of fluxes alone, each band's share and the answer without
    the band are columns: in the catalogue, or in --out. Shares add up to the number explained, less that of the
    baseline, but for the residual, which is written too. --html, --png and --check leave the catalogue as it is. Rows
    are never dropped or reordered; a row without an answer has NaN and its flag.
    """
    to_stdout = out == "-" or (out is None and catalogue == "-" and not (html or png or check))
    if (json or check) and to_stdout and not dry_run:
        which = "--json" if json else "--check"
        raise InputError(f"{which} and the file cannot both go to standard output", hint="--out FILE writes a file.")
    count = process.prepare(threads)
    from skycnn.inputs.explainoptions import ExplainOptions
    from skycnn.verbs import explain as verb

    asked = ExplainOptions(
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
        where=where,
        worst=worst,
        truth=tuple(truth or ()),
        method=method,
        target=target,
        baseline=baseline,
        steps=steps,
        check=check,
        html=html,
        png=png,
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
    with console.progress(catalogue) as step:
        result = verb.explain(catalogue, asked, console.say, step)
    if json:
        console.emit(asdict(result))
    elif dry_run:
        _draw(result)
    elif result.check:
        _draw_check(result)
    if not dry_run:
        _tell(result)
    if strict and result.flagged:
        raise FlaggedError(f"rows were flagged: {_reasons(result)}", hint="All is written; see the flag column.")


def _reasons(result: Any) -> str:
    return ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in result.flagged.items()) or "none"


def _tell(result: Any) -> None:
    files, rows = result.files, counted(result.selected, "row")
    if "output" in files and not result.unchanged:
        what = f"{result.answered} of {rows} explained ({result.rate:,.1f} rows/s)"
        console.say(f"{files['output']}: {what}; flagged: {_reasons(result)}; wrote {_names(result)}")
    beyond, total = (result.completeness.get(name, 0) for name in ("above_bound", "explained"))
    if beyond:
        what = f"in {beyond} of {counted(total, 'row')} the residual is above {100 * result.bound:g}% of the answer"
        console.say(f"warning: {what}; more --steps lower it")
    for kind in ("html", "png"):
        if kind in files:
            console.say(f"{files[kind]}: a gallery of {counted(result.shown, 'object')}")


def _names(result: Any) -> str:
    return ", ".join(column.name for column in result.columns)


def _draw(result: Any) -> None:
    if result.bands:
        console.table(("BAND", "COLUMN", "ERROR", "UNIT"), [list(band.values()) for band in result.bands])
    if result.columns:
        lines = [(column.name, column.form, column.unit or "-", column.meaning) for column in result.columns]
        console.table(("WRITES", "FORM", "UNIT", "MEANING"), lines)
    how = f"{result.target} by {result.method} against {result.baseline}"
    cost = f"{result.disk_bytes / 1e6:.1f} MB, about {max(1, round(result.estimate_seconds))} s and start-up"
    rows = counted(result.selected, "row")
    for kind, path in result.files.items():
        if kind != "input":
            state = "holds these already: nothing would be done" if result.unchanged else "would be written"
            console.say(f"{path} {state}")
    console.say(f"{rows} would be explained, {how}, {cost}, by {result.model} ({result.reason})")


def _draw_check(result: Any) -> None:
    found = result.check
    of = f"{result.target} by {result.method}, {counted(found['rows'], 'row')}"
    lines = [
        (
            "correlation with maps of shuffled weights",
            f"{found['correlation']:.3f}",
            "0 is best; maps above 0.2 survive",
        ),
        ("the same of absolute maps", f"{found['absolute']:.3f}", "high where the light alone draws them"),
        ("deletion", f"{found['deletion']:.3f}", f"the smaller the better; at random {found['control']:.3f}"),
        ("insertion", f"{found['insertion']:.3f}", "the larger the better"),
    ]
    console.table(("CHECK", of, "HOW TO READ IT"), lines)
    if found["survives"]:
        console.say("warning: the maps survive the shuffling of the weights: they do not show what was learned")
