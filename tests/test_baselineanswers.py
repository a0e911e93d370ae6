"""baselineanswers: the bands that both sides have, rows apart, and reasons in place of answers."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from skycnn import baselines, features
from skycnn.errors import InputError
from skycnn.scoring import baselineanswers
from skycnn.scoring.scoredrows import ScoredRows


def sample(n=100, seed=0, groups=None, bands=3):
    random = np.random.default_rng(seed)
    truth = random.uniform(0, 1, n)
    flux = (100 * 10 ** (0.4 * truth[:, None] * np.arange(bands))).astype(np.float32)
    flux *= (1 + 0.01 * random.standard_normal(flux.shape)).astype(np.float32)
    return ScoredRows(truth, {}, {}, {"flux": flux, "error": 0.01 * flux}, None, groups, None, {})


def planned(method, make=None):
    (found,) = baselines.plan([method], features.sets(make))
    return found


def test_a_row_on_both_sides_is_refused():
    rows = sample()
    baselineanswers.check_apart(rows, sample(seed=1), "cat2.fits", None)
    with pytest.raises(InputError, match=r"100 of the rows to score stand in --train cat2\.fits too"):
        baselineanswers.check_apart(rows, rows, "cat2.fits", None)


def test_rows_without_fluxes_are_no_twins():
    rows = sample()
    rows.inputs["flux"][:] = rows.inputs["error"][:] = np.nan
    baselineanswers.check_apart(rows, rows, "cat2.fits", None)


def test_a_group_on_both_sides_is_refused_by_name():
    left, right = sample(groups=np.repeat(["A", "B"], 50)), sample(seed=1, groups=np.repeat(["B", "C"], 50))
    with pytest.raises(InputError, match=r"TILE B stands among the rows to score and in --train cat2\.fits"):
        baselineanswers.check_apart(left, right, "cat2.fits", "TILE")


def test_a_group_is_the_same_as_number_and_as_text():
    left, right = sample(groups=np.repeat([5.0, 7.0], 50)), sample(seed=1, groups=np.repeat(["5", "8"], 50))
    with pytest.raises(InputError, match=r"TILE 5\.0 stands among"):
        baselineanswers.check_apart(left, right, "cat2.fits", "TILE")


@pytest.mark.parametrize(
    ("one", "other", "apart"), [(1, 2, True), (1, 1, False), (1, None, False), (None, None, False)]
)
def test_groups_of_mocks_of_two_seeds_are_different_objects(one, other, apart):
    left, right = sample(groups=np.repeat([5, 7], 50)), sample(seed=1, groups=np.repeat([5, 8], 50))
    left, right = (replace(part, seeds=frozenset({seed})) for part, seed in ((left, one), (right, other)))
    with nullcontext() if apart else pytest.raises(InputError, match="GROUP 5 stands among"):
        baselineanswers.check_apart(left, right, "known.fits", "GROUP")


def test_a_task_without_fluxes_names_what_its_baselines_see():
    class Shape:
        inputs = ("shape",)

        def __init__(self, inputs):
            pass

        def table(self, inputs):
            return inputs["shape"][:, None]

    random = np.random.default_rng(0)
    truth = random.uniform(0, 1, 100)
    rows = ScoredRows(truth, {}, {}, {"shape": truth + 0.01 * random.standard_normal(100)}, None, None, None, {})
    found = baselineanswers.answer(planned("knn", Shape), rows, None, "value", "told", 1)
    assert np.abs(found.judged.value - truth).mean() < 0.1
    bare = ScoredRows(truth, {}, {}, {"shape": np.full(100, np.nan)}, None, None, None, {})
    assert baselineanswers.answer(planned("knn", Shape), bare, None, "value", "told", 1).note == "no shape was found"


@pytest.mark.parametrize("trained", [True, False])
def test_a_baseline_answers_all_rows(trained):
    train = sample(seed=1) if trained else None
    found = baselineanswers.answer(planned("knn"), sample(), train, "redshift", "told", 1)
    assert np.abs(found.judged.value - sample().truth).max() < 0.3
    assert found.judged.crps.shape == (100,)
    assert found.note == "told"


def test_only_bands_that_both_sides_have_are_used():
    train, rows = sample(seed=1), sample()
    rows.inputs["flux"][:, 0] = rows.inputs["error"][:, 0] = np.nan
    train.inputs["flux"][:, 0] = 1e9  # would spoil every answer
    found = baselineanswers.answer(planned("knn"), rows, train, "redshift", "", 1)
    assert np.abs(found.judged.value - rows.truth).max() < 0.4


def test_reasons_in_place_of_answers(monkeypatch):
    bare = sample()
    bare.inputs["flux"][:] = bare.inputs["error"][:] = np.nan
    assert baselineanswers.answer(planned("knn"), bare, None, "redshift", "", 1).note == "no photometry was found"
    assert baselineanswers.answer(planned("median"), bare, None, "redshift", "", 1).judged is not None
    assert (
        baselineanswers.answer(planned("knn"), sample(5), None, "redshift", "", 1).note
        == "5 rows are too few to cross-fit"
    )
    assert baselineanswers.answer(planned("median"), sample(0), None, "redshift", "", 1).note == "there are no rows"
    monkeypatch.setattr(baselines, "available", lambda name: False)
    assert (
        baselineanswers.answer(planned("forest"), sample(), None, "redshift", "", 1).note
        == "scikit-learn is not installed"
    )


def test_the_table_says_where_they_are_trained():
    assert baselineanswers.training_note(sample(7), ["a.fits", "b.fits"], None) == "trained on a.fits b.fits (7 rows)"
    assert baselineanswers.training_note(None, [], "TILE") == "cross-fitted 5-fold within the rows scored, by TILE"


def test_how_many_rows_each_learned_from_is_told():
    rows, train = sample(100), sample(37, seed=1)
    for other, learned in ((train, 37), (None, 80)):
        assert baselineanswers.answer(planned("knn"), rows, other, "redshift", "here", 1).learned == learned
    assert baselineanswers.answer(planned("knn"), sample(5), None, "redshift", "here", 1).learned is None


def test_rows_stand_on_both_sides_whatever_else_was_read_of_one_of_them():
    truth = np.linspace(0.1, 1, 30)
    train = ScoredRows(truth, {}, {}, {"shape": 2 * truth}, None, None, None, {})
    more = replace(train, inputs={"flux": np.ones((30, 2)), "shape": 2 * truth})
    with pytest.raises(InputError, match="30 of the rows to score stand in --train"):
        baselineanswers.check_apart(more, train, "t.fits", None)
