"""exhibit: numbers with as many decimals as the interval tells, and curves that show what matters."""

import numpy as np
import pytest
from tests.exhibiting import exhibit

from skycnn.report.exhibit import POINTS, brief, signed

NAN = float("nan")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((0.8312, 0.801, 0.861, 0.8), "0.831, interval 0.801 to 0.861, truth 0.800"),
        ((0.8312, 0.6, 1.1, None), "0.83, interval 0.60 to 1.10"),
        ((14.2, 14.0, 14.5, 14), "14.20, interval 14.00 to 14.50, truth 14"),
        ((0.87, 0.7, 0.9, 1.0), "0.87, interval 0.70 to 0.90, truth 1"),
        ((-1234.5, -1300.0, -1200.0, NAN), "\u22121234, interval \u22121300 to \u22121200"),
        ((0.5, NAN, NAN, None), "0.5000"),
        ((np.float32(0.25), np.float32(0.2), np.float32(0.3), np.int32(0)), "0.25, interval 0.20 to 0.30, truth 0"),
        ((NAN, NAN, NAN, 0.7), "no answer"),
        ((0.0, 0.0, 0.0, None), "0.000, interval 0.000 to 0.000"),
    ],
)
def test_the_answer_in_words(answer, sentence):
    assert exhibit(answer=answer).sentence == sentence


def test_error_and_width_are_unknown_where_a_number_is():
    known = exhibit(answer=(1.0, 0.5, 2.0, 3.0))
    assert (known.error, known.width, known.truth) == (-2, 1.5, 3)
    assert np.isnan([exhibit(answer=(1.0, NAN, 2.0, None)).error, exhibit(answer=(1.0, NAN, 2.0, None)).width]).all()


def test_a_curve_is_cut_to_where_it_is_and_takes_in_the_truth():
    grid = np.linspace(0, 10, 2001)
    density = np.exp(-0.5 * ((grid - 5) / 0.1) ** 2)
    at, height = exhibit(curve=(grid[::-1], density[::-1]), answer=(5.0, 4.9, 5.1, None)).posterior()
    assert len(at) == len(height) == POINTS
    assert 4.6 < at[0] < 4.7
    assert 5.3 < at[-1] < 5.4
    assert at[height.argmax()] == pytest.approx(5, abs=0.01)
    far, _ = exhibit(curve=(grid, density), answer=(5.0, 4.9, 5.1, 8.0)).posterior()
    assert far[-1] > 8
    near, _ = exhibit(curve=(grid, np.exp(-grid)), answer=(0.7, 0.1, 1.8, None)).posterior()
    assert near[0] == 0


@pytest.mark.parametrize(
    "curve", [None, (np.arange(3), np.full(3, NAN)), (np.arange(3), np.zeros(3)), (np.ones(1), np.ones(1))]
)
def test_what_is_no_curve_is_none(curve):
    assert exhibit(curve=curve).posterior() is None


def test_a_point_without_a_value_is_left_out():
    grid, density = np.arange(5.0), np.array([0, 1, NAN, 1, 0])
    _, height = exhibit(curve=(grid, density), answer=(2.0, 1.0, 3.0, None)).posterior()
    assert np.isfinite(height).all()


def test_a_blank_name_is_the_row():
    assert exhibit(name="NGC 1").heading == "NGC 1"
    assert exhibit(name=" \t", row=7).heading == exhibit(name="", row=7).heading == "row 7"


def test_brief_numbers():
    assert [brief(value) for value in (0.123456, -2e-7, NAN)] == ["0.1235", "\u22122e\u221207", "none"]
    assert brief(0.000987, 1) == "0.001"


def test_signed_numbers_have_the_decimals_of_the_largest():
    assert signed([0.0771, -0.000373, NAN]) == ["+0.077", "\u22120.000", "none"]
    assert signed([1234.0, -5.0]) == ["+1234", "\u22125"]
    assert signed([0.0, 0.0]) == ["+0.0", "+0.0"]
    assert signed([]) == []
