"""Scores of answers against the truth: of redshifts, of values in their own unit, of classes.

An unanswered row is one whose prediction is NaN. It counts as an outlier and as wrongly classified, for a method must
not gain by staying silent; the other scores are over the answered rows.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

OUTLIER = 0.15
"""|dz|/(1+z) above which an answer is catastrophic (Zhou et al. 2022; the field's custom since Ilbert et al. 2006)."""

NMAD = 1.48
"""Scales a median absolute deviation to the standard deviation of a normal (1 / 0.6745, rounded as the papers do)."""

NOMINAL = 0.68
"""Of truths that an interval from the 16th to the 84th percentile holds."""

ENDS = 0.1
"""Share of the rows at each end of the truth whose bias is told: answers that shrink to the middle are off there."""

CALIBRATION_BINS = 10
"""Of probabilities: those of the reliability diagram too."""


def scaled_error(z: Array, truth: Array) -> Array:
    """Return dz/(1+z): ``(z - truth) / (1 + truth)``, NaN where unanswered."""
    return (np.asarray(z, np.float64) - truth) / (1.0 + np.asarray(truth, np.float64))


def sigma_nmad(z: Array, truth: Array) -> float:
    """Return the normalised median absolute deviation of redshifts.

    ``sigma_NMAD = 1.48 median(|dz - median(dz)| / (1 + z_true))``, ``dz = z - z_true`` (Brammer et al. 2008,
    ApJ 686, 1503; as used by Zhou et al. 2022, arXiv:2112.08690).

    Parameters
    ----------
    z, truth : array (n,)
        Predicted (NaN where unanswered) and true redshifts.
    """
    z, truth = _answered(z, truth)
    if not len(z):
        return float("nan")
    dz = z - truth
    return NMAD * _median(np.abs(dz - _median(dz)) / (1.0 + truth))


def outlier_fraction(z: Array, truth: Array, limit: float = OUTLIER) -> float:
    """Return the share of rows with ``|dz|/(1+z_true) > limit``; an unanswered row is one of them."""
    if not len(z):
        return float("nan")
    return 1.0 - float(np.mean(np.abs(scaled_error(z, truth)) <= limit))


def bias(z: Array, truth: Array) -> float:
    """Return ``median(dz/(1+z_true))``."""
    z, truth = _answered(z, truth)
    return _median(scaled_error(z, truth)) if len(z) else float("nan")


def mae(value: Array, truth: Array) -> float:
    """Return the mean absolute error, ``mean|value - truth|``, in the value's own unit."""
    value, truth = _answered(value, truth)
    return float(np.mean(np.abs(value - truth))) if len(value) else float("nan")


def median_error(value: Array, truth: Array) -> float:
    """Return ``median(value - truth)``, in the value's own unit."""
    value, truth = _answered(value, truth)
    return _median(value - truth) if len(value) else float("nan")


def slope(value: Array, truth: Array) -> float:
    """Return the slope of the line through answers over truths, by least squares; below 1 answers shrink."""
    value, truth = _answered(value, truth)
    away = truth - truth.mean() if len(truth) else truth
    square = float(away @ away)
    return float(away @ value) / square if square > 0 else float("nan")


def end_error(value: Array, truth: Array, above: bool) -> float:
    """Return the median of ``value - truth`` over the tenth of the rows with the smallest or the largest truths."""
    value, truth = _answered(value, truth)
    if not len(value):
        return float("nan")
    count = max(1, round(ENDS * len(value)))
    edge = np.partition(truth, -count if above else count - 1)[-count if above else count - 1]
    return _median((value - truth)[truth >= edge if above else truth <= edge])


def constant_mae(value: Array, truth: Array) -> float:
    """Return the mean absolute error of the answered rows' median truth: what any answer has to beat."""
    _, truth = _answered(value, truth)
    return float(np.mean(np.abs(truth - _median(truth)))) if len(truth) else float("nan")


def truth_sigma(value: Array, truth: Array) -> float:
    """Return the standard deviation of the answered rows' truths."""
    _, truth = _answered(value, truth)
    return float(np.std(truth)) if len(truth) else float("nan")


def half_width(value: Array, truth: Array) -> float:
    """Return half the distance from the 16th to the 84th percentile of ``value - truth``, in the value's own unit."""
    value, truth = _answered(value, truth)
    if not len(value):
        return float("nan")
    low, high = np.quantile(value - truth, (0.16, 0.84))
    return float(high - low) / 2.0


def coverage(low: Array, high: Array, truth: Array) -> float:
    """Return the share of answered rows whose interval holds the truth, ends included: ``low <= truth <= high``."""
    known = ~(np.isnan(low) | np.isnan(high))
    inside = (low <= truth) & (truth <= high)
    return float(inside[known].mean()) if known.any() else float("nan")


def coverage_error(rows: int) -> float:
    """Return the standard error of the 68 % coverage of so many rows that are calibrated: that of a binomial share."""
    return float(np.sqrt(NOMINAL * (1.0 - NOMINAL) / rows)) if rows else float("nan")


def ks_uniform(pit: Array) -> float:
    """Return the Kolmogorov-Smirnov distance of PIT values from uniform, ``max|F_n(u) - u|``."""
    u = np.sort(pit[~np.isnan(pit)])
    if not len(u):
        return float("nan")
    steps = np.arange(len(u) + 1) / len(u)
    return float(max((steps[1:] - u).max(), (u - steps[:-1]).max()))


def pit_width(pit: Array) -> float:
    """Return the PIT's standard deviation over that of a uniform, ``sd * sqrt(12)``.

    1 is calibrated; above 1 the posteriors are too narrow (U-shaped PIT), below 1 too wide (humped PIT).
    """
    pit = pit[~np.isnan(pit)]
    return float(np.std(pit) * np.sqrt(12.0)) if len(pit) else float("nan")


def mean(values: Array) -> float:
    """Return the mean over the answered rows, NaN when there is none: of CRPS and PIT values."""
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else float("nan")


def accuracy(p: Array, truth: Array, threshold: float = 0.5) -> float:
    """Return the share of rows on the right side of the threshold; an unanswered row is wrong."""
    if not len(p):
        return float("nan")
    return float(np.mean(((p >= threshold) == (truth > 0.5)) & ~np.isnan(p)))


def completeness(p: Array, truth: Array, threshold: float = 0.5) -> float:
    """Return the share of positives that are called so; unanswered ones are missed."""
    positive = truth > 0.5
    return float(np.mean(p[positive] >= threshold)) if positive.any() else float("nan")


def false_positives(p: Array, truth: Array, threshold: float = 0.5) -> float:
    """Return the share of negatives that are called positive; unanswered ones are not."""
    return completeness(p, np.asarray(truth) <= 0.5, threshold)


def purity(p: Array, truth: Array, threshold: float = 0.5) -> float:
    """Return the share of those called positive that are."""
    called = p >= threshold
    return float(np.mean(truth[called] > 0.5)) if called.any() else float("nan")


def purity_at(prevalence: float, p: Array, truth: Array, threshold: float = 0.5) -> float:
    """Return the purity in a sample of another share of positives, ``P C / (P C + (1 - P) F)``.

    C is the completeness and F the share of negatives called positive (Bickley et al. 2021, MNRAS 504, 372: where
    mergers are rare, a sample of half mergers flatters).
    """
    complete, false = completeness(p, truth, threshold), false_positives(p, truth, threshold)
    called = prevalence * complete + (1.0 - prevalence) * false
    return prevalence * complete / called if called > 0 else float("nan")


def f1(p: Array, truth: Array, threshold: float = 0.5) -> float:
    """Return the harmonic mean of purity and completeness, ``2 TP / (2 TP + FP + FN)``."""
    called, positive = p >= threshold, truth > 0.5
    total = int(called.sum() + positive.sum())
    return 2.0 * int((called & positive).sum()) / total if total else float("nan")


def auc(p: Array, truth: Array) -> float:
    """Return the area under the ROC curve: P(p of a positive > p of a negative), ties half (Mann & Whitney 1947).

    NaN where one class is absent.
    """
    p, truth = _answered(p, truth)
    _, code = np.unique(p, return_inverse=True)
    size = int(code.max(initial=-1)) + 1
    positives = np.bincount(code[truth > 0.5], minlength=size)
    negatives = np.bincount(code[truth <= 0.5], minlength=size)
    pairs = float(positives.sum()) * float(negatives.sum())
    below = np.cumsum(negatives) - 0.5 * negatives
    return float(positives @ below) / pairs if pairs else float("nan")


def brier(p: Array, truth: Array) -> float:
    """Return the Brier score, ``mean (p - truth)^2`` (Brier 1950), over the answered rows."""
    p, truth = _answered(p, truth)
    return float(np.mean((p - (truth > 0.5)) ** 2)) if len(p) else float("nan")


def constant_brier(p: Array, truth: Array) -> float:
    """Return the Brier score of the answered rows' share of positives, told of each: what any answer has to beat."""
    _, truth = _answered(p, truth)
    share = float(np.mean(truth > 0.5)) if len(truth) else float("nan")
    return share * (1.0 - share)


def calibration_error(p: Array, truth: Array) -> float:
    """Return the expected calibration error, ``sum over bins of n_k/n |mean p - share of positives|``.

    Ten bins of equal width (Guo et al. 2017, arXiv:1706.04599), over the answered rows. It is above 0 also where all is
    well, for every bin has its noise: see `calibrated_errors`.
    """
    p, truth = _answered(p, truth)
    amiss = np.bincount(_bin(p, CALIBRATION_BINS), p - (truth > 0.5), CALIBRATION_BINS)
    return float(np.abs(amiss).sum()) / len(p) if len(p) else float("nan")


def calibrated_errors(p: Array, draws: int = 1000, seed: int = 0) -> Array:
    """Return calibration errors (draws,) as they would be if the truth followed the probabilities.

    Truths are drawn from the probabilities, in cells of 1/500 at once, so that the time does not depend on the rows.
    """
    p, cells = p[~np.isnan(p)], 50
    if not len(p):
        return np.full(draws, np.nan)
    place = _bin(p, CALIBRATION_BINS * cells)
    count, total = (np.bincount(place, weight, CALIBRATION_BINS * cells) for weight in (None, p))
    share = np.clip(total / np.maximum(count, 1), 0.0, 1.0)
    positives = np.random.default_rng(seed).binomial(count.astype(np.int64), share, (draws, len(share)))
    amiss = (total - positives).reshape(draws, CALIBRATION_BINS, cells).sum(axis=2)
    result: Array = np.abs(amiss).sum(axis=1) / len(p)
    return result


def _bin(p: Array, bins: int) -> Array:
    """Return in which of so many bins of equal width between 0 and 1 probabilities are."""
    return np.clip((p * bins).astype(np.int64), 0, bins - 1)


def _answered(value: Array, truth: Array) -> tuple[Array, Array]:
    """Return values and truths of the answered rows, as float64."""
    value, truth = np.asarray(value, np.float64), np.asarray(truth, np.float64)
    known = ~np.isnan(value)
    return (value, truth) if known.all() else (value[known], truth[known])


def _median(values: Array) -> float:
    """Return the median of values that hold no NaN: a quarter of the time of NumPy's, which looks for them."""
    half, odd = divmod(len(values), 2)
    parted = np.partition(values, half)
    return float(parted[half]) if odd else 0.5 * float(parted[half] + parted[:half].max())
