"""Rows with their truth on the sides of a split."""

import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.network.division import divide
from skycnn.network.groups import CALIB, TEST, TRAIN, VALID, row_hashes
from skycnn.network.trainingset import TrainingSet

FLUX = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
WORDS = np.array(["train"] * 200 + ["valid"] * 25 + ["calib"] * 15 + ["test"] * 50 + [""] * 10)


def sample(flux=FLUX, words=WORDS, truth=None):
    division = divide(row_hashes(flux, flux), np.arange(len(flux)), None, ("PART", words))
    truth = np.arange(len(flux)) / 300 if truth is None else truth
    return TrainingSet({"flux": flux, "error": flux}, truth.reshape(len(flux), -1), division)


def test_each_side_has_its_rows():
    rows = sample()
    assert [len(rows.part(side)) for side in (TRAIN, VALID, CALIB, TEST)] == [200, 25, 15, 50]
    assert np.allclose(rows.part(CALIB).truth[:, 0], np.arange(225, 240) / 300)
    assert np.array_equal(rows.part(TEST).inputs["flux"].numpy(), FLUX[240:290])
    assert rows.trained[:, 0].tolist() == (np.arange(240) / 300).tolist()


def test_the_digest_is_of_all_that_matters():
    own = sample().digest()
    assert sample().digest() == own
    changed = FLUX.copy()
    changed[3, 1] += 1
    assert sample(changed).digest() != own
    assert sample(truth=np.zeros(300)).digest() != own
    assert sample(words=np.roll(WORDS, 1)).digest() != own


def test_too_few_rows_are_refused_with_the_reason():
    sample().check("cat.fits", {})
    few = sample(words=np.array(["train"] * 230 + ["valid"] * 9 + ["calib"] * 10 + ["test"] * 51))
    with pytest.raises(InputError, match=r"cat.fits has 9 rows to valid with \(expected 10 or more\)") as caught:
        few.check("cat.fits", {"no truth": 7})
    assert caught.value.hint == "Give more rows, or name their sides with --split COLUMN. Left out: 7 no truth."


def test_facts_for_the_card():
    facts = sample().facts(("Z",))
    assert facts["rows"] == {"train": 200, "valid": 25, "test": 50, "calib": 15}
    assert facts["truth_range"] == [0.0, round(199 / 300, 5)]
    assert len(facts["sha256"]) == len(facts["split_sha256"]) == 64
    assert sample(words=np.roll(WORDS, 1)).facts(("Z",))["split_sha256"] != facts["split_sha256"]
    assert sample(truth=np.zeros(300)).facts(("Z",))["split_sha256"] == facts["split_sha256"]


def test_rows_of_several_truths_are_known_by_any():
    truth = np.full((300, 2), np.nan)
    truth[:150, 0], truth[100:240, 1] = 1.0, np.arange(140)
    rows = sample(truth=truth)
    assert rows.known.sum() == 240
    assert rows.facts(("A", "B"))["truth_range"] == {"A": [1.0, 1.0], "B": [0.0, 99.0]}
    assert len(rows.part(TRAIN).known()) == 200
    with pytest.raises(InputError, match=r"cat\.fits has 0 rows to train with"):
        sample(truth=np.full((300, 2), np.nan)).check("cat.fits", {})


def test_a_fold_tests_on_itself_and_all_folds_on_all_rows():
    rows = sample()
    tested = [rows.fold(number, 3).division.side == TEST for number in range(3)]
    assert (np.sum(tested, axis=0) == (rows.division.side >= 0)).all()
    assert all((rows.fold(number, 3).division.side == VALID).sum() > 9 for number in range(3))
