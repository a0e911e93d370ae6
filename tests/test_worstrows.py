"""worstrows: which rows are the worst, their names and stamps; memory holds a few of them alone."""

from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from skycnn.distribution import judge
from skycnn.fits.catalogue import Catalogue
from skycnn.scoring import worstrows
from skycnn.scoring.scoredrows import ScoredRows

ROWS, SIDE = 60, 12


def rows(value, truth, flags=None, numbers=None):
    judged = {"Z": judge(np.asarray(value, float), None, np.asarray(truth, float))}
    where = np.arange(len(truth)) if numbers is None else np.asarray(numbers)
    return ScoredRows(np.asarray(truth, float), judged, {}, {}, flags, None, None, {}, numbers=where)


def table(path, names=None, stamps=False):
    columns = [fits.Column("V", "E", array=np.arange(ROWS))]
    columns += [fits.Column("ID", "12A", array=names)] if names is not None else []
    hdus = [fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]
    if stamps:
        planes = np.arange(ROWS, dtype="f4")[:, None, None, None] * np.ones((1, 2, SIDE, SIDE), "f4")
        planes[..., SIDE // 2, SIDE // 2] += 100
        hdus[0] = fits.PrimaryHDU(planes, fits.Header({"BANDS": "g r", "BUNIT": "uJy"}))
    fits.HDUList(hdus).writeto(path)
    return str(path)


def found(path, kind, sample, **options):
    with Catalogue.open(path) as catalogue:
        return worstrows.find(catalogue, kind, "Z", sample, **options)


def test_the_worst_come_first_and_unanswered_rows_not_at_all(tmp_path):
    value = np.linspace(0, 1, ROWS)
    value[7], value[9], value[11] = 0.0 + 3.0, np.nan, -2.0
    flags = np.where(np.arange(ROWS) == 7, 8, 0)
    names = np.array([f"object {k}" for k in range(ROWS)])
    names[11] = ""
    got = found(table(tmp_path / "c.fits", names), "value", rows(value, np.linspace(0, 1, ROWS), flags))
    assert len(got) == worstrows.MOST
    assert [(row.name, row.number) for row in got[:2]] == [("object 7", 7), ("row 11", 11)]
    assert got[0].error == pytest.approx(3.0 - 7 / 59)
    assert got[0].words(()) == ("a band of the model is missing; the interval is wider for it",)
    assert 9 not in [row.number for row in got]
    assert np.isnan(got[0].low)
    assert got[0].pixels is None


def test_a_redshifts_error_is_scaled_and_rows_are_those_of_the_catalogue(tmp_path):
    got = found(table(tmp_path / "c.fits"), "redshift", rows([1.0, 3.0], [0.5, 2.0], numbers=[40, 50]))
    assert [(row.name, row.error) for row in got] == [
        ("row 40", pytest.approx(0.5 / 1.5)),
        ("row 50", pytest.approx(1 / 3)),
    ]


def test_stamps_are_those_of_their_rows_in_the_bands_asked_for(tmp_path):
    value = np.zeros(ROWS)
    value[[33, 5]] = 0.9, 0.8
    path = table(tmp_path / "s.fits", stamps=True)
    got = found(path, "class", rows(value, np.zeros(ROWS)), bands=("r", "K"), side=6)
    assert [(row.number, row.bands, row.pixels.shape) for row in got[:2]] == [
        (33, ("r",), (1, 6, 6)),
        (5, ("r",), (1, 6, 6)),
    ]
    assert [float(np.median(row.pixels)) for row in got[:2]] == [33, 5]
    whole = found(path, "class", rows(value, np.zeros(ROWS)))[0]
    assert (whole.bands, whole.pixels.shape) == (("g", "r"), (2, SIDE, SIDE))


def test_the_worst_of_several_catalogues_are_the_worst_of_all(tmp_path):
    first = found(table(tmp_path / "a.fits"), "value", rows(np.arange(40), np.zeros(40)))
    second = [replace(row, file="b", error=-row.error) for row in first]
    both = worstrows.merged(first, second)
    assert len(both) == worstrows.MOST
    assert [(row.file != "b", row.error) for row in both[:3]] == [(True, 39), (False, -39), (True, 38)]


def test_rows_without_any_answer_have_no_worst(tmp_path):
    assert found(table(tmp_path / "c.fits"), "value", rows(np.full(3, np.nan), np.zeros(3))) == []
    assert found(table(tmp_path / "d.fits"), "value", rows([], [])) == []
