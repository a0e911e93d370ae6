"""ridge: a plane is found, its penalty grows with the noise, gaps and strays do no harm, its errors are honest."""

import numpy as np
import pytest

from skycnn import metrics
from skycnn.baselines import ridge
from skycnn.baselines.ridge import Ridge

SLOPES = np.array([2.0, -3.0, 0.5, 0.0])


class Numbers:
    """The columns themselves."""

    inputs = ("numbers",)

    def __init__(self, inputs):
        pass

    def table(self, inputs):
        return np.column_stack([inputs[name] for name in sorted(inputs)])


def plane(n, seed=0, noise=0.0, scales=(1, 100, 1e-3, 1)):
    random = np.random.default_rng(seed)
    columns = random.standard_normal((n, 4))
    truth = 14 + columns @ SLOPES + noise * random.standard_normal(n)
    return {f"x{k}": column * scale for k, (column, scale) in enumerate(zip(columns.T, scales, strict=True))}, truth


def fitted(inputs, truth, classes=False):
    baseline = Ridge(classes, features=Numbers)
    baseline.fit(inputs, truth)
    return baseline


def test_a_plane_is_found_whatever_the_units():
    asked, true = plane(300, seed=1)
    assert np.median(np.abs(fitted(*plane(500)).answer(asked).value - true)) < 2e-3


def test_the_penalty_is_the_one_that_foretells_rows_left_out_best(monkeypatch):
    def error(penalties, n=40, noise=20.0):
        monkeypatch.setattr(ridge, "PENALTIES", penalties)
        asked, true = plane(4000, seed=9)
        return np.mean([metrics.mae(fitted(*plane(n, k, noise)).answer(asked).value, true) for k in range(20)])

    chosen, free, held = error(np.geomspace(1e-4, 1e4, 33)), error(np.array([1e-6])), error(np.array([1e6]))
    assert chosen < 0.99 * free and chosen < 1.25 * held
    assert error(np.geomspace(1e-4, 1e4, 33), 200, 0.5) < 0.1 * held


def test_errors_of_rows_left_out_are_as_if_they_had_been():
    design = np.random.default_rng(0).standard_normal((30, 3))
    height = design @ [1.0, 2.0, 3.0] + np.random.default_rng(1).standard_normal(30)
    design, height = design - design.mean(axis=0), height - height.mean()
    slopes, residual = ridge._plane(design, height)
    assert slopes == pytest.approx([1, 2, 3], abs=0.6)
    left = []
    for row in range(30):
        others = np.delete(np.arange(30), row)
        known = np.column_stack([np.ones(29), design[others]])
        left.append(height[row] - [1, *design[row]] @ np.linalg.lstsq(known, height[others], rcond=None)[0])
    assert residual == pytest.approx(left, rel=0.1, abs=0.1)


def test_intervals_hold_as_many_truths_as_they_say_also_of_few_training_rows():
    asked, true = plane(3000, seed=5, noise=1.0)
    drawn = fitted(*plane(60, seed=4, noise=1.0)).answer(asked).draws
    low, high = np.quantile(drawn, [0.16, 0.84], axis=1)
    assert metrics.coverage(low, high, true) == pytest.approx(0.68, abs=0.08)


def test_gaps_strays_and_columns_that_say_nothing_do_no_harm():
    inputs, truth = plane(500)
    inputs |= {"y empty": np.full(500, np.nan), "z same": np.full(500, 7.0)}
    inputs["x3"][::5] = np.nan
    found = fitted(inputs, truth)
    asked, true = plane(300, seed=1)
    asked |= {"y empty": np.ones(300), "z same": np.full(300, 1e9)}
    asked["x3"][:] = 1e30
    assert np.median(np.abs(found.answer(asked).value - true)) < 0.05
    asked["x0"][:] = np.nan
    assert np.isfinite(found.answer(asked).value).all()


def test_a_class_is_a_probability():
    inputs, truth = plane(500)
    value = fitted(inputs, (truth > 14).astype(float), classes=True).answer(inputs).value
    assert 0 <= value.min() < 0.05 and 0.95 < value.max() <= 1
    assert metrics.auc(value, truth > 14) > 0.98
