"""ConditionTerms: values of tables as FITS has them, beside Python with its whole numbers of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conditiontable import holds, where
from skycnn.errors import InputError

NAN = np.nan

KIND = ["PSF", "REX ", "DEV", "psf", " PSF", "", "it's", "SER"]


ID = 39627788403084375


CARDS = [{}, {"A_TNULL": -3}, {"A_TZERO": 2**63}, {"A_TSCAL": 10}, {"A_TSCAL": 7, "A_TZERO": -5, "A_TNULL": 2}]


def test_bits_of_every_kind_of_column():
    high = np.array([0, 2**63, 2**63 + 5], "u8")
    stored = (high ^ np.uint64(2**63)).view("i8")
    assert holds("A & 0x8000000000000000", A=stored, A_TZERO=2**63) == [False, True, True]
    assert holds("A & 4", A=stored, A_TZERO=2**63) == [False, False, True]
    assert holds("A & 0x8000", A=np.array([-(2**15), 1, 2**14], "i2")) == [True, False, False]
    assert holds("(A & 0x8000) == 0x8000", A=np.array([-(2**15), 1], "i2")) == [True, False]
    assert holds("A & 0x8000", A=np.array([0, -1], "i2"), A_TZERO=2**15) == [True, False]
    assert holds("A & 3", A=np.array([0, 1, 2], "i4"), A_TSCAL=4, A_TZERO=1) == [True, True, True]
    assert holds("A & 2", A=[2.0, 1.0, NAN, -2.0]) == [True, False, True, True]
    assert holds("A & 2", A=["2", " 3", "", "4"]) == [True, True, True, False]
    assert holds("A & 2", A=np.array([2, 1, -1, 2], "i8"), A_TNULL=-1) == [True, False, True, True]
    assert holds("A & 2 == 0", A=np.array([2, 1, -1, 2], "i8"), A_TNULL=-1) == [False, True, False, False]
    with pytest.raises(InputError, match=r"cat.fits\[1\]: column 'A' holds a number that has no bits: 2.5"):
        holds("A & 2", A=[2.5])


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


def test_numbers_beside_float32_are_rounded_as_it_is():
    held = np.array([99.9, -99, 21.3], "f4")
    assert holds("A == 99.9", A=held) == [True, False, False]
    assert holds("A >= 21.3 and 99.9 > A", A=held) == [False, False, True]
    assert holds("A in (99.9, -99)", A=held) == [True, True, False]
    assert holds("A not in (99.9, 1e300)", A=held) == [False, True, True]
    assert holds("A == 99.9", A=held.astype("f8")) == [False] * 3
    assert holds("A < 1e300", A=held) == [True] * 3


def test_truth_values_bits_and_elements():
    assert holds("A", A=[True, False]) == holds("A == 1", A=[True, False]) == [True, False]
    assert holds("A == true", A=[True, False]) == holds("not A == False", A=[True, False]) == [True, False]
    assert holds(f"A < {2**70}", A=[True, False]) == [True, True]
    octets = np.array([[0b10000000, 0b01000000], [0, 0b10000000]], "u1")
    assert holds("A[0]", A=("10X", octets)) == [True, False]
    assert holds("A[8] == 1", A=("10X", octets)) == [False, True]
    assert holds("A[9]", A=("10X", octets)) == [True, False]
    assert holds("A == 1", A=("1X", octets[:, :1])) == [True, False]
    assert holds("A[1]", A=np.array([[True, False], [False, True]])) == [False, True]
    assert holds("V[1] == 7", V=np.array([[0, 7], [7, 0]], "i8"), V_TNULL=0) == [True, False]


def test_text_that_is_no_number_is_refused_where_a_number_is_wanted():
    with pytest.raises(
        InputError, match=r"cat.fits\[1\]: column 'A' holds text, compared with a number: 'QSO'.*A == 'QSO'"
    ):
        holds("A == 1", A=["1", "QSO"])
    assert holds("A == 1", A=["1", "", "1e0", "2"]) == [True, False, True, False]
    assert holds("A != 1", A=["1", "", "1e0", "2"]) == [False, True, False, True]
