"""scoretables: all numbers with their intervals, the verdict, rows left out, flags in words, the worst rows."""

from dataclasses import replace

import numpy as np

from scoredsample import HOSTILE, sample
from skycnn.report import scoretables
from skycnn.report.chartbox import parts, text
from skycnn.scoring import flaggedrows
from skycnn.scoring.worstrows import WorstRow
from test_markup import Read


def test_every_score_of_everyone_stands_there_with_its_interval_and_difference():
    scored = sample("redshift")[0]
    read = Read(scoretables.scores(scored))
    for entry in scored.entries[:2]:
        for score in scored.scores:
            middle, *ends = text(score, entry.scores[score.key]).split(" ", 1)
            assert middle in read.text
            assert not ends or ends[0] in read.text
    less, ends = parts(scored.scores[0], scored.entries[1].difference["sigma_nmad"], "+")
    assert f"\N{INCREMENT} {less}{ends}" in read.text
    assert "forest" not in read.text
    value = sample("value")[0]
    read, over = Read(scoretables.scores(value)).text, value.entries[1].ratio["mae"]
    assert "MAE [deg]" in read and "Z_PHOT over it" in read
    assert f"\N{DIVISION SIGN} {over.value:.3f}[{over.low:.3f}, {over.high:.3f}]" in read


def test_the_verdict_names_the_best_baseline_and_who_could_not_run():
    read = Read(scoretables.verdicts(sample("redshift")[0]))
    assert "By sigma_NMAD the best baseline is median (0." in read.text
    assert "Z_PHOT beats it: difference \u22120." in read.text
    assert "%); Z_PHOT beats it" in read.text
    assert "forest: scikit-learn is not installed." in read.text
    assert "no verdict" in Read(scoretables.verdicts(replace(sample("redshift")[0], best=()))).text


def test_rows_left_out_and_flags_are_counted():
    scored, rows = sample("redshift")
    assert "without a truth72.3%" in Read(scoretables.left_out(scored)).text
    assert "all 300 have a truth" in Read(scoretables.left_out(replace(scored, left_out={}))).text
    found = flaggedrows.find("redshift", "Z_PHOT", rows, scored.scores, ())
    read = Read(scoretables.flags(scored, found)).text
    assert "missing banda band of the model is missing; the interval is wider for it3010.0%" in read
    few = [replace(found[0], rows=3)]
    assert "31.0%--" in Read(scoretables.flags(scored, few)).text
    assert "no column of flags" in Read(scoretables.flags(scored, [])).text


def test_the_worst_rows_are_told_whatever_they_are_called():
    scored = sample("redshift")[0]
    nan = float("nan")
    rows = [
        WorstRow(HOSTILE, "a.fits[1]", 1234, 0.1, 0.9, 0.8, 1.0, 0.7272, 8),
        WorstRow("x", "b.fits[1]", 0, 1.0, 0.5, nan, nan, -0.25, None),
    ]
    read = Read(scoretables.worst(scored, rows, {8: ("a band is missing",)}))
    assert "script" not in [name for name, _ in read.elements]
    for words in (HOSTILE, "1,234 of a.fits[1]", "[0.8000, 1.0000]", "+0.7272", "\u22120.2500", "a band is missing"):
        assert words in read.text, words
    alone = Read(scoretables.worst(scored, [replace(rows[0], flag=0)], {0: ()}))
    assert "none" in alone.text
    assert "a.fits" not in alone.text
    value = Read(scoretables.worst(sample("value")[0], [replace(rows[0], truth=np.float64(-123456.0))], {8: ("x",)}))
    assert "\u22121.235e+05" in value.text
