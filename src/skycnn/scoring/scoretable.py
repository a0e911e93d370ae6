"""Score table: several predictors on the same rows, each score with its bootstrap interval."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import metrics
from skycnn.bootstrap import Interval, Resampling, bootstrap, difference, interval
from skycnn.distribution import Judged
from skycnn.errors import InputError

Array = NDArray[Any]


@dataclass(frozen=True)
class Score:
    """One line of the table.

    Parameters
    ----------
    key : str
        Its name in ``--json``.
    label : str
        Its name in the field.
    of : callable
        ``of(judged, truth)`` returns the number.
    ideal : float
        Of a perfect, calibrated predictor.
    percent : bool
        Whether people read it in per cent.
    silence : bool
        Whether an unanswered row counts against the predictor; else the score is over answered rows.
    """

    key: str
    label: str
    of: Callable[[Judged, Array], float]
    ideal: float = 0.0
    percent: bool = False
    silence: bool = False

    def text(self, value: float, sign: str = "") -> str:
        """Return a value as people read it; with ``+`` as its sign where it is a difference."""
        if not np.isfinite(value):
            return "-"
        return f"{100 * value:{sign}.2f}" if self.percent else f"{value:{sign}.4f}"


def _coverage(low: Array | None, high: Array | None, truth: Array) -> float:
    return float("nan") if low is None or high is None else metrics.coverage(low, high, truth)


def _of(score: Callable[[Array], float], values: Array | None) -> float:
    return float("nan") if values is None else score(values)


REDSHIFT = (
    Score("sigma_nmad", "sigma_NMAD", lambda j, t: metrics.sigma_nmad(j.value, t)),
    Score("outliers", "outliers %", lambda j, t: metrics.outlier_fraction(j.value, t), percent=True, silence=True),
    Score("bias", "bias", lambda j, t: metrics.bias(j.value, t)),
    Score("mae", "MAE", lambda j, t: metrics.mae(j.value, t)),
    Score("crps", "CRPS", lambda j, t: _of(metrics.mean, j.crps)),
    Score("pit_mean", "PIT mean", lambda j, t: _of(metrics.mean, j.pit), 0.5),
    Score("pit_width", "PIT width", lambda j, t: _of(metrics.pit_width, j.pit), 1.0),
    Score("coverage_68", "68% coverage", lambda j, t: _coverage(j.low, j.high, t), 0.68),
    Score("coverage_95", "95% coverage", lambda j, t: _coverage(j.low95, j.high95, t), 0.95),
)

CLASS = (
    Score("accuracy", "accuracy", lambda j, t: metrics.accuracy(j.value, t), 1.0, silence=True),
    Score("precision", "precision", lambda j, t: metrics.precision(j.value, t), 1.0),
    Score("recall", "recall", lambda j, t: metrics.recall(j.value, t), 1.0, silence=True),
    Score("f1", "F1", lambda j, t: metrics.f1(j.value, t), 1.0, silence=True),
    Score("auc", "AUC", lambda j, t: metrics.auc(j.value, t), 1.0),
    Score("brier", "Brier", lambda j, t: metrics.brier(j.value, t)),
)

SETS: dict[str, tuple[Score, ...]] = {"redshift": REDSHIFT, "class": CLASS}
"""Sets of scores by the name that a posterior gives: its ``scores``."""


@dataclass(frozen=True)
class Predictor:
    """Something that answered the rows.

    Parameters
    ----------
    name : str
        A column or a baseline.
    judged : Judged or None
        None when it could not run; ``note`` says why.
    note : str
        What a reader must know, e.g. where its distribution comes from.
    """

    name: str
    judged: Judged | None
    note: str = ""


@dataclass(frozen=True)
class Entry:
    """A predictor's scores.

    Parameters
    ----------
    name, note : str
    answered : float
        Share of the rows.
    scores : mapping of str to Interval
        By a score's key.
    difference : mapping of str to Interval
        First predictor minus this one on the same resamples and rows that both answered; empty for the first.
    """

    name: str
    note: str
    answered: float
    scores: dict[str, Interval] = field(default_factory=dict)
    difference: dict[str, Interval] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Bin:
    """The scores of the rows in one bin, ``low <= value < high``, the last bin with its upper end."""

    low: float
    high: float
    rows: int
    entries: tuple[Entry, ...]


def find(scores: str) -> tuple[Score, ...]:
    """Return a set of scores by name.

    Raises
    ------
    InputError
        When there is none of this name.
    """
    if scores not in SETS:
        raise InputError(f"no set of scores {scores!r}", expected=", ".join(SETS))
    return SETS[scores]


def table(
    predictors: Sequence[Predictor], truth: Array, scores: Sequence[Score], resampling: Resampling, paired: bool = True
) -> tuple[Entry, ...]:
    """Return the scores of all predictors on the same rows and resamples.

    Parameters
    ----------
    predictors : sequence of Predictor
        The first is the one that the others are compared with.
    truth : array (n,)
    scores : sequence of Score
    resampling : Resampling
        Of the n rows.
    paired : bool
        Whether differences to the first are wanted.
    """
    first = predictors[0].judged if predictors else None
    draws_of_first: Array | None = None
    entries = []
    for predictor in predictors:
        judged = predictor.judged
        if judged is None:
            entries.append(Entry(predictor.name, predictor.note, 0.0))
            continue
        draws = _draws(judged, truth, scores, resampling)
        values = [score.of(judged, truth) for score in scores]
        found = {s.key: interval(v, draws[:, k]) for k, (s, v) in enumerate(zip(scores, values, strict=True))}
        compared: dict[str, Interval] = {}
        if draws_of_first is None:
            draws_of_first = draws
        elif paired and first is not None:
            compared = _compare((first, draws_of_first), (judged, draws), truth, scores, resampling)
        answered = float(np.mean(~np.isnan(judged.value))) if len(truth) else float("nan")
        entries.append(Entry(predictor.name, predictor.note, answered, found, compared))
    return tuple(entries)


def _draws(judged: Judged, truth: Array, scores: Sequence[Score], resampling: Resampling) -> Array:
    if not len(truth):
        return np.full((1, len(scores)), np.nan)

    def statistic(index: Array) -> Array:
        rows, true = judged.take(index), truth[index]
        return np.array([score.of(rows, true) for score in scores])

    return bootstrap(statistic, resampling)


def _compare(
    first: tuple[Judged, Array],
    other: tuple[Judged, Array],
    truth: Array,
    scores: Sequence[Score],
    resampling: Resampling,
) -> dict[str, Interval]:
    """Return paired differences; where silence is no fault, on the rows that both answered."""
    masks = [~np.isnan(judged.value) for judged, _ in (first, other)]
    common, (left, right) = masks[0] & masks[1], (first[1], other[1])
    if (masks[0] != masks[1]).any():
        shared = [judged.where(common) for judged, _ in (first, other)]
        on_common = [_draws(judged, truth, scores, resampling) for judged in shared]
        silence = np.array([score.silence for score in scores])
        left, right = (np.where(silence, own, both) for own, both in zip((left, right), on_common, strict=True))
    return {score.key: difference(left[:, k], right[:, k]) for k, score in enumerate(scores)}


def binned(
    predictors: Sequence[Predictor],
    truth: Array,
    scores: Sequence[Score],
    values: Array,
    edges: Array,
    groups: Array | None = None,
    resamples: int = 1000,
) -> tuple[Bin, ...]:
    """Return the table of each bin of a column's values; rows outside all bins are left out."""
    bins = []
    for k in range(len(edges) - 1):
        below = values <= edges[k + 1] if k == len(edges) - 2 else values < edges[k + 1]
        index = np.flatnonzero((values >= edges[k]) & below)
        inside = [Predictor(p.name, p.judged.take(index) if p.judged else None, p.note) for p in predictors]
        resampling = Resampling(len(index), None if groups is None else groups[index], resamples)
        entries = table(inside, truth[index], scores, resampling, paired=False)
        bins.append(Bin(float(edges[k]), float(edges[k + 1]), len(index), entries))
    return tuple(bins)
