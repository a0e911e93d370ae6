"""flaggedrows: the rows of each flag in words, with scores of theirs; a task's own bits too."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from scoredsample import sample
from skycnn import metrics
from skycnn.scoring import flaggedrows, scoretable


def test_each_flag_that_a_row_has_is_there_with_the_scores_of_its_rows():
    rows = sample("redshift")[1]
    own = SimpleNamespace(name="MINE", bit=1 << 16, meaning="of the task alone")
    flags = np.where(np.arange(300) < 50, 8 | 1 << 16, 0)
    found = flaggedrows.find("redshift", "Z_PHOT", replace(rows, flags=flags), scoretable.REDSHIFT, [own])
    assert [(each.name, each.rows) for each in found] == [("no flag", 250), ("missing band", 50), ("mine", 50)]
    assert found[2].meaning == "of the task alone"
    expected = metrics.sigma_nmad(rows.judged["Z_PHOT"].value[:50], rows.truth[:50])
    assert found[1].entry.scores["sigma_nmad"].value == pytest.approx(expected)
    assert set(found[1].entry.scores) == {"sigma_nmad", "outliers"}


def test_without_a_column_of_flags_there_is_nothing():
    rows = sample("class")[1]
    assert flaggedrows.find("class", "Z_PHOT", replace(rows, flags=None), scoretable.classes(), ()) == []
