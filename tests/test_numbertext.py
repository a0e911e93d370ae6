"""NumberText: numbers as they are written, whole ones exact."""

import pytest

from skycnn.photometry import numbertext


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("-7", -7),
        ("+007", 7),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0b101", 5),
        ("0o17", 15),
        ("5.", 5),
        (".5", 0.5),
        ("1e3", 1000),
        ("-1.5E-3", -0.0015),
        ("9007199254740993", 2**53 + 1),
        ("9007199254740993.0", 2**53 + 1),
        ("9.007199254740993e15", 2**53 + 1),
        ("0.1", 0.1),
        ("1e400", float("inf")),
        ("-inf", float("-inf")),
        ("0x" + "f" * 390, float("inf")),
    ],
)
def test_numbers(text, number):
    found = numbertext.read(text)
    assert (found, type(found)) == (number, type(number))


@pytest.mark.parametrize(
    "text", ["", "nan", "x", "1e", "0x", "--1", "1 2", "1,5", "9" * 401, "1e9999999999" + "9" * 400]
)
def test_what_is_none(text):
    assert numbertext.read(text) is None
