"""``skycnn train``: a catalogue with known truths in, a model file out."""

import itertools
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from skycnn.cli import console, imageoptions, options, process
from skycnn.cli.optiongroups import Reader, grouped
from skycnn.errors import InputError, counted

EXAMPLES = (
    (
        "skycnn train cat.fits --task photoz --truth Z_SPEC --out my.safetensors",
        "Train on the rows that have a Z_SPEC; predict then takes --model my.safetensors.",
    ),
    ("skycnn train cat.fits --task photoz --out my.safetensors --dry-run", "See the rows and bands used; do nothing."),
    (
        "skycnn train cat.fits --task photoz --truth Z --bands g,r,i,z --group TILE --out my.safetensors",
        "Name the bands; keep the galaxies of one tile on one side of the split.",
    ),
    (
        "skycnn train new.fits --task photoz --init photoz-sdss-flux --out tuned.safetensors",
        "Begin with a trained network; refuses to be tested on what that one has seen.",
    ),
    (
        "skycnn train stamps.fits --task photoz --network image --group GROUP --out image.safetensors",
        "Train on the stamps of a stamp file; --images takes them from a survey's images.",
    ),
    (
        "skycnn train stamps.fits --task photoz --group GROUP --init flux.safetensors --init image.safetensors "
        "--out hybrid.safetensors",
        "Join a network of fluxes and one of stamps, trained on the same rows.",
    ),
    (
        "skycnn train cat.fits --task photoz --out my.safetensors --folds 5 --answers out.fits",
        "Five models, and every row answered by the one that did not see it.",
    ),
    (
        "skycnn train clusters.fits --task clustermass --group sky:5 --out my.safetensors --folds 5 --answers out.fits",
        "The same, clusters of one cell of 5 degrees on the sky in one fold.",
    ),
    (
        "skycnn train pristine.fits --task merger --adapt noisy.fits --out adapted.safetensors",
        "Learn from stamps with a truth and see those of another survey, without one, alike.",
    ),
    ("skycnn train cat.fits --task photoz --out my.safetensors --resume", "Go on with a training that was stopped."),
)
STATES = ("yes", "no", "unknown")


@grouped(photometry=options.photometry_options, stamps=imageoptions.stamp_options)
def command(
    *,
    catalogue: options.Catalogue,
    task: options.TaskName,
    out: Annotated[
        str,
        typer.Option("--out", "-o", metavar="FILE", show_default=False, help="The model file, NAME.safetensors."),
    ],
    truth: options.Truth = None,
    survey: options.Survey = None,
    hdu: options.Hdu = None,
    bands: Annotated[
        str | None,
        typer.Option("--bands", metavar="u,g,r", help="The bands, blue to red; left out, the survey's or those found."),
    ] = None,
    photometry: Reader,
    input: options.Input = None,
    stamps: Reader,
    rows: options.Rows = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="COLUMN|random",
            help="Says train, valid, calib or test; left out, groups go 8:1:1; random: rows do, groups or not.",
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            "--group",
            metavar="COLUMN|FILE|sky:DEG",
            help="Rows of one group stay on one side: a column's, a .npy's, or cells of the sky; '': no groups.",
        ),
    ] = None,
    init: Annotated[
        list[str] | None,
        typer.Option("--init", metavar="NAME|FILE", help="Begin with this model's weights; several are joined in one."),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option("--network", metavar="NAME", help="One of the task's; left out, the first or the --init's."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", min=1, help="Times through the rows, at most.")
    ] = None,
    members: Annotated[
        int | None,
        typer.Option("--members", metavar="N", min=1, help="Networks whose mean the kept one learns; 1: it alone."),
    ] = None,
    folds: Annotated[
        int, typer.Option("--folds", metavar="K", min=0, help="K models, OUT-fold1 and on, each tested on one fold.")
    ] = 0,
    answers: Annotated[
        str | None,
        typer.Option("--answers", metavar="FILE", help="Copy of the catalogue with the answers out of --folds."),
    ] = None,
    adapt: Annotated[
        str | None,
        typer.Option("--adapt", metavar="FILE", help="Rows of another survey to see alike; their truths are not read."),
    ] = None,
    adapt_by: Annotated[
        str | None,
        typer.Option(
            "--adapt-by",
            metavar="mmd|adversarial|batchnorm",
            help="A discrepancy made small, the default; an adversary deceived; batch normalisation measured anew.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Same seed, same rows: same model.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from FILE.checkpoint, which a stopped training left; else begin.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace FILE, or what is left of an unfinished training.")
    ] = False,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="The model's name; left out, that of FILE.")
    ] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="On the sample, for the model's card.")] = "",
    licence: Annotated[str, typer.Option("--licence", metavar="TEXT", help="Of the model, for its card.")] = "",
    dereddened: Annotated[
        str,
        typer.Option(
            "--dereddened", metavar="|".join(STATES), help="Whether Galactic extinction is taken off the fluxes."
        ),
    ] = "unknown",
    wait: options.Wait = 0.0,
    device: options.Device = None,
    threads: options.Threads = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    max_memory: options.MaxMemory = None,
    quiet: options.Quiet = False,
    traceback: options.Traceback = False,
) -> None:
    """Train a task's network on rows whose truth is known, and write it as a model file.

    Rows without a truth or with fewer than two bands are left out and counted. Of networks of fluxes several are
    trained and one more learns their mean. Posteriors are calibrated on rows apart from those that end the training,
    and the scores of rows that no network has seen stand in the card. The same command gives the same model on the
    same machine, also when it was stopped and resumed.
    """
    if dereddened not in STATES:
        raise InputError("--dereddened is not understood", value=dereddened, expected=", ".join(STATES))
    count = process.prepare(threads)
    from skycnn.verbs import train as verb

    request = verb.Options(
        task=task,
        out=out,
        truth=tuple(truth or ()),
        survey=survey,
        hdu=hdu,
        bands=tuple(part.strip() for part in bands.split(",") if part.strip()) if bands else (),
        photometry=photometry(),
        input=options.pairs(input, "--input", "NAME=COLUMN"),
        stamps=stamps(threads=count),
        rows=options.row_range(rows),
        split=split,
        group=group,
        init=tuple(init or ()),
        network=network,
        epochs=epochs,
        members=members,
        folds=folds,
        answers=answers,
        adapt=adapt,
        adapt_by=adapt_by,
        seed=seed,
        resume=resume,
        overwrite=overwrite,
        dry_run=dry_run,
        wait=wait,
        device=device,
        name=name,
        note=note,
        licence=licence,
        dereddened=dereddened,
        command=shlex.join(["skycnn", *sys.argv[1:]]),
    )
    with console.progress(out, "epochs") as step:
        result = verb.train(catalogue, request, console.say, step)
    if json:
        console.emit(asdict(result))
    elif dry_run:
        _estimate(result)
    else:
        _draw(result)


def _estimate(result: Any) -> None:
    disk, seconds = f"{result.disk_bytes / 1e6:.1f} MB with its checkpoints", result.estimate_seconds
    pace = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
    stamps = f", stamps of {result.stamp_bytes / 1e9:.2f} GB in memory or a scratch file" if result.stamp_bytes else ""
    console.say(f"{result.output}: would be trained in about {pace} at most; {disk}{stamps}")


def _draw(result: Any) -> None:
    keys = [key for key in dict.fromkeys(itertools.chain(*result.scores.values())) if key != "intervals"]
    console.table(
        ("SCORE", *(word.upper() for word in result.scores)),
        [(key, *(_text(scores, key) for scores in result.scores.values())) for key in keys],
    )
    minutes, seconds = divmod(round(result.seconds), 60)
    size = f"{result.size / 1e6:.2f} MB"
    console.say(f"{result.output}: {size}, {counted(sum(result.epochs), 'epoch')} in {minutes} min {seconds} s")


def _text(scores: Mapping[str, Any], key: str) -> str:
    value, ends = scores.get(key), scores["intervals"].get(key)
    text = "-" if value is None else f"{value:d}" if isinstance(value, int) else f"{value:.5f}"
    return text + (f" [{ends[0]:.5f}, {ends[1]:.5f}]" if ends else "")
