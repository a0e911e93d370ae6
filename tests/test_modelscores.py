"""A network's scores as they stand in its card."""

import json

import numpy as np
import pytest

import galaxies
from skycnn.network import model
from skycnn.scoring import modelscores
from skycnn.verbs import score as verb

COUNT, TILES = 240, 12


@pytest.fixture
def found(tmp_path):
    """Return what ``score --json`` prints of answers to two catalogues, by tiles."""
    texts = []
    for half in range(2):
        table = galaxies.table(COUNT // 2, half, TILE=np.arange(COUNT // 2) % (TILES // 2) + half * TILES)
        rng = np.random.default_rng(half)
        table["Z_PHOT"] = (table["Z_SPEC"] + rng.normal(0, 0.02, COUNT // 2)).astype("f4")
        for end, side in (("LO", -0.02), ("HI", 0.02)):
            table[f"Z_PHOT_{end}"] = table["Z_PHOT"] + np.float32(side)
        table["Z_PHOT"][0] = table["Z_PHOT_LO"][0] = table["Z_PHOT_HI"][0] = np.nan
        texts.append(galaxies.write(tmp_path / f"{half}.fits", table))
    options = verb.Options("photoz", ("Z_SPEC",), baselines=("median",), group="TILE", resamples=100)
    return json.loads(json.dumps(verb.score(texts, options).to_json()).replace("NaN", "null"))


def test_scores_that_were_printed_are_quoted(found):
    scores = modelscores.printed(found, "cross-fit over 2 folds of tiles")
    own = found["entries"][0]["scores"]
    assert scores["rows"] == COUNT
    assert scores["how"] == f"cross-fit over 2 folds of tiles; intervals: 100 bootstrap resamples of {TILES} groups"
    for key in ("sigma_nmad", "outliers", "coverage_68"):
        assert scores[key] == round(own[key]["value"], 5)
        assert scores["intervals"][key] == [round(own[key][end], 5) for end in ("low", "high")]
    assert scores["outliers"] >= round(2 / COUNT, 5)  # rows without an answer count
    assert set(scores["intervals"]) <= set(scores)


def test_of_several_answers_each_has_its_column(found):
    further = found | {"value": "AGE", "rows": 9}
    scores = modelscores.printed(found | {"further": [further]}, "x")
    assert (scores["Z_PHOT rows"], scores["AGE rows"]) == (COUNT, 9)
    assert scores["AGE sigma_nmad"] == scores["Z_PHOT sigma_nmad"]
    assert "sigma_nmad" not in scores


def test_a_score_without_a_value_is_left_out(found):
    for score in found["entries"][0]["scores"].values():
        score["low"] = score["high"] = None
    found["entries"][0]["scores"]["crps"]["value"] = None
    scores = modelscores.printed(found, "x")
    assert "crps" not in scores
    assert scores["intervals"] == {}


def test_what_was_scored_before_stands_below(found):
    own = {"rows": 7, "sigma_nmad": 0.01, "intervals": {}}
    once = modelscores.instead(own, modelscores.printed(found, "x"))
    assert once["test"] == own
    again = modelscores.instead(once, {"rows": 3})
    assert again == {"rows": 3, "test": own}
    card = model.Card("a", "photoz", "flux", "sdss", ("flux",), ("g", "r"), scores=again)
    assert model.seal(card, {}).card.scores == again
