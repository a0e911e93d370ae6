"""ConditionTerms: values of tables as FITS has them, beside Python with its whole numbers of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conditiontable import holds, where

NAN = np.nan

KIND = ["PSF", "REX ", "DEV", "psf", " PSF", "", "it's", "SER"]


ID = 39627788403084375


CARDS = [{}, {"A_TNULL": -3}, {"A_TZERO": 2**63}, {"A_TSCAL": 10}, {"A_TSCAL": 7, "A_TZERO": -5, "A_TNULL": 2}]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("KIND == 'PSF'", [0]),
        ("KIND == 'PSF  '", [0]),
        ("KIND == ' PSF'", [4]),
        ('KIND == "PSF"', [0]),
        ("'PSF' == KIND", [0]),
        ("KIND != 'PSF'", [1, 2, 3, 4, 5, 6, 7]),
        ("kind in ('PSF', 'REX')", [0, 1]),
        ("KIND not in ('PSF', 'REX')", [2, 3, 4, 5, 6, 7]),
        ("KIND == ''", [5]),
        ("KIND == 'it''s'", [6]),
        ('KIND == "it\'s"', [6]),
        ("KIND >= 'REX' and KIND < 'TAN'", [1, 7]),
        ("KIND == OTHER", [0, 7]),
        ("not (KIND == 'PSF' or KIND == 'DEV')", [1, 3, 4, 5, 6, 7]),
        ("KIND == 'a longer text than the column'", []),
        ('"KIND" == "SER"', [7]),
    ],
)
def test_text(text, rows):
    assert where(text, KIND=KIND, OTHER=["PSF   ", *"abcdef", "SER"]) == rows


def test_text_ends_at_a_nul_and_may_be_utf_8():
    stored = np.array([b"PSF\0x", b"PSF", "é".encode(), b"\xff"])
    assert holds("A == 'PSF'", A=("5A", stored.astype("S5"))) == [True, True, False, False]
    assert holds("A == 'é'", A=stored) == [False, False, True, False]


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3) | st.integers(2**53 - 2, 2**53 + 2), min_size=1),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.integers(-(2**70), 2**70) | st.integers(-3, 3) | st.integers(2**53 - 2, 2**53 + 2),
    st.sampled_from(
        [{}, {"A_TNULL": -3}, {"A_TZERO": 2**63}, {"A_TSCAL": 10}, {"A_TSCAL": 7, "A_TZERO": -5, "A_TNULL": 2}]
    ),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_whole_numbers_compare_as_pythons(stored, sign, number, cards, near):
    scale, zero, null = (cards.get(f"A_{key}", usual) for key, usual in [("TSCAL", 1), ("TZERO", 0), ("TNULL", None)])
    meant = [None if value == null else value * scale + zero for value in stored]
    if near:
        number = next((value for value in meant if value is not None), number)
    expected = [sign == "!=" if v is None else eval(f"{v} {sign} {number}") for v in meant]
    assert holds(f"A {sign} {number}", A=np.array(stored, "i8"), **cards) == expected
    assert holds(f"A {sign} B", A=np.array(stored, "i8"), B=[str(number)] * len(stored), **cards) == expected
    listed = [v is not None and v in (number, 1) for v in meant]
    assert holds(f"A in ({number}, 1)", A=np.array(stored, "i8"), **cards) == listed
    assert holds(f"A not in ({number}, 1)", A=np.array(stored, "i8"), **cards) == [not v for v in listed]


def test_ids_of_every_kind_are_told_apart():
    ids = np.array([ID - 1, ID, ID + 1])
    for text in (f"A == {ID}", f"A == {ID}.0", f"A in ({ID}, 5)", f"A == {hex(ID)}", f"{ID - 1} < A < {ID + 1}"):
        for cards in ({}, {"A_TNULL": -1}, {"A_TNULL": ID - 1}, {"A_TSCAL": 1.0, "A_TZERO": 0.0}):
            assert holds(text, A=ids, **cards) == [False, True, False]
        assert holds(text, A=ids - 7, A_TZERO=7) == [False, True, False]
        assert holds(text, A=[str(one) for one in ids]) == [False, True, False]
        assert holds(text, A=[f" 00{one}" for one in ids]) == [False, True, False]
    unsigned = np.array([2**64 - 2, 2**64 - 1], "u8")
    assert holds(f"A == {2**64 - 1}", A=(unsigned ^ np.uint64(2**63)).view("i8"), A_TZERO=2**63) == [False, True]
    assert holds(f"A == {10**19}", A=np.array([10**18, 1]), A_TSCAL=10) == [True, False]
    assert holds(f"A == {10**21}", A=np.array([10**18, 1]), A_TSCAL=1000) == [True, False]
    assert holds("A == B", A=ids, B=(ids.view("u8") ^ np.uint64(2**63)).view("i8"), B_TZERO=2**63) == [True] * 3
    assert holds("A == 5.5", A=np.array([2, 1], "i2"), A_TSCAL=0.5, A_TZERO=4.5) == [True, False]


def test_nulls_stand_in_no_list():
    ids = np.array([1, -1, 2])
    assert holds("A in (1, -1)", A=ids, A_TNULL=-1) == [True, False, False]
    assert holds("A not in (1, -1)", A=ids, A_TNULL=-1) == [False, True, True]


def test_numbers_beside_float32_are_rounded_as_it_is():
    held = np.array([99.9, -99, 21.3], "f4")
    assert holds("A == 99.9", A=held) == [True, False, False]
    assert holds("A >= 21.3 and 99.9 > A", A=held) == [False, False, True]
    assert holds("A in (99.9, -99)", A=held) == [True, True, False]
    assert holds("A not in (99.9, 1e300)", A=held) == [False, True, True]
    assert holds("A == 99.9", A=held.astype("f8")) == [False] * 3
    assert holds("A < 1e300", A=held) == [True] * 3
