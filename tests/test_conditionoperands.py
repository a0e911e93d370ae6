"""ConditionOperands: bits, elements, truth values and digits of every kind of column."""

import numpy as np
import pytest

from conditiontable import holds
from skycnn.errors import InputError

NAN = np.nan


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
    assert holds("A & 0x8000000000000000", A=[2.0**63, -1.0, 2.0**63 - 1024, NAN]) == [True, True, False, True]
    assert holds("A & 0x8000000000000001", A=[str(2**63), "-1", str(2**63 - 1), "6"]) == [True, True, True, False]
    held = {"A": np.array([1, -1, 1, 4]), "B": np.array([1, 1, -1, 2]), "A_TNULL": -1, "B_TNULL": -1}
    assert holds("(A & B) == 1", **held) == [True, False, False, False]
    assert holds("(A & B) != 1", **held) == [False, True, True, True]
    with pytest.raises(InputError, match=r"tests bits that column A has not: '0x10000' \(expected some of its 16 bits"):
        holds("A & 0x10000", A=np.array([0, -1], "i2"), A_TZERO=2**15)
    for odd in ([np.inf], [2.0**64], [1.0, -(2.0**64)]):
        with pytest.raises(InputError, match="holds a number that has no bits"):
            holds("A & 2", A=odd)
    with pytest.raises(InputError, match=r"cat.fits\[1\]: column 'A' holds a number that has no bits: 2.5"):
        holds("A & 2", A=[2.5])


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
