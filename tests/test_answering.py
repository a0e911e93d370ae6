"""Answering: which model answers and what it is fed, and a run of a task that has more than one of everything."""

import json
import sys
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import shapetask
from galaxies import table, write
from skycnn import tasks
from skycnn.cli import app, console
from skycnn.errors import InputError
from skycnn.fits.source import parse
from skycnn.inputs import answering
from skycnn.inputs.answering import Request
from skycnn.schema import Flag
from skycnn.verbs import predict

ROUND = 1 << 16


@pytest.fixture
def shape(tmp_path, monkeypatch):
    """Install the task `shape` and two models of it; return the path of a catalogue of 6 rows, two without redshift."""
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tmp_path)])
    monkeypatch.setenv("SKYCNN_MODELS", str(tmp_path))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    shapetask.install(tmp_path)
    content = table(6, BEST=np.full(6, 0.5))
    content["Z_SPEC"][1], content["Z_SPEC"][4] = np.nan, 99
    yield write(tmp_path / "cat.fits", content)
    sys.modules.pop("skycnn.tasks.shape", None)


def opened(path, **request):
    with ExitStack() as stack:
        return answering.opened(stack, parse(path), Request(task="shape", **request))


def test_the_later_network_of_the_task_answers(shape):
    ready = opened(shape)
    assert (ready.choice.card.name, ready.feed.bands) == ("shape-fast", ("g", "r", "i"))
    assert ready.feed.words == "photometry and column Z_SPEC"
    assert "redshift: column Z_SPEC" in ready.notes
    assert opened(shape, model="shape-paper").choice.card.name == "shape-paper"


def test_a_kind_of_input_that_is_not_known_is_said_of_the_model_before_a_table_is_chosen(shape, monkeypatch):
    with fits.open(shape) as units:
        units.append(fits.BinTableHDU(units[1].data, name="TWICE"))
        units.writeto(shape, overwrite=True)
    [(path, card)] = answering.choice.candidates("shape", "shape-fast")
    monkeypatch.setattr(answering.choice, "candidates", lambda *_: [(path, replace(card, inputs=("flux", "spectrum")))])
    with pytest.raises(InputError, match="shape-fast takes input of kind 'spectrum'"):
        opened(shape, model="shape-fast")


def test_a_column_is_named_by_the_user(shape):
    assert opened(shape, input={"redshift": "BEST"}).feed.facts() == {"input": {"redshift": "BEST"}}
    with pytest.raises(InputError, match="has no column 'BOST'"):
        opened(shape, input={"redshift": "BOST"})
    with pytest.raises(InputError, match=r"shape-fast takes no 'colour' \(expected --input redshift\)"):
        opened(shape, input={"colour": "BEST"})


def test_a_column_that_is_not_there_is_asked_for(shape):
    content = Table.read(shape, 1)
    content.remove_column("Z_SPEC")
    with pytest.raises(InputError, match=r"needs redshift, the redshift; .* has no column Z or Z_SPEC") as caught:
        opened(write(shape, content))
    assert caught.value.hint == "Name it with --input redshift=COLUMN."


def test_images_are_refused_where_no_model_takes_them(shape):
    from skycnn.stamps.stampsource import StampOptions

    images = StampOptions(images={"g": ("g.fits",)})
    with pytest.raises(InputError, match="no model for task shape takes images"):
        opened(shape, stamps=images)
    with pytest.raises(InputError, match="shape-paper takes no images"):
        opened(shape, stamps=images, model="shape-paper")


def test_all_answers_of_a_joint_posterior_are_written_with_one_flag(shape):
    done = predict.predict(shape, predict.Options(task="shape", pdf=True))
    assert done.flagged == {"missing_input": 2, "round": 6} | {
        name: n for name, n in done.flagged.items() if name in ("multimodal", "value_outside")
    }
    with fits.open(shape) as file:
        columns, data = file[1].columns, file[1].data
        assert [name for name in columns.names if name.startswith(("AGE", "DUST", "P_DISC", "SHAPE"))] == [
            "AGE", "AGE_LO", "AGE_HI", "DUST", "DUST_LO", "DUST_HI",
            "AGE_PDF", "DUST_PDF", "AGE_JOINT_PDF", "P_DISC", "P_DISC_LO", "P_DISC_HI", "SHAPE_FLAG",
        ]  # fmt: skip
        joint = np.array(data["AGE_JOINT_PDF"])
        assert joint.shape == (6, 5, 4)
        np.testing.assert_allclose(joint.sum(2), data["AGE_PDF"], rtol=1e-5)
        np.testing.assert_allclose(joint.sum(1), data["DUST_PDF"], rtol=1e-5)
        flag = np.array(data["SHAPE_FLAG"])
        assert (flag & Flag.MISSING_INPUT != 0).tolist() == [False, True, False, False, True, False]
        assert (flag & ROUND != 0).all()
    assert predict.predict(shape, predict.Options(task="shape", pdf=True)).unchanged
    predict.predict(shape, predict.Options(task="shape", pdf=True, overwrite=True))
    with fits.open(shape) as file:
        np.testing.assert_array_equal(file[1].data["AGE_JOINT_PDF"], joint)
    predict.predict(shape, predict.Options(task="shape", pdf=True, overwrite=True, input={"redshift": "BEST"}))
    with fits.open(shape) as file:
        assert (np.array(file[1].data["SHAPE_FLAG"]) & Flag.MISSING_INPUT == 0).all()


def test_the_command_line_names_columns_and_flags(shape, capsys):
    words = ["predict", shape, "--task", "shape", "--input", "redshift=BEST", "--json"]
    assert console.run(lambda: app.call(words)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["flagged"]["round"] == 6
    assert "missing_input" not in told["flagged"]
