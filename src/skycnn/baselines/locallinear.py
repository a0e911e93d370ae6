"""LocalLinear: a plane through the nearest training rows, as SDSS's own photometric redshifts are made."""

import numpy as np

from skycnn.baselines.baseline import Answer, Array, Learner
from skycnn.baselines.inputrows import count
from skycnn.baselines.neighbourhoods import Neighbourhoods
from skycnn.features import Inputs

NEIGHBOURS = 100
"""Of Beck et al.; on validation 50 are as good, 150 worse."""

CLASSED = 10
"""Neighbours for each number that a plane has, at least, where the truth is a class."""

OUTLYING, PASSES = 3.0, 3
"""Neighbours so many standard deviations off the plane are left out, so many times."""

RIDGE = 1e-8
"""Of the normal equations' trace: decides where neighbours lie in a plane of fewer dimensions."""

LEVERAGE = 0.5
"""At most, where a residual is scaled to one of a neighbour left out."""

BLOCK = 1_000_000
"""Numbers of neighbours' places at a time, which bounds memory."""


class LocalLinear(Learner):
    """Linear regression over the 100 nearest training rows (Beck et al. 2016, MNRAS 460, 1371).

    Neighbours whose truth lies off the plane are left out, and it is fitted again. The error estimate is the scatter of
    the neighbours about the plane, of all of them, each as if it had been left out of the fit (its residual over one
    minus its leverage): so many draws of the answer, of which the median is the value. On validation it has a smaller
    scatter than the plane itself (sigma_NMAD 0.0181 for 0.0187 on SDSS). Of a class the plane is the answer, between 0
    and 1, without leaving out: where one class is rare it is the outlier. It is of ten neighbours a number or more, for
    features that describe classes are many.
    """

    def _learn(self, inputs: Inputs, truth: Array) -> None:
        self._range = truth.min(), truth.max()
        self._near = Neighbourhoods(self.make, inputs, truth, self.threads)

    def _reply(self, inputs: Inputs) -> Answer:
        drawn = np.full((count(inputs), NEIGHBOURS), np.nan)
        for rows, near, seen in self._near.of(inputs):
            place, index = near.nearest(seen, self._number(near.place.shape[1]))
            step = max(1, BLOCK // (index.shape[1] * (place.shape[1] + 1)))
            for first in range(0, len(rows), step):
                part = slice(first, first + step)
                steps = near.place[index[part]] - place[part, None, :]
                drawn[rows[part]] = self._planes(steps, near.truth[index[part]])
        return Answer(np.clip(drawn.mean(axis=1), 0, 1)) if self.classes else Answer(np.median(drawn, axis=1), drawn)

    def _number(self, dimensions: int) -> int:
        return max(NEIGHBOURS, CLASSED * (dimensions + 1)) if self.classes else NEIGHBOURS

    def _planes(self, steps: Array, truth: Array) -> Array:
        """Return draws (n, NEIGHBOURS) of the truth at n places.

        Parameters
        ----------
        steps : array (n, k, d)
            From each place to its neighbours: the plane's constant is then its height there.
        truth : array (n, k)
            Of the neighbours.
        """
        (n, k, d), kept = steps.shape, np.ones(truth.shape, bool)
        scale = np.sqrt(np.mean(steps**2, axis=1, keepdims=True))
        design = np.concatenate([np.ones((n, k, 1)), steps / np.where(scale > 0, scale, 1.0)], axis=2)
        ridge = RIDGE * k * np.diag([0.0] + d * [1.0])
        for last in range(PASSES + 1):
            weighted = (design * kept[:, :, None]).swapaxes(1, 2)  # (n, d + 1, k)
            inverse = np.linalg.inv(weighted @ design + ridge)
            plane = inverse @ (weighted @ truth[:, :, None])
            residual = truth - (design @ plane)[:, :, 0]
            if self.classes:
                return np.repeat(plane[:, 0], NEIGHBOURS, axis=1)
            if last < PASSES:
                spread = np.sqrt(np.sum(residual**2 * kept, axis=1, keepdims=True) / kept.sum(axis=1, keepdims=True))
                kept = np.abs(residual) <= OUTLYING * spread
        leverage = np.minimum(np.sum((design @ inverse) * design, axis=2) * kept, LEVERAGE)
        drawn = plane[:, 0] + residual / (1.0 - leverage)
        result: Array = np.clip(drawn[:, np.arange(NEIGHBOURS) % k], *self._range)
        return result
