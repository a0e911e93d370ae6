"""What rows are sorted by, and the bins: of a column, the interval's width, the answer, the magnitude."""

from dataclasses import replace

import numpy as np
import pytest

from skycnn.distribution import judge
from skycnn.errors import InputError
from skycnn.scoring import rowbins
from skycnn.scoring.scoredrows import ScoredRows

Z = np.linspace(0.0, 1.0, 101)
FLUX = np.stack([np.full(101, 1.0), np.linspace(1.0, 101.0, 101)], axis=1)


def rows(**changes):
    judged = replace(judge(Z, None, Z), low=Z - 0.1 * Z, high=Z + 0.2 * Z)
    held = {
        "truth": Z, "judged": {"Z_PHOT": judged}, "notes": {}, "inputs": {"flux": FLUX, "error": np.ones_like(FLUX)},
        "flags": None, "groups": None, "by": None, "left_out": {},
    }  # fmt: skip
    return ScoredRows(**(held | changes))


TEXTS = {
    "MAG_I": ("MAG_I", None, None, None),
    "width:3": ("width", None, None, 3),
    "MAG_I:18:24:6": ("MAG_I", 18.0, 24.0, 6),
    "a:b:-1e3:0:2": ("a:b", -1000.0, 0.0, 2),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_what_is_typed(text, expected):
    assert rowbins.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", ":5", "A:0", "A:1001", "A:x", "A:1:2", "A:2:1:3", "A:1:2:0", "A:nan:1:2", "A:1:inf:2", "A:1:2:2.5"]
)
def test_what_is_not_understood(text):
    with pytest.raises(InputError, match=r"is not understood .*COLUMN:N"):
        rowbins.parse(text)


FOUND = {
    "width": ("width of Z_PHOT", [0, 0.06, 0.12, 0.18, 0.24, 0.3]),
    "z": ("Z_PHOT", [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
    "mag": ("magnitude in i", 23.9 - 2.5 * np.log10([101, 81, 61, 41, 21, 1])),
}


@pytest.mark.parametrize(("word", "label", "edges"), [(word, *found) for word, found in FOUND.items()])
def test_bins_of_as_many_rows(word, label, edges):
    found = rowbins.find((word, None, None, 5), rows(), "Z_PHOT", ("g", "i"))
    assert found.label == label
    assert found.edges == pytest.approx(edges)


def test_a_column_of_such_a_name_wins():
    found = rowbins.find(("z", 0.0, 4.0, 2), rows(by=np.full(101, 3.0)), "Z_PHOT", ())
    assert found.label == "z"
    assert found.edges.tolist() == [0, 2, 4]
    assert (found.values == 3).all()


def test_values_all_alike_make_one_bin_and_none_no_bin():
    assert rowbins.find(("A", None, None, 5), rows(by=np.full(101, 3.0)), "Z_PHOT", ()).edges.tolist() == [3, 3]
    assert len(rowbins.find(("A", None, None, 5), rows(by=np.full(101, np.nan)), "Z_PHOT", ()).edges) == 0
    counts = rowbins.find(("A", None, None, 5), rows(by=np.repeat([0.0, 1.0], [90, 11])), "Z_PHOT", ())
    assert counts.edges.tolist() == [0, 1]


def test_rows_without_light_have_no_magnitude():
    flux = np.where(np.arange(202).reshape(101, 2) < 20, [[np.nan, -1.0]], FLUX)
    found = rowbins.find(
        ("mag", None, None, 2), rows(inputs={"flux": flux, "error": np.ones_like(FLUX)}), "Z_PHOT", "gi"
    )
    assert np.isnan(found.values[:10]).all() and np.isfinite(found.values[10:]).all()


LACKING = {
    "width": ({"judged": {"Z_PHOT": judge(Z, None, Z)}}, "Z_PHOT has no interval"),
    "mag": ({"inputs": {}}, "no photometry was found"),
}


@pytest.mark.parametrize(("word", "changes", "message"), [(word, *found) for word, found in LACKING.items()])
def test_nothing_to_sort_by(word, changes, message):
    with pytest.raises(InputError, match=message):
        rowbins.find((word, None, None, 5), rows(**changes), "Z_PHOT", ())


KINDS = {
    "text": (np.array(["b", "a", "", "b "]), [1, 0, np.nan, 1], ("a", "b")),
    "whole numbers": (np.array([7.0, -1.0, np.nan, 7.0]), [1, 0, np.nan, 1], ("-1", "7")),
    "no word": (np.array(["", " "]), [np.nan, np.nan], ()),
}


@pytest.mark.parametrize(("by", "values", "names"), KINDS.values(), ids=KINDS)
def test_kinds_of_rows(by, values, names):
    found = rowbins.find(("A", None, None, None), rows(by=by), "Z_PHOT", ())
    np.testing.assert_array_equal(found.values, values)
    assert found.names == names
    assert len(found.edges) == (len(names) + 1 if names else 0)


def test_many_numbers_or_a_number_of_bins_are_no_kinds():
    many = np.arange(101.0)
    assert rowbins.find(("A", None, None, None), rows(by=many), "Z_PHOT", ()).names == ()
    assert rowbins.find(("A", None, None, 2), rows(by=many % 3), "Z_PHOT", ()).names == ()
    assert rowbins.find(("A", None, None, None), rows(by=many % 3 + 0.5), "Z_PHOT", ()).names == ()


@pytest.mark.parametrize(("number", "words"), [(None, 21), (3, 2)])
def test_text_that_makes_no_bins(number, words):
    by = np.array([f"W{i % words}" for i in range(101)])
    with pytest.raises(InputError, match=f"--by A is text, of {words} different words .expected at most 20"):
        rowbins.find(("A", None, None, number), rows(by=by), "Z_PHOT", ())


def test_bins_of_as_many_rows_each_of_any_values():
    found = rowbins.equal("x", np.array([4.0, 1, 3, 2, np.nan]), 2)
    assert found.edges.tolist() == [1, 2.5, 4]
    assert rowbins.equal("x", np.full(3, 7.0), 5).edges.tolist() == [7, 7]
    assert rowbins.equal("x", np.full(3, np.nan)).edges.tolist() == []
    assert rowbins.told("width", rows(), "Z_PHOT", "gr", 3).label == "width of Z_PHOT"
