"""The recipe that compares the galaxies of clusters with redMaPPer's tables."""

import runpy
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT.parent / "shared" / "data" / "clusters"


@pytest.fixture(scope="module")
def recipe():
    return runpy.run_path(str(ROOT / "examples" / "recipes" / "clustermass_realism.py"))


@pytest.mark.skipif(not FOLDER.exists(), reason="the shared tables of clusters are not at hand")
@pytest.mark.parametrize(
    ("comparison", "sample", "lines"),
    [("compare_red", {}, 23), ("compare_field", {"area": 4.0}, 1), ("compare_richness", {"number": 8000}, 4)],
)
def test_mocks_are_as_the_tables(recipe, capsys, comparison, sample, lines):
    recipe[comparison](FOLDER, **sample)
    printed = capsys.readouterr().out
    assert "FAILS" not in printed
    assert printed.count("holds") == lines


def test_errors_follow_the_flux_expected(recipe):
    magnitude = np.array([[22.0, 20.0, 19.0, 18.5, 18.17], [25.5, 20.0, 19.0, 18.5, 16.0]])
    error = np.full((2, 5), 0.1)
    found = recipe["expected_error"](magnitude, error, 1.0)
    assert found[0] == pytest.approx([0.1 * 10 ** (0.4 * -1.0), 0.1, 0.1, 0.1, 0.1])
    assert found[1, 0] == found[1, 4] == 30  # far from what g and i let expect
