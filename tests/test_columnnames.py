"""Columns by name, and by number where a name stands twice."""

import pytest

from columns import column
from skycnn.errors import InputError
from skycnn.fits.columnnames import numbered, plain, resolved, twins
from skycnn.fits.tablecolumn import layout

HEADER = {"TFIELDS": 5, "NAXIS1": 20, **{f"TFORM{i}": "E" for i in range(1, 6)}}
HEADER |= {f"TTYPE{i}": name for i, name in enumerate(("a", "b", "a", "A", "a"), 1)}


def test_later_columns_of_a_name_are_read_by_their_number():
    columns = layout(HEADER, "cat.fits[1]")
    assert [c.name for c in columns] == ["a", "b", "a#3", "A", "a#5"]
    assert [c.offset for c in columns] == [0, 4, 8, 12, 16]
    assert [plain(c.name) for c in columns] == ["a", "b", "a", "A", "a"]
    assert [c.name for c in twins(columns, "a")] == ["a", "a#3", "a#5"]
    assert [numbered(columns, c) for c in columns] == ["a#1", "b", "a#3", "A", "a#5"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [("b", "b"), ("a#1", "a"), ("a#3", "a#3"), ("A", "A"), ("b#2", "b"), ("none", "none"), ("b#9", "b#9")],
)
def test_a_name_or_number_that_a_user_types(typed, name):
    assert resolved(layout(HEADER, "cat.fits[1]"), typed, "cat.fits[1]", "--band u=COLUMN") == name


def test_a_name_that_stands_twice_needs_its_number():
    with pytest.raises(InputError) as error:
        resolved(layout(HEADER, "cat.fits[1]"), "a", "cat.fits[1]", "--band u=COLUMN")
    assert str(error.value) == (
        "cat.fits[1] has the column 'a' more than once: a#1 and a#3 and a#5. "
        "Choose by the number in the table: --band u=a#1"
    )


def test_columns_without_a_name_are_no_twins():
    columns = layout(HEADER | {f"TTYPE{i}": "" for i in range(1, 6)}, "cat.fits[1]")
    assert {c.name for c in columns} == {""}


def test_a_name_with_a_sign_in_it_is_a_name():
    columns = [column("n#2"), column("b")]
    assert resolved(columns, "n#2", "t", "") == "n#2"
