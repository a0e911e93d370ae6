"""score: predicted and true columns in, a table of scores out, the baselines beside the network."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import baselines, features, tasks
from skycnn.baselines import Planned
from skycnn.bootstrap import Resampling
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.provenance import redacted
from skycnn.inputs.available import Available, survey_of
from skycnn.photometry.fluxes import PhotometryOptions
from skycnn.report import figures, pagematter, plotfile, scorefiles
from skycnn.report.pagematter import PageMatter
from skycnn.report.scorepage import ScorePage, ShownAnswer
from skycnn.scoring import (
    answertables,
    baselineanswers,
    baselineinputs,
    rowbins,
    scoredrows,
    scoretable,
    taskbaselines,
)
from skycnn.scoring.origin import Origin, recorded
from skycnn.scoring.origin import find as find_origin
from skycnn.scoring.rowbins import By, RowBins
from skycnn.scoring.scoredrows import InputReader, ScoredRows, Wanted
from skycnn.scoring.scoreresult import Answered, Result
from skycnn.scoring.scoretable import Predictor
from skycnn.scoring.target import Names, Target, match
from skycnn.scoring.target import find as find_targets
from skycnn.task import OwnBaseline, Task

Array = NDArray[Any]
Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """The options of ``score``, named as on the command line."""

    task: str
    truth: tuple[str, ...] = ()
    hdu: str | None = None
    rows: tuple[int, int | None] | None = None
    where: str | None = None
    prefix: str = ""
    suffix: str = ""
    baseline: tuple[str, ...] = ()
    baselines: tuple[str, ...] | None = None
    train: tuple[str, ...] = ()
    train_truth: tuple[str, ...] = ()
    group: str | None = None
    by: By | None = None
    model: str | None = None
    survey: str | None = None
    photometry: PhotometryOptions = field(default_factory=PhotometryOptions)
    threshold: float = 0.5
    prevalence: float | None = None
    plot: str | None = None
    html: str | None = None
    command: str = ""
    answer: str | None = None
    overwrite: bool = False
    resamples: int = 1000
    seed: int = 0
    threads: int = 1


def score(
    texts: Sequence[str], options: Options, say: Say = lambda _: None, progress: Progress | None = None
) -> Result:
    """Score the answers in catalogues against columns of the truth, and the baselines on the same rows.

    Parameters
    ----------
    texts : sequence of str
        ``cat.fits``, ``cat.fits[EXT]``, ...; their rows are taken together.
    options : Options
        What to do.
    say, progress : callable
        Receive notes, one line each; steps done and steps in all.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        Bad input: a column or table is missing, no row has a truth, a training row is among the scored ones.
    """
    started, said = time.monotonic(), set[str]()

    def once(note: str) -> None:
        if note not in said:
            said.add(note)
            say(note)

    files, named = (*texts, *options.train), (options.model, options.survey)
    form = scorefiles.check(files, named, plot=options.plot, html=options.html, overwrite=options.overwrite)
    task = tasks.load(options.task)
    planned = baselines.plan(options.baselines, features.sets(task.features), task.baselines)
    for each in planned if options.baselines is not None else ():
        if each.features is not None:
            baselines.build(each.method)
    sample = _read(texts, task, options, planned, once, progress)
    _tell_models(sample.models, say)
    samples = _with_rows(sample, say)
    plotted = _plotted(samples, options)
    done, steps = 0, len(samples) * (len(planned) + 1)
    answers, shown, trained_on = [], list[ShownAnswer](), ""
    for target, rows in samples:
        train = _train_sample(options, target, sample, task, rows, once, progress) if options.train else None
        note = baselineanswers.training_note(train, options.train, options.group, target.learned)
        trained_on = trained_on or (note if planned else "")
        learned = {target.value: sample.origin.learned if len(sample.models) == 1 else None}
        predictors = [
            Predictor(name, judged, rows.notes.get(name, ""), learned.get(name)) for name, judged in rows.judged.items()
        ]
        for each in planned:
            if each.features is not None:
                predictors.append(baselineanswers.answer(each, rows, train, target.kind, note, options.threads))
            elif each.name in sample.own and target.answer in sample.own[each.name].columns:
                predictors.append(taskbaselines.answer(each.name, sample.own[each.name], rows, target.answer))
            done += 1
            if progress is not None:
                progress(done, steps)
        found = _sorted(target, rows, sample, options, None if len(samples) == 1 else say)
        scores = scoretable.find(target.kind, options.threshold, options.prevalence)
        resampling = Resampling(len(rows.truth), rows.groups, options.resamples, options.seed)
        ran = [each.name for each in planned]
        answers.append(answertables.of(task, target, rows, predictors, scores, resampling, found, ran))
        if options.html is not None:
            shown.append(sample.matter.shown(task, target, rows, answers[-1], found, sample.origin.bands))
        if options.plot is not None and target is plotted:
            by = " and ".join(held.model for held in sample.models if held.model) or target.value
            title = f"{by} on {', '.join(sample.labels)}"
            figure = figures.draw(target, predictors[0], rows.truth, answers[-1].entries, title, form)
            plotfile.write(options.plot, figure)
        done += 1
        if progress is not None:
            progress(done, steps)
    result = Result(
        answers=answers,
        task=task.name,
        files=sample.labels,
        models=sample.models,
        bands=sample.origin.bands,
        trained_on=trained_on,
        by=answers[0].by,
        threshold=options.threshold,
        prevalence=options.prevalence,
        plot=options.plot,
        html=options.html,
        seconds=time.monotonic() - started,
    )
    if options.html is not None:
        known = pagematter.cards(sample.models, sample.origin)
        plotfile.write(options.html, ScorePage(result, shown, redacted(options.command), known, task.flags).html())
    return result


def _with_rows(sample: "_Sample", say: Say) -> list[tuple[Target, ScoredRows]]:
    """Return the answers that have rows to score, and those of tables without rows.

    Raises
    ------
    InputError
        When there are rows, but none that has a truth.
    """
    filled, errors = [], []
    for one in sample.targets:
        rows = sample.rows(one.answer)
        if len(rows.truth) or not rows.left_out:
            filled.append((one, rows))
            continue
        why = ", ".join(f"{n} {reason}" for reason, n in rows.left_out.items())
        where = one.value if len(sample.targets) > 1 else ", ".join(sample.labels)
        hint = f"Is {one.truth} the truth? --truth COL"
        if "outside --where" in rows.left_out:
            hint = "--where leaves out all rows that have an answer and a truth."
        errors.append(InputError(f"{where}: no row to score: {why}", hint=hint))
    if not filled:
        raise errors[0]
    for error in errors:
        say(str(error))
    return filled


def _sorted(target: Target, rows: ScoredRows, sample: "_Sample", options: Options, say: Say | None) -> RowBins | None:
    """Return the bins of ``--by``; None without them, or where ``say`` may tell that this answer has none."""
    if options.by is None or not len(rows.truth):
        return None
    try:
        return rowbins.find(options.by, rows, target.value, sample.origin.bands)
    except InputError as error:
        if say is None:
            raise
        say(str(error))
        return None


@dataclass
class _Sample:
    """What was read of the catalogues: by answer the rows of each."""

    targets: tuple[Target, ...]
    origin: Origin
    own: Mapping[str, OwnBaseline] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    parts: dict[str, list[ScoredRows]] = field(default_factory=dict)
    by_model: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    matter: PageMatter = field(default_factory=PageMatter)

    @property
    def models(self) -> list[Answered]:
        return [Answered(*which, files) for which, files in self.by_model.items()]

    def rows(self, answer: str) -> ScoredRows:
        return scoredrows.concatenate(self.parts[answer])


def _read(
    texts: Sequence[str],
    task: Task,
    options: Options,
    planned: Sequence[Planned],
    say: Say,
    progress: Progress | None = None,
) -> _Sample:
    posterior = task.posterior()
    names = Names(options.prefix, options.suffix, options.truth, options.baseline, options.train_truth)
    written = {names.written(answer).casefold() for answer in posterior.values}
    sample: _Sample | None = None
    for text in texts:
        with Catalogue.open(
            text, options.hdu, lambda columns, _: any(c.name.casefold() in written for c in columns)
        ) as catalogue:
            targets = find_targets(catalogue, task, posterior, names)
            if sample is None:
                given = (options.photometry, options.model, options.survey)
                images = any("image" in features.kinds(make) for make in features.sets(task.features).values())
                origin = find_origin(catalogue, task.name, targets[0].value, *given, say=say, images=images)
                strict = options.baselines is not None
                own = taskbaselines.make(task, [each.name for each in planned], origin, say, strict=strict)
                sample = _Sample(targets, origin, own)
            if [target.answer for target in targets] != [target.answer for target in sample.targets]:
                raise InputError(
                    f"{catalogue.label} has other answers with a truth than {sample.labels[0]}",
                    value=" ".join(target.value for target in targets),
                    expected=" ".join(target.value for target in sample.targets),
                )
            record = recorded(catalogue, task.name, targets[0].value)
            which = (record.model, record.model_sha256) if record else ("", "")
            sample.by_model.setdefault(which, []).append(catalogue.label)
            sample.labels.append(catalogue.label)
            reader = _reader(catalogue, sample, task, options, say, progress)
            for target in targets:
                wanted = _wanted(target, task, options, catalogue, sample.origin)
                rows = scoredrows.read(catalogue, wanted, reader)
                if rows.by is None and options.by is not None and options.by[0] == rowbins.FILE:
                    rows = replace(rows, by=np.full(len(rows.truth), catalogue.label))
                if options.html is not None:
                    sample.matter.add(catalogue, target, rows, sample.origin)
                sample.parts.setdefault(target.answer, []).append(rows)
    if sample is None:
        raise InputError("score needs a catalogue")
    return sample


def _tell_models(models: Sequence[Answered], say: Say) -> None:
    """Warn where several models answered: the scores are of none of them."""
    if len(models) > 1:
        which = "; ".join(f"{held} in {', '.join(held.files)}" for held in models)
        say(f"warning: the rows are answers of several models: {which}")


def _plotted(samples: Sequence[tuple[Target, ScoredRows]], options: Options) -> Target:
    """Return the answer that ``--plot`` draws."""
    if options.answer is None:
        return samples[0][0]
    answers = {target.answer: target for target, _ in samples}
    names = Names(options.prefix, options.suffix)
    answer = match(options.answer, list(answers), names.written)
    if answer is None:
        raise InputError(f"--answer {options.answer} is not scored", expected=" or ".join(answers))
    return answers[answer]


def _wanted(target: Target, task: Task, options: Options, catalogue: Catalogue, origin: Origin) -> Wanted:
    user_survey = origin.user_survey
    survey = survey_of(catalogue, user_survey.name if user_survey else options.survey)
    return Wanted(
        values=tuple(dict.fromkeys((target.value, *target.rivals))),
        flag=f"{options.prefix}{task.flag}_FLAG{options.suffix}",
        truth=target.truth,
        kind=target.kind,
        bounds=target.bounds,
        learned=None if options.train else target.learned,
        group=options.group,
        by=_by_column(options, catalogue),
        beside=() if options.html is None else pagematter.beside(catalogue),
        where=options.where or None,
        bits=Available(catalogue, survey=survey, user_survey=user_survey).bits,
        rows=options.rows,
    )


def _by_column(options: Options, catalogue: Catalogue) -> str | None:
    """Return the column that rows are sorted by; None where there is none, or it follows from the answers."""
    if options.by is None:
        return None
    name = options.by[0]
    told = name in rowbins.WORDS and not any(column.name == name for column in catalogue.columns)
    return None if told else name


def _reader(
    catalogue: Catalogue, sample: "_Sample", task: Task, options: Options, say: Say, progress: Progress | None
) -> InputReader:
    """Return the reader of what the baselines see; what is not there is an error if the user names the baselines."""
    names = set(baselines.DEFAULT if options.baselines is None else options.baselines) - {"median"}
    needed = bool(names) or (options.by is not None and options.by[0] == "mag")
    strict = options.baselines is not None
    fluxes = options.html is not None
    own, origin = tuple(sample.own.values()), sample.origin
    return baselineinputs.find(
        catalogue, origin, task, say, needed=needed, strict=strict, fluxes=fluxes, own=own, progress=progress
    )


def _train_sample(
    options: Options,
    target: Target,
    sample: _Sample,
    task: Task,
    rows: ScoredRows,
    say: Say,
    progress: Progress | None = None,
) -> ScoredRows:
    """Read the rows that the baselines are trained on, and see that none of them is scored.

    Raises
    ------
    InputError
        When a row or a group stands on both sides.
    """
    parts, truth = [], target.learned or target.truth
    for text in options.train:
        with Catalogue.open(
            text, None, lambda columns, _: any(c.name.casefold() == truth.casefold() for c in columns)
        ) as catalogue:
            wanted = _wanted(target, task, options, catalogue, sample.origin)
            wanted = replace(wanted, truth=truth, values=(), by=None, beside=(), rows=None)
            reader = _reader(catalogue, replace(sample, own={}), task, options, say, progress)
            parts.append(scoredrows.read(catalogue, wanted, reader))
    train, where = scoredrows.concatenate(parts), " ".join(options.train)
    if not len(train.truth):
        raise InputError(f"--train {where}: no row has a truth in {truth}")
    baselineanswers.check_apart(rows, train, where, options.group, alike=target.learned is None)
    return train
