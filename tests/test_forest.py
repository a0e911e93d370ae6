"""forest: the answer is the median of the leaves, which the mean of a skewed truth is not."""

import numpy as np
import pytest

from classical import made, sky


@pytest.mark.parametrize("name", ["forest", "extratrees"])
def test_the_answer_is_the_median_of_the_truths_in_the_leaves(name):
    baseline, (inputs, z) = made(name), sky(2000)
    skewed = z + np.random.default_rng(0).exponential(0.5, 2000)
    baseline.fit(inputs, skewed)
    asked, true = sky(1000, seed=1)
    answer = baseline.answer(asked)
    assert answer.value == pytest.approx(np.median(answer.draws, axis=1))
    assert np.isin(answer.draws, skewed.astype("f4")).all()
    assert np.mean(answer.value - true) == pytest.approx(0.5 * np.log(2), abs=0.06)  # the mean's is 0.5


@pytest.mark.parametrize("name", ["forest", "extratrees"])
def test_trees_see_a_colour_of_bands_that_are_no_neighbours(name):
    random = np.random.default_rng(4)
    z = random.uniform(0, 1, 1500)
    level, middle = 10 ** random.uniform(1, 3, (2, 1500))
    flux = np.column_stack([level, middle, level * 10 ** (0.4 * z)])
    inputs = {"flux": flux, "error": 0.001 * flux}
    baseline = made(name)
    baseline.fit({key: values[:1000] for key, values in inputs.items()}, z[:1000])
    assert np.abs(baseline.answer({k: v[1000:] for k, v in inputs.items()}).value - z[1000:]).mean() < 0.01
