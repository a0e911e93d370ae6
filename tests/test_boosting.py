"""boosting: follows the truth, and holds OpenMP to one thread for few rows."""

import numpy as np
import pytest

from classical import few_trees, made, sky  # noqa: F401
from skycnn import metrics
from skycnn.baselines import boosting

pytestmark = pytest.mark.usefixtures("few_trees")


def test_outlying_truths_do_not_pull():
    baseline, (inputs, z) = made("boosting"), sky(1500)
    z = z.copy()
    z[::25] += 20.0
    baseline.fit(inputs, z)
    asked, true = sky(500, seed=1)
    assert metrics.median_error(baseline.answer(asked).value, true) == pytest.approx(0, abs=0.03)
    assert baseline.answer(asked).draws is None


def test_a_class_that_nothing_tells_is_not_told(monkeypatch):
    monkeypatch.setattr(boosting, "STEPS", 300)
    random, (inputs, _), (asked, _) = np.random.default_rng(9), sky(400), sky(300, seed=1)
    baseline = made("boosting", classes=True)
    baseline.fit(inputs, (random.random(400) < 0.5) * 1.0)
    assert metrics.brier(baseline.answer(asked).value, random.random(300) < 0.5) < 0.27  # a constant's is 0.25


def test_few_rows_run_on_one_thread(monkeypatch):
    threadpoolctl = pytest.importorskip("threadpoolctl")
    asked = []
    real = threadpoolctl.threadpool_limits
    monkeypatch.setattr(threadpoolctl, "threadpool_limits", lambda n, api: asked.append((n, api)) or real(n, api))
    baseline = made("boosting")
    baseline.threads = 2
    baseline.fit(*sky(60))
    assert asked == [(1, "openmp")]
    baseline._granted(300_000)
    assert asked[-1] == (2, "openmp")
    assert np.isfinite(baseline.answer(sky(5)[0]).value).all()
