"""sample: which rows have a truth, what a null answer is, and columns read by name or element."""

import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.photometry import conditions
from skycnn.scoring import scoredrows
from skycnn.scoring.scoredrows import Wanted


def table(path, **columns):
    forms = {"f": "D", "i": "J", "b": "L"}
    made = []
    for name, values in columns.items():
        values = np.asarray(values)
        width = values.shape[1] if values.ndim == 2 else ""
        form = "4A" if values.dtype.kind == "U" else f"{width}{forms[values.dtype.kind]}"
        made.append(fits.Column(name, form, array=values))
    fits.BinTableHDU.from_columns(made).writeto(path)
    return str(path)


def read(path, photometry=None, bands=0, **wanted):
    given = {"values": ("Z",), "flag": "Z_FLAG", "truth": "T", "scores": "redshift"} | wanted
    with Catalogue.open(path) as catalogue:
        return scoredrows.read(catalogue, Wanted(**given), photometry, bands)


def test_truths_that_are_null_are_left_out_and_zero_is_none(tmp_path):
    rows = read(table(tmp_path / "c.fits", Z=np.ones(6), T=[0.0, -1.0, np.nan, np.inf, 99.0, 0.5]))
    assert rows.truth.tolist() == [0.0, 0.5]
    assert rows.left_out == {"without a truth": 4}


def test_answers_that_cannot_be_are_no_answers(tmp_path):
    rows = read(table(tmp_path / "c.fits", Z=[0.5, -99.0, 99.0, np.nan, -0.01], T=np.ones(5)))
    assert np.isnan(rows.judged["Z"].value).tolist() == [False, True, True, True, False]


def test_probabilities_lie_between_zero_and_one(tmp_path):
    path = table(tmp_path / "c.fits", Z=[0.5, -1.0, 1.5, 1.0], T=[True, False, True, False])
    rows = read(path, scores="class")
    assert rows.truth.tolist() == [1, 0, 1, 0]
    assert np.isnan(rows.judged["Z"].value).tolist() == [False, True, True, False]
    assert rows.judged["Z"].crps is None


def test_an_answer_without_its_interval_keeps_its_value(tmp_path):
    nan = np.nan
    path = table(tmp_path / "c.fits", Z=[0.5, 0.5, nan], Z_LO=[0.4, nan, 0.4], Z_HI=[0.6, nan, 0.6], T=[0.5, 0.5, 0.5])
    judged = read(path).judged["Z"]
    assert judged.value[:2].tolist() == [0.5, 0.5]
    for part in (judged.low, judged.high95, judged.crps, judged.pit):
        assert np.isnan(part).tolist() == [False, True, True]
    assert judged.pit[0] == 0.5


def test_rows_not_run_are_left_out_and_conditions_hold(tmp_path):
    path = table(tmp_path / "c.fits", Z=np.ones(5), T=np.ones(5), Z_FLAG=[0, -1, 8, 0, 0], ID=np.arange(5))
    rows = read(path, where=conditions.parse("ID < 4"))
    assert rows.left_out == {"outside --where": 1, "not run": 1}
    assert rows.flags.tolist() == [0, 8, 0]


def test_elements_groups_and_bins_are_read(tmp_path):
    path = table(
        tmp_path / "c.fits", Z=np.ones(3), T=np.ones(3), V=np.arange(6.0).reshape(3, 2), TILE=np.array(["a", "b", "a"])
    )
    rows = read(path, by="V[1]", group="TILE")
    assert rows.by.tolist() == [1.0, 3.0, 5.0]
    assert rows.groups.tolist() == ["a", "b", "a"]
    with pytest.raises(InputError, match="'V' holds 2 numbers a row"):
        read(path, by="V")


def test_no_photometry_is_fluxes_of_nan_so_that_samples_can_be_joined(tmp_path):
    rows = read(table(tmp_path / "c.fits", Z=np.ones(3), T=np.ones(3)), bands=5)
    assert rows.flux.shape == rows.error.shape == (3, 5)
    assert np.isnan(rows.flux).all()
    both = scoredrows.concatenate([rows, rows])
    assert (len(both.truth), both.flux.shape, len(both.judged["Z"].value)) == (6, (6, 5), 6)


def test_a_training_sample_needs_no_answers(tmp_path):
    rows = read(table(tmp_path / "c.fits", T=np.ones(3)), values=())
    assert (len(rows.truth), rows.judged, rows.flags) == (3, {}, None)
