"""chartbox: scores read as in the terminal, binomial intervals, scores below each other, axes that show all."""

import numpy as np
import pytest

from skycnn.bootstrap import Interval
from skycnn.report.chart import Axis, Chart
from skycnn.report.chartbox import axisname, box, boxes, made, parts, ranked, said, sentence, span, text, wilson
from skycnn.scoring.scoretable import REDSHIFT, VALUE
from test_markup import Read

SIGMA, OUTLIERS = REDSHIFT[:2]
NAN = float("nan")


def test_scores_are_written_with_their_intervals_and_units():
    assert text(SIGMA, Interval(-0.01, -0.02, 0.0)) == "\u22120.0100 [\u22120.0200, 0.0000]"
    assert text(OUTLIERS, Interval(0.05, 0.04, 0.06), "+") == "+5.00 [+4.00, +6.00]"
    assert parts(SIGMA, Interval(0.1, NAN, NAN)) == ("0.1000", "")
    assert text(SIGMA, Interval(-0.00001, -0.001, 0.0)) == "0.0000 [\u22120.0010, 0.0000]"
    assert text(SIGMA, Interval(NAN, NAN, NAN)) == "-"
    assert sentence(OUTLIERS, Interval(0.05, 0.04, 0.06)) == "outliers 5.00 [4.00, 6.00]%"
    assert [axisname(OUTLIERS, ""), axisname(VALUE[0], "mag"), axisname(SIGMA, "mag")] == [
        "outliers [%]",
        "MAE [mag]",
        "sigma_NMAD",
    ]
    assert [said(NAN), said(0.12345)] == ["-", "0.123"]


def test_the_binomial_interval_is_that_of_statistics():
    """Ends solve |k/n - p| = 1.96 sqrt(p (1 - p) / n)."""
    hits, rows = np.array([0, 3, 50, 100]), np.array([10, 10, 100, 100])
    for p in wilson(hits, rows):
        assert np.abs(hits / rows - p) == pytest.approx(1.959964 * np.sqrt(p * (1 - p) / rows), abs=1e-6)
    assert np.isnan(wilson(np.array([0]), np.array([0]))).all()


def test_scores_below_each_other_begin_at_the_top_and_long_names_are_cut():
    names = ["Z_PHOT", "a column with a very long name"]
    chart = ranked(names, [Interval(0.1, 0.05, 0.2), Interval(0.4, NAN, NAN)], "sigma", "seen")
    read = Read(chart.svg())
    assert "a column with a very \u2026" in read.text
    places = {a["class"]: a["d"] for name, a in read.elements if name == "path"}
    first, second = (dot.split()[1] for dot in places["dots one"].split("M")[1:])
    assert float(first[:-2]) < float(second[:-2])


def test_an_axis_shows_all_values_and_no_nothing_below_what_cannot_be():
    assert (span(np.array([1.0, 3.0]), "").low, span(np.array([1.0, 3.0]), "").high) == pytest.approx((0.88, 3.12))
    assert span(np.array([0.0, 1.0]), "", low=0.0).low == 0.0
    assert span(np.array([1.0]), "", low=0.0).low == 0.0
    for odd in ([], [NAN], [0.0, 0.0], [-5.0]):
        axis = span(np.array(odd), "")
        assert axis.low < axis.high


def test_a_figure_holds_its_caption_and_its_command_escaped():
    chart = Chart(Axis("x", 0, 1), Axis("y", 0, 1), "seen")
    figure = box("title", [chart.svg()], ["n = 3.", "", "<b>"], "skycnn score '<i>'")
    read = Read(boxes(figure))
    names = [name for name, _ in read.elements]
    assert (names.count("figure"), names.count("figcaption"), names.count("p")) == (1, 1, 2)
    assert "b" not in names
    assert all(word in read.text for word in ("title", "n = 3.", "<b>", "skycnn score '<i>'"))
    assert "<i>" in Read(made("<i>")).text
