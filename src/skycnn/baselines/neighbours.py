"""Neighbours: the median of the nearest training rows."""

import numpy as np

from skycnn.baselines.baseline import Answer, Array, Learner
from skycnn.baselines.folds import folds
from skycnn.baselines.inputrows import count, take
from skycnn.baselines.neighbourhoods import Neighbourhoods
from skycnn.distribution import Draws
from skycnn.features import Inputs

NUMBERS = (5, 10, 20, 30, 50, 100, 200)
"""Of neighbours, tried on the inner validation."""


class Neighbours(Learner):
    """The median (or share) of the k nearest training rows; they are its distribution too.

    k is the one of ``NUMBERS`` with the best CRPS (Brier score) on every fifth training row, asked of the others.
    """

    k = 0

    def _learn(self, inputs: Inputs, truth: Array) -> None:
        held = folds(inputs, salt=b"inner") == 0  # other folds than those outside, which may lack one
        if held.any() and not held.all():
            tries = [k for k in NUMBERS if k <= np.count_nonzero(~held)] or [1]
            near = Neighbourhoods(self.make, take(inputs, ~held), truth[~held], self.threads)
            drawn = self._drawn(near, take(inputs, held), max(tries))
            told = np.isfinite(drawn).all(axis=1)
            loss = [self._loss(drawn[told, :k], truth[held][told]) for k in tries]
            self.k = tries[int(np.argmin(loss))]
        self.k = max(1, min(self.k, count(inputs)))
        self._near = Neighbourhoods(self.make, inputs, truth, self.threads)

    def _reply(self, inputs: Inputs) -> Answer:
        drawn = self._drawn(self._near, inputs, self.k)
        return Answer(drawn.mean(axis=1)) if self.classes else Answer(np.median(drawn, axis=1), drawn)

    @staticmethod
    def _drawn(neighbourhoods: Neighbourhoods, inputs: Inputs, k: int) -> Array:
        """Return the truths of the k nearest (n, k), the nearest first; of fewer some twice, of none NaN."""
        drawn = np.full((count(inputs), k), np.nan)
        for rows, near, seen in neighbourhoods.of(inputs):
            _, index = near.nearest(seen, k)
            drawn[rows] = near.truth[index[:, np.arange(k) % index.shape[1]]]
        return drawn

    def _loss(self, drawn: Array, truth: Array) -> float:
        if self.classes:
            return float(np.mean((drawn.mean(axis=1) - truth) ** 2))
        return float(np.mean(Draws(drawn).crps(truth)))
