"""Which rows are explained, which of them a gallery shows, and what is said of the others."""

from types import SimpleNamespace

import numpy as np
import pytest

from sdsslike import table, write
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs.available import Available
from skycnn.inputs.explainoptions import ExplainOptions
from skycnn.scoring import explainedrows
from skycnn.scoring.explainedrows import MOST, USUAL
from skycnn.task import Truth

ROWS = MOST + 100


@pytest.fixture
def ready(tmp_path):
    content = table(ROWS, A=np.arange(float(ROWS)))
    with Catalogue.open(str(write(tmp_path / "cat.fits", content))) as catalogue:
        task = SimpleNamespace(name="toy", truths={"X": Truth(("X_TRUE",))})
        yield SimpleNamespace(catalogue=catalogue, available=Available(catalogue), task=task)


@pytest.mark.parametrize(
    ("asked", "explained", "shown", "words"),
    [
        ({}, ROWS, MOST, None),
        ({"html": "g.html"}, USUAL, USUAL, f"the first {USUAL} of {ROWS} rows"),
        ({"check": True}, USUAL, USUAL, f"the first {USUAL} of {ROWS} rows"),
        ({"html": "g.html", "rows": (0, None)}, MOST, MOST, f"shows the first {MOST} of {ROWS}"),
        ({"html": "g.html", "out": "o.fits"}, ROWS, MOST, f"shows the first {MOST} of {ROWS}"),
        ({"html": "g.html", "where": "A < 7"}, 7, 7, None),
        ({"out": "o.fits", "where": "A < 0"}, 0, 0, "no row of"),
        ({"worst": 5, "dry_run": True, "truth": ("A",)}, 5, 5, None),
    ],
    ids=lambda case: str(case)[:30],
)
def test_rows(ready, asked, explained, shown, words):
    said = []
    truth = SimpleNamespace(field=SimpleNamespace(name="A")) if "worst" in asked else None
    found = explainedrows.find(ready, "X", truth, ExplainOptions(task="toy", **asked), said.append)
    assert (len(found.selection), len(found.shown)) == (explained, shown)
    assert found.shown.tolist() == list(range(shown))
    assert (words is None and not said) or words in said[0]


def test_the_worst_need_a_truth(ready):
    with pytest.raises(InputError, match=r"no column of the truth \(X_TRUE\)"):
        explainedrows.find(ready, "X", None, ExplainOptions(task="toy", worst=3), lambda _: None)
