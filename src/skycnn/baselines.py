"""Baselines: what a median, the nearest neighbours, a forest and boosted trees make of the same inputs.

They stand beside every network's score, for a network that does not beat them is no gain. All see the features that the
task names, by default asinh magnitudes, colours and errors; all are deterministic. A forest and boosting need
scikit-learn.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from skycnn.distribution import Draws, Judged, join, judge
from skycnn.errors import InputError
from skycnn.features import Features, Inputs, learn

Array = NDArray[Any]

NEIGHBOURS = (5, 10, 20, 30, 50, 100, 200)
"""Numbers of neighbours tried on the inner validation."""

FOLDS = 5
BLOCK = 20_000
"""Rows answered at a time."""


@dataclass(frozen=True)
class Answer:
    """What a baseline says of n rows.

    Parameters
    ----------
    value : array (n,)
    draws : array (n, k) or None
        A sample of each row's distribution, where the baseline has one.
    """

    value: Array
    draws: Array | None = None


class Baseline(Protocol):
    """One kind of baseline.

    Parameters
    ----------
    classes : bool
        Whether the truth is 0 or 1 and the answer P(1).
    threads : int
    features : callable
        ``features(inputs)`` learns from training rows what the baseline sees; see `features.FeatureTable`.
    """

    def __init__(self, classes: bool = False, threads: int = 1, features: Callable[..., Any] = Features) -> None: ...

    def fit(self, inputs: Inputs, truth: Array) -> None:
        """Learn from inputs, NaN where absent, and the truth (n,)."""

    def answer(self, inputs: Inputs) -> Answer:
        """Answer every row, also one without any input."""


class Median:
    """The same answer for every row: the training sample's median and distribution; a class's share."""

    def __init__(self, classes: bool = False, threads: int = 1, features: Callable[..., Any] = Features) -> None:
        self.classes, self.value, self.draws = classes, np.nan, np.zeros(0)

    def fit(self, inputs: Inputs, truth: Array) -> None:
        """Learn the median, or the share of a class."""
        self.value = float(np.mean(truth) if self.classes else np.median(truth))
        self.draws = np.quantile(truth, (np.arange(100) + 0.5) / 100)

    def answer(self, inputs: Inputs) -> Answer:
        """Answer every row alike."""
        rows = count(inputs)
        value = np.full(rows, self.value)
        return Answer(value, None if self.classes else np.broadcast_to(self.draws, (rows, len(self.draws))))


class Neighbours:
    """The median (or share) of the k nearest training rows; they are its distribution too.

    k is the one of ``NEIGHBOURS`` with the best CRPS (Brier score) on every fifth training row, asked of the others.
    """

    def __init__(self, classes: bool = False, threads: int = 1, features: Callable[..., Any] = Features) -> None:
        self.classes, self.threads, self.make, self.k = classes, threads, features, 0

    def fit(self, inputs: Inputs, truth: Array) -> None:
        """Learn the training rows and choose k."""
        self.features, self.truth = learn(self.make, inputs), np.asarray(truth, np.float64)
        place = self.features.near(inputs)
        held = folds(inputs, salt=b"inner") == 0  # other folds than those outside, which may lack one
        if held.any() and not held.all():
            tries = [k for k in NEIGHBOURS if k <= np.count_nonzero(~held)] or [1]
            drawn = self._drawn(cKDTree(place[~held]), self.truth[~held], place[held], max(tries))
            loss = [self._loss(drawn[:, :k], self.truth[held]) for k in tries]
            self.k = tries[int(np.argmin(loss))]
        self.k, self.tree = max(1, min(self.k, len(place))), cKDTree(place)

    def _drawn(self, tree: Any, truth: Array, place: Array, k: int) -> Array:
        _, index = tree.query(place, k=np.arange(1, k + 1), workers=self.threads)
        result: Array = truth[index]
        return result

    def _loss(self, drawn: Array, truth: Array) -> float:
        if self.classes:
            return float(np.mean((drawn.mean(axis=1) - truth) ** 2))
        return float(np.mean(Draws(drawn).crps(truth)))

    def answer(self, inputs: Inputs) -> Answer:
        """Answer with the neighbours of each row."""
        drawn = self._drawn(self.tree, self.truth, self.features.near(inputs), self.k)
        return Answer(drawn.mean(axis=1)) if self.classes else Answer(np.median(drawn, axis=1), drawn)


class Forest:
    """scikit-learn's random forest (Breiman 2001), 100 trees, five rows a leaf, half of the features a split.

    Leaf size and features were chosen on the validation part of the sample that ``photoz-sdss-flux`` is trained on.
    """

    def __init__(self, classes: bool = False, threads: int = 1, features: Callable[..., Any] = Features) -> None:
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        kind = RandomForestClassifier if classes else RandomForestRegressor
        settings = {"n_estimators": 100, "min_samples_leaf": 5, "max_features": 0.5, "random_state": 0}
        self.classes, self.make, self.trees = classes, features, kind(n_jobs=threads, **settings)

    def fit(self, inputs: Inputs, truth: Array) -> None:
        """Grow the trees."""
        self.features = self.make(inputs)
        self.only = float(truth[0]) if self.classes and np.ptp(truth) == 0 else None  # one class: nothing to learn
        if self.only is None:
            self.trees.fit(self.features.table(inputs), truth)

    def answer(self, inputs: Inputs) -> Answer:
        """Answer with the mean of the trees."""
        if self.only is not None:
            return Answer(np.full(count(inputs), self.only))
        if not count(inputs):
            return Answer(np.zeros(0))
        table = self.features.table(inputs)
        return Answer(self.trees.predict_proba(table)[:, 1] if self.classes else self.trees.predict(table))


class Boosting(Forest):
    """scikit-learn's histogram gradient boosting (after LightGBM), 500 steps of 0.05, absolute error or log loss.

    The absolute error was chosen over the squared one on the same validation part: sigma_NMAD 0.018 for 0.021.
    """

    def __init__(self, classes: bool = False, threads: int = 1, features: Callable[..., Any] = Features) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        settings = {"max_iter": 500, "learning_rate": 0.05, "early_stopping": False, "random_state": 0}
        self.classes, self.make, self.threads = classes, features, threads
        self.trees = (
            HistGradientBoostingClassifier(**settings)
            if classes
            else HistGradientBoostingRegressor(loss="absolute_error", **settings)
        )

    def fit(self, inputs: Inputs, truth: Array) -> None:
        """Grow the trees."""
        with self._granted(count(inputs)):
            super().fit(inputs, truth)

    def answer(self, inputs: Inputs) -> Answer:
        """Answer with the sum of the trees."""
        with self._granted(count(inputs)):
            return super().answer(inputs)

    def _granted(self, rows: int) -> Any:
        """Hold OpenMP to the threads granted, to one for few rows: its threads spin while they wait for one another.

        On a busy machine of two cores 20,000 rows took 82 s on two threads and 3 s on one.
        """
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        return threadpool_limits(self.threads if rows > 200_000 else 1, "openmp")


KINDS: Mapping[str, Callable[..., Baseline]] = {
    "median": Median,
    "knn": Neighbours,
    "forest": Forest,
    "boosting": Boosting,
}
"""Every baseline by the name that ``--baselines`` takes."""

LEARNED = ("forest", "boosting")
"""Those that need scikit-learn."""


def available(name: str) -> bool:
    """Return whether a baseline can run here: forest and boosting need scikit-learn."""
    return name not in LEARNED or find_spec("sklearn") is not None


def build(name: str, classes: bool = False, threads: int = 1, features: Callable[..., Any] | None = None) -> Baseline:
    """Return a baseline by name; the other parameters are those of `Baseline`.

    Raises
    ------
    InputError
        When there is none of this name, or scikit-learn is missing for it.
    """
    if name not in KINDS:
        raise InputError(f"no baseline {name!r}", expected=", ".join(KINDS))
    if not available(name):
        raise InputError(f"scikit-learn is not installed; {name} needs it", hint="pip install 'skycnn[baselines]'")
    return KINDS[name](classes, threads, features or Features)


def count(inputs: Inputs) -> int:
    """Return how many rows inputs have."""
    return len(next(iter(inputs.values())))


def take(inputs: Inputs, rows: Any) -> dict[str, Array]:
    """Return the inputs of some rows: a mask, numbers or a slice."""
    return {name: values[rows] for name, values in inputs.items()}


def present(inputs: Inputs) -> Array:
    """Return which rows have any finite input, bool (n,)."""
    there = [np.isfinite(values).any(axis=tuple(range(1, values.ndim))) for values in inputs.values()]
    return np.asarray(np.any(there, axis=0))


def folds(inputs: Inputs, groups: Array | None = None, number: int = FOLDS, salt: bytes = b"outer") -> Array:
    """Return each row's fold, 0..number-1, by a salted hash of its content or of its group.

    So a fold does not depend on the order of rows, and neither a group nor a repeated row stands on two sides. Rows
    without any input are no repetition of each other: theirs is a hash of their number.
    """
    if groups is not None:
        names, code = np.unique(groups, return_inverse=True)
        marks = [hashlib.blake2b(str(name).encode(), digest_size=8, salt=salt).digest() for name in names.tolist()]
        return (np.argsort(np.argsort(marks)) % number)[code]
    rows = count(inputs)
    numbers = np.where(present(inputs), 0, np.arange(rows))
    found = np.zeros(rows, np.int64)
    for first in range(0, rows, BLOCK):
        block = slice(first, min(first + BLOCK, rows))
        parts = [*take(inputs, block).values(), numbers[block]]
        content = np.column_stack([part.reshape(len(part), -1) for part in parts]).astype("<f4")
        marks = [hashlib.blake2b(row.tobytes(), digest_size=8, salt=salt).digest() for row in content]
        found[block] = [int.from_bytes(mark, "little") % number for mark in marks]
    return found


def held_out(baseline: Baseline, inputs: Inputs, truth: Array) -> Judged:
    """Judge a fitted baseline on other rows, a block at a time, for its draws are many numbers a row."""
    parts = []
    for first in range(0, max(len(truth), 1), BLOCK):
        block = slice(first, first + BLOCK)
        answer = baseline.answer(take(inputs, block))
        parts.append(judge(answer.value, None if answer.draws is None else Draws(answer.draws), truth[block]))
    return join(parts)


def cross_fitted(make: Callable[[], Baseline], inputs: Inputs, truth: Array, groups: Array | None = None) -> Judged:
    """Judge a baseline on every row, each by a fit that never saw the row's fold.

    Raises
    ------
    InputError
        When all rows are in one fold: a single group, or a handful of rows.
    """
    fold = folds(inputs, groups)
    used = np.unique(fold)
    if len(used) < 2:
        what = "the rows are all of one group" if groups is not None else f"{len(truth)} rows are too few"
        raise InputError(f"{what}: no baseline can be cross-fitted", hint="Train on others: --train CAT2.")
    parts, order = [], np.argsort(fold, kind="stable")
    for k in used:
        inside = fold == k
        baseline = make()
        baseline.fit(take(inputs, ~inside), truth[~inside])
        parts.append(held_out(baseline, take(inputs, inside), truth[inside]))
    return join(parts).take(np.argsort(order))
