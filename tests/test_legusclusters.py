"""Mocks of LEGUS clusters beside their magnitudes: the recipe's figures, of fewer draws."""

import runpy
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "starclusters" / "legus_ngc628.csv"


@pytest.mark.skipif(not DATA.exists(), reason=f"{DATA.name} is not at hand")
def test_mocks_are_as_bright_as_clusters_of_ngc_628():
    recipe = runpy.run_path(str(ROOT / "examples" / "recipes" / "legus_clusters.py"))
    offset, medians, bins, _ = recipe["compared"](DATA, 4)
    assert abs(offset) <= 0.3
    assert np.abs(medians).max() <= 0.10
    assert sum(n for *_, n, _ in bins) > 600
