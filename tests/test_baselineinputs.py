"""baselineinputs: fluxes and the task's own columns, absent where a catalogue does not have them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from columns import column
from skycnn.errors import InputError
from skycnn.photometry.fields import Field
from skycnn.scoring import baselineinputs
from skycnn.scoring.baselineinputs import AbsentReader, ColumnReader, FluxReader, Readers
from skycnn.task import InputColumn

Z = InputColumn(("Z", "ZBEST"), "a redshift", 0.0, 5.0)


def task(*kinds):
    return SimpleNamespace(features=SimpleNamespace(inputs=kinds), columns={"z": Z})


def catalogue(*names):
    return SimpleNamespace(columns=[column(name, "D") for name in names], label="c.fits", header={})


class Origin:
    bands, named = ("g", "r", "i"), None

    def column(self, kind):
        return self.named

    def photometry(self, catalogue):
        raise InputError("no bands")


def test_a_column_is_read_and_impossible_values_are_absent():
    reader = ColumnReader("z", Field(column("Z", "D")), Z)
    assert reader.columns == ("Z",)
    read = reader.read({"Z": np.array([0.5, -99.0, 9.0, np.nan])}, np.arange(4))
    assert read["z"][0] == 0.5
    assert np.isnan(read["z"][1:]).all()


def test_several_are_read_together():
    readers = Readers((FluxReader(None, 3), ColumnReader("z", Field(column("Z", "D")), Z), AbsentReader("shape")))
    read = readers.read({"Z": np.ones(2)}, np.arange(2))
    assert {name: values.shape for name, values in read.items()} == {
        "flux": (2, 3),
        "error": (2, 3),
        "z": (2,),
        "shape": (2,),
    }
    assert readers.columns == ("Z",)


def test_the_features_say_what_they_need():
    notes, table = [], catalogue("ZBEST")
    found = baselineinputs.find(table, Origin(), task("z"), notes.append, needed=True, strict=True)
    assert found.read({"ZBEST": np.ones(2)}, np.arange(2))["z"].tolist() == [1, 1]
    found = baselineinputs.find(
        catalogue("ZBEST"), Origin(), task("flux", "z"), notes.append, needed=True, strict=False
    )
    assert found.read({"ZBEST": np.ones(2)}, np.arange(2))["flux"].shape == (2, 3)
    assert notes == ["the baselines have no photometry: no bands"]
    found = baselineinputs.find(catalogue(), Origin(), task("z"), notes.append, needed=False, strict=True)
    assert found.columns == ()
    assert len(notes) == 1


def test_what_is_not_there_is_an_error_where_the_baselines_are_named():
    with pytest.raises(InputError, match=r"no column 'Z'; the baselines need a redshift.*--input z=COLUMN"):
        baselineinputs.find(catalogue("A"), Origin(), task("z"), print, needed=True, strict=True)
    with pytest.raises(InputError, match="no input of kind 'image'"):
        baselineinputs.find(catalogue("A"), Origin(), task("image"), print, needed=True, strict=True)


def test_a_column_that_the_task_can_do_without_is_no_error_and_that_of_the_run_comes_first():
    wanted, notes = task("z"), []
    wanted.columns = {"z": replace(Z, needed=False)}
    found = baselineinputs.find(catalogue("A"), Origin(), wanted, notes.append, needed=True, strict=True)
    assert np.isnan(found.read({}, np.arange(3))["z"]).all()
    assert len(notes) == 1 and "the baselines have no z" in notes[0]
    named = Origin()
    named.named = "A"
    for names, taken in ((("Z", "A"), "A"), (("Z",), "Z")):  # of a run on another file
        found = baselineinputs.find(catalogue(*names), named, task("z"), print, needed=True, strict=True)
        assert found.columns == (taken,)


def test_fluxes_are_read_for_other_ends_too_and_their_lack_is_no_error():
    class Bright(Origin):
        def photometry(self, catalogue):
            return SimpleNamespace(
                columns=("F",), fluxes=lambda chunk: SimpleNamespace(flux=chunk["F"], error=chunk["F"])
            )

    notes = []
    for needed in (False, True):
        table, strict = catalogue("ZBEST"), needed
        found = baselineinputs.find(table, Bright(), task("z"), notes.append, needed=needed, strict=strict, fluxes=True)
        assert (
            found.read({"ZBEST": np.ones(2), "F": np.full((2, 3), 7.0)}, np.arange(2))["flux"].tolist() == [[7] * 3] * 2
        )
        dark = baselineinputs.find(table, Origin(), task("z"), notes.append, needed=needed, strict=strict, fluxes=True)
        assert np.isnan(dark.read({"ZBEST": np.ones(2)}, np.arange(2))["flux"]).all()
    assert notes == []
