"""Baseline: what every classical method is - it learns from rows with a truth, and answers every row."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skycnn.baselines.inputrows import count, present, take
from skycnn.features import Features, Inputs

Array = NDArray[Any]


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

    DRAWS = 100

    def __init__(self, classes: bool = False, threads: int = 1, features: Callable[..., Any] = Features) -> None:
        self.classes, self.value, self.truth = classes, np.nan, np.zeros(0)

    def fit(self, inputs: Inputs, truth: Array) -> None:
        """Learn the median, or the share of a class."""
        self.value = float(np.mean(truth) if self.classes else np.median(truth))
        self.truth = truth

    def draws(self, number: int) -> Array:
        """Return so many values of which each is as likely: the sample's quantiles at j / (k + 1)."""
        result: Array = np.quantile(self.truth, np.arange(1, number + 1) / (number + 1.0))
        return result

    def answer(self, inputs: Inputs) -> Answer:
        """Answer every row alike."""
        rows = count(inputs)
        value = np.full(rows, self.value)
        return Answer(value, None if self.classes else np.broadcast_to(self.draws(self.DRAWS), (rows, self.DRAWS)))


class Learner(ABC):
    """A baseline that looks at inputs: what it has no answer for, as a row without any, gets that of `Median`.

    Subclasses have ``_learn`` and ``_reply``, which never see a row without inputs, nor a class that is all there is;
    where ``_reply`` gives NaN there is no answer. The parameters are those of `Baseline`.
    """

    def __init__(self, classes: bool = False, threads: int = 1, features: Callable[..., Any] = Features) -> None:
        self.classes, self.threads, self.make = classes, threads, features
        self._rest, self._learned = Median(classes), False

    def fit(self, inputs: Inputs, truth: Array) -> None:
        """Learn from the rows that have an input."""
        truth, known = np.asarray(truth, np.float64), present(inputs)
        self._rest.fit(inputs, truth)
        self._learned = bool(known.any()) and not (self.classes and np.ptp(truth[known]) == 0)
        if self._learned:
            self._learn(take(inputs, known), truth[known])

    def answer(self, inputs: Inputs) -> Answer:
        """Answer every row."""
        known = present(inputs) & self._learned
        if not known.any():
            return self._rest.answer(inputs)
        found = self._reply(inputs if known.all() else take(inputs, known))
        told = np.isfinite(found.value)
        if told.all() and known.all():
            return found
        rows = np.flatnonzero(known)[told]
        value = np.full(len(known), self._rest.value)
        value[rows] = found.value[told]
        if found.draws is None:
            return Answer(value)
        draws = np.tile(self._rest.draws(found.draws.shape[1]), (len(known), 1))
        draws[rows] = found.draws[told]
        return Answer(value, draws)

    @abstractmethod
    def _learn(self, inputs: Inputs, truth: Array) -> None:
        """Learn from rows that have an input."""

    @abstractmethod
    def _reply(self, inputs: Inputs) -> Answer:
        """Answer rows that have an input."""
