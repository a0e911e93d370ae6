"""The errors a user can meet."""

import pytest

from skycnn import errors


def family(kind=errors.SkycnnError):
    for child in kind.__subclasses__():
        yield child
        yield from family(child)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "no column"),
        ({"value": "Q"}, "no column: 'Q'"),
        ({"expected": "g r"}, "no column (expected g r)"),
        ({"hint": "Type --band."}, "no column. Type --band."),
        ({"value": 0, "expected": "1", "hint": "Type 1."}, "no column: 0 (expected 1). Type 1."),
    ],
)
def test_an_error_says_what_value_expected_and_hint(arguments, text):
    error = errors.InputError("no column", **arguments)
    assert str(error) == text
    assert error.what == "no column"
    assert (error.value, error.expected, error.hint) == tuple(map(arguments.get, ("value", "expected", "hint")))


def test_every_class_has_a_code_and_a_meaning():
    classes = list(family())
    assert {errors.InputError, errors.LockedError, errors.FlaggedError} <= set(classes)
    assert {kind.exit_code for kind in classes} == {1, 2, 3}
    assert all(kind.__doc__.rstrip().endswith(".") for kind in classes)


def test_an_interruption_is_no_exception_that_a_library_could_swallow():
    assert not issubclass(errors.Interrupted, Exception)
    assert errors.Interrupted(15).exit_code == 143
    assert "signal 2;" in str(errors.Interrupted(2))


def test_one_thing_is_no_plural():
    assert [errors.counted(n, "row") for n in range(3)] == ["0 rows", "1 row", "2 rows"]
