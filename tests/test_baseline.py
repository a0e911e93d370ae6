"""baseline: the median, and what a learner says of rows that it cannot know."""

import numpy as np
import pytest

from skycnn.baselines.baseline import Answer, Learner, Median
from skycnn.distribution import Draws


class Echo(Learner):
    """Answers with the number that it is given, and not at all where that is negative."""

    def _learn(self, inputs, truth):
        self.seen = truth

    def _reply(self, inputs):
        value = np.where(inputs["x"] < 0, np.nan, inputs["x"])
        return Answer(value, np.repeat(value[:, None], 3, axis=1))


def test_the_median_has_the_samples_distribution():
    truth = np.random.default_rng(0).uniform(0, 1, 5000)
    median = Median()
    median.fit({"x": truth}, truth)
    answer = median.answer({"x": np.zeros(2)})
    assert answer.value == pytest.approx([np.median(truth)] * 2)
    assert Draws(answer.draws).quantile(0.16) == pytest.approx(np.quantile(truth, 0.16), abs=0.01)


def test_rows_without_inputs_are_not_learned_from_and_get_the_median_of_all():
    learner, truth = Echo(), np.array([1.0, 2.0, 30.0])
    learner.fit({"x": np.array([1.0, 2.0, np.nan])}, truth)
    assert learner.seen.tolist() == [1.0, 2.0]
    answer = learner.answer({"x": np.array([0.3, np.nan, -1.0, 0.4])})
    assert answer.value.tolist() == [0.3, 2.0, 2.0, 0.4]
    assert answer.draws[:, 1].tolist() == [0.3, 2.0, 2.0, 0.4]
    assert np.ptp(answer.draws[1]) > 0
    assert learner.answer({"x": np.array([np.nan])}).value.tolist() == [2.0]


def test_a_learner_without_anything_to_learn_is_the_median():
    learner = Echo()
    learner.fit({"x": np.full(3, np.nan)}, np.arange(3.0))
    assert learner.answer({"x": np.ones(2)}).value.tolist() == [1.0, 1.0]
    learner = Echo(classes=True)
    learner.fit({"x": np.ones(3)}, np.ones(3))
    assert learner.answer({"x": np.full(2, 0.5)}).value.tolist() == [1.0, 1.0]
