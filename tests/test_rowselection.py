"""Which rows are looked at: ranges, conditions and lists, chunk by chunk."""

import numpy as np
import pytest

from sdsslike import table, write
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs.rowselection import RowSelection


@pytest.fixture
def catalogue(tmp_path):
    with Catalogue.open(str(write(tmp_path / "cat.fits", table(100, A=np.arange(100.0))))) as found:
        yield found


@pytest.mark.parametrize(
    ("rows", "where", "wanted"),
    [
        (None, None, range(100)),
        ((90, None), None, range(90, 100)),
        ((10, 20), "A > 12", range(13, 20)),
        (None, "A > 1000", []),
        (None, "A in (3, 50, 99)", [3, 50, 99]),
        ((7, 8), None, [7]),
    ],
)
def test_rows_come_in_order_and_once(catalogue, rows, where, wanted):
    selection = RowSelection.find(catalogue, rows, where, {})
    assert len(selection) == len(wanted)
    for step in (1, 16, 1000):
        chunks = list(selection.chunks(catalogue, ["A"], step))
        numbers = [int(number) for chunk in chunks for number in chunk.first + np.flatnonzero(chunk.run)]
        assert numbers == list(wanted)
        assert all(chunk.run.any() and len(chunk.run) <= step for chunk in chunks)
        assert all(np.array_equal(chunk.values["A"], chunk.first + np.arange(len(chunk.run))) for chunk in chunks)
    assert selection.head(3).tolist() == list(wanted)[:3]
    assert selection.within(10, 60).tolist() == [number for number in wanted if 10 <= number < 60]
    span = selection.span
    apart = len(wanted) and list(wanted) != list(range(wanted[0], wanted[-1] + 1))
    assert (span is None) == bool(apart)
    assert apart or list(range(*span)) == list(wanted)


def test_a_chunk_s_digest_tells_rows_and_values(catalogue):
    def digest(selection, names):
        return next(selection.chunks(catalogue, names, 50)).digest

    whole = RowSelection(0, 100)
    one, other = whole.of([3, 4]), whole.of([4, 3, 5])
    assert other.numbers.tolist() == [3, 4, 5]
    assert digest(one, ["A"]) == digest(whole.of([4, 3]), ["A"])
    assert len({digest(one, ["A"]), digest(other, ["A"]), digest(one, ["OBJID"]), digest(whole, ["A"])}) == 4


@pytest.mark.parametrize(("rows", "where"), [((100, None), None), (None, "B > 1"), (None, "A >")])
def test_what_cannot_be_selected(catalogue, rows, where):
    with pytest.raises(InputError, match=r"--rows|--where"):
        RowSelection.find(catalogue, rows, where, {})
