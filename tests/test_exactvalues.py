"""ExactValues: integers beside nulls, scales and offsets, as Python has them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skycnn.fits.exactvalues import ExactValues, scaled

WHOLE = st.integers(-(2**63), 2**63 - 1)
FACTOR = st.sampled_from([0, 1, -1, 2, 10, -7, 2**31, 2**70])
OFFSET = st.sampled_from([0, 1, -128, 2**31, 2**63, -(2**63), 2**64 - 1, 10**30])


@given(st.lists(WHOLE | st.integers(-3, 3)), FACTOR, OFFSET, st.none() | st.integers(-3, 3) | st.just(2**80))
def test_scaled_integers_are_pythons(stored, scale, zero, null):
    found = scaled(np.array(stored, "i8"), scale, zero, null)
    expected = [None if value == null else value * scale + zero for value in stored]
    assert [found.item(row) for row in range(len(stored))] == expected
    assert found.names().tolist() == ["" if value is None else str(value) for value in expected]
    known = [value for value in expected if value is not None] or [0]
    if min(known) >= -(2**63) and max(known) < 2**63:
        assert found.values.dtype == np.int64
    elif min(known) >= 0 and max(known) < 2**64:
        assert found.values.dtype == np.uint64


def test_neither_signed_nor_unsigned():
    found = scaled(np.array([-1, 2**63 - 1]), 2, 0, None)
    assert found.values.tolist() == [-2, 2**64 - 2]


def test_some_rows_of_them():
    found = scaled(np.array([5, -1, 7]), 1, 0, -1)[np.array([1, 2])]
    assert (found.item(0), found.item(1)) == (None, 7)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (np.array([5.0, np.nan, 0.5, -0.0, np.inf]), ["5", "", "0.5", "0", "inf"]),
        (np.array([b"007", b"", "\u00e9".encode(), b"\xe9"]), ["007", "", "\u00e9", "\\xe9"]),
        (np.array([True, False]), ["True", "False"]),
        (np.array([2**64 - 1], "u8"), [str(2**64 - 1)]),
    ],
)
def test_names(values, names):
    assert ExactValues(values).names().tolist() == names


def test_plain_text_becomes_bytes():
    assert ExactValues.of(np.array(["a ", "\u00e9"])).values.tolist() == [b"a", "\u00e9".encode()]
    assert ExactValues.of(np.array(["a "])).item(0) == "a"
