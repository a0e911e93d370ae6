"""score: predicted and true columns in, a table of scores out, the baselines beside the network."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import __version__, baselines, tasks
from skycnn.bootstrap import LEVEL, Resampling
from skycnn.errors import InputError
from skycnn.files import safefile
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.tablechoice import listing
from skycnn.photometry import conditions
from skycnn.photometry.fluxes import Photometry, PhotometryOptions
from skycnn.report import figures
from skycnn.schema import Flag
from skycnn.scoring import baselineanswers, scoredrows, scoretable
from skycnn.scoring.origin import Origin, recorded
from skycnn.scoring.origin import find as find_origin
from skycnn.scoring.scoredrows import ScoredRows, Wanted
from skycnn.scoring.scoretable import Bin, Entry, Predictor, Score
from skycnn.task import Task

Array = NDArray[Any]
Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """What ``score`` may be told; the command line's options bear the same names."""

    task: str
    truth: str | None = None
    hdu: str | None = None
    rows: tuple[int, int | None] | None = None
    where: str | None = None
    prefix: str = ""
    suffix: str = ""
    baseline: tuple[str, ...] = ()
    baselines: tuple[str, ...] | None = None
    train: tuple[str, ...] = ()
    group: str | None = None
    by: tuple[str, float, float, int] | None = None
    model: str | None = None
    survey: str | None = None
    photometry: PhotometryOptions = field(default_factory=PhotometryOptions)
    plot: str | None = None
    overwrite: bool = False
    resamples: int = 1000
    seed: int = 0
    threads: int = 1


@dataclass(frozen=True)
class Answered:
    """A model and the files that it answered; its name and hash are empty for files that do not tell it."""

    model: str
    model_sha256: str
    files: Sequence[str]

    def __str__(self) -> str:
        return f"{self.model} ({self.model_sha256[:16]})" if self.model else "an unknown model"


@dataclass(frozen=True)
class Result:
    """What was scored, and the table: the numbers behind ``--json``.

    ``model`` and ``model_sha256`` are empty where the model is unknown or files were answered by several ``models``.
    """

    task: str
    files: Sequence[str]
    value: str
    truth: str
    rows: int
    left_out: Mapping[str, int]
    flagged: Mapping[str, int]
    model: str
    model_sha256: str
    models: Sequence[Answered]
    bands: Sequence[str]
    trained_on: str
    bootstrap: str
    level: float
    entries: Sequence[Entry]
    by: str
    bins: Sequence[Bin]
    pit: Sequence[int]
    plot: str | None
    seconds: float
    scores: Sequence[Score]
    versions: Mapping[str, str] = field(default_factory=lambda: {"skycnn": __version__, "numpy": np.__version__})

    def to_json(self) -> dict[str, Any]:
        """Return plain values; the share of outliers and the like as fractions."""
        content = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "scores"}
        return content | {
            "models": [asdict(held) for held in self.models],
            "entries": [asdict(entry) for entry in self.entries],
            "bins": [asdict(entry) for entry in self.bins],
            "rate": self.rows / self.seconds if self.seconds else None,
        }


def score(
    texts: Sequence[str], options: Options, say: Say = lambda _: None, progress: Progress | None = None
) -> Result:
    """Score the answers in catalogues against a column of the truth, and the baselines on the same rows.

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
    started = time.monotonic()
    kind = _check_plot(options)
    for name in options.baselines or ():
        baselines.build(name)
    task = tasks.load(options.task)
    posterior = task.posterior()
    kind_of_answer = posterior.kinds[posterior.value]
    scores = scoretable.find(kind_of_answer)
    value = f"{options.prefix}{posterior.value}{options.suffix}"
    labels, parts = [], []
    by_model: dict[tuple[str, str], list[str]] = {}
    origin: Origin | None = None
    for text in texts:
        with ExitStack() as stack:
            catalogue = _open(stack, text, value, options)
            wanted = _wanted(catalogue, task, kind_of_answer, value, options)
            if origin is None:
                given = (options.photometry, options.model, options.survey)
                origin = find_origin(catalogue, task.name, value, *given, say=say)
            record = recorded(catalogue, task.name, value)
            which = (record.model, record.model_sha256) if record else ("", "")
            by_model.setdefault(which, []).append(catalogue.label)
            labels.append(catalogue.label)
            parts.append(
                scoredrows.read(catalogue, wanted, _photometry(catalogue, origin, options, say), len(origin.bands))
            )
    if origin is None:
        raise InputError("score needs a catalogue")
    models = [Answered(*which, files) for which, files in by_model.items()]
    _tell_models(models, say)
    rows = scoredrows.concatenate(parts)
    if not len(rows.truth) and rows.left_out:
        why = ", ".join(f"{n} {reason}" for reason, n in rows.left_out.items())
        raise InputError(
            f"{', '.join(labels)}: no row to score: {why}", hint=f"Is {wanted.truth} the truth? --truth COL"
        )
    train = _train_sample(options, wanted, origin, rows, say) if options.train else None
    told = baselineanswers.told(train, options.train, options.group)
    asked = tuple(baselines.KINDS) if options.baselines is None else options.baselines
    predictors = [Predictor(name, judged, rows.notes.get(name, "")) for name, judged in rows.judged.items()]
    for k, name in enumerate(asked):
        predictors.append(baselineanswers.answer(name, rows, train, kind_of_answer, told, options.threads))
        if progress is not None:
            progress(k + 1, len(asked) + 1)
    resampling = Resampling(len(rows.truth), rows.groups, options.resamples, options.seed)
    entries = scoretable.table(predictors, rows.truth, scores, resampling)
    bins: tuple[Bin, ...] = ()
    if options.by is not None and rows.by is not None:
        edges = np.linspace(*options.by[1:3], options.by[3] + 1)
        bins = scoretable.binned(predictors, rows.truth, scores, rows.by, edges, rows.groups, options.resamples)
    own = predictors[0].judged
    if options.plot is not None:
        title = f"{' and '.join(held.model for held in models if held.model) or value} on {', '.join(labels)}"
        page = figures.draw(kind_of_answer, predictors[0], rows.truth, entries, wanted.truth, title, kind)
        _write(options.plot, page)
    if progress is not None:
        progress(len(asked) + 1, len(asked) + 1)
    return Result(
        task=task.name,
        files=labels,
        value=value,
        truth=wanted.truth,
        rows=len(rows.truth),
        left_out=rows.left_out,
        flagged=_flagged(rows.flags),
        model=models[0].model if len(models) == 1 else "",
        model_sha256=models[0].model_sha256 if len(models) == 1 else "",
        models=models,
        bands=origin.bands,
        trained_on=told if asked else "",
        bootstrap=str(resampling),
        level=LEVEL,
        entries=entries,
        by=options.by[0] if options.by else "",
        bins=bins,
        pit=np.histogram(own.pit, 20, (0, 1))[0].tolist() if own is not None and own.pit is not None else [],
        plot=options.plot,
        seconds=time.monotonic() - started,
        scores=scores,
    )


def _tell_models(models: Sequence[Answered], say: Say) -> None:
    """Warn where several models answered: the scores are of none of them."""
    if len(models) > 1:
        told = "; ".join(f"{held} in {', '.join(held.files)}" for held in models)
        say(f"warning: the rows are answers of several models: {told}")


def _check_plot(options: Options) -> str:
    """See before the work that the figure can be drawn and written."""
    if options.plot is None:
        return ""
    folder = os.path.dirname(options.plot) or "."
    if os.path.exists(options.plot) and not options.overwrite:
        raise InputError(f"{options.plot} exists", hint="--overwrite replaces it.")
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise InputError(f"no file can be made in {folder}", hint="Give another --plot FILE.")
    return figures.check(options.plot)


def _write(path: str, page: bytes) -> None:
    with (
        safefile.replacing(os.path.realpath(path), path, start=None, detach=True) as fd,
        os.fdopen(os.dup(fd), "wb") as file,
    ):
        file.write(page)


def _open(stack: ExitStack, text: str, value: str, options: Options) -> Catalogue:
    """Open the table that holds the answers."""
    catalogue = stack.enter_context(
        Catalogue.open(text, options.hdu, lambda columns, _: any(_same(c.name, value) for c in columns))
    )
    if catalogue.has(value) is None:
        file = catalogue.source.label
        added = "".join(f" --{name} {text}" for name in ("prefix", "suffix") if (text := getattr(options, name)))
        raise InputError(
            f"{catalogue.label} has no column {value!r}",
            hint=f"Run `skycnn predict {file} --task {options.task}{added}` first. It has: {listing(catalogue.names)}",
        )
    return catalogue


def _wanted(catalogue: Catalogue, task: Task, scores: str, value: str, options: Options) -> Wanted:
    known = next(iter(task.truths.values())).names
    truth = options.truth or next((name for name in known if catalogue.has(name)), None)
    if truth is None:
        raise InputError(
            f"{catalogue.label} has no column of the truth ({', '.join(known) or 'none is known by name'})",
            hint=f"Name it: --truth COL. It has: {listing(catalogue.names)}",
        )
    return Wanted(
        values=tuple(dict.fromkeys((value, *options.baseline))),
        flag=f"{options.prefix}{task.flag}_FLAG{options.suffix}",
        truth=truth,
        scores=scores,
        group=options.group,
        by=options.by[0] if options.by else None,
        where=conditions.parse(options.where, "--where") if options.where else None,
        rows=options.rows,
    )


def _photometry(catalogue: Catalogue, origin: Origin, options: Options, say: Say) -> Photometry | None:
    """Return the photometry that the baselines see; None, with a note, where there is none and none was asked for."""
    asked = baselines.KINDS if options.baselines is None else options.baselines
    if not set(asked) - {"median"}:
        return None
    try:
        return origin.photometry(catalogue)
    except InputError as error:
        if options.baselines is not None:
            raise
        say(f"the baselines have no photometry: {error.what}")
        return None


def _train_sample(options: Options, wanted: Wanted, origin: Origin, rows: ScoredRows, say: Say) -> ScoredRows:
    """Read the rows that the baselines are trained on, and see that none of them is scored.

    Raises
    ------
    InputError
        When a row or a group stands on both sides.
    """
    parts = []
    wanted = replace(wanted, values=(), by=None, rows=None)
    for text in options.train:
        with Catalogue.open(
            text, None, lambda columns, _: any(_same(c.name, wanted.truth) for c in columns)
        ) as catalogue:
            parts.append(
                scoredrows.read(catalogue, wanted, _photometry(catalogue, origin, options, say), len(origin.bands))
            )
    train, where = scoredrows.concatenate(parts), " ".join(options.train)
    if not len(train.truth):
        raise InputError(f"--train {where}: no row has a truth in {wanted.truth}")
    baselineanswers.check_apart(rows, train, where, options.group)
    return train


def _flagged(flags: Array | None) -> dict[str, int]:
    bits = np.zeros(0, np.int64) if flags is None else flags
    counts = {str(bit.name).lower(): int(np.count_nonzero(bits & bit)) for bit in Flag}
    return {name: n for name, n in counts.items() if n}


def _same(name: str, other: str) -> bool:
    return name.casefold() == other.casefold()
