"""The recipe of photoz-cosmos-flux: which tiles its model never saw, and what its card quotes."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from skycnn.cli import app, console, process
from skycnn.network import groups, model

RECIPES = Path(__file__).parents[1] / "examples" / "recipes"
DATA = Path(__file__).parents[1].parent / "shared" / "data" / "cosmos_galaxies.fits"
MODEL = model.SHIPPED / "photoz-cosmos-flux.safetensors"


@pytest.fixture
def recipe(monkeypatch):
    """Return what the recipe defines."""
    monkeypatch.syspath_prepend(str(RECIPES))
    before = set(sys.modules)
    yield runpy.run_path(str(RECIPES / "photoz_cosmos_flux.py"))
    for name in {"photoz_sdss_flux", "cosmos_population"} - before:
        sys.modules.pop(name, None)


@pytest.mark.skipif(not DATA.exists(), reason=f"{DATA.name} is not at hand")
def test_the_tiles_that_judge_only_judges_were_never_seen(recipe):
    galaxies, whole = Table.read(DATA), model.read(MODEL)
    unseen = recipe["places"](galaxies) % (2 * recipe["FOLDS"]) == 0
    seen = np.isin(groups.name_hashes(np.array(galaxies["TILE"])), whole.tensors["_groups.seen"])
    bright = np.array(galaxies["MAG_B"] > 0)
    assert np.count_nonzero(unseen & bright) == whole.card.sample["rows"]["test"]
    assert not seen[unseen].any()
    assert seen[~unseen & bright].all()


def test_folds_and_sides_keep_tiles_whole(recipe):
    tiles = np.arange(600) % 80
    galaxies = Table({"TILE": tiles})
    fold = recipe["folds"](galaxies)
    side = recipe["sides"](galaxies, fold, 2, None)
    for tile in range(80):
        assert len(set(fold[tiles == tile])) == len(set(side[tiles == tile])) == 1
    assert set(fold) == set(range(recipe["FOLDS"]))
    assert ((side == "test") == (fold == 2)).all()


def test_the_card_quotes_the_cross_fit_over_all_tiles(recipe, tmp_path):
    """Each sample is scored with its own condition; what the few test rows gave stands below."""
    asked = []

    def scored(*words):
        asked.append([str(word) for word in words])
        score = {"value": 0.01 * len(asked), "low": 0.0, "high": 1.0}
        found = {"value": "Z_PHOT", "rows": 100 * len(asked), "bootstrap": "1000 bootstrap resamples of 9 groups"}
        return json.dumps(found | {"further": [], "entries": [{"scores": {"outliers": score}}]})

    recipe["quote"].__globals__["skycnn"] = scored
    own = {"rows": 7, "outliers": 0.0, "intervals": {}}
    card = model.Card("a", "photoz", "flux", "cosmos", ("flux",), ("U", "B"), scores=own)
    path = tmp_path / "a.safetensors"
    path.write_bytes(model.encode(model.seal(card, {"w": np.zeros(3, "f4")})))
    folds = [tmp_path / f"{k}.fits" for k in range(5)]
    recipe["quote"](path, folds)
    scores = model.read(path).card.scores
    assert (scores["rows"], scores["outliers"], scores["test"]) == (100, 0.01, own)
    assert scores["how"] == "cross-fit over 5 folds of tiles; intervals: 1000 bootstrap resamples of 9 groups"
    assert [part["rows"] for part in (scores["without_photometry_too"], scores["tiles_unknown_to_mocks"])] == [200, 300]
    assert [words[words.index("--where") + 1 :][:1] if "--where" in words else [] for words in asked] == [
        ["MAG_B > 0"],
        [],
        ["MAG_B > 0 and HELD == 1"],
    ]
    assert all(str(fold) in words and "--group" in words for fold in folds for words in asked)


def test_real_galaxies_follow_upon_mocks_whatever_their_tiles_are_called(recipe, tmp_path, monkeypatch):
    """Tiles and mocks bear the same small numbers; neither is taken for the other."""
    monkeypatch.setattr(process, "prepare", lambda threads: 1)

    def ran(*words):
        quick = ["--epochs", "1", "--members", "1"] if words[0] == "train" and "--epochs" not in words else []
        assert console.run(lambda: app.call([*map(str, words), *quick, "-q"])) == 0

    for name, value in {"skycnn": ran, "MOCKS": 800, "EPOCHS": 1}.items():
        monkeypatch.setitem(recipe["pretrained"].__globals__, name, value)
    begin = recipe["pretrained"](tmp_path)
    galaxies = Table.read(tmp_path / "mocks.fits", hdu=1)[:400]
    galaxies.meta.clear()
    galaxies.rename_column("Z_TRUE", "Z")
    for band in recipe["BANDS"]:
        galaxies[f"FLUX_{band}"] *= 1.1
    galaxies["TILE"] = np.arange(400) % 40
    del galaxies["GROUP"]
    side = recipe["sides"](galaxies, recipe["folds"](galaxies), 1, None)
    card = model.read(recipe["trained"](galaxies, side, "real", tmp_path, begin)).card
    assert card.sample["init"].startswith("mocks ")
    assert card.sample["rows"]["test"] > 0


@pytest.mark.parametrize("name", ["photoz_cosmos_flux", "photoz_sdss_flux"])
def test_a_missing_table_is_named(recipe, name, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", [name, str(tmp_path / "nothing.fits"), "--judge-only"])
    main = runpy.run_path(str(RECIPES / f"{name}.py"))["main"]
    monkeypatch.setitem(main.__globals__, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=r"nothing\.fits. Name the table of galaxies: python .* DATA"):
        main()


def test_the_model_in_out_is_judged_before_the_one_that_ships(recipe, tmp_path, monkeypatch):
    latest = recipe["latest"]
    assert latest(tmp_path, "photoz-cosmos-flux") == MODEL
    made = tmp_path / "photoz-cosmos-flux.safetensors"
    made.write_bytes(b"")
    monkeypatch.setitem(latest.__globals__, "ROOT", tmp_path)
    assert latest(tmp_path, "photoz-cosmos-flux") == made
