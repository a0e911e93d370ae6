"""Conditions: their page, what they read, and that no text is too much."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import column, columns
from conditiontable import where
from skycnn.errors import InputError
from skycnn.photometry.conditions import PAGE, facts, parse
from skycnn.photometry.fields import Fields


def test_long_conditions_are_no_trouble():
    assert where(" or ".join(f"A == {i}" for i in range(0, 5000, 2)), A=np.arange(6)) == [0, 2, 4]
    assert where("A == 0" + " + 0" * 5000, A=np.arange(6)) == [0]
    assert where(f"A in ({', '.join(map(str, range(1, 9000, 3)))})", A=np.arange(6)) == [1, 4]
    assert where("A" + " - 1" * 5000 + " == 0", A=np.arange(4998, 5002)) == [2]


def test_a_condition_knows_what_it_reads():
    found = Fields([*columns("A B"), column("V", "5E")], "t", "needs")
    condition = parse("a > 1 and (V[2] < B or `A` == 0)", found)
    assert condition.columns == ("A", "V", "B")
    assert condition.text == "a > 1 and (V[2] < B or `A` == 0)"


def test_the_page_can_be_typed():
    numbers = Fields([*columns("A B C E F mag-r", form="J"), column("flux r"), column("V", "3E")], "t", "needs")
    texts = Fields([column("A", "8A")], "t", "needs")
    bits = {"A": {"BRIGHT": 1, "MEDIUM": 2}}
    typed = [text for examples, _ in PAGE for text in examples.split("; ")]
    assert len(typed) > 10
    for text in typed:
        parse(text, texts if "'" in text else numbers, bits=bits)


@given(st.text("AB01 .'\"`()&|=!<>+-*/,[]inotadr", max_size=25))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_or_refused(text):
    table = Fields([*columns("A B a.b"), column("d", "4A")], "t", "needs")
    try:
        condition = parse(text, table)
    except InputError:
        return
    found = condition.holds({"A": np.zeros(3), "B": np.ones(3), "a.b": np.ones(3), "d": np.array(["1", "0", ""])})
    assert found.dtype == bool and found.shape == (3,)


def test_a_run_depends_on_the_bits_that_it_tests_by_name():
    found = Fields([column("MASK", "J"), column("OTHER", "K")], "t", "needs")
    bits = {"mask": {"BRIGHT": 1, "DEEP": 2}, "o*": {"EDGE": 7}}
    texts = ("MASK & (DEEP | 8)", "OTHER.EDGE and MASK.BRIGHT", "MASK & 4")
    assert facts(parse(text, found, bits=bits) for text in texts) == {
        "bits": {"MASK.BRIGHT": 1, "MASK.DEEP": 2, "OTHER.EDGE": 7}
    }
    assert facts([parse(texts[2], found, bits=bits)]) == {}
