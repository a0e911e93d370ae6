"""Rows to adapt to: none of a group to validate, calibrate or test with, and none that repeats such a row."""

import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.network import groups
from skycnn.network.division import divide
from skycnn.network.groups import TEST, TRAIN
from skycnn.network.secondsample import SecondSample

NUMBER = np.arange(400)


def inputs(seed, count=400):
    return {"x": np.random.default_rng(seed).normal(size=(count, 3)).astype("f4")}


def division(content, names=None):
    row = groups.row_hashes(*content.values())
    return divide(row, NUMBER, None if names is None else ("GROUP", names), None)


def test_groups_to_be_judged_by_are_left_out():
    names, said = NUMBER // 2, []
    known = division(inputs(0), names)
    second = SecondSample.of(inputs(1), names.astype("f8"), "target.fits[1]", "noisy")
    rows, facts = second.apart(known, said.append)
    kept = np.isin(names, names[known.side == TRAIN])
    assert np.array_equal(rows.inputs["x"].numpy(), inputs(1)["x"][kept])
    assert np.isnan(rows.truth.numpy()).all()
    assert (facts["rows"], facts["left_out"]) == (kept.sum(), (~kept).sum())
    assert (facts["source"], facts["survey"]) == ("target.fits[1]", "noisy") and len(facts["sha256"]) == 64
    line = f"target.fits[1] has {kept.sum()} rows to adapt to; left out: {(~kept).sum()} of groups to validate,"
    assert said == [f"{line} calibrate or test with"]


def test_a_row_that_is_judged_is_not_adapted_to_under_another_name():
    known, said = division(inputs(0)), []
    rows, facts = SecondSample.of(inputs(0), NUMBER + 1000, "t", "").apart(known, said.append)
    assert len(rows) == np.count_nonzero(known.side == TRAIN) < 400
    other, facts = SecondSample.of(inputs(1), None, "t", "").apart(known, said.append)
    assert len(other) == 400 and facts["left_out"] == 0 and said[-1] == "t has 400 rows to adapt to"


def test_too_few_rows_are_refused():
    known = division(inputs(0), NUMBER)
    tested = NUMBER[known.side == TEST][0]
    second = SecondSample.of(inputs(1, 60), np.full(60, tested), "t", "")
    with pytest.raises(InputError, match="t has 0 rows to adapt to; left out: 60 of groups"):
        second.apart(known, print)
    with pytest.raises(InputError, match="t has 29 rows to adapt to"):
        SecondSample.of(inputs(1, 29), None, "t", "").apart(known, print)
