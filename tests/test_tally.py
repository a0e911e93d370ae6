"""Counts over packed rows."""

import numpy as np

from skycnn.fits.newheader import packed
from skycnn.fits.tally import Tally, flags
from skycnn.schema import NOT_RUN, Flag, estimate, flag_column
from skycnn.task import TaskFlag

COLUMNS = (*estimate("Z", "", "", "z"), flag_column("Z"))


def rows(values, bits):
    return packed(COLUMNS, {"Z": np.array(values, "f4"), "Z_FLAG": np.array(bits, "i4")}, len(values))


def test_answers_and_reasons_are_counted_over_chunks():
    tally = Tally()
    edge, missing = int(Flag.EDGE), int(Flag.MISSING_BAND)
    tally.add(rows([0.1, np.nan, 0.3], [0, NOT_RUN, edge | missing]))
    tally.add(rows([0.4, np.inf], [missing, edge]))
    assert (tally.answered, tally.clean, tally.flagged) == (3, 1, {"edge": 2, "missing_band": 2})


def test_a_row_that_was_not_run_has_no_reasons():
    tally = Tally()
    tally.add(rows([np.nan], [NOT_RUN]))
    assert (tally.answered, tally.clean, tally.flagged) == (0, 0, {})


def test_flags_are_counted_alone():
    tally = Tally()
    tally.count(np.array([0, 0, NOT_RUN, int(Flag.EDGE)], np.int32))
    assert (tally.clean, tally.flagged) == (2, {"edge": 1})


def test_flags_are_the_last_column():
    assert flags(rows([1.0, 2.0], [5, NOT_RUN])).tolist() == [5, NOT_RUN]
    assert flags(rows([], [])).tolist() == []


def test_a_task_s_own_bits_are_counted_behind_the_common_ones():
    own = [TaskFlag("BARRED", 1 << 17, "it has a bar", lambda _: None)]
    tally = Tally(own)
    for bits in ([1 << 17, (1 << 17) | Flag.EDGE], [NOT_RUN, 0]):
        tally.count(np.array(bits, np.int32))
    assert (tally.clean, tally.flagged) == (1, {"edge": 1, "barred": 2})
    assert list(tally.flagged) == ["edge", "barred"]
    assert Tally().flagged == {}
