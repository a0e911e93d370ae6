"""ForeignWords: who types a condition as another language has it reads what to type here, and that works."""

import re

import pytest

from conditiontable import refused, where
from skycnn.photometry.foreignwords import LIST, NULLS, operand, sign

SIGNS = {
    "A = 0": "A == 0",
    "(A = 0) and B": "(A == 0) and B",
    "A <> 0": "A != 0",
    "A ~= 0": "A != 0",
    "A .ne. 0": "A != 0",
    "A EQ 0": "A == 0",
    "A gt 1": "A > 1",
    "A =< 1": "A <= 1",
    "A => 1": "A >= 1",
    "A is 1": "A == 1",
    "A is not 1": "A != 1",
    "~(A & 2)": "not (A & 2)",
}


@pytest.mark.parametrize("typed", SIGNS)
def test_a_sign_of_another_language_is_told_with_the_one_here(typed):
    wanted, given = re.search(r"Write (.+) for (.+)\.$", refused(typed)).groups()
    mended = re.sub(rf"\.?{re.escape(given)}\.?", wanted, typed, count=1)
    assert mended.replace("not(", "not (") == SIGNS[typed]
    assert where(mended, A=[0, 1, 2], B=[1, 1, 1]) == where(SIGNS[typed], A=[0, 1, 2], B=[1, 1, 1])


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        *((f"A {words}", NULLS) for words in ("IS NULL", "is not None", "is nan", "== NULL", "!= nan")),
        *((f"{call}(A)", NULLS.replace("COLUMN", "A")) for call in ("isnan", "ISNULL", "np.isnan", "ismissing")),
        ("A.isna()", "A != A holds on it"),
        ("not np.isfinite(A)", "-inf < A < inf holds"),
        ("abs(A) > 50", "Write A > 5 or A < -5"),
        ("A between 1 and 2", "Write 1 <= COLUMN <= 2"),
        ("between(A, 1, 2)", "Write 1 <= A <= 2"),
        ("bitwise_and(A, 2) > 0", "Bits are tested as A & 2"),
        ("sqrt(A) > 4", "Conditions have no functions. See CONDITIONS"),
        ("cat['A'] > 0", "Write the column alone: A."),
        ("KIND like 'P%'", "Text is compared whole"),
        ("A in [1, 2]", LIST),
        ("A in 1, 2", LIST),
        ("A & (1 << 2)", "8 for 1 << 3"),
        ("A & 2**3", "8 for 1 << 3"),
        ("A % 2 == 0", "+ - * / alone"),
        ("A > 1; B > 1", "joined by and, or"),
        ("A > 1,5", "numbers have a point"),
        ("A > = 1", "in one, without a blank"),
        ("A == == 1", "in one, without a blank"),
        ("KIND == 'PSF' or 'REX'", "COLUMN in (1, 2)"),
    ],
)
def test_the_hint_says_what_to_type(typed, hint):
    assert hint in refused(typed)


def test_what_the_hints_say_is_so():
    table = {"A": [1.0, float("nan"), float("inf"), -50.0]}
    assert where("A != A", **table) == [1]
    assert where("A == A", **table) == [0, 2, 3]
    assert where("not -inf < A < inf", **table) == [1, 2]
    assert where("A > 5 or A < -5", **table) == [2, 3]


def test_a_list_may_end_with_a_comma():
    assert where("A in (1,)", A=[0, 1, 2]) == [1]
    assert where("A in (0, 2,)", A=[0, 1, 2]) == [0, 2]


def test_text_beside_a_logical_column_or_one_of_numbers_is_told_what_works():
    with pytest.raises(Exception, match="Write A where it is true, not A where it is false"):
        where("A == 'T'", A=[True, False])
    assert where("not A", A=[True, False]) == [1]
    with pytest.raises(Exception, match="without quotes: A == 0"):
        where("A == 'T'", A=[1, 2])


def test_what_is_right_has_no_hint():
    assert sign("A == 1", 1) is None
    assert operand("A == 1", 0) is None
