import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from columns import column
from skycnn.errors import InputError
from skycnn.photometry.conditions import OPERATORS, Term, parse
from skycnn.photometry.fields import Field


def holds(text, **chunk):
    fields = {name: Field(column(name)) for name in chunk}
    return parse(text).holds({k: np.asarray(v) for k, v in chunk.items()}, fields).tolist()


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("FLAGS != 0", [("FLAGS", "!=", 0)]),
        ("FLAGS!=0", [("FLAGS", "!=", 0)]),
        (" A<=-1.5e3 ", [("A", "<=", -1500.0)]),
        ("A > 1 & B == 0x10", [("A", ">", 1), ("B", "==", 16)]),
        ("A > 1 && B", [("A", ">", 1), ("B", "!=", 0)]),
        ("my flag >= 2", [("my flag", ">=", 2)]),
        ("E(B-V) > 0.3", [("E(B-V)", ">", 0.3)]),
        ("FLAGS[2] < +inf", [("FLAGS[2]", "<", np.inf)]),
    ],
)
def test_conditions_are_read(text, terms):
    assert parse(text).terms == tuple(Term(*t) for t in terms)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!= 0",
        "A !=",
        "A = 0",
        "A != B",
        "A == 'x'",
        "A | B",
        "1 < A < 2",
        "A > nan",
        "A > 0 &",
        "__import__('os')==x",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(
        InputError, match=r"--bad cannot be read.*expected COLUMN OP NUMBER.*--bad 'FLAGS != 0'"
    ) as error:
        parse(text)
    assert error.value.exit_code == 2


def test_the_message_names_the_option():
    with pytest.raises(InputError, match="--mask-band cannot be read: 'A ='"):
        parse("A =", "--mask-band")


@given(st.lists(st.integers(-5, 5)), st.sampled_from(sorted(OPERATORS)), st.integers(-5, 5))
def test_operators_mean_what_python_means(values, sign, number):
    assert holds(f"A {sign} {number}", A=np.array(values, int)) == [eval(f"{v} {sign} {number}") for v in values]


def test_terms_are_joined_by_and():
    assert holds("A > 0 & B < 2", A=[1, 1, 0], B=[1, 2, 1]) == [True, False, False]


def test_a_null_differs_from_every_number():
    assert holds("A != 0", A=[np.nan, 0.0]) == [True, False]
    assert holds("A > 0", A=[np.nan, 1.0]) == [False, True]


def test_whole_numbers_compare_exactly():
    assert holds(f"A == {2**63 + 1}", A=np.array([2**63, 2**63 + 1], np.uint64)) == [False, True]
    assert holds("A >= -1", A=np.array([0], np.uint64)) == [True]


def test_truth_values_and_vector_elements():
    assert holds("A", A=[True, False]) == [True, False]
    chunk = {"V": np.array([[0, 7], [7, 0]])}
    assert parse("V[1] > 3").holds(chunk, {"V[1]": Field(column("V", "2E"), 1)}).tolist() == [True, False]
