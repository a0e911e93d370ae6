"""Answers written in another unit too: their place, their values, and when there are none."""

import numpy as np
import pytest

from skycnn.schema import Column
from skycnn.task.multiple import Multiple, Multiples


def factor(options):
    return options.get("distance")


LENGTH = Multiple("R_PC", "R", factor, "pc", "phys.size", "radius")
COLUMNS = [Column(name, "f4", "", "", "", "F10.5") for name in ("AGE", "AGE_LO", "AGE_HI", "R", "R_LO", "R_HI", "P")]


def test_their_columns_stand_behind_the_answer_s_interval():
    found = Multiples((LENGTH,), {"distance": 2.0}).among(COLUMNS)
    names = [column.name for column in found]
    assert names == ["AGE", "AGE_LO", "AGE_HI", "R", "R_LO", "R_HI", "R_PC", "R_PC_LO", "R_PC_HI", "P"]
    assert {column.unit for column in found if column.name.startswith("R_PC")} == {"pc"}
    assert found[7].meaning == "16th percentile of R_PC"


def test_values_are_those_of_the_answer_times_the_factor():
    answers = {name: np.array([k, np.nan], "f4") for k, name in enumerate(("R", "R_LO", "R_HI"), 1)}
    found = Multiples((LENGTH,), {"distance": 2.0}).values(answers)
    assert {name: value.dtype for name, value in found.items()} == dict.fromkeys(("R_PC", "R_PC_LO", "R_PC_HI"), "f4")
    assert [value[0] for value in found.values()] == [2, 4, 6]
    assert all(np.isnan(value[1]) for value in found.values())


@pytest.mark.parametrize(("each", "options"), [((LENGTH,), {}), ((), {"distance": 2.0})])
def test_there_are_none_where_the_factor_is_not_known(each, options):
    none = Multiples(each, options)
    assert none.among(COLUMNS) == tuple(COLUMNS)
    assert none.values({}) == {}
