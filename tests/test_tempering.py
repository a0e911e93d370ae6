"""Temperatures by width: read from their curves, for rows that lack no band, one or several; refused where odd."""

import numpy as np
import pytest
import torch

from skycnn.errors import InputError
from skycnn.network.tempering import Tempering, missing, numbered, without

CURVES = np.log([[[0.8, 1.0, 1.2], [0.9, 0.9, 0.9], [1.0, 1.1, 1.2], [2.0, 2.0, 2.0]]]).astype("f4")
TEMPERING = Tempering(np.array([[0.0, 1.0, 3.0]], "f4"), CURVES)
NAN = np.nan


def test_a_curve_is_linear_between_its_knots_and_flat_beyond():
    widths = torch.tensor([[-5.0], [0.0], [0.5], [1.0], [2.0], [3.0], [9.0]])
    found = TEMPERING.temperatures(widths, torch.zeros(7, 2, dtype=torch.bool))
    log = np.interp(widths[:, 0], TEMPERING.knots[0], CURVES[0, 0])
    np.testing.assert_allclose(found[:, 0], np.exp(log), rtol=1e-6)


def test_rows_that_lack_bands_have_curves_of_their_own():
    gone = torch.tensor([[0, 0], [1, 0], [0, 1], [1, 1]]).bool()
    assert numbered(gone).tolist() == [0, 1, 2, 3]
    found = TEMPERING.temperatures(torch.ones(4, 1), gone)
    np.testing.assert_allclose(found[:, 0], [1.0, 0.9, 1.1, 2.0], rtol=1e-6)


def test_each_column_of_answers_has_its_own_knots():
    both = Tempering(np.array([[0, 1, 2], [10, 11, 12]], "f4"), np.log([[[1, 1, 2]] * 2, [[3, 1, 1]] * 2]).astype("f4"))
    found = both.temperatures(torch.tensor([[2.0, 10.0], [0.0, 12.0]]), torch.zeros(2, 0, dtype=torch.bool))
    np.testing.assert_allclose(found, [[2, 3], [1, 1]], rtol=1e-6)


def stamps(*pixels):
    """A row's stamps of two pixels a side: each band's pixels are NaN up to a number."""
    image = np.ones((1, len(pixels), 2, 2), "f4")
    for band, count in enumerate(pixels):
        image[0, band].flat[:count] = NAN
    return {"image": torch.from_numpy(image)}


ROWS = {
    "fluxes": ({"flux": [[1, NAN, -1, 1, 1]], "error": [[1, 1, 1, NAN, 0]]}, [0, 1, 0, 1, 1]),
    "stamps": (stamps(0, 0, 0), [0, 0, 0]),
    "stamps with holes": (stamps(1, 2, 4), [0, 1, 1]),
    "both": ({"flux": [[1, NAN, 1]], "error": [[1, 1, 1]], **stamps(0, 0, 4)}, [0, 1, 1]),
    "a column": ({"redshift": [0.5]}, []),
}


@pytest.mark.parametrize(("inputs", "expected"), ROWS.values(), ids=ROWS)
def test_missing_bands_are_those_without_a_measurement(inputs, expected):
    inputs = {name: torch.as_tensor(value, dtype=torch.float32) for name, value in inputs.items()}
    assert missing(inputs).int().tolist() == [expected]


def test_bands_are_taken_out_of_all_inputs_that_have_them():
    inputs = {"flux": torch.ones(1, 2), "error": torch.ones(1, 2), "redshift": torch.ones(1), **stamps(0, 0)}
    found = without(inputs, torch.tensor([[True, False]]))
    assert missing(found).tolist() == [[True, False]]
    assert found["redshift"] is inputs["redshift"]
    assert not missing(inputs).any()


def test_a_model_keeps_them_and_may_have_none():
    again = Tempering.of(TEMPERING.tensors(), 1, 2, "m")
    assert again is not None
    np.testing.assert_array_equal(again.curves, TEMPERING.curves)
    assert Tempering.of({"weight": CURVES}, 1, 2, "m") is None


ODD = {
    "of other bands": (lambda t: t, 3, "do not fit its 1 columns of answers and 3 bands"),
    "without knots": (lambda t: {"_tempering.curves": t["_tempering.curves"]}, 2, "do not fit"),
    "knots that fall": (lambda t: t | {"_tempering.knots": -t["_tempering.knots"]}, 2, "none that calibration finds"),
    "one of a million": (
        lambda t: t | {"_tempering.curves": 14 + t["_tempering.curves"]},
        2,
        "0.37 to 2.7",
    ),
}


@pytest.mark.parametrize(("change", "bands", "message"), ODD.values(), ids=ODD)
def test_odd_ones_are_refused(change, bands, message):
    with pytest.raises(InputError, match=message):
        Tempering.of(change(TEMPERING.tensors()), 1, bands, "m")
