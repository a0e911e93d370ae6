"""StampColumns: names that never meet a catalogue's own, and a reader that finds them again."""

import numpy as np
import pytest
from astropy.io.votable.ucd import check_ucd

from skycnn.stamps.stampfile.stampcolumns import StampColumns, common, differ, present, words


@pytest.mark.parametrize(
    ("bands", "expected"),
    [
        (("g", "r"), ("G", "R")),
        (("g", "G", "i"), ("G_1", "G_2", "I")),
        (("g'", "g+", "F814W"), ("G__1", "G__2", "F814W")),
    ],
)
def test_a_word_stands_for_each_band(bands, expected):
    assert words(bands) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), ["DX", "DY", "FLAG"]),
        (("RA", "FLAG"), ["DX", "DY", "STAMP_FLAG"]),
        (("dx", "Flag", "DY_G"), ["STAMP_DX", "DY", "STAMP_FLAG"]),
        (("DX", "STAMP_DX", "STAMP2_DX"), ["STAMP3_DX", "DY", "FLAG"]),
        (("STAMP_DX",), ["STAMP2_DX", "DY", "FLAG"]),
    ],
)
def test_names_are_new_and_are_found_again(names, expected):
    columns = StampColumns(("g",), names, False).columns
    assert [column.name for column in columns] == expected
    for name, written in zip(("DX", "DY", "FLAG"), expected, strict=True):
        prefix = written.removesuffix(name)
        place = present(name, (*names, *expected))
        assert ("", "STAMP_", "STAMP2_", "STAMP3_")[place] == prefix
    assert present("DX", ("RA",)) is None


def test_each_column_is_described():
    columns = StampColumns(("g", "r"), (), True).columns
    assert [column.name for column in columns] == ["DX", "DY", "DX_G", "DY_G", "DX_R", "DY_R", "FLAG"]
    assert all(check_ucd(column.ucd, check_controlled_vocabulary=True) for column in columns)
    assert {column.unit for column in columns[:-1]} == {"pixel"}
    assert columns[3].meaning == "the object's y, less the stamp's centre in g"


def test_the_common_rest_is_that_of_the_first_band_that_has_one():
    nan = [np.nan, np.nan]
    rests = np.array([[[0.1, 0.2], [0.3, 0.4]], [nan, [0.3, 0.4]], [nan, nan]])
    np.testing.assert_array_equal(common(rests), [[0.1, 0.2], [0.3, 0.4], nan])
    assert differ(rests)
    assert not differ(rests[1:])
    assert not differ(rests[:0])
    assert not differ(np.array([[[0.1, 0.2], [0.1005, 0.2]]]))


@pytest.mark.parametrize("each", [False, True])
def test_packed_rows_hold_big_endian_numbers(each):
    rng = np.random.default_rng(0)
    rests, flags = rng.normal(size=(5, 2, 2)), rng.integers(0, 99, 5).astype(np.int32)
    rows = StampColumns(("g", "r"), (), each).packed(rests, flags)
    n = 6 if each else 2
    assert rows.shape == (5, 8 * n + 4)
    np.testing.assert_array_equal(rows[:, :16].copy().view(">f8"), rests[:, 0])
    np.testing.assert_array_equal(rows[:, 8 * n - 16 : 8 * n].copy().view(">f8"), rests[:, 1 if each else 0])
    np.testing.assert_array_equal(rows[:, -4:].copy().view(">i4")[:, 0], flags)
