"""Rows with their truth on the sides of a split."""

import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.network.division import divide
from skycnn.network.groups import TEST, TRAIN, VALID, row_hashes
from skycnn.network.trainingset import TrainingSet

FLUX = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
WORDS = np.array(["train"] * 200 + ["valid"] * 40 + ["test"] * 50 + [""] * 10)


def sample(flux=FLUX, words=WORDS, truth=None):
    division = divide(row_hashes(flux, flux), np.arange(len(flux)), None, ("PART", words))
    return TrainingSet({"flux": flux, "error": flux}, np.arange(len(flux)) / 300 if truth is None else truth, division)


def test_each_side_has_its_rows():
    rows = sample()
    assert [len(rows.part(side)) for side in (TRAIN, VALID, TEST)] == [200, 40, 50]
    assert np.allclose(rows.part(VALID).truth, np.arange(200, 240) / 300)
    assert np.array_equal(rows.part(TEST).inputs["flux"].numpy(), FLUX[240:290])
    assert np.flatnonzero(rows.seen).tolist() == list(range(240))


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
    few = sample(words=np.array(["train"] * 240 + ["valid"] * 9 + ["test"] * 51))
    with pytest.raises(InputError, match=r"cat.fits has 9 rows to valid with \(expected 10 or more\)") as caught:
        few.check("cat.fits", {"no truth": 7})
    assert caught.value.hint == "Give more rows, or name their sides with --split COLUMN. Left out: 7 no truth."


def test_facts_for_the_card():
    facts = sample().facts()
    assert facts["rows"] == {"train": 200, "valid": 40, "test": 50}
    assert facts["truth_range"] == [0.0, round(199 / 300, 5)]
    assert len(facts["sha256"]) == len(facts["split_sha256"]) == 64
    assert sample(words=np.roll(WORDS, 1)).facts()["split_sha256"] != facts["split_sha256"]
    assert sample(truth=np.zeros(300)).facts()["split_sha256"] == facts["split_sha256"]
