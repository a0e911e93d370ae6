"""train: rows of a catalogue with a known truth in, a model file out."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from skycnn import __version__, tasks
from skycnn.distribution import Judged, join
from skycnn.errors import InputError, counted
from skycnn.inputs import foldanswers, trainingrows
from skycnn.inputs.foldanswers import FoldAnswers
from skycnn.inputs.sealing import Label, sealed
from skycnn.inputs.trainingrows import TrainingRequest, TrainingRows
from skycnn.network import adaptation, checkpoint, cost, fitting, groups, model, stages
from skycnn.network.answer import Answerer
from skycnn.network.calibration import judged
from skycnn.network.checkpoint import Keeper
from skycnn.network.division import RANDOM
from skycnn.network.fitting import Trained
from skycnn.network.groups import CALIB, SIDES, TEST, TRAIN, VALID
from skycnn.network.inference import device_of
from skycnn.network.job import Job, check_alike, planned, settings, weights
from skycnn.network.modelfile import ModelFile
from skycnn.network.trainingset import SEEN, TrainingSet
from skycnn.posterior import Posterior
from skycnn.scoring import modelscores
from skycnn.task import Task

Say = Callable[[str], None]
Progress = Callable[[int, int], None]

BEYOND = 0.01
"""Share of the rows whose truth may lie off the grid of the model that training begins with."""


@dataclass(frozen=True, kw_only=True)
class Options(TrainingRequest):
    """What ``train`` takes; the command line's options bear the same names."""

    task: str
    out: str
    init: tuple[str, ...] = ()
    network: str | None = None
    epochs: int | None = None
    members: int | None = None
    adapt_by: str | None = None
    folds: int = 0
    answers: str | None = None
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
    command: str = "skycnn train"


@dataclass(frozen=True)
class Result:
    """What a training did, or would do: the figures of its last lines and its ``--json``; of folds, the last one's."""

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
    temperature: float | tuple[float, ...] = 1.0
    sha256: str = ""
    size: int = 0
    seconds: float = 0.0
    disk_bytes: int = 0
    stamp_bytes: int = 0
    estimate_seconds: float | None = None


@dataclass(frozen=True)
class Run:
    """All that is settled before the first epoch."""

    task: Task
    parents: Sequence[model.Model]
    rows: TrainingRows
    job: Job
    options: Options
    say: Say
    progress: Progress | None


@dataclass(frozen=True)
class Fold:
    """A trained network, and its answers to the test rows by column, with their truths and groups."""

    result: Result
    sample: TrainingSet
    model: model.Model
    judged: Mapping[str, Judged]

    @property
    def tested(self) -> tuple[np.ndarray, np.ndarray]:
        """Truths (n, truths) and groups (n,) of the test rows."""
        rows = self.sample.division.side == TEST
        return self.sample.truth[rows], self.sample.division.group[rows]


def train(text: str, options: Options, say: Say = lambda _: None, progress: Progress | None = None) -> Result:
    """Train a network on a catalogue's rows and write it as a model file; or one for each fold of the rows.

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
    answers = _check_folds(text, options)
    files = [
        ModelFile(out, resume=options.resume, overwrite=options.overwrite, dry_run=options.dry_run)
        for out in foldanswers.out_of(options.out, options.folds)
    ]
    with ExitStack() as stack:
        if not options.dry_run:
            for file in files:
                stack.enter_context(file.locked(options.wait))
        result = _train(text, options, files, answers, say, progress)
    return result if options.dry_run else replace(result, seconds=time.monotonic() - started)


def _check_folds(text: str, options: Options) -> FoldAnswers | None:
    """Return where out-of-fold answers go; None without folds."""
    if not options.folds:
        if options.answers:
            raise InputError("--answers are those of --folds", hint="Leave --answers out, or name --folds K.")
        return None
    if options.folds < 2 or options.answers is None:
        hint = "skycnn predict answers with one model." if options.folds else None
        expected = "2 folds or more, and --answers FILE for their answers"
        raise InputError("--folds lacks something", value=options.folds, expected=expected, hint=hint)
    if options.split not in (None, RANDOM):
        raise InputError("--folds divides the rows itself", hint="Leave --split out.")
    return FoldAnswers(text, options.hdu, options.answers, overwrite=options.overwrite)


def _train(
    text: str,
    options: Options,
    files: Sequence[ModelFile],
    answers: FoldAnswers | None,
    say: Say,
    progress: Progress | None,
) -> Result:
    """Train, or find out what would be done, while the outputs are held."""
    task = tasks.load(options.task)
    parents = [model.read(model.locate(name)) for name in options.init]
    name, network = planned(task, parents, network=options.network, members=options.members, epochs=options.epochs)
    check_alike(parents)
    for parent in parents:
        Answerer(task, parent, "cpu")  # else a card that fits no network would fail once the rows are read
    job = Job(
        network=network,
        bands=len(options.bands) or 1,
        posterior=task.posterior(),
        settings=settings(network, parents),
        seed=options.seed,
        device=device_of(options.device),
        init=weights(*parents) if parents else None,
        joins=len(parents) > 1,
        adaptation=adaptation.requested(options.adapt, options.adapt_by),
    )
    unlabelled = stages.check(job, name)
    folder, dry = files[0].folder, options.dry_run
    rows = trainingrows.read(
        text, task, network, options, parents, folder, say, unread=dry, unlabelled=unlabelled, folds=bool(options.folds)
    )
    job = replace(
        job,
        bands=len(rows.feed.card.bands),
        posterior=_posterior(task, rows, parents, say),
        settings=settings(network, parents, rows.feed.stamps.pixel_scale if rows.feed.stamps else None),
    )
    if job.adaptation is not None:
        stages.check_features(job, name, rows.feed.imagined(2))
    result = Result(
        output=files[-1].label,
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
    if answers is not None:
        answers.check(task, job.posterior, rows)
    _tell(result, options.folds, say)
    before = sum(len(parent.tensors.get(SEEN, ())) for parent in parents)
    result = replace(result, disk_bytes=len(files) * cost.disk(job, len(rows.known), before))
    run = Run(task, parents, rows, job, options, say, progress)
    sample = rows.sample
    if dry or sample is None:
        if sample is not None and not options.folds:
            _keeper(run, result, sample, files[0])
        return _estimated(run, result, len(files))
    files[0].check_space(result.disk_bytes)
    if answers is None:
        fold = _fit(run, result, sample, files[0])
        return _written(fold, fold.model, files[0])
    folds = []
    for number, file in enumerate(files):
        say(f"fold {number + 1} of {len(files)}")
        part = sample.fold(number, len(files))
        part.check(rows.source, rows.left_out)
        if not part.known[part.division.side == TEST].any():
            what = f"fold {number + 1} of {len(files)} has no row with a truth"
            raise InputError(what, hint="Give fewer --folds, or finer groups.")
        own = replace(result, name=f"{result.name}-fold{number + 1}", rows=groups.counts(part.division.side))
        folds.append(_fit(run, own, part, file))
        answers.take(task, folds[-1].model, rows, part, options.device)
    return _folded(run, folds, answers, files)


def _estimated(run: Run, result: Result, times: int) -> Result:
    """Return the result of a dry run."""
    rows, side = result.rows.get("train", len(run.rows.known)), run.rows.feed.card.stamp
    imagined = run.rows.feed.imagined(max(1, min(run.job.network.plan.batch, rows)))
    return replace(
        result,
        stamp_bytes=4 * sum(result.rows.values()) * run.job.bands * (side or 0) ** 2,
        estimate_seconds=times * cost.seconds(run.job, rows, imagined),
    )


def _fit(run: Run, result: Result, sample: TrainingSet, file: ModelFile) -> Fold:
    """Train one network, and score it."""
    keeper = _keeper(run, result, sample, file)
    if keeper.found is not None:
        result = replace(result, resumed=sum(map(len, keeper.found.facts["curves"])))
        run.say(f"taken over from an earlier run: {counted(result.resumed, 'epoch')}")
    train, valid, second = sample.part(TRAIN), sample.part(VALID), run.rows.adapt
    calib = sample.part(CALIB) if result.rows[SIDES[CALIB]] else None
    adapt, facts = (None, {}) if second is None else second.apart(sample.division, run.say)
    try:
        fitted = fitting.train(run.job, train, valid, calib, adapt, keeper=keeper, say=run.say, progress=run.progress)
    except BaseException:
        if keeper.path.exists():
            run.say(f"{keeper.path} holds what is done so far; the same command with --resume goes on from there")
        raise
    fitted = replace(fitted, adaptation=facts | dict(fitted.adaptation))
    answered = {side: _judged(fitted, sample, side) for side in (VALID, TEST) if result.rows[SIDES[side]]}
    result = replace(
        result,
        scores={SIDES[side]: modelscores.of(fitted.posterior, *found) for side, found in answered.items()},
        epochs=tuple(len(curve) for curve in fitted.curves),
        temperature=fitted.temperature,
    )
    options = run.options
    label = Label(
        name=result.name,
        network=result.network,
        dereddened=options.dereddened,
        seed=options.seed,
        note=options.note,
        licence=options.licence,
    )
    whole = sealed(run.task, label, run.rows, sample, fitted, result.scores.get("test", {}), run.parents)
    return Fold(result, sample, whole, answered[TEST][0] if TEST in answered else {})


def _folded(run: Run, folds: Sequence[Fold], answers: FoldAnswers, files: Sequence[ModelFile]) -> Result:
    """Score the answers of all folds together, and write them and the models."""
    posterior = run.task.posterior(**folds[0].model.card.posterior)
    whole = {column: join([fold.judged[column] for fold in folds]) for column in posterior.values}
    truth, group = (np.concatenate(part) for part in zip(*(fold.tested for fold in folds), strict=True))
    scores = modelscores.of(posterior, whole, truth, group)
    models = [fold.model for fold in folds]
    crossfit = {"how": f"cross-fit over {len(folds)} folds (group: {run.rows.facts['group']})", **scores}
    cards = [replace(entry.card, scores=modelscores.instead(entry.card.scores, crossfit)) for entry in models]
    models = [model.seal(card, entry.tensors) for card, entry in zip(cards, models, strict=True)]
    answers.write(run.task, models, run.options.command, run.rows)
    results = [_written(*entry) for entry in zip(folds, models, files, strict=True)]
    epochs = tuple(count for result in results for count in result.epochs)
    return replace(results[-1], scores={"out of fold": scores}, epochs=epochs)


def _written(fold: Fold, whole: model.Model, file: ModelFile) -> Result:
    """Write a model, and return the result."""
    content = model.encode(whole)
    file.write(content)
    return replace(fold.result, sha256=whole.card.sha256, size=len(content))


def _posterior(task: Task, rows: TrainingRows, parents: Sequence[model.Model], say: Say) -> Posterior:
    truth = rows.known
    if not parents:
        if not len(truth):
            raise InputError(f"{rows.source} has no row with a truth", hint="Name it with --truth COLUMN.")
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


def _tell(result: Result, folds: int, say: Say) -> None:
    counts = ", ".join(f"{count} {word}" for word, count in result.rows.items() if count or word != "calib")
    counts = f"{sum(result.rows.values())} in {folds} folds" if folds else counts
    left = ", ".join(f"{n} {reason}" for reason, n in result.left_out.items())
    bands = " ".join(result.bands)
    say(f"{result.name}: task {result.task}, network {result.network}, bands {bands}, truth {result.truth}")
    say(f"rows: {counts}" + (f"; left out: {left}" if left else ""))


def _keeper(run: Run, result: Result, sample: TrainingSet, file: ModelFile) -> Keeper:
    """Return the writer of checkpoints, with what an earlier run left if it is to go on."""
    options, path = run.options, file.checkpoint
    facts = fitting.facts(run.job) | {
        "task": result.task,
        "network": result.network,
        "bands": list(result.bands),
        "rows": sample.digest(),
        "init": [parent.card.sha256 for parent in run.parents],
        "version": __version__,
    }
    if run.rows.adapt is not None:
        facts["adapt"] = run.rows.adapt.sample.digest()
    known, side = sample.table()
    keeper = Keeper(
        path,
        json.loads(json.dumps(facts)),
        {"groups": known, "sides": side},
        options.checkpoint_every,
        last=bool(options.folds),
    )
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
            run.say(f"begun anew: {error}")
    if not options.dry_run:
        checkpoint.remove(path)
    return keeper


def _judged(fitted: Trained, sample: TrainingSet, side: int) -> tuple[dict[str, Judged], np.ndarray, np.ndarray]:
    """Return the answers to a side's rows by column, and the rows' truths (n, truths) and groups (n,)."""
    part, rows = sample.part(side), sample.division.side == side
    return (
        judged(fitted.module, fitted.posterior, part, fitted.tempering),
        part.truth.double().numpy(),
        sample.division.group[rows],
    )
