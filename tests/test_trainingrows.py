"""Rows to train with: of several truths, of none, of a second catalogue; and what a card tells of them."""

import json
import re

import numpy as np
import pytest
from astropy.io import fits

from galaxies import table, write
from manytruths import rows
from skycnn.errors import InputError
from skycnn.network import model
from skycnn.verbs import models
from skycnn.verbs import train as verb


@pytest.fixture
def train(twofold, tmp_path):
    def call(content, **changes):
        said = []
        cat = content if isinstance(content, str) else write(tmp_path / "cat.fits", content)
        options = {
            "task": twofold,
            "out": str(tmp_path / "my.safetensors"),
            "bands": ("g", "r", "i"),
            "overwrite": True,
        }
        result = verb.train(cat, verb.Options(**(options | changes)), said.append)
        return result, said, model.read(result.output) if not changes.get("dry_run") else None

    return call


def test_two_truths_are_trained_each_on_its_rows(train):
    result, said, made = train(rows(900), network="both")
    card = made.card
    assert result.truth == "Z_SPEC, IS_LOW"
    assert result.left_out == {"no truth": 75}
    assert sum(result.rows.values()) == 825
    assert set(card.sample["truth_range"]) == {"Z_OUT", "P_LOW"}
    assert card.sample["truth_range"]["P_LOW"] == [0.0, 1.0]
    assert card.temperature == 1.0
    assert set(card.sample["temperatures"]) == {"Z_OUT", "P_LOW"}
    assert result.temperature == tuple(card.sample["temperatures"][name] for name in ("Z_OUT", "P_LOW"))
    assert card.posterior["members"][1]["spread"] is True
    scores = result.scores["test"]
    assert scores["rows"] == result.rows["test"] > scores["Z_OUT rows"] > 0
    assert {"Z_OUT sigma_nmad", "P_LOW auc"} <= set(scores) and "P_LOW auc" in scores["intervals"]
    assert scores["P_LOW auc"] > 0.8
    assert not [line for line in said if "no truth of" in line]


def test_a_truth_that_is_not_there_is_said_and_not_trained(train):
    content = rows(500)
    content.remove_column("IS_LOW")
    result, said, made = train(content)
    assert any(line.startswith("no truth of P_LOW in ") and "--truth P_LOW=COLUMN" in line for line in said)
    assert made.card.sample["truth_range"]["P_LOW"] is None
    assert made.card.sample["temperatures"]["P_LOW"] == 1.0
    assert not [key for key in result.scores["test"] if key.startswith("P_LOW")]
    content.rename_column("Z_SPEC", "MINE")
    with pytest.raises(InputError, match="has no column Z_SPEC or IS_LOW"):
        train(content)
    assert train(content, truth=("z_out=mine",), dry_run=True)[0].truth == "MINE"


def test_rows_without_a_truth_are_read_for_a_stage_that_takes_them(train, tmp_path):
    result, said, made = train(rows(900), network="staged")
    assert sum(result.rows.values()) == 900 and result.left_out == {}
    assert [len(curve) for curve in made.card.learning_curve] == [2, 3]
    assert any(line.startswith("bands: 2 epochs") for line in said)


def test_a_second_catalogue_is_adapted_to(train, tmp_path):
    alone = train(rows(900), network="staged")[2]
    target = table(300, seed=5)
    target.remove_column("Z_SPEC")
    target["FLUX_G"] *= 3
    second = write(tmp_path / "target.fits", target)
    adapted = train(rows(900), network="staged", adapt=second)[2]
    assert any((adapted.tensors[name] != alone.tensors[name]).any() for name in ("enter.weight", "leave.weight"))
    with pytest.raises(InputError, match=r"network plain does not adapt .* it has no batch normalisation"):
        train(rows(900), adapt=second, adapt_by="batchnorm")
    with pytest.raises(InputError, match="--adapt-by is not understood"):
        train(rows(900), adapt=second, adapt_by="magic")
    target.remove_column("FLUX_R")
    with pytest.raises(InputError, match="has no photometry for r"):
        train(rows(900), network="staged", adapt=write(tmp_path / "target.fits", target))


def test_the_card_tells_of_a_second_catalogue_and_answers_its_survey(train, ask, tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    source, target = rows(900, GROUP=np.arange(900) // 3), table(600, seed=5, GROUP=np.arange(600) + 250)
    source.meta["SURVEY"], target.meta["SURVEY"] = "first", "second"
    second = write(tmp_path / "target.fits", target)
    _, said, made = train(source, network="both", adapt=second, out=str(tmp_path / "models" / "adapted.safetensors"))
    card = made.card
    assert card.surveys == ("first", "second")
    told = card.adaptation
    assert set(told) == {"by", "weight", "discrepancy", "loss", "source", "survey", "rows", "left_out", "sha256"}
    assert told["rows"] + told["left_out"] == 600 and 5 < told["left_out"] < 25  # of groups 250 to 299, a fifth
    words = f"target.fits[1] has {told['rows']} rows to adapt to; left out: {told['left_out']} of groups to validate,"
    assert f"{words} calibrate or test with" in said
    source.meta["SEED"], target.meta["SEED"] = 1, 2  # mocks of other objects with the same numbers
    assert train(source, adapt=write(tmp_path / "apart.fits", target))[2].card.adaptation["left_out"] == 0
    monkeypatch.setenv("SKYCNN_MODELS", str(tmp_path / "models"))
    for survey, code in ((), 0), (("--survey", "first"), 0), (("--survey", "third"), 2):
        asked = ask(second, "--dry-run", *survey, task="twofold")
        assert asked.code == code, asked.err
        assert ("expect a bias" in asked.err) is False
    assert "no twofold model was trained for survey 'third'" in asked.err
    from skycnn.verbs import models

    shown = models.fields(models.models(str(tmp_path / "models" / "adapted.safetensors"))[0])
    assert shown["adaptation.by"] == "mmd" and shown["adaptation.survey"] == "second"


def test_an_adaptation_is_resumed_with_its_second_catalogue_alone(train, tmp_path):
    def target(seed):
        return write(tmp_path / f"target{seed}.fits", table(300, seed=seed))

    def stop(done, total):
        if done == 4:
            raise KeyboardInterrupt

    cat, out = write(tmp_path / "cat.fits", rows(900)), str(tmp_path / "a.safetensors")
    whole = train(cat, network="staged", adapt=target(5), name="x", out=out)[0].sha256
    common = {"task": "twofold", "out": str(tmp_path / "b.safetensors"), "bands": ("g", "r", "i"), "network": "staged"}
    common |= {"name": "x", "checkpoint_every": 0.0}
    with pytest.raises(KeyboardInterrupt):
        verb.train(cat, verb.Options(**common, adapt=target(5)), progress=stop)
    with pytest.raises(InputError, match="of another training, by --adapt"):
        verb.train(cat, verb.Options(**common, adapt=target(6), resume=True))
    resumed = verb.train(cat, verb.Options(**common, adapt=target(5), resume=True))
    assert resumed.resumed == 4
    first, second = (model.read(path) for path in (out, resumed.output))
    assert all((first.tensors[name] == second.tensors[name]).all() for name in first.tensors)
    assert whole


def test_what_was_set_of_mocks_stands_in_the_card(train, tmp_path):
    path = write(tmp_path / "mocks.fits", rows(500))
    with fits.open(path, mode="update") as file:
        file[1].header["OPTIONS"] = '{"distance": 3.5, "kind": "dense"}'
    sample = train(path)[2].card.sample
    assert sample["options"] == {"distance": 3.5, "kind": "dense"}
    assert "backgrounds" not in sample


def test_the_frames_behind_mocks_stand_in_the_card(train, tmp_path):
    path = write(tmp_path / "mocks.fits", rows(500))
    told = {"frames": {"g": {"file": "m83.fits", "sha256": "ab" * 32}}, "radius": 16.0}
    with fits.open(path, mode="update") as file:
        file[1].header["BACKGRND"] = json.dumps(told)
    card = train(path)[2].card
    assert card.sample["backgrounds"] == told
    assert models.fields(card)["sample.backgrounds.frames.g.file"] == "m83.fits"


def test_groups_are_found_and_let_go(train):
    content = rows(600, GROUP=np.arange(600) // 3)
    result, said, made = train(content, dry_run=False)
    assert "rows of one GROUP stay on one side; --group '' lets them go" in said
    assert made.card.sample["group"] == "column GROUP"
    other, said, made = train(content, group="")
    assert not [line for line in said if "GROUP" in line]
    assert made.card.sample["group"] == "a row and its copies" and other.rows != result.rows


def test_a_random_split_of_groups_is_warned_of(train):
    content = rows(600, GROUP=np.arange(600) // 3)
    _, said, made = train(content, split="random")
    (warning,) = (line for line in said if line.startswith("WARNING: "))
    text = r"(\d+\.\d)% of the test rows have a GROUP that is trained on too, \d+ groups have rows on several sides"
    share = float(re.search(f"random: {text}", warning)[1])
    assert 80 < share < 100
    assert re.search(f"^8:1:1 by a hash of the row; {text}$", made.card.sample["split"])
    assert not [line for line in train(rows(600), split="random")[1] if line.startswith("WARNING")]


def test_few_rows_calibrate_and_validate_both(train):
    _, said, made = train(rows(150))
    assert "too few rows to calibrate apart: the validation rows calibrate too" in said
    assert made.card.sample["calibration"] == "validation rows"
    assert made.card.sample["rows"]["calib"] == 0
