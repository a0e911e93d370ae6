"""The verb ``models``: what is installed, and one card."""

import dataclasses
import json
import os

import numpy as np
import pytest

from shell import run
from skycnn.errors import InputError
from skycnn.network import model
from skycnn.scoring import modelscores
from skycnn.verbs import models


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with one small model in it, where models are looked for."""
    card = model.Card(
        name="toy-x-flux",
        task="toy",
        network="flux",
        survey="sdss",
        inputs=("flux",),
        bands=("g", "r"),
        ranges={"g": [14.0, 22.0]},
        scores={"bias": 0.1, "outliers": 0.02, "rows": 7, "sigma_nmad": 0.03, "note": "text"},
        learning_curve=([float(epoch) for epoch in range(300)],),
    )
    whole = model.seal(card, {"w": np.zeros((2, 3), np.float32)})
    (tmp_path / "toy-x-flux.safetensors").write_bytes(model.encode(whole))
    monkeypatch.setenv("SKYCNN_MODELS", str(tmp_path))
    return tmp_path


def test_list_holds_every_installed_card(folder):
    names = [card.name for card in models.models()]
    assert "toy-x-flux" in names
    assert names == sorted(names)
    assert len(names) == len({path.stem for path in model.installed()})


def test_the_first_folder_that_has_a_name_wins(folder, tmp_path_factory, monkeypatch):
    other = tmp_path_factory.mktemp("other")
    content = dataclasses.asdict(model.read_card(folder / "toy-x-flux.safetensors")) | {"survey": "csst"}
    (other / "toy-x-flux.safetensors").write_bytes(model.encode(model.seal(model.Card(**content), {})))
    monkeypatch.setenv("SKYCNN_MODELS", f"{folder}:{other}")
    found = [card for card in models.models() if card.name == "toy-x-flux"]
    assert [card.survey for card in found] == ["sdss"]
    assert models.models("toy-x-flux") == tuple(found)


def test_a_broken_file_is_passed_over_with_a_note(folder):
    (folder / "broken.safetensors").write_bytes(b"x")
    told = []
    assert "toy-x-flux" in [card.name for card in models.models(say=told.append)]
    assert len(told) == 1
    assert "broken.safetensors" in told[0]
    with pytest.raises(InputError, match=r"broken\.safetensors"):
        models.models("broken")


def test_one_card_is_checked(folder):
    path = folder / "toy-x-flux.safetensors"
    assert models.models(str(path)) == models.models("toy-x-flux")
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    with pytest.raises(InputError, match="altered"):
        models.models("toy-x-flux")


def test_main_scores_come_first(folder):
    (card,) = models.models("toy-x-flux")
    assert list(models.headline(card).items()) == [("sigma_nmad", 0.03), ("outliers", 0.02), ("bias", 0.1)]
    several = {"AGE": {"rows": 9, "bias": 0.1}, "P_DISC": {"auc": 0.9, "brier": 0.2}}
    assert list(models.headline(dataclasses.replace(card, scores=several))) == [
        "P_DISC.auc",
        "P_DISC.brier",
        "AGE.bias",
    ]
    joined = {"AGE rows": 9, "AGE bias": 0.1, "P_DISC auc": 0.9, "test": {"AGE bias": 0.0, "rows": 2}}
    assert list(models.headline(dataclasses.replace(card, scores=joined)))[:2] == ["P_DISC auc", "AGE bias"]


def test_a_cross_fits_scores_come_before_those_of_the_test_rows(folder, capsys):
    from skycnn.cli.models import command

    path = folder / "toy-x-flux.safetensors"
    whole = model.read(path)
    crossfit = {"how": "cross-fit over 5 folds of tiles", "rows": 70, "sigma_nmad": 0.04, "outliers": 0.01, "bias": 0.0}
    scores = modelscores.instead(whole.card.scores, crossfit)
    path.write_bytes(model.encode(model.seal(dataclasses.replace(whole.card, scores=scores), whole.tensors)))
    command(None)
    assert "sigma_nmad=0.04 outliers=0.01 bias=0 rows=70" in capsys.readouterr().out
    command("toy-x-flux")
    shown = capsys.readouterr().out
    assert "cross-fit over 5 folds of tiles" in shown and "scores.test.sigma_nmad" in shown
    assert modelscores.instead(scores, crossfit | {"rows": 71})["test"]["rows"] == 7  # once more: the test rows' stay


def test_fields_are_flat_and_short(folder):
    (card,) = models.models("toy-x-flux")
    content = models.fields(card)
    assert content["ranges.g"] == "14.0 22.0"
    assert content["learning_curve"] == "1 x 300 values"
    assert content["citation"] == "-"
    assert all(len(str(value)) < 120 for value in content.values())


def test_command_lists(folder):
    ran = run("models")
    assert ran.returncode == 0
    assert ["toy-x-flux", "toy", "flux", "sdss", "g", "r", "sigma_nmad=0.03"] in [
        line.split()[:7] for line in ran.stdout.splitlines()
    ]


def test_command_shows_a_card(folder):
    ran = run("models", "toy-x-flux")
    lines = dict(line.split(None, 1) for line in ran.stdout.splitlines() if len(line.split()) > 1)
    assert lines["bands"] == "g r"
    assert len(lines["sha256"]) == 64


def test_command_gives_json(folder):
    listed = json.loads(run("models", "--json").stdout)
    assert "toy-x-flux" in [card["name"] for card in listed["models"]]
    assert json.loads(run("models", "toy-x-flux", "--json").stdout)["ranges"] == {"g": [14.0, 22.0]}


def test_unknown_model_is_a_usage_error(folder):
    ran = run("models", "toy-y-flux")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.splitlines()[0] == "skycnn: error: no model 'toy-y-flux'"
    assert "toy-x-flux" in ran.stderr.splitlines()[1]


def test_no_model_at_all_is_a_note(tmp_path):
    if list(model.SHIPPED.glob("*.safetensors")):
        assert run("models", "-q", env=os.environ | {"SKYCNN_MODELS": ""}).stdout
    else:
        ran = run("models", env=os.environ | {"SKYCNN_MODELS": str(tmp_path)})
        assert (ran.returncode, ran.stdout) == (0, "")
        assert ran.stderr.startswith("skycnn: no model is installed")
