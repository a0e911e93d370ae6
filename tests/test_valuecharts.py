"""valuecharts: redshifts and values have their figures, of any number of rows; their captions tell n and unit."""

from dataclasses import replace

import numpy as np
import pytest

from scoredsample import sample
from skycnn.distribution import Judged
from skycnn.report import valuecharts
from test_markup import Read


def drawn(kind, n=300, **changes):
    scored, rows = sample(kind, n)
    judged = replace(rows.judged["Z_PHOT"], **changes)
    return Read(valuecharts.draw(scored, judged, rows.truth, "skycnn score cat.fits"))


def titles(read):
    return [attributes["aria-label"] for name, attributes in read.elements if name == "svg" and "role" in attributes]


def test_redshifts_have_pit_and_coverage_and_values_their_unit():
    read = drawn("redshift")
    assert len(titles(read)) == 4
    for words in (
        "outliers lie beyond",
        "n = 300",
        "sigma_NMAD 0.0",
        "Kolmogorov",
        "95% interval",
        "percentage points",
    ):
        assert words in read.text, words
    read = drawn("value")
    assert len(titles(read)) == 2
    for words in ("Z_SPEC, the truth [deg]", "answer \u2212 truth [deg]", "have no interval or posterior", "n = 300"):
        assert words in read.text, words
    assert "outliers" not in read.text


@pytest.mark.parametrize("kind", ["redshift", "value"])
@pytest.mark.parametrize("n", [1, 2, 29, valuecharts.FEW + 1])
def test_any_number_of_rows_can_be_drawn(kind, n):
    read = drawn(kind, n)
    assert ("rows per cell" in read.text) == (n > valuecharts.FEW)
    assert "nan" not in " ".join(attributes.get("d", "") for _, attributes in read.elements)


def test_unanswered_rows_and_those_beyond_the_axes_are_counted():
    value = sample("redshift")[1].judged["Z_PHOT"].value.copy()
    value[:5], value[5] = np.nan, -0.5
    assert "n = 300, of them 5 without an answer and 1 beyond the axes." in drawn("redshift", value=value).text
    nothing = Read(valuecharts.draw(*_nothing()))
    assert "n = 300, of them 300 without an answer" in nothing.text


def _nothing():
    scored, rows = sample("redshift")
    return scored, Judged(np.full(300, np.nan)), rows.truth, ""


@pytest.mark.parametrize("z", [-0.001, 0.0, 5.0])
def test_rows_of_one_redshift_can_be_drawn(z):
    """Stars have none, or one below 0."""
    scored, _ = sample("redshift", 40)
    valuecharts.draw(scored, Judged(np.full(40, z)), np.full(40, z), "")
    scored, _ = sample("value", 40)
    valuecharts.draw(scored, Judged(np.full(40, z)), np.full(40, z), "")


def test_coverage_is_the_share_of_rows_within_central_intervals():
    pit = np.concatenate([np.full(80, 0.5), np.full(20, 0.999)])
    text = drawn("redshift", pit=np.repeat(pit, 3)).text
    assert "50%80.0%[75.1, 84.1]" in text
    assert "99%80.0%[75.1, 84.1]" in text
