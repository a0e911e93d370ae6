"""Score table: several predictors on the same rows, each score with its bootstrap interval."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import metrics
from skycnn.bootstrap import Interval, Resampling, bootstrap, difference, interval, ratio
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
    percent : bool
        Whether people read it in per cent.
    in_unit : bool
        Whether it is in the answer's own unit, which may be any; printed in four figures.
    silence : bool
        Whether an unanswered row counts against the predictor; else the score is over answered rows.
    simulated : callable, optional
        ``simulated(judged, resamples)`` returns the score of so many simulated samples, (resamples,): its interval is
        theirs, not that of the bootstrap.
    beside : bool
        Whether it is no score of the answers but what another is to be seen beside, so that two are not compared.
    size : bool
        Whether it is a size of errors, of which two are compared by their ratio too.
    """

    key: str
    label: str
    of: Callable[[Judged, Array], float]
    percent: bool = False
    in_unit: bool = False
    silence: bool = False
    simulated: Callable[[Judged, int], Array] | None = None
    beside: bool = False
    size: bool = False

    def text(self, value: float, sign: str = "") -> str:
        """Return a value as people read it; with ``+`` as its sign where it is a difference."""
        if not np.isfinite(value):
            return "-"
        if self.in_unit:
            return f"{value:{sign}.4g}"
        return f"{100 * value:{sign}.2f}" if self.percent else f"{value:{sign}.4f}"


def _coverage(low: Array | None, high: Array | None, truth: Array) -> float:
    return float("nan") if low is None or high is None else metrics.coverage(low, high, truth)


def _of(score: Callable[[Array], float], values: Array | None) -> float:
    return float("nan") if values is None else score(values)


def _calibrated(judged: Judged, resamples: int = 1000) -> Array:
    return metrics.calibrated_errors(judged.value, resamples)


CALIBRATION = (
    Score("pit_mean", "PIT mean", lambda j, t: _of(metrics.mean, j.pit)),
    Score("pit_width", "PIT width", lambda j, t: _of(metrics.pit_width, j.pit)),
    Score("coverage_68", "68% coverage", lambda j, t: _coverage(j.low, j.high, t)),
    Score("coverage_95", "95% coverage", lambda j, t: _coverage(j.low95, j.high95, t)),
)

REDSHIFT = (
    Score("sigma_nmad", "sigma_NMAD", lambda j, t: metrics.sigma_nmad(j.value, t)),
    Score("outliers", "outliers %", lambda j, t: metrics.outlier_fraction(j.value, t), percent=True, silence=True),
    Score("bias", "bias", lambda j, t: metrics.bias(j.value, t)),
    Score("mae", "MAE", lambda j, t: metrics.mae(j.value, t)),
    Score("crps", "CRPS", lambda j, t: _of(metrics.mean, j.crps)),
    *CALIBRATION,
)


def _in_unit(key: str, label: str, of: Callable[..., float], *, beside: bool = False, size: bool = False) -> Score:
    return Score(key, label, lambda j, t: of(j.value, t), in_unit=True, beside=beside, size=size)


VALUE = (
    _in_unit("mae", "MAE", metrics.mae, size=True),
    _in_unit("mae_constant", "MAE of a constant", metrics.constant_mae, beside=True),
    _in_unit("truth_sigma", "sigma of the truth", metrics.truth_sigma, beside=True),
    _in_unit("half_width", "half of 16-84%", metrics.half_width, size=True),
    _in_unit("bias", "bias", metrics.median_error),
    _in_unit("bias_low", "bias, lowest tenth", partial(metrics.end_error, above=False)),
    _in_unit("bias_high", "bias, highest tenth", partial(metrics.end_error, above=True)),
    Score("slope", "slope", lambda j, t: metrics.slope(j.value, t)),
    Score("crps", "CRPS", lambda j, t: _of(metrics.mean, j.crps), in_unit=True, size=True),
    *CALIBRATION,
)


def classes(threshold: float = 0.5, prevalence: float | None = None) -> tuple[Score, ...]:
    """Return the scores of a class.

    Parameters
    ----------
    threshold : float
        Probability from which a row is called positive.
    prevalence : float, optional
        Share of positives in another sample, e.g. the sky; the purity is given for it too.
    """

    def called(key: str, label: str, of: Callable[..., float], silence: bool = False) -> Score:
        return Score(key, label, lambda j, t: of(j.value, t, threshold), silence=silence)

    scores = (
        Score("auc", "AUC", lambda j, t: metrics.auc(j.value, t)),
        Score("brier", "Brier", lambda j, t: metrics.brier(j.value, t)),
        Score("brier_constant", "Brier of a constant", lambda j, t: metrics.constant_brier(j.value, t), beside=True),
        Score("ece", "ECE", lambda j, t: metrics.calibration_error(j.value, t)),
        Score(
            "ece_calibrated",
            "ECE if calibrated",
            lambda j, t: float(_calibrated(j).mean()),
            simulated=_calibrated,
            beside=True,
        ),
        called("accuracy", "accuracy", metrics.accuracy, silence=True),
        called("completeness", "completeness", metrics.completeness, silence=True),
        called("false_positives", "false positives", metrics.false_positives),
        called("purity", "purity", metrics.purity),
        called("f1", "F1", metrics.f1, silence=True),
    )
    if prevalence is None:
        return scores
    rare = partial(metrics.purity_at, prevalence)
    return (*scores, called("purity_at_prevalence", f"purity at {100 * prevalence:g}%", rare))


KINDS = ("redshift", "value", "class")
"""Kinds of answer, as `Posterior.kinds` names them."""


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
    learned : int, optional
        Rows that it learned from; None where that is not known.
    """

    name: str
    judged: Judged | None
    note: str = ""
    learned: int | None = None


@dataclass(frozen=True)
class Entry:
    """A predictor's scores.

    Parameters
    ----------
    name, note, learned
        As of the predictor.
    answered : float
        Share of the rows.
    scores : mapping of str to Interval
        By a score's key.
    difference : mapping of str to Interval
        First predictor minus this one on the same resamples and rows that both answered; empty for the first.
    ratio : mapping of str to Interval
        First predictor over this one, likewise, of scores that are sizes of errors.
    """

    name: str
    note: str
    answered: float
    scores: dict[str, Interval] = field(default_factory=dict)
    difference: dict[str, Interval] = field(default_factory=dict)
    learned: int | None = None
    ratio: dict[str, Interval] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


OFF = 2.0
"""Standard errors from which a bin's coverage is called off: 5 % of calibrated ones are."""


@dataclass(frozen=True)
class Bin:
    """The scores of the rows in one bin, ``low <= value < high``, the last bin with its upper end.

    Parameters
    ----------
    low, high : float
    rows : int
    entries : tuple of Entry
    coverage_error : float
        Standard error of the first predictor's 68 % coverage, were it calibrated; NaN where it has no intervals.
    off : str
        ``narrow`` or ``wide`` where its intervals are so by more than two of these, or ``probability`` where those of a
        class are further from the truth than in 97.5 % of calibrated samples; else empty.
    name : str
        Of the kind of rows, where the bin is one; ``low`` and ``high`` are then NaN.
    against : tuple of Interval
        Of a class, each predictor's AUC of all positives, in the bin or not, against the bin's negatives; NaN where
        it could not run.
    """

    low: float
    high: float
    rows: int
    entries: tuple[Entry, ...]
    coverage_error: float = float("nan")
    off: str = ""
    name: str = ""
    against: tuple[Interval, ...] = ()


def find(kind: str, threshold: float = 0.5, prevalence: float | None = None) -> tuple[Score, ...]:
    """Return the scores of a kind of answer; threshold and prevalence are those of `classes`.

    Raises
    ------
    InputError
        When there is no such kind.
    """
    if kind not in KINDS:
        raise InputError(f"no scores of the kind {kind!r}", expected=", ".join(KINDS))
    return classes(threshold, prevalence) if kind == "class" else {"redshift": REDSHIFT, "value": VALUE}[kind]


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
            entries.append(Entry(predictor.name, predictor.note, 0.0, learned=predictor.learned))
            continue
        draws = _draws(judged, truth, scores, resampling)
        values = [score.of(judged, truth) for score in scores]
        found = {s.key: interval(v, draws[:, k]) for k, (s, v) in enumerate(zip(scores, values, strict=True))}
        less: dict[str, Interval] = {}
        over: dict[str, Interval] = {}
        if draws_of_first is None:
            draws_of_first = draws
        elif paired and first is not None:
            less, over = _compare((first, draws_of_first), (judged, draws), truth, scores, resampling)
        answered = float(np.mean(~np.isnan(judged.value))) if len(truth) else float("nan")
        entries.append(Entry(predictor.name, predictor.note, answered, found, less, predictor.learned, over))
    return tuple(entries)


def _draws(judged: Judged, truth: Array, scores: Sequence[Score], resampling: Resampling) -> Array:
    if not len(truth):
        return np.full((1, len(scores)), np.nan)

    def statistic(index: Array) -> Array:
        rows, true = judged.take(index), truth[index]
        return np.array([np.nan if score.simulated else score.of(rows, true) for score in scores])

    draws = bootstrap(statistic, resampling)
    for k, score in enumerate(scores):
        if score.simulated is not None:
            draws[:, k] = score.simulated(judged, resampling.resamples)
    return draws


def _compare(
    first: tuple[Judged, Array],
    other: tuple[Judged, Array],
    truth: Array,
    scores: Sequence[Score],
    resampling: Resampling,
) -> tuple[dict[str, Interval], dict[str, Interval]]:
    """Return paired differences and ratios; where silence is no fault, on the rows that both answered."""
    masks = [~np.isnan(judged.value) for judged, _ in (first, other)]
    common, (left, right) = masks[0] & masks[1], (first[1], other[1])
    if (masks[0] != masks[1]).any():
        shared = [judged.where(common) for judged, _ in (first, other)]
        on_common = [_draws(judged, truth, scores, resampling) for judged in shared]
        silence = np.array([score.silence for score in scores])
        left, right = (np.where(silence, own, both) for own, both in zip((left, right), on_common, strict=True))
    pairs = [(score, left[:, k], right[:, k]) for k, score in enumerate(scores)]
    over = {score.key: ratio(own, other) for score, own, other in pairs if score.size}
    return {score.key: difference(own, other) for score, own, other in pairs}, over


def binned(
    predictors: Sequence[Predictor],
    truth: Array,
    scores: Sequence[Score],
    values: Array,
    edges: Array,
    groups: Array | None = None,
    resamples: int = 1000,
    names: Sequence[str] = (),
    most: int = 10_000,
) -> tuple[Bin, ...]:
    """Return the table of each bin of a column's values; rows outside all bins are left out.

    ``names`` are those of the bins, where each is a kind of rows; ``most`` is that of `Resampling`.
    """
    bins, unseen = [], Interval(float("nan"), float("nan"), float("nan"))
    auc = [score for score in scores if score.key == "auc"]

    def scored(index: Array, scores: Sequence[Score]) -> tuple[list[Predictor], tuple[Entry, ...]]:
        inside = [replace(p, judged=p.judged.take(index) if p.judged else None) for p in predictors]
        resampling = Resampling(len(index), None if groups is None else groups[index], resamples, most=most)
        return inside, table(inside, truth[index], scores, resampling, paired=False)

    for k in range(len(edges) - 1):
        below = values <= edges[k + 1] if k == len(edges) - 2 else values < edges[k + 1]
        within = (values >= edges[k]) & below
        inside, entries = scored(index := np.flatnonzero(within), scores)
        against: tuple[Interval, ...] = ()
        if auc:
            _, beside = scored(np.flatnonzero((within & (truth <= 0.5)) | (truth > 0.5)), auc)
            against = tuple(entry.scores.get("auc", unseen) for entry in beside)
        ends = (float("nan"),) * 2 if names else (float(edges[k]), float(edges[k + 1]))
        name = names[k] if names else ""
        bins.append(Bin(*ends, len(index), entries, *_off(inside, entries), name, against))
    return tuple(bins)


def _off(inside: Sequence[Predictor], entries: Sequence[Entry]) -> tuple[float, str]:
    """Return the error of the first predictor's coverage in a bin, and how its distributions are off."""
    judged, scores = inside[0].judged, entries[0].scores
    if judged is None:
        return float("nan"), ""
    if "ece" in scores:
        if not np.isfinite(scores["auc"].value):  # rows of one class are chosen by the truth: no probability fits them
            return float("nan"), ""
        return float("nan"), "probability" if scores["ece"].value > scores["ece_calibrated"].high else ""
    known = 0 if judged.low is None or judged.high is None else np.count_nonzero(np.isfinite(judged.high - judged.low))
    error = metrics.coverage_error(int(known))
    away = scores["coverage_68"].value - metrics.NOMINAL if "coverage_68" in scores else float("nan")
    return error, ("narrow" if away < 0 else "wide") if abs(away) > OFF * error else ""
