"""crossfit: no row is answered by a fit that saw its fold, and blocks change nothing."""

import numpy as np
import pytest

from classical import sky
from skycnn import baselines
from skycnn.baselines import crossfit
from skycnn.baselines.neighbours import Neighbours
from skycnn.errors import InputError

RNG = np.random.default_rng(2)


class Spy(baselines.Median):
    """Answers with the truths it was fitted on."""

    def fit(self, inputs, truth):
        self.seen = set(truth.tolist())
        super().fit(inputs, truth)

    def answer(self, inputs):
        assert not self.seen & set(inputs["redshift"].tolist())
        return super().answer(inputs)


def test_cross_fitting_never_answers_a_row_that_was_fitted_and_keeps_the_order():
    truth = RNG.random(200)
    judged = baselines.cross_fitted(Spy, {"redshift": truth}, truth)
    assert judged.value.shape == (200,)
    fold = baselines.folds({"redshift": truth})
    for k in range(5):
        assert (judged.value[fold == k] == np.median(truth[fold != k])).all()
    assert (judged.low <= judged.value).all()


def test_cross_fitting_one_group_is_refused():
    with pytest.raises(InputError, match=r"all of one group: no baseline can be cross-fitted.*--train CAT2"):
        baselines.cross_fitted(baselines.Median, {"redshift": np.ones(9)}, np.ones(9), np.zeros(9))


def test_what_is_learned_may_be_another_number_than_what_is_judged_by():
    truth = RNG.random(200)
    learned = np.where(np.arange(200) % 4 == 0, truth + 3, np.nan)
    judged = baselines.cross_fitted(baselines.Median, {"redshift": truth}, truth, learned=learned)
    assert judged.value.shape == (200,) and (judged.value > 3).all()
    assert np.nanmean(judged.pit) < 0.01
    with pytest.raises(InputError, match="no baseline can be cross-fitted"):
        baselines.cross_fitted(
            baselines.Median, {"redshift": truth}, truth, learned=np.where(truth < 0.01, 1.0, np.nan)
        )


def test_held_out_rows_are_judged_in_blocks(monkeypatch):
    baseline = Neighbours()
    baseline.fit(*sky())
    rows = sky(50, seed=1)
    whole = baselines.held_out(baseline, *rows)
    monkeypatch.setattr(crossfit, "BLOCK", 7)
    parts = baselines.held_out(baseline, *rows)
    assert whole.crps.shape == (50,)
    for part, other in zip(whole._parts(), parts._parts(), strict=True):
        assert part == pytest.approx(other, rel=1e-12)


def test_no_rows_at_all():
    baseline = Neighbours()
    baseline.fit(*sky())
    none = np.zeros((0, 3))
    assert len(baselines.held_out(baseline, {"flux": none, "error": none}, np.zeros(0)).value) == 0
