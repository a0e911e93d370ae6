"""``skycnn cutout``: a catalogue and a survey's images in, a file of stamps out."""

import shlex
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from skycnn.cli import console, imageoptions, options, process
from skycnn.cli.optiongroups import Reader, grouped, without
from skycnn.errors import FlaggedError, InputError, counted

EXAMPLES = (
    (
        "skycnn cutout cat.fits --images 'g=tiles/*_g.fits*' --images 'r=tiles/*_r.fits*' --size 64 --out stamps.fits",
        "Cut 64x64 pixels about every row, in two bands.",
    ),
    (
        "skycnn cutout cat.fits --images r=field.fits --size 12arcsec --out stamps.fits --preview sheet.png",
        "Cut 12 arcsec, and draw a sheet of the stamps to look at.",
    ),
    (
        "skycnn cutout cat.fits --images r=@tiles.txt --size 64 --out stamps.fits --dry-run",
        "See on which images the rows lie, and what it would cost; touch nothing.",
    ),
    (
        "skycnn cutout cat.fits --images 'r=https://host/cutout?ra={ra}&dec={dec}&size={size_px}' --size 64 "
        "--out stamps.fits",
        "Fetch a cutout a row.",
    ),
    (
        "skycnn cutout clusters.fits --images 'r=frames/frame-r-*.fits.bz2' --bin 16 --size 128 --out stamps.fits",
        "Cut 2048x2048 pixels as 128x128, each the light of 16x16.",
    ),
    (
        "skycnn cutout cat.fits --images r=chip.fits --xy X_IMAGE,Y_IMAGE --size 32 --out stamps.fits --compress rice",
        "Take positions in pixels; pack the stamps.",
    ),
)

MOST_LISTED = 25
"""Images that a dry run lists one by one."""


@grouped(stamps=without(imageoptions.stamp_options, "size", "pixel_unit"))
def command(
    *,
    catalogue: options.Catalogue,
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE", show_default=False, help="The stamp file; - is stdout.")
    ],
    size: Annotated[
        str | None, typer.Option("--size", metavar="N", help="Side of a stamp: 64 pixels, or 12arcsec.")
    ] = None,
    stamps: Reader,
    hdu: options.Hdu = None,
    rows: options.Rows = None,
    compress: Annotated[
        str | None,
        typer.Option(
            "--compress", metavar="rice|gzip", help="Pack each stamp: gzip keeps every bit, rice quantises the noise."
        ),
    ] = None,
    preview: Annotated[
        str | None,
        typer.Option(
            "--preview", metavar="FILE", help="Draw a sheet of up to 100 stamps: .png, .pdf or .svg (extra 'plots')."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT and the sheet if they exist.")] = False,
    provenance: options.Provenance = None,
    threads: options.Threads = None,
    wait: options.Wait = 0.0,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    strict: options.Strict = False,
    max_memory: options.MaxMemory = None,
    quiet: options.Quiet = False,
    traceback: options.Traceback = False,
) -> None:
    """Cut a stamp about every row of a catalogue, and write them to one FITS file with the catalogue behind them.

    The file's first HDU holds the stamps, 32-bit floats (row, band, y, x), its table CATALOGUE all columns of the rows
    and DX, DY, the object's place less the stamp's centre, and FLAG. Rows are never dropped or reordered: pixels that
    do not exist are NaN, and a flag says why. A run that was killed goes on where it was; one whose stamps are there
    already does nothing.
    """
    if json and out == "-" and not dry_run:
        raise InputError(
            "--json and the stamps cannot both go to standard output", hint="--out FILE writes them to a file."
        )
    count = process.prepare(threads)
    from skycnn.verbs import cutout as verb

    requested = verb.Options(
        stamps=stamps(size=size, threads=count),
        out=out,
        hdu=hdu,
        compress=compress,
        preview=preview,
        rows=options.row_range(rows),
        overwrite=overwrite,
        dry_run=dry_run,
        wait=wait,
        provenance=provenance,
        command=shlex.join(["skycnn", *sys.argv[1:]]),
    )
    with console.progress(catalogue) as step:
        result = verb.cutout(catalogue, requested, console.say, step)
    if json:
        console.emit(asdict(result))
    elif dry_run:
        _draw(result)
    if not dry_run and not result.unchanged:
        _tell(result)
    if strict and result.flagged:
        raise FlaggedError(f"rows were flagged: {_reasons(result)}", hint="All is written; see the flag column.")


def _reasons(result: Any) -> str:
    return ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in result.flagged.items()) or "none"


def _shape(result: Any) -> str:
    scale = f", {result.pixel_scale:.4g} arcsec a pixel" if result.pixel_scale else ""
    return f"{result.side}x{result.side} pixels in {' '.join(result.bands)}{scale}"


def _tell(result: Any) -> None:
    console.say(
        f"{result.files['output']}: {counted(result.rows, 'stamp')} of {_shape(result)} ({result.rate:,.0f} rows/s); "
        f"{result.clean} without a flag; flagged: {_reasons(result)}"
    )
    if result.files["preview"] and result.rows:
        console.say(f"{result.files['preview']}: a sheet of the stamps, to be looked at")


def _draw(result: Any) -> None:
    if result.images:
        listed = sorted(result.images.items(), key=lambda item: -item[1])
        console.table(("IMAGE", "ROWS"), listed[:MOST_LISTED])
        if len(listed) > MOST_LISTED:
            rest = sum(n for _, n in listed[MOST_LISTED:])
            console.say(f"{counted(rest, 'row')} on {counted(len(listed) - MOST_LISTED, 'more image')}")
    if result.nowhere or result.unplaced:
        console.say(
            f"{counted(result.nowhere, 'row')} on no image, {counted(result.unplaced, 'row')} without a position"
        )
    state = "holds these stamps already: nothing would be done" if result.unchanged else "would be written"
    cost = f"{result.disk_bytes / 1e6:.1f} MB, about {max(1, round(result.estimate_seconds))} s and start-up"
    console.say(f"{result.files['output']} {state}: {counted(result.rows, 'stamp')} of {_shape(result)}, {cost}")
