import numpy as np
import pytest

from columns import column, columns
from skycnn.errors import InputError
from skycnn.photometry.fields import Field, Fields


def fields(*found):
    return Fields([*found], "cat.fits[1]", "m needs u g")


def test_exact_names_come_before_others():
    table = fields(column("upmag"), column("uPmag"), column("RA"))
    assert table.get("uPmag").name == "uPmag"
    assert table.get("upmag").name == "upmag"
    assert table.get("UPMAG") is None  # two without regard to case
    assert table.get("ra").name == "RA"
    assert table.get("dec") is None


def test_elements_of_vectors_count_from_zero():
    table = fields(column("MAG", "5E"), column("ID[1]"))
    field = table.get("mag[4]")
    assert (field.name, field.numeric) == ("MAG[4]", True)
    assert field.of({"MAG": np.arange(10).reshape(2, 5)}).tolist() == [4, 9]
    assert table.get("MAG[5]") is None
    assert table.get("MAG[0][0]") is None
    assert table.get("ID[1]").index is None  # a name may look like an element


def test_a_missing_column_is_told_with_the_closest_and_all():
    with pytest.raises(
        InputError,
        match=r"cat.fits\[1\] has no column 'MAGU'; m needs u g. Did you mean MAG_U\? Name it with --band u=COLUMN. "
        r"It has: RA, MAG_U$",
    ):
        fields(column("RA"), column("MAG_U")).require("MAGU", "--band u=COLUMN")


def test_long_tables_are_not_listed_whole():
    with pytest.raises(InputError, match=r"It has: c0, .*c39, \.\.\. \(60 more\)$"):
        fields(*columns("c*|" + ",".join(map(str, range(100))))).require("qqq", "--band u=COLUMN")


def test_an_empty_table_has_no_columns():
    with pytest.raises(InputError, match="It has: no columns"):
        fields().require("x", "--band u=COLUMN")


@pytest.mark.parametrize(
    ("form", "held"),
    [
        ("4A", "text (4A)"),
        ("1L", "truth values (1L)"),
        ("8X", "bits (8X)"),
        ("1C", "complex numbers (1C)"),
        ("1P", "a variable-length array (1P)"),
        ("0E", "nothing (0E)"),
    ],
)
def test_columns_that_hold_no_number_are_refused(form, held):
    with pytest.raises(InputError) as error:
        fields(column("X", form)).require("X", "--band u=COLUMN")
    assert str(error.value) == (
        f"cat.fits[1]: column 'X' holds {held}, not one number. Name a column of numbers with --band u=COLUMN."
    )


def test_vectors_are_refused_with_their_elements_named():
    with pytest.raises(
        InputError,
        match=r"column 'X' holds 5 numbers a row, not one number. Name one element, counted from 0: --band u=X\[0\]",
    ):
        fields(column("X", "5E")).require("X", "--band u=COLUMN")


@pytest.mark.parametrize("form", ["1L", "1X", "1B", "1J"])
def test_flags_may_be_truth_values(form):
    assert fields(column("X", form)).require("x", "--bad 'COLUMN != 0'", flag=True) == Field(column("X", form))
