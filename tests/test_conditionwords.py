"""ConditionWords: columns with odd names, elements, and bits by name."""

import pytest

from columns import column
from conditiontable import refused, where
from skycnn.errors import InputError
from skycnn.photometry.conditions import parse
from skycnn.photometry.fields import Fields


def test_columns_with_odd_names():
    table = {
        "my flag": [1, 0],
        "E(B-V)": [0.1, 0.5],
        "mag-r": [20, 10],
        "flux.r": [5, 1],
        "2MASS": [0, 1],
        "A&B": [0, 1],
    }
    table |= {"in": [1, 2], "x`y": [3, 4], "V[1]": [1, 2], "#": [1, 0]}
    for text, rows in [
        ("my flag >= 1", [0]),
        ("E(B-V) > 0.3", [1]),
        ("e(b-v)>.3 and mag-r<20", [1]),
        ("mag-r - flux.r > 10", [0]),
        ("`mag-r` > 15", [0]),
        ('"mag-r" > 15', [0]),
        ("2MASS", [1]),
        ("A&B == 1", [1]),
        ("`in` in (2)", [1]),
        ("`x``y` == 4", [1]),
        ("V[1] == 2", [1]),
        ("# == 0", [1]),
    ]:
        assert where(text, **table) == rows, text


def test_vectors_and_bits_are_named_by_element():
    found = Fields([column("V", "5E"), column("X", "12X"), column("C", "1C")], "t", "needs")
    for text, message in [
        ("V > 1", r"'V' holds 5 numbers a row.*--where 'V\[0\] != 0'"),
        ("X & 2", r"'X' holds 12 bits a row.*X\[0\]"),
        ("C > 1", "'C' holds complex numbers"),
    ]:
        with pytest.raises(InputError, match=message):
            parse(text, found, "--where")


def test_the_message_names_the_option_and_the_band():
    assert refused("A =", option="--mask-band g=").startswith("--mask-band g cannot be read at '='")
    assert "--mask-band g=FLAGS" in refused("A >", option="--mask-band g=")


def test_bits_of_a_survey_are_not_mistaken():
    named = {"N": {"BRIGHT": 1, "A": 2}}
    assert "N.A for the bit, `A` for the column" in refused("N & A", bits=named)
    assert "N has no bit of that name: 'BRIGT' (expected BRIGHT, A)" in refused("N.BRIGT", bits=named)
