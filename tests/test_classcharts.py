"""classcharts: the curves of a class go through what the table says at the threshold; any number of rows is drawn."""

import re

import numpy as np
import pytest

from scoredsample import sample
from skycnn import metrics
from skycnn.report import classcharts
from skycnn.report.chart import BOTTOM, RIGHT, TOP
from skycnn.scoring import scoretable
from skycnn.scoring.scoretable import Predictor
from test_markup import Read


def drawn(n=300, threshold=0.5, p=None, truth=None, **about):
    scored, rows = sample("class", n, **about)
    p = rows.judged["Z_PHOT"].value if p is None else p
    return classcharts.draw(scored, p, rows.truth if truth is None else truth, threshold, "skycnn score")


def marked(page, title):
    """Return where the dot of a chart lies, in the numbers of its axes, both from 0 to 1 (1.02)."""
    chart = page[page.index(f'aria-label="{title}') :]
    chart = chart[: chart.index("</figure>")]
    frame = re.search(r'd="M(\d+) 10V(\d+)H(\d+)" class="frame"', chart)
    left, bottom, right = map(int, frame.groups())
    x, y = map(float, re.search(r'd="M([\d.]+) ([\d.]+)h0" class="dots one"', chart).groups())
    assert (right, bottom) == (420 - RIGHT, 420 - BOTTOM)
    return (x - left) / (right - left), (bottom - y) / (bottom - TOP)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
def test_the_curves_go_through_the_scores_at_the_threshold(threshold):
    rows = sample("class")[1]
    p, truth = rows.judged["Z_PHOT"].value, rows.truth
    page = str(drawn(threshold=threshold))
    complete, false = metrics.completeness(p, truth, threshold), metrics.false_positives(p, truth, threshold)
    assert marked(page, "ROC") == pytest.approx((false, complete), abs=0.001)
    purity = metrics.purity(p, truth, threshold)
    assert marked(page, "purity and") == pytest.approx((complete, purity / 1.02), abs=0.001)


def test_captions_tell_n_intervals_and_the_share_of_positives():
    text = Read(drawn()).text
    positives = int((sample("class")[1].truth > 0.5).sum())
    for words in (f"n = 300: {positives} with Z_SPEC = 1, {300 - positives} with 0", "AUC 0.", "ECE 0.", "F1 0."):
        assert words in text, words
    assert f"{100 * positives / 300:.3g}% are positive" in text


@pytest.mark.parametrize("n", [1, 2, 30])
def test_any_number_of_rows_can_be_drawn(n):
    assert "Reliability" in Read(drawn(n)).text
    for p, truth in ((np.full(n, 0.5), np.ones(n)), (np.full(n, np.nan), np.zeros(n)), (np.ones(n), np.arange(n) % 2)):
        drawn(n, p=p, truth=truth)


def test_the_auc_of_each_kind_of_negatives_is_drawn():
    rows = sample("class")[1]
    own, kind = Predictor("Z_PHOT", rows.judged["Z_PHOT"]), np.where(rows.truth > 0.5, 0.0, 1 + np.arange(300) % 2)
    how = (kind, np.arange(4) - 0.5, None, 5, ("merger", "disc", "pair"))
    bins = scoretable.binned([own], rows.truth, scoretable.classes(), *how)
    text = Read(drawn(bins=bins, by="KIND")).text
    assert "AUC against the negatives, by KIND" in text
    assert f"disc: {int((kind == 1).sum())}; pair: {int((kind == 2).sum())}." in text
    assert "merger:" not in text
