"""train: rows of a catalogue with a known truth in, a model file out."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from skycnn import __version__, tasks
from skycnn.bootstrap import Resampling
from skycnn.errors import InputError, counted
from skycnn.fits.provenance import now
from skycnn.inputs import trainingrows
from skycnn.inputs.trainingrows import Asked, TrainingRows
from skycnn.network import checkpoint, cost, fitting, groups, model, ranges
from skycnn.network.checkpoint import Keeper
from skycnn.network.fitting import Trained
from skycnn.network.groups import SIDES, TEST, TRAIN, VALID
from skycnn.network.inference import device_of
from skycnn.network.job import Job, check_alike, numbers, planned, settings
from skycnn.network.modelfile import ModelFile
from skycnn.network.trainingset import SEEN, TrainingSet
from skycnn.network.trial import judged
from skycnn.posterior import Posterior
from skycnn.scoring import scoretable
from skycnn.scoring.scoretable import Predictor
from skycnn.task import Task

Say = Callable[[str], None]
Progress = Callable[[int, int], None]

BEYOND = 0.01
"""Share of the rows whose truth may lie off the grid of the model that training begins with."""
UNTOLD = ("bare", "named", "other")
"""Photometric families that do not say how the light was measured."""


@dataclass(frozen=True, kw_only=True)
class Options(Asked):
    """What ``train`` may be told; the command line's options bear the same names."""

    task: str
    out: str
    init: tuple[str, ...] = ()
    network: str | None = None
    epochs: int | None = None
    members: int | None = None
    seed: int = 1
    resume: bool = False
    overwrite: bool = False
    dry_run: bool = False
    wait: float = 0.0
    device: str | None = None
    checkpoint_every: float = 5.0
    name: str | None = None
    note: str = ""
    licence: str = ""


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
    scores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    epochs: Sequence[int] = ()
    resumed: int = 0
    temperature: float = 1.0
    sha256: str = ""
    size: int = 0
    seconds: float = 0.0
    disk_bytes: int = 0
    stamp_bytes: int = 0
    estimate_seconds: float | None = None


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
    file = ModelFile(options.out, resume=options.resume, overwrite=options.overwrite, dry_run=options.dry_run)
    with nullcontext() if options.dry_run else file.locked(options.wait):
        result = _train(text, options, file, say, progress)
    return result if options.dry_run else replace(result, seconds=time.monotonic() - started)


def _train(text: str, options: Options, file: ModelFile, say: Say, progress: Progress | None) -> Result:
    """Train, or find out what would be done, while the output is held."""
    task = tasks.load(options.task)
    parents = [model.read(model.locate(name)) for name in options.init]
    name, network = planned(task, parents, network=options.network, members=options.members, epochs=options.epochs)
    check_alike(parents)
    rows = trainingrows.read(text, task, network, options, parents, file.folder, say, unread=options.dry_run)
    posterior = _posterior(task, rows, parents, say)
    job = Job(
        network=network,
        bands=len(rows.feed.card.bands),
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
        bands=rows.feed.card.bands,
        truth=rows.truth,
        rows=groups.counts(rows.sample.division.side) if rows.sample else {"with a truth": len(rows.known)},
        left_out=rows.left_out,
        notes=rows.feed.notes,
        members=job.members,
    )
    _tell(result, say)
    before = sum(len(parent.tensors.get(SEEN, ())) for parent in parents)
    result = replace(result, disk_bytes=cost.disk(job, len(rows.known), before))
    sample = rows.sample
    keeper = _keeper(job, result, sample, parents, options, file, say) if sample else None
    if options.dry_run or keeper is None or sample is None:
        side = rows.feed.card.stamp
        return replace(
            result,
            stamp_bytes=4 * sum(result.rows.values()) * job.bands * (side or 0) ** 2,
            estimate_seconds=cost.seconds(job, result.rows.get("train", len(rows.known)), side),
        )
    file.check_space(result.disk_bytes)
    if keeper.found is not None:
        result = replace(result, resumed=sum(map(len, keeper.found.facts["curves"])))
        say(f"taken over from an earlier run: {counted(result.resumed, 'epoch')}")
    try:
        fitted = fitting.train(job, sample.part(TRAIN), sample.part(VALID), keeper=keeper, say=say, progress=progress)
    except BaseException:
        if keeper.path.exists():
            say(f"{keeper.path} holds what is done so far; the same command with --resume goes on from there")
        raise
    parts = [side for side in (VALID, TEST) if result.rows[SIDES[side]]]
    result = replace(
        result,
        scores={SIDES[side]: _scores(fitted, posterior, sample, side) for side in parts},
        epochs=tuple(len(curve) for curve in fitted.curves),
        temperature=fitted.temperature,
    )
    whole = _sealed(task, result, rows, sample, posterior, fitted, options, parents)
    content = model.encode(whole)
    file.write(content)
    return replace(result, sha256=whole.card.sha256, size=len(content))


def _posterior(task: Task, rows: TrainingRows, parents: Sequence[model.Model], say: Say) -> Posterior:
    truth = rows.known
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


def _keeper(
    job: Job,
    result: Result,
    sample: TrainingSet,
    parents: Sequence[model.Model],
    options: Options,
    file: ModelFile,
    say: Say,
) -> Keeper:
    """Return the writer of checkpoints, with what an earlier run left if it is to go on."""
    own = {"task": result.task, "network": result.network, "bands": list(result.bands), "rows": sample.digest()}
    facts = job.facts() | own | {"init": [parent.card.sha256 for parent in parents], "version": __version__}
    known, side = sample.table()
    path = file.checkpoint
    keeper = Keeper(path, json.loads(json.dumps(facts)), {"groups": known, "sides": side}, options.checkpoint_every)
    if options.resume and path.exists():
        try:
            found = checkpoint.read(path)
            before = (found.tensors.get("groups", known[:0]), found.tensors.get("sides", side[:0]))
            sample.division.check_same(before, str(path))
            keeper.resume(found)
            return keeper
        except InputError as error:
            if not options.overwrite:
                raise
            say(f"begun anew: {error}")
    if not options.dry_run:
        path.unlink(missing_ok=True)
    return keeper


def _scores(fitted: Trained, posterior: Posterior, sample: TrainingSet, side: int) -> dict[str, Any]:
    """Return the scores of a side's rows, and their 95 % intervals by bootstrap over groups, as they are printed."""
    part, families = sample.part(side), sample.division.group[sample.division.side == side]
    answers, truth = judged(fitted.module, posterior, part), part.truth.double().numpy()
    resampling = Resampling(len(part), families)
    predictors, scores = [Predictor("network", answers)], scoretable.find(posterior.kinds[posterior.value])
    (entry,) = scoretable.table(predictors, truth, scores, resampling, paired=False)
    found = {key: score for key, score in entry.scores.items() if np.isfinite(score.value)}
    ends = {key: [round(score.low, 5), round(score.high, 5)] for key, score in found.items() if np.isfinite(score.low)}
    return {"rows": len(part), **{key: round(score.value, 5) for key, score in found.items()}, "intervals": ends}


def _sealed(
    task: Task,
    result: Result,
    rows: TrainingRows,
    sample: TrainingSet,
    posterior: Posterior,
    fitted: Trained,
    options: Options,
    parents: Sequence[model.Model],
) -> model.Model:
    """Return the model with its card."""
    trained = sample.division.side == TRAIN
    feed, photometry, inputs = rows.feed, rows.feed.photometry, sample.inputs
    seen = {}
    if photometry is not None:
        seen = ranges.measure(inputs["flux"][trained], inputs["error"][trained], result.bands)
    facts = sample.facts() | {
        "source": rows.source,
        "truth": rows.truth,
        "left_out": dict(rows.left_out),
        "split": f"column {options.split}" if options.split else "8:1:1 by a hash of the group",
        "group": f"column {options.group}" if options.group else "a row and its copies",
        "init": ", ".join(f"{parent.card.name} {parent.card.sha256}" for parent in parents),
        "note": options.note,
    }
    if feed.stamps is not None:
        facts["pixel_unit"] = feed.stamps.pixel_unit
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
        sample=facts,
        seed=options.seed,
        temperature=fitted.temperature,
        scores=dict(result.scores.get("test", {})),
        learning_curve=fitted.curves,
        citation=task.citation,
        licence=options.licence,
        created=now(),
        version=__version__,
        pixel_scale=feed.stamps.pixel_scale if feed.stamps else None,
        stamp=feed.card.stamp,
    )
    tensors = {name: value.numpy() for name, value in fitted.module.state_dict().items()}
    seen_before = [parent.tensors[SEEN] for parent in parents if SEEN in parent.tensors]  # and by whom they began with
    return model.seal(card, tensors | {SEEN: np.unique(np.concatenate([sample.division.seen(), *seen_before]))})
