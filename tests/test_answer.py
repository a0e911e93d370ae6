"""A model ready to answer: which rows it answers, and which flags it raises."""

import dataclasses

import numpy as np
import pytest

from skycnn import tasks
from skycnn.errors import InputError
from skycnn.network import model
from skycnn.network.answer import Answerer
from skycnn.schema import Flag


@pytest.fixture
def sound(standin):
    return model.read(standin / "standin-sdss-flux.safetensors")


def fluxes(rows):
    flux = np.full((rows, 5), 30.0, "f4") * np.linspace(0.7, 1.4, 5, dtype="f4")
    return {"flux": flux, "error": 0.05 * flux}


def answer(answerer, inputs, bad):
    known = np.where(bad, Flag.BAD_ROW, 0).astype("i4")
    return answerer.answer(0, inputs, np.isfinite(inputs["flux"]), known)


def test_columns_are_the_posterior_s_and_the_flag(sound):
    task = tasks.load("standin")
    names = [column.name for column in Answerer(task, sound).columns]
    assert names == ["Z_PHOT", "Z_PHOT_LO", "Z_PHOT_HI", "Z_PHOT_ODDS", "Z_PHOT_FLAG"]
    inputs = fluxes(3)
    wide = Answerer(task, sound, pdf=True)
    values = answer(wide, inputs, np.zeros(3, bool))
    assert [column.name for column in wide.columns] == [*names[:-1], "Z_PHOT_PDF", "Z_PHOT_FLAG"]
    assert [value.shape for value in values] == [(3,)] * 4 + [(3, 40), (3,)]


def test_flags(sound):
    inputs = fluxes(6)
    inputs["flux"][1, 0] = np.nan
    inputs["flux"][2, 1:] = np.nan
    inputs["flux"][3] = np.nan
    bad = np.array([False, False, False, False, True, False])
    ranged = model.Model(dataclasses.replace(sound.card, ranges={"r": [0.0, 10.0]}), sound.tensors)
    value, low, high, odds, flag = answer(Answerer(tasks.load("standin"), ranged), inputs, bad)
    few, missing, outside = Flag.TOO_FEW_BANDS, Flag.MISSING_BAND, Flag.COLOUR_OUTSIDE
    rest = few | missing | outside | Flag.BAD_ROW
    assert (flag & rest).tolist() == [outside, missing | outside, few, few, Flag.BAD_ROW, outside]
    answered = [True, True, False, False, False, True]
    for column in (value, low, high, odds):
        assert np.isfinite(column).tolist() == answered
    assert flag[~np.array(answered)].tolist() == [few, few, Flag.BAD_ROW]


def test_a_bad_row_without_bands_says_both(sound):
    inputs = fluxes(1)
    inputs["flux"][:] = np.nan
    *_, flag = answer(Answerer(tasks.load("standin"), sound), inputs, np.ones(1, bool))
    assert flag.tolist() == [Flag.TOO_FEW_BANDS | Flag.BAD_ROW]


def test_a_network_that_the_task_has_not_is_refused(sound):
    other = model.Model(dataclasses.replace(sound.card, network="image"), sound.tensors)
    with pytest.raises(InputError, match=r"needs network 'image' \(expected one of flux\)"):
        Answerer(tasks.load("standin"), other)


def test_seconds_a_row_are_positive_and_touch_nothing(sound):
    answerer = Answerer(tasks.load("standin"), sound)
    assert 0 < answerer.seconds_a_row() < 1
