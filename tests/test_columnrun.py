"""A run that writes columns, whatever answers the rows: which rows are asked, and what the record says."""

from contextlib import ExitStack

import numpy as np
import pytest

from sdsslike import column, table, write
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.source import parse
from skycnn.inputs import answering, columnrun, outputplace
from skycnn.inputs.columnresult import ColumnOptions, ColumnResult
from skycnn.schema import NOT_RUN, Column, flag_column


class Sum:
    """Answers with the sum of a row's fluxes."""

    columns = (Column("SUM", "f4", "uJy", "phot.flux", "sum of fluxes", "F9.3"), flag_column("SUM"))

    def __init__(self):
        self.asked = 0

    def answer(self, first, inputs, present, known):
        self.asked += len(known)
        return [np.nansum(inputs["flux"], axis=1).astype("f4"), known]

    def seconds_a_row(self, imagined):
        return 0.5 * len(imagined(2)["flux"])


@pytest.fixture
def cat(standin, tmp_path):
    return write(tmp_path / "cat.fits", table(40))


def run(cat, chosen=None, said=None, **asked):
    options, spec = ColumnOptions(task="standin", **asked), parse(str(cat))
    with ExitStack() as stack:
        place = outputplace.find(stack, spec, options, "sum")
        ready = answering.opened(stack, spec, options)
        made = columnrun.settled(
            ready, Sum(), place.output, options, ColumnResult, verb="sum", settings={"how": "all"}, chosen=chosen
        )
        return columnrun.write(made, place, options, (said if said is not None else []).append, None, words="sums")


def test_only_chosen_rows_are_answered(cat):
    chosen, said = np.array([3, 4, 39]), []
    done = run(cat, chosen, said)
    assert (done.asked, done.rows, done.answered) == (3, 40, 3)
    assert said[0].startswith("standin-sdss-flux sums ")
    assert np.flatnonzero(column(cat, "SUM_FLAG") != NOT_RUN).tolist() == chosen.tolist()
    with Catalogue.open(str(cat)) as catalogue:
        record = catalogue.records()[-1]
    assert (record.verb, record.options["how"], record.columns) == ("sum", "all", ("SUM", "SUM_FLAG"))
    assert run(cat, chosen).unchanged


def test_other_rows_keep_what_they_have(cat):
    run(cat, np.array([3, 4]))
    before = column(cat, "SUM")
    done = run(cat, np.array([4, 5]), only_new=True)
    assert done.asked == 1
    after = column(cat, "SUM")
    assert np.array_equal(before[[3, 4]], after[[3, 4]])
    assert np.isfinite(after[5]) and np.isnan(after[6])


@pytest.mark.parametrize(("chosen", "rows", "wanted"), [(None, None, 40), (None, (10, 15), 5), ([1, 2, 3], None, 3)])
def test_a_dry_run_counts_the_rows_that_it_would_ask(cat, chosen, rows, wanted):
    before = cat.read_bytes()
    done = run(cat, None if chosen is None else np.array(chosen), rows=rows, dry_run=True)
    assert done.estimate_seconds == wanted
    assert cat.read_bytes() == before
