"""drawing: what stands where in the SVG of a posterior, an interval and a bar."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.exhibiting import exhibit
from tests.test_markup import HOSTILE

from skycnn.report import drawing
from skycnn.report.drawing import BASE, LEFT, RIGHT, TOP


def read(svg):
    """Return an SVG's elements by class, each a list."""
    root, found = ElementTree.fromstring(svg), {}
    for element in root.iter():
        found.setdefault(element.get("class", element.tag), []).append(element)
    return root, found


def points(element):
    return np.array([[float(x) for x in pair.split(",")] for pair in element.get("points").split()])


@pytest.mark.parametrize(
    ("low", "high", "numbers"),
    [
        (0.0, 1.0, [0, 0.25, 0.5, 0.75, 1]),
        (0.47, 2.0, [0.5, 1, 1.5, 2]),
        (-3.0, 4.5, [-2, 0, 2, 4]),
        (1.4e4, 1.5e4, [14000, 14250, 14500, 14750, 15000]),
        (1e-4, 2e-4, [1e-4, 1.25e-4, 1.5e-4, 1.75e-4, 2e-4]),
    ],
)
def test_ticks_are_round(low, high, numbers):
    assert drawing.ticks(low, high) == pytest.approx(numbers)


def test_a_posterior_has_its_peak_value_interval_and_truth_where_they_are():
    shown = exhibit(answer=(1.5, 1.4, 1.6, 1.7))
    at, _ = shown.posterior()
    root, found = read(drawing.posterior(shown, "Z_PHOT"))

    def place(x):
        return LEFT + (x - at[0]) / (at[-1] - at[0]) * (RIGHT - LEFT)

    curve = points(found["curve"][0])
    x, y = curve[curve[:, 1].argmin()]
    assert (x, y) == pytest.approx((place(1.5), TOP), abs=2)
    inside = points(found["within"][0])
    assert inside[[1, -2], 0].tolist() == pytest.approx([place(1.4), place(1.6)], abs=0.1)
    assert inside[0].tolist() == pytest.approx([place(1.4), BASE], abs=0.1)
    assert inside[-1].tolist() == pytest.approx([place(1.6), BASE], abs=0.1)
    assert float(found["median"][0].get("x1")) == pytest.approx(place(1.5), abs=0.1)
    assert float(found["true"][0].get("x1")) == pytest.approx(place(1.7), abs=0.1)
    assert root.get("aria-label") == "posterior of Z_PHOT: 1.50, interval 1.40 to 1.60, truth 1.70"
    for tick in (element for element in root.iter("text") if element.get("text-anchor") == "middle"):
        assert float(tick.get("x")) == pytest.approx(place(float(tick.text)), abs=0.1)


def test_an_interval_stands_on_the_axis_of_all():
    shown = exhibit(curve=None, answer=(0.5, 0.25, 0.75, 1.0))
    _, found = read(drawing.interval(shown, "P_MERGER", (0, 1)))
    line, dot, truth = found["range"][0], found["value"][0], found["true"][0]
    assert [float(line.get(end)) for end in ("x1", "x2")] == [95, 265]
    assert (float(dot.get("cx")), float(truth.get("x1"))) == (180, RIGHT)
    _, outside = read(drawing.interval(exhibit(curve=None, answer=(0.5, 0.2, 0.8, 7.0)), "P", (0, 1)))
    assert "truth 7, off the axis" in [element.text for element in outside["truthname"]]


def test_what_is_not_known_is_not_drawn():
    nan = float("nan")
    nothing = exhibit(curve=None, answer=(nan, nan, nan, None))
    assert drawing.posterior(nothing, "Z") == ""
    root, found = read(drawing.interval(nothing, "Z", (0, 1)))
    assert {"range", "value", "true"} & set(found) == set()
    assert root.get("aria-label") == "Z: no answer"
    _, bare = read(drawing.posterior(exhibit(answer=(1.5, nan, nan, None)), "Z"))
    assert "within" not in bare
    assert "median" in bare


@pytest.mark.parametrize("text", HOSTILE)
def test_names_of_quantity_and_unit_are_text(text):
    for svg in (drawing.posterior(exhibit(unit=text), text), drawing.interval(exhibit(unit=text), text, (0, 1))):
        root, found = read(svg)
        assert found["name"][0].text == f"{text} ({text})"
        assert text in root.get("aria-label")


@pytest.mark.parametrize(
    ("value", "begin", "length", "kind"),
    [(1.0, 50, 25, "positive"), (-2.0, 0, 50, "negative"), (0.0, 50, 0, "positive"), (float("nan"), 50, 0, "positive")],
)
def test_a_bar_begins_in_the_middle(value, begin, length, kind):
    svg = drawing.bar(value, 2.0)
    _, found = read(svg)
    (rect,) = found[kind]
    assert (float(rect.get("x")), float(rect.get("width"))) == (begin, length)
    assert not re.search("nan|inf", svg)
