"""Typed: a value of JSON fits its hint, or it is said where it stands and what was expected."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from skycnn.typed import check_fields, misfit, misfits, shown


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1, int),
        (1, float),
        (1.5, float),
        (True, bool),
        (None, int | None),
        ([1, 2.5], tuple[float, ...]),
        ((1, 2), Sequence[int]),
        (["a", 1], tuple[str, int]),
        ({"a": [1]}, Mapping[str, list[int]]),
        ({"a": ...}, Mapping[str, Any]),
        (..., Callable[..., int]),
        ([{"a": 1}], Sequence[int | Mapping[str, int]]),
    ],
    ids=str,
)
def test_what_fits(value, hint):
    assert misfit(value, hint, "x") is None


@pytest.mark.parametrize(
    ("value", "hint", "said"),
    [
        (True, int, "x is true (expected a whole number)"),
        (False, float, "x is false (expected a finite number)"),
        (0, bool, "x is 0 (expected true or false)"),
        (1.0, int, "x is 1.0 (expected a whole number)"),
        (float("inf"), float, "x is inf (expected a finite number)"),
        (10**400, float | None, f"x is 1{'0' * 56}... (expected a finite number or null)"),
        ("ab", tuple[str, ...], "x is 'ab' (expected a list, each text)"),
        (["a", None], tuple[str, ...], "x[1] is null (expected text)"),
        (["a"], tuple[str, int], "x is ['a'] (expected a list of 2: text, a whole number)"),
        ({"a": [1, "b"]}, Mapping[str, list[int]], "x.a[1] is 'b' (expected a whole number)"),
        ([], Mapping[str, Any], "x is [] (expected a table)"),
        ([{"a": "b"}], Sequence[int | Mapping[str, int]], "x[0].a is 'b' (expected a whole number)"),
        (
            [[]],
            Sequence[int | Mapping[str, int]],
            "x[0] is [] (expected a whole number or a table, each a whole number)",
        ),
    ],
    ids=str,
)
def test_what_does_not(value, hint, said):
    assert str(misfit(value, hint, "x")) == said


class Layer:
    def __init__(self, width: int, rate: float = 0.1, other=None):
        self.width, self.rate = width, rate


def test_arguments():
    assert list(misfits({"width": 3, "other": object()}, Layer)) == []
    said = [str(found) for found in misfits({"width": "3", "rate": 1, "depth": 2}, Layer, "settings.")]
    expected = "settings.depth is 2 (expected one of width, rate, other)"
    assert said == ["settings.width is '3' (expected a whole number)", expected]
    assert list(misfits({"anything": 1}, lambda **free: free)) == []
    assert list(misfits({"anything": 1}, 5)) == []


@dataclass
class Thing:
    name: str
    sizes: tuple[int, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


def test_fields():
    check_fields(Thing("a", (1, 2)))
    with pytest.raises(ValueError, match=r"sizes\[1\] is 2.5 .expected a whole number"):
        check_fields(Thing("a", (1, 2.5)))


def test_values_are_shown_short():
    assert shown(None) == "null"
    assert len(shown("x" * 1000)) == 60
