"""train: rows of a catalogue with a known truth in, a model file out."""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from skycnn import __version__, survey, tasks
from skycnn.errors import InputError, counted
from skycnn.fits import labelled, trainingfeed
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.feed import Feed, Needs
from skycnn.fits.fluxes import PhotometryOptions, presents
from skycnn.fits.pixelstore import PixelStore
from skycnn.fits.provenance import now
from skycnn.fits.safefile import clean, replacing
from skycnn.fits.stampsource import StampOptions
from skycnn.network import checkpoint, distillation, groups, model, ranges
from skycnn.network.batches import Sample
from skycnn.network.checkpoint import Keeper
from skycnn.network.distillation import Trained
from skycnn.network.division import divide
from skycnn.network.groups import SIDES, TEST, TRAIN, VALID
from skycnn.network.inference import device_of
from skycnn.network.job import Job, check_alike, numbers, planned, settings
from skycnn.network.trainingset import SEEN, TrainingSet
from skycnn.network.trial import judged
from skycnn.posterior import Posterior
from skycnn.report import scoretable
from skycnn.task import Network, Task

Say = Callable[[str], None]
Progress = Callable[[int, int], None]

NAMES = {"flux": ("flux", "error"), "image": ("image",)}
"""What a network is given of each kind of input."""
BEYOND = 0.01
"""Share of the rows whose truth may lie off the grid of the model that training begins with."""
UNTOLD = ("bare", "named", "other")
"""Photometric families that do not say how the light was measured."""


@dataclass(frozen=True)
class Options:
    """What ``train`` may be told; the command line's options bear the same names."""

    task: str
    out: str
    truth: str | None = None
    survey: str | None = None
    hdu: str | None = None
    bands: tuple[str, ...] = ()
    photometry: PhotometryOptions = field(default_factory=PhotometryOptions)
    stamps: StampOptions = field(default_factory=StampOptions)
    rows: tuple[int, int | None] | None = None
    split: str | None = None
    group: str | None = None
    init: tuple[str, ...] = ()
    network: str | None = None
    epochs: int | None = None
    members: int | None = None
    seed: int = 1
    resume: bool = False
    overwrite: bool = False
    dry_run: bool = False
    device: str | None = None
    checkpoint_every: float = 5.0
    name: str | None = None
    note: str = ""
    licence: str = ""
    dereddened: str = "unknown"


@dataclass(frozen=True)
class Result:
    """What a training did, or would do: the numbers behind its last lines and its ``--json``."""

    output: str
    name: str
    task: str
    network: str
    survey: str
    bands: Sequence[str]
    truth: str
    rows: Mapping[str, int]
    left_out: Mapping[str, int]
    notes: Sequence[str]
    members: int
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    epochs: Sequence[int] = ()
    resumed: int = 0
    temperature: float = 1.0
    sha256: str = ""
    size: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Rows:
    """The rows at hand, and where they come from."""

    sample: TrainingSet
    feed: Feed
    source: str
    truth: str
    survey: str
    left_out: Mapping[str, int]


def train(text: str, options: Options, say: Say = lambda _: None, progress: Progress | None = None) -> Result:
    """Train a network on a catalogue's rows and write it as a model file.

    Parameters
    ----------
    text : str
        ``cat.fits``, ``cat.fits[EXT]``, ``cat.fits.gz``, ``-``.
    options : Options
        What to do.
    say, progress : callable
        Receive notes, one line each; epochs done and epochs in all.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        Bad input, a group that stands on two sides, or an output that exists.
    RunError
        The training failed; nothing is written but a checkpoint.
    """
    started = time.monotonic()
    _check_output(options)
    task = tasks.load(options.task)
    parents = [model.read(model.locate(name)) for name in options.init]
    name, network = planned(task, parents, network=options.network, members=options.members, epochs=options.epochs)
    check_alike(parents)
    rows = _rows(text, task, network, options, parents, say)
    posterior = _posterior(task, rows, parents, say)
    job = Job(
        network=network,
        bands=len(rows.feed.wants.bands),
        posterior=posterior,
        settings=settings(network, parents),
        seed=options.seed,
        device=device_of(options.device),
        init=numbers(*parents) if parents else None,
        joins=len(parents) > 1,
    )
    result = Result(
        output=options.out,
        name=options.name or Path(options.out).name.removesuffix(model.SUFFIX),
        task=task.name,
        network=name,
        survey=rows.survey,
        bands=rows.feed.wants.bands,
        truth=rows.truth,
        rows=groups.counts(rows.sample.division.side),
        left_out=rows.left_out,
        notes=rows.feed.notes,
        members=job.members,
    )
    _tell(result, say)
    keeper = _keeper(job, result, rows, parents, options)
    if options.dry_run:
        return result
    for path in (options.out, str(keeper.path)):
        clean(path)
    if keeper.found is not None:
        result = replace(result, resumed=sum(map(len, keeper.found.facts["curves"])))
        say(f"taken over from an earlier run: {counted(result.resumed, 'epoch')}")
    try:
        fitted = distillation.train(
            job, rows.sample.part(TRAIN), rows.sample.part(VALID), keeper=keeper, say=say, progress=progress
        )
    except BaseException:
        if keeper.path.exists():
            say(f"{keeper.path} holds what is done so far; the same command with --resume goes on from there")
        raise
    parts = {SIDES[side]: rows.sample.part(side) for side in (VALID, TEST) if result.rows[SIDES[side]]}
    result = replace(
        result,
        scores={word: _scores(fitted, posterior, part) for word, part in parts.items()},
        epochs=tuple(len(curve) for curve in fitted.curves),
        temperature=fitted.temperature,
    )
    whole = _sealed(task, result, rows, posterior, fitted, options, parents)
    content = model.encode(whole)
    _write(options.out, content)
    keeper.path.unlink(missing_ok=True)
    return replace(result, sha256=whole.card.sha256, size=len(content), seconds=time.monotonic() - started)


def _check_output(options: Options) -> None:
    """See before the work that the model can be written."""
    path, folder = Path(options.out), Path(options.out).absolute().parent
    if path.suffix != model.SUFFIX:
        raise InputError(f"--out {options.out} is no name of a model", expected=f"a name that ends in {model.SUFFIX}")
    if path.exists() and not options.overwrite:
        raise InputError(f"{options.out} exists", hint="--overwrite replaces it.")
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(f"no file can be made in {folder}", hint="Give another --out FILE.")
    unfinished = checkpoint.beside(path)
    if unfinished.exists() and not (options.resume or options.overwrite or options.dry_run):
        hint = "--resume goes on with it, --overwrite starts anew."
        raise InputError(f"{unfinished} is left of an unfinished training", hint=hint)


def _rows(text: str, task: Task, network: Network, options: Options, parents: Sequence[model.Model], say: Say) -> Rows:
    """Read the catalogue and divide its rows."""
    cards = [parent.card for parent in parents]
    first, looks = cards[0] if cards else None, next((card for card in cards if card.stamp is not None), None)
    mine = survey.own(options.survey)
    asked = (mine.name if mine else options.survey or "").lower()
    if asked and mine is None and not (options.bands or options.photometry.band or options.stamps.given or parents):
        survey.load(asked)  # of one that does not ship the bands must be named

    def holds(columns: Any, _: Any) -> bool:
        names = {column.name.casefold() for column in columns}
        wanted = [options.truth] if options.truth else list(task.truth)
        bands = first.bands if first else options.bands
        if not bands and (given := survey.known(asked, mine)) is not None:
            bands = given.bands
        told = any(name.casefold() in names for name in wanted)
        return told and (
            "flux" not in network.inputs or presents(columns, bands or trainingfeed.BANDS, options.photometry)
        )

    with Catalogue.open(text, options.hdu, holds) as catalogue, ExitStack() as stack:
        whose = labelled.survey_of(catalogue, asked or (first.survey if first else None))
        truth = labelled.truth_column(catalogue, options.truth, task.truth)
        needs = Needs(
            name=first.name if first else "--bands" if options.bands else "the network",
            inputs=network.inputs,
            bands=first.bands if first else options.bands,
            survey=whose,
            dereddened=options.dereddened,
            pixel_scale=looks.pixel_scale if looks else None,
            stamp=looks.stamp if looks else None,
        )
        feed = trainingfeed.feed(catalogue, needs, options.photometry, options.stamps, options.rows, mine)
        if feed.stamps is not None:
            stack.enter_context(feed.stamps)
        feed.check(catalogue, options.rows)
        found = labelled.read(
            catalogue,
            feed,
            truth,
            bounds=task.bounds,
            group=options.group,
            split=options.split,
            rows=options.rows,
            scratch=str(Path(options.out).absolute().parent),
        )
        feed.check_unchanged()
        label = catalogue.label
    division = divide(
        groups.row_hashes(*found.inputs.values()),
        found.number,
        None if found.group is None else (str(options.group), found.group),
        None if found.split is None else (str(options.split), found.split),
    )
    for parent in parents:
        if SEEN in parent.tensors:
            theirs = [found.inputs[name] for kind in parent.card.inputs for name in NAMES[kind]]
            division.check_parent(parent.tensors[SEEN], parent.card.name, groups.row_hashes(*theirs))
    sample = TrainingSet(found.inputs, found.truth, division)
    sample.check(label, found.left_out)
    for stamps in (value for value in found.inputs.values() if isinstance(value, PixelStore)):
        say(f"stamps: {stamps.nbytes / 1e9:.2f} GB, {stamps.where}")
    for note in (*feed.notes, *(f"warning: {text}" for text in feed.warnings())):
        say(note)
    return Rows(sample, feed, os.path.basename(label), truth, whose, found.left_out)


def _posterior(task: Task, rows: Rows, parents: Sequence[model.Model], say: Say) -> Posterior:
    truth = rows.sample.truth[rows.sample.seen]
    if not parents:
        return task.posterior_for(truth) if task.posterior_for else task.posterior()
    card = parents[0].card
    posterior = task.posterior(**card.posterior)
    beyond = int(np.count_nonzero(posterior.outside(truth)))
    if beyond > BEYOND * len(truth):
        raise InputError(
            f"{counted(beyond, 'row')} of {len(truth)} have a {rows.truth} that {card.name} cannot answer",
            hint="Train without --init, or leave those rows out with --bad.",
        )
    if beyond:
        say(f"warning: {counted(beyond, 'row')} with a {rows.truth} that {card.name} cannot answer")
    return posterior


def _tell(result: Result, say: Say) -> None:
    counts = ", ".join(f"{count} {word}" for word, count in result.rows.items())
    left = ", ".join(f"{n} {reason}" for reason, n in result.left_out.items())
    bands = " ".join(result.bands)
    say(f"{result.name}: task {result.task}, network {result.network}, bands {bands}, truth {result.truth}")
    say(f"rows: {counts}" + (f"; left out: {left}" if left else ""))


def _keeper(job: Job, result: Result, rows: Rows, parents: Sequence[model.Model], options: Options) -> Keeper:
    """Return the writer of checkpoints, with what an earlier run left if it is to go on."""
    own = {"task": result.task, "network": result.network, "bands": list(result.bands), "rows": rows.sample.digest()}
    facts = job.facts() | own | {"init": [parent.card.sha256 for parent in parents], "version": __version__}
    known, side = rows.sample.table()
    path = checkpoint.beside(options.out)
    keeper = Keeper(path, json.loads(json.dumps(facts)), {"groups": known, "sides": side}, options.checkpoint_every)
    if options.resume and path.exists():
        found = checkpoint.read(path)
        before = (found.tensors.get("groups", known[:0]), found.tensors.get("sides", side[:0]))
        rows.sample.division.check_same(before, str(path))
        keeper.resume(found)
    elif not options.dry_run:
        path.unlink(missing_ok=True)
    return keeper


def _scores(fitted: Trained, posterior: Posterior, part: Sample) -> dict[str, float]:
    """Return the rows' scores, rounded as they are printed."""
    answers, truth = judged(fitted.module, posterior, part), part.truth.double().numpy()
    found = {score.key: score.of(answers, truth) for score in scoretable.find(posterior.scores)}
    return {"rows": len(part), **{key: round(value, 5) for key, value in found.items() if np.isfinite(value)}}


def _sealed(
    task: Task,
    result: Result,
    rows: Rows,
    posterior: Posterior,
    fitted: Trained,
    options: Options,
    parents: Sequence[model.Model],
) -> model.Model:
    """Return the model with its card."""
    trained = rows.sample.division.side == TRAIN
    feed, photometry, inputs = rows.feed, rows.feed.photometry, rows.sample.inputs
    seen = {}
    if photometry is not None:
        seen = ranges.measure(inputs["flux"][trained], inputs["error"][trained], result.bands)
    sample = rows.sample.facts() | {
        "source": rows.source,
        "truth": rows.truth,
        "left_out": dict(rows.left_out),
        "split": f"column {options.split}" if options.split else "8:1:1 by a hash of the group",
        "group": f"column {options.group}" if options.group else "a row and its copies",
        "init": ", ".join(f"{parent.card.name} {parent.card.sha256}" for parent in parents),
        "note": options.note,
    }
    card = model.Card(
        name=result.name,
        task=task.name,
        network=result.network,
        survey=result.survey,
        inputs=task.networks[result.network].inputs,
        bands=tuple(result.bands),
        photometry=photometry.family if photometry and photometry.family not in UNTOLD else "unknown",
        dereddened=options.dereddened,
        settings=dict(fitted.settings),
        posterior=posterior.settings(),
        ranges=seen,
        sample=sample,
        seed=options.seed,
        temperature=fitted.temperature,
        scores=dict(result.scores.get("test", {})),
        learning_curve=fitted.curves,
        citation=task.citation,
        licence=options.licence,
        created=now(),
        version=__version__,
        pixel_scale=feed.stamps.pixel_scale if feed.stamps else None,
        stamp=feed.wants.stamp,
    )
    tensors = {name: value.numpy() for name, value in fitted.module.state_dict().items()}
    return model.seal(card, tensors | {SEEN: rows.sample.division.seen()})


def _write(path: str, content: bytes) -> None:
    start = os.stat(path) if os.path.exists(path) else None
    with replacing(path, path, start=start, detach=True) as fd:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
