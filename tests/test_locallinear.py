"""locallinear: planes are found exactly, outlying neighbours left out, degenerate ones survived, errors honest."""

import numpy as np
import pytest

from classical import sky
from skycnn import baselines, metrics
from skycnn.baselines.locallinear import NEIGHBOURS, LocalLinear


class Coordinates:
    """The numbers themselves."""

    inputs = ("x", "y")

    def __init__(self, inputs):
        pass

    def table(self, inputs):
        return np.column_stack([inputs["x"], inputs["y"]])

    near = table


def plane(n, seed=0, noise=0.0):
    random = np.random.default_rng(seed)
    x, y = random.uniform(0, 1, (2, n))
    return {"x": x, "y": y}, 0.5 + 2 * x - 3 * y + noise * random.standard_normal(n)


def fitted(inputs, truth, classes=False):
    baseline = LocalLinear(classes, features=Coordinates)
    baseline.fit(inputs, truth)
    return baseline


def test_a_plane_is_found_exactly_where_neighbours_alone_are_off():
    inputs, truth = plane(2000)
    asked, true = plane(300, seed=1)
    found = fitted(inputs, truth).answer(asked)
    assert found.value == pytest.approx(np.clip(true, truth.min(), truth.max()), abs=1e-5)
    assert found.draws.shape == (300, NEIGHBOURS)


def test_outlying_neighbours_are_left_out():
    inputs, truth = plane(2000, noise=0.01)
    truth[::20] += 3.0
    asked, true = plane(300, seed=1)
    clean, shifted = fitted(inputs, truth).answer(asked), np.mean(np.abs(truth - plane(2000)[1]))
    assert metrics.mae(clean.value, true) < 0.004
    assert shifted > 0.1
    assert (clean.draws > clean.value[:, None] + 2.0).mean() == pytest.approx(0.05, abs=0.01)  # and still may come


@pytest.mark.parametrize("seed", [0, 1])
def test_intervals_hold_68_and_95_per_cent_also_of_few_rows(seed):
    asked, true = plane(3000, seed=seed + 10, noise=0.2)
    for rows in (400, 3000):
        judged = baselines.held_out(fitted(*plane(rows, seed, noise=0.2)), asked, true)
        assert metrics.coverage(judged.low, judged.high, true) == pytest.approx(0.68, abs=0.05)
        assert metrics.coverage(judged.low95, judged.high95, true) == pytest.approx(0.95, abs=0.035)


SINGULAR = {
    "all at one place": lambda x, y: (0 * x, 0 * y),
    "on a line": lambda x, y: (x, 2 * x),
    "a constant coordinate": lambda x, y: (x, 0 * y + 5),
    "two places": lambda x, y: (np.round(x), np.round(x)),
}


@pytest.mark.parametrize("name", SINGULAR)
@pytest.mark.parametrize("rows", [1, 2, 3, 40, 400])
def test_singular_neighbourhoods_give_numbers_within_the_truths(name, rows):
    inputs, _ = plane(rows)
    x, y = SINGULAR[name](inputs["x"], inputs["y"])
    truth = np.random.default_rng(1).uniform(3, 4, rows)
    found = fitted({"x": x, "y": y}, truth).answer(plane(20, seed=2)[0])
    assert (found.value >= truth.min()).all()
    assert (found.value <= truth.max()).all()
    assert np.isfinite(found.draws).all()


def test_far_outside_the_answer_stays_within_the_truths():
    inputs, truth = plane(500)
    found = fitted(inputs, truth).answer({"x": np.array([1e6]), "y": np.array([-1e6])})
    assert found.value == pytest.approx(truth.max())


def test_a_rare_class_is_no_outlier():
    inputs, _ = plane(4000)
    truth = (np.random.default_rng(3).uniform(size=4000) < 0.03).astype(float)
    found = fitted(inputs, truth, classes=True).answer(plane(500, seed=1)[0])
    assert found.draws is None
    assert found.value.mean() == pytest.approx(truth.mean(), abs=0.01)


def test_missing_bands_are_no_obstacle():
    inputs, z = sky(4000)
    baseline, (asked, true) = LocalLinear(), sky(300, seed=1)
    baseline.fit(inputs, z)
    asked["flux"][:, 0] = asked["error"][:, 0] = np.nan
    told = np.isfinite(asked["flux"][:, [1, 2]]).all(axis=1)
    assert metrics.mae(baseline.answer(asked).value[told], true[told]) < 0.01


class Many:
    """Forty numbers of which one tells the class."""

    inputs = ("x",)

    def __init__(self, inputs):
        pass

    def table(self, inputs):
        noise = np.random.default_rng(len(inputs["x"])).standard_normal((len(inputs["x"]), 39))
        return np.column_stack([inputs["x"], noise])


def test_of_a_class_a_plane_of_many_numbers_has_many_neighbours():
    random = np.random.default_rng(0)
    x = random.standard_normal(2200)
    truth = (x + random.standard_normal(2200) > 0) * 1.0
    baseline = LocalLinear(True, features=Many)
    baseline.fit({"x": x[:2000]}, truth[:2000])
    assert metrics.brier(baseline.answer({"x": x[2000:]}).value, truth[2000:]) < 0.9 * 0.25
