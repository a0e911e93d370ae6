"""Exhibits of a catalogue's rows: names, texts, bars and the posterior's curve."""

import numpy as np
import pytest
from astropy.io import fits

import hardcase
from skycnn import tasks
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs.explaining import Explaining
from skycnn.inputs.kind import Piece
from skycnn.network import model
from skycnn.network.answer import Answerer
from skycnn.network.explainer import Explainer
from skycnn.report.exhibition import Exhibition


@pytest.fixture
def explain(standin):
    whole, task = model.read(standin / "standin-sdss-flux.safetensors"), tasks.load("standin")
    return Explaining(Answerer(task, whole, pdf=True), Explainer(task, whole, method="ig", steps=4))


def shown(explain, path, hdu, numbers, rows=10, truth=None):
    show = Exhibition(np.array(numbers), explain)
    flux = np.random.default_rng(3).uniform(1, 9, (rows, 5)).astype("f4")
    flux[1] = np.nan
    inputs, present = {"flux": flux, "error": 0.1 * flux}, np.isfinite(flux)
    for some in (np.arange(4), np.arange(4, rows)):  # in two pieces
        part = {name: content[some] for name, content in inputs.items()}
        found = explain.explain(0, part, present[some], np.zeros(len(some), "i4"))
        show.take(0, Piece(some, part, present[some], np.zeros(len(some), "i4")), found)
    assert not len(show.missing)
    with Catalogue.open(str(path), hdu) as catalogue:
        return show.exhibits(catalogue, truth)


def test_exhibits_come_in_the_order_asked_for(explain, hard):
    exhibits = shown(explain, hard, str(hardcase.NUMBER), [7, 1, 3], truth=np.array([0.5, np.nan, 0.1]))
    assert [exhibit.row for exhibit in exhibits] == [7, 1, 3]
    with fits.open(hard) as units:
        ids = units[hardcase.NUMBER].data["ID"]
    assert [exhibit.name for exhibit in exhibits] == [str(ids[row]) for row in (7, 1, 3)]  # the UCD names the column
    assert [exhibit.answer[3] for exhibit in exhibits] == [0.5, None, 0.1]
    first, silent, _ = exhibits
    assert set(first.bars) == set(first.without) == set("ugriz")
    assert sum(first.bars.values()) == pytest.approx(
        first.explained[0] - first.explained[1] + first.explained[2], abs=1e-4
    )
    values, density = first.curve
    assert np.trapezoid(density, values) == pytest.approx(1, abs=0.03)
    assert silent.curve is None and silent.flags and np.isnan(silent.answer[0])
    assert any("bands" in flag for flag in silent.flags)
    assert first.columns["NAME"] and "VECTOR" not in first.columns and len(first.columns) <= 61


def test_rows_that_are_missing_are_told(explain):
    assert Exhibition(np.array([9, 2]), explain).missing.tolist() == [2, 9]


def test_without_an_id_there_is_no_name(explain, tmp_path):
    columns = [fits.Column("A", "E", array=np.arange(10.0)), fits.Column("T", "3A", array=["<b>"] * 10)]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "cat.fits")
    exhibits = shown(explain, tmp_path / "cat.fits", None, [4])
    assert (exhibits[0].name, exhibits[0].columns) == ("", {"A": "4", "T": "<b>"})
