"""Columns and flag bits: the single source of truth."""

import numpy as np
import pytest
from astropy import units

from skycnn import schema, tasks
from skycnn.task import TaskFlag

COLUMNS = [
    pytest.param(column, id=f"{name}-{column.name}")
    for name in tasks.names()
    for task in [tasks.load(name)]
    for column in (*task.posterior().columns(pdf=True), schema.flag_column(task.flag))
]


def test_every_bit_is_a_power_of_two_with_one_meaning():
    assert [bit.value for bit in schema.Flag] == [2**place for place in range(len(schema.Flag))]
    assert set(schema.MEANINGS) == set(schema.Flag)
    assert len(set(schema.MEANINGS.values())) == len(schema.Flag)


def test_null_lies_outside_the_bits():
    assert schema.NOT_RUN < 0
    assert sum(schema.Flag) < np.iinfo(np.int32).max


def test_decode():
    assert schema.decode(0) == ()
    assert schema.decode(schema.NOT_RUN) == ("not run",)
    both = schema.Flag.EDGE | schema.Flag.MULTIMODAL
    assert schema.decode(both) == (schema.MEANINGS[schema.Flag.EDGE], schema.MEANINGS[schema.Flag.MULTIMODAL])


def test_a_task_s_own_bits_have_names_meanings_and_counts():
    own = [TaskFlag("BARRED", 1 << 17, "it has a bar", lambda _: None)]
    assert schema.decode(schema.Flag.EDGE | 1 << 17, own) == (schema.MEANINGS[schema.Flag.EDGE], "it has a bar")
    flags = np.array([schema.NOT_RUN, 0, schema.Flag.EDGE, schema.Flag.EDGE | 1 << 17], "i4")
    assert schema.counts(flags, own) == {"edge": 2, "barred": 1}
    assert schema.counts(flags) == {"edge": 2}
    assert max(schema.Flag) < schema.TASK_BITS


def test_an_estimate_is_a_median_and_the_ends_of_its_interval():
    value, low, high = schema.estimate("A_V", "mag", "phys.absorption", "extinction")
    assert [column.name for column in (value, low, high)] == ["A_V", "A_V_LO", "A_V_HI"]
    assert {column.unit for column in (value, low, high)} == {"mag"}
    assert ("16th" in low.meaning, "84th" in high.meaning) == (True, True)


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_fits_a_fits_header(column):
    assert column.name.isascii()
    assert column.name == column.name.upper()
    assert column.dtype in ("f4", "i4")
    assert column.width >= 1
    units.Unit(column.unit, format="fits")
    assert all(text.isascii() and len(text) <= 68 for text in (column.name, column.unit, column.ucd, column.meaning))
    assert column.display[0] in "FEIG"
    assert column.ucd
