"""The recipe that shows the leak of DeepMerge's random split: its splits, and the figures that it prints."""

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

RECIPE = Path(__file__).parents[1] / "examples" / "recipes" / "merger_leak.py"
DATA = Path(__file__).parents[1].parent / "shared" / "data" / "mergers"


@pytest.fixture
def recipe():
    """Return what the recipe defines."""
    return runpy.run_path(str(RECIPE))


def test_a_split_by_subhalo_parts_none(recipe):
    subhalo = np.repeat(np.arange(300), 4)
    train, test = recipe["by_subhalo"](1, subhalo)
    assert not np.isin(subhalo[test], subhalo[train]).any()
    assert (len(train), len(test)) == (840, 240)
    train, test = recipe["by_row"](1, subhalo)
    assert (len(train), len(test), len(np.intersect1d(train, test))) == (840, 240, 0)
    assert 0.95 < np.isin(subhalo[test], subhalo[train]).mean() < 1.0


def test_copies_are_told_by_their_blocks(recipe):
    merger, subhalo = np.repeat([1, 0], [10, 4]), np.array([1, 2] * 5 + [7, 7, 8, 8])
    assert recipe["copies"](merger, subhalo).tolist() == [0, 1] * 5 + [-1] * 4
    subhalo[2] = 3
    with pytest.raises(SystemExit, match="not stand in five equal blocks"):
        recipe["copies"](merger, subhalo)


def test_arrays_that_are_not_there_are_named(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["merger_leak.py", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"has no subsamples_y\.npy; name the folder of the DeepMerge arrays"):
        recipe["main"]()


@pytest.mark.skipif(not DATA.exists(), reason="the arrays of DeepMerge are not at hand")
def test_the_figures_that_are_quoted(recipe, monkeypatch):
    monkeypatch.setitem(recipe["lines"].__globals__, "SEEDS", (5, 6))
    text = "\n".join(recipe["lines"](DATA))
    assert "published split: 10799 train, 3085 test" in text
    assert "whose subhalo is trained on: 98.6%" in text
    assert "flipped or turned copy is trained on: 99.5%" in text
    accuracy = [float(value) for value in re.findall(r"2 seeds: accuracy (\d\.\d+)", text)]
    assert 0.78 < accuracy[0] < 0.82
    assert 0.40 < accuracy[1] < 0.54
