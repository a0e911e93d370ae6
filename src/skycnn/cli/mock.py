"""``skycnn mock``: a survey in, simulated objects with their truth out."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from skycnn.cli import console, imageoptions, options, process
from skycnn.cli.completion import survey_names
from skycnn.errors import InputError, counted

EXAMPLES = (
    (
        "skycnn mock --task photoz --survey csst -n 20000 --seed 1 --out stamps.fits",
        "Simulate 20,000 galaxies as CSST will see them: stamps, measured fluxes, truth.",
    ),
    (
        "skycnn mock --task photoz --survey csst -n 200 --out stamps.fits --preview mock.png",
        "Simulate a few, and draw what they are and look like.",
    ),
    (
        "skycnn mock --task photoz --survey cosmos -n 500000 --fluxes-only --out fluxes.fits",
        "Simulate a catalogue without images, to pre-train a network on fluxes.",
    ),
    (
        "skycnn mock --task photoz --survey csst --scene 2048,2048 --seed 1 --out field",
        "Simulate a field: an image a band, and a catalogue of what is detected.",
    ),
    (
        "skycnn mock --task photoz --survey my.toml --bands g,r,i -n 5000 --all --out stamps.fits",
        "Simulate a survey of your own, in three bands, without a selection.",
    ),
)

FEW = 1000
"""Rows below which most of the time goes into tables that are made once."""


def command(
    task: options.TaskName,
    out: Annotated[
        str,
        typer.Option(
            "--out", "-o", metavar="FILE|DIR", show_default=False, help="The file of mocks; a folder for --scene."
        ),
    ],
    survey: options.Survey = None,
    number: Annotated[int | None, typer.Option("--number", "-n", metavar="N", help="Rows.")] = None,
    scene: Annotated[
        str | None,
        typer.Option("--scene", metavar="W,H", help="A field of so many pixels instead: images and a catalogue."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another seed gives other objects.")] = 1,
    selection: Annotated[
        str | None,
        typer.Option("--selection", metavar="NAME", help="Which of the task's selections; default the survey's."),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option(
            "--noise",
            metavar="depth|counted|matched|none",
            help="From the survey's depths, or counted from its sky, dark current and reading; times a factor with "
            "counted:0.5, times one of its own for each object with counted:0.5-2; or none; default the selection's.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Objects without a selection.")] = False,
    bands: Annotated[str | None, typer.Option("--bands", metavar="u,g,r", help="Only these of its bands.")] = None,
    psf: Annotated[
        list[str] | None,
        typer.Option(
            "--psf",
            metavar="BAND=FILE",
            help="An image of a band's point spread function, its scale in PIXSCALE or a WCS, instead of the survey's "
            "width; repeatable. One at the survey's own pixels is taken to hold their response.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="An option of the task's own mocks; repeatable. A NAME that it does not know lists those it does.",
        ),
    ] = None,
    background: Annotated[
        list[str] | None,
        typer.Option(
            "--background",
            metavar="BAND=FILE",
            help="A frame of the sky, cut at random places, one in all bands, instead of drawn noise; its unit is "
            "BUNIT's. Repeatable: each band needs one, all on one pixel grid. Not every task's mocks take it.",
        ),
    ] = None,
    avoid: Annotated[
        str | None,
        typer.Option(
            "--avoid",
            metavar="CAT",
            help="Sources on the frames, a FITS catalogue: none lies within a quarter of a stamp's side of its centre.",
        ),
    ] = None,
    radec: imageoptions.RaDec = None,
    xy: imageoptions.Xy = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="Of --avoid only these rows, e.g. 'CLASS in (1, 2)'; see CONDITIONS in skycnn(1).",
        ),
    ] = None,
    size: Annotated[int | None, typer.Option("--size", metavar="N", help="Side of a stamp, pixels.")] = None,
    fluxes_only: Annotated[
        bool, typer.Option("--fluxes-only", help="Write a catalogue of fluxes, without images.")
    ] = False,
    preview: Annotated[
        str | None,
        typer.Option("--preview", metavar="FILE", help="Draw the mocks: .png, .pdf or .svg (extra 'plots')."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT and the preview if they exist.")] = False,
    threads: options.Threads = None,
    device: Annotated[
        str, typer.Option("--device", metavar="NAME", help="cpu or cuda; stamps of a GPU have other last bits.")
    ] = "cpu",
    wait: options.Wait = 0.0,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    max_memory: options.MaxMemory = None,
    quiet: options.Quiet = False,
    traceback: options.Traceback = False,
) -> None:
    """Simulate objects of a task as a survey sees them: stamps, the fluxes measured on them, and their truth.

    The file's first HDU holds the stamps, 32-bit floats (row, band, y, x) in microjansky a pixel; its table CATALOGUE
    holds fluxes measured in one aperture of all bands, if the task's mocks are measured, the flux of all light as
    FLUX_BAND_TRUE, what else was drawn as NAME_TRUE, and GROUP, the number of what several rows show, else of the
    candidate. Of a survey whose catalogue the task has learned, --fluxes-only writes fluxes as that catalogue has them,
    of no aperture. The header's card OPTIONS tells the task's options as JSON. The same seed gives the same bits,
    whatever the threads. predict and train read it like any stamp file.

    On the frames of --background a stamp lies wholly on sky that all bands have: on no pixel that is NaN, nor on an
    area of one value, as about and between chips. Within a quarter of its side about its centre there is no source
    that stands out of a frame, nor one of --avoid. The card BACKGRND names the frames, as does the card of a model
    trained on the stamps.
    """
    if everything and selection is not None:
        raise InputError("--all and --selection contradict each other", hint="Give one of the two.")
    if survey is None:
        raise InputError("mock needs --survey NAME", expected=", ".join(survey_names("")), hint="--survey csst")
    if number is None and scene is None:
        raise InputError("mock needs -n N or --scene W,H", hint="-n 1000 simulates a thousand rows.")
    if json and out == "-" and not dry_run:
        hint = "--out FILE writes them to a file."
        raise InputError("--json and the mocks cannot both go to standard output", hint=hint)
    count = process.thread_count(threads)
    process.prepare(1)  # a thread works a block by itself
    from skycnn.verbs import mock as verb

    asked = verb.Options(
        task=task,
        survey=survey,
        out=out,
        number=number,
        scene=_shape(scene),
        seed=seed,
        selection=verb.ALL if everything else selection,
        bands=_bands(bands),
        psf=_pairs("--psf", psf or (), "BAND=FILE", "--psf g=psf_g.fits"),
        backgrounds=_pairs("--background", background or (), "BAND=FILE", "--background g=frame_g.fits"),
        avoid=avoid,
        radec=imageoptions.column_pair(radec, "--radec RA,DEC"),
        xy=imageoptions.column_pair(xy, "--xy X,Y"),
        where=where,
        settings=_pairs("--set", settings or (), "NAME=VALUE"),
        noise=noise,
        size=size,
        fluxes_only=fluxes_only,
        threads=count,
        device=device,
        preview=preview,
        overwrite=overwrite,
        wait=wait,
        dry_run=dry_run,
        command=shlex.join(["skycnn", *sys.argv[1:]]),
    )
    with console.progress("mock") as step:
        result = verb.mock(asked, console.say, step)
    if json:
        console.emit(asdict(result))
    elif dry_run:
        console.table(("COLUMN",), [(name,) for name in result.columns])
    _tell(result, dry_run)


def _shape(text: str | None) -> tuple[int, int] | None:
    """Read ``W,H``."""
    if text is None:
        return None
    width, comma, height = (piece.strip() for piece in text.partition(","))
    if not (comma and width.isdecimal() and height.isdecimal()):
        raise InputError(f"--scene {text} is not understood", expected="--scene W,H, pixels", hint="--scene 2048,2048")
    return int(width), int(height)


def _bands(text: str | None) -> list[str]:
    """Read ``u,g,r``; none is all of them."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if text is not None and not names:
        raise InputError("--bands names no band", value=text, expected="--bands u,g,r", hint="Left out, it is all.")
    return names


def _pairs(option: str, texts: Sequence[str], form: str, hint: str | None = None) -> dict[str, str]:
    """Read what is given as often as there are names, each once."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not (name and sign and value):
            raise InputError(f"{option} {text} is not understood", expected=form, hint=hint)
        if name in found:
            raise InputError(f"{option} names {name} twice", value=f"{found[name]}, {value}")
        found[name] = value
    return found


def _tell(result: Any, dry_run: bool) -> None:
    if result.scene:
        _tell_scene(result, dry_run)
        return
    kind = f"{result.side}x{result.side} pixels" if result.side else "no stamps"
    what = f"{counted(result.rows, 'row')}, selection {result.selection}, {kind} in "
    what += f"{' '.join(result.bands)} of {result.survey}"
    if dry_run:
        cost = f"{result.disk_bytes / 1e6:.1f} MB, about {max(1, round(result.estimate_seconds))} s and start-up"
        console.say(f"{result.files['output']} would be written: {what}, {cost}")
        return
    pace = f"{result.seconds:.1f} s" if result.rows < FEW else f"{result.rate:,.0f} a second"
    console.say(f"{result.files['output']}: {what} ({pace}), of {result.drawn:,} drawn")
    if result.files["preview"]:
        console.say(f"{result.files['preview']}: what they are and look like")


def _tell_scene(result: Any, dry_run: bool) -> None:
    what = f"a field of {result.scene[0]} x {result.scene[1]} pixels in {' '.join(result.bands)} of {result.survey}"
    if dry_run:
        cost = f"{result.disk_bytes / 1e6:.1f} MB, about {max(1, round(result.estimate_seconds))} s and start-up"
        console.say(f"{result.files['output']} would hold {what}, {cost}")
        return
    found = f"{counted(result.rows, 'detection')} of {result.drawn:,} objects on and about it"
    console.say(f"{result.files['output']}: {what}, {found} ({result.seconds:.1f} s); {result.files['catalogue']}")
