"""chart: layers lie where their numbers say, ticks are round, a density loses no cell, what is hostile is escaped."""

import re
from itertools import pairwise

import numpy as np
import pytest

from skycnn.report.chart import BOTTOM, LEVELS, RIGHT, TOP, Axis, Chart, legend, number, shades
from test_markup import Read


def inner(chart):
    return 420 - chart.left - RIGHT, 300 - TOP - BOTTOM


def made(x=(0, 1), y=(0, 1), **options):
    return Chart(Axis("x", *x), Axis("y", *y), "seen", **options)


def paths(chart, kind):
    found = Read(chart.svg()).elements
    return [attributes["d"] for name, attributes in found if name == "path" and kind in attributes["class"].split()]


@pytest.mark.parametrize(
    ("ends", "texts"),
    [
        ((0, 1), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ((-0.21, 0.21), ["\u22120.2", "\u22120.1", "0", "0.1", "0.2"]),
        ((17.3, 24.9), ["18", "20", "22", "24"]),
        ((0, 3e6), ["0", "1e+06", "2e+06", "3e+06"]),
        ((0, 1.3e-6), ["0", "5e\u221207", "1e\u221206"]),
    ],
)
def test_ticks_are_round_numbers_within_the_axis(ends, texts):
    assert [text for _, text in Axis("", *ends).ticks(5)] == texts
    assert all(ends[0] <= place <= ends[1] for place, _ in Axis("", *ends).ticks(5))


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 7.3, 1e9, 1e300])
@pytest.mark.parametrize("low", [-1.0, 0.0, 0.3])
def test_any_axis_has_a_few_ticks(scale, low):
    ticks = Axis("", low * scale, (low + 1) * scale).ticks(5)
    assert 3 <= len(ticks) <= 8
    assert len({text for _, text in ticks}) == len(ticks)


def test_layers_lie_where_their_numbers_say():
    chart = made((0, 10), (0, 2))
    chart.line([0, 10], [0, 2])
    chart.intervals([5], [0.5], [1.0])
    chart.dots([5], [1])
    wide, high = inner(chart)
    bottom, middle = TOP + high, chart.left + wide / 2
    assert paths(chart, "line") == [f"M{chart.left:.1f} {bottom:.1f}L{chart.left + wide:.1f} {TOP:.1f}"]
    assert paths(chart, "interval") == [f"M{middle:.1f} {bottom - high / 4:.1f}V{bottom - high / 2:.1f}"]
    assert paths(chart, "dots") == [f"M{middle:.1f} {bottom - high / 2:.1f}h0"]


def test_what_is_not_finite_is_not_drawn_and_breaks_a_line():
    chart = made()
    chart.line([0, 0.5, np.nan, 0.7, 1], [0, 1, 1, 0, np.inf])
    chart.intervals([0.5, 0.6], [np.nan, 0.1], [1, np.nan])
    chart.dots([np.nan, 0.5], [0.5, np.nan])
    chart.band([np.nan], [0], [1])
    (line,) = paths(chart, "line")
    assert line.count("M") == 2
    assert not [path for kind in ("interval", "dots", "band") for path in paths(chart, kind)]
    assert "nan" not in chart.svg()


def test_a_density_draws_every_cell_that_has_rows_once():
    random = np.random.default_rng(0)
    counts = np.where(random.random((12, 9)) < 0.5, random.integers(1, 500, (12, 9)), 0)
    chart = made()
    steps = chart.cells(np.linspace(0, 1, 13), np.linspace(0, 1, 10), counts)
    area = 0.0
    for k in range(1, LEVELS + 1):
        for path in paths(chart, f"shade{k}"):
            for x, y, right, bottom in re.findall(r"M([\d.]+) ([\d.]+)H([\d.]+)V([\d.]+)H", path):
                area += (float(right) - float(x)) * (float(bottom) - float(y))
    assert area / np.prod(inner(chart)) == pytest.approx((counts > 0).mean(), rel=0.02)
    assert steps[0] == 1
    assert all(a < b for a, b in pairwise(steps))
    assert len(chart.cells(np.linspace(0, 1, 13), np.linspace(0, 1, 10), 0 * counts)) == 0
    assert "500" in Read(shades(steps, 500)).text


def test_what_is_written_is_escaped():
    hostile = "<script>alert(1)</script>"
    chart = Chart(Axis(hostile, 0, 1), Axis(hostile, -0.5, 0.5, [hostile]), hostile)
    read = Read(chart.svg() + legend(("one", hostile)))
    assert read.text.count(hostile) == 4
    assert "script" not in {name for name, _ in read.elements}


def test_numbers_have_the_printers_minus_and_no_negative_zero():
    assert [number(-0.5, ".1f"), number(-0.0001, ".2f"), number(1234.5)] == ["\u22120.5", "0", "1234"]
