"""Out-of-fold answers: each row by the one model that did not see it."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from galaxies import table, write
from skycnn.errors import InputError
from skycnn.images.positions import skycells
from skycnn.network import model
from skycnn.stamps.stampsource import StampOptions
from skycnn.verbs import train as verb
from warm import run

COUNT = 420


@pytest.fixture
def cat(tmp_path):
    content = table(COUNT, GROUP=np.arange(COUNT) // 6)
    content["Z_SPEC"][[5, 400]] = np.nan
    return write(tmp_path / "cat.fits", content)


@pytest.fixture
def train(tmp_path, cat, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    def call(progress=None, said=None, **changes):
        options = {"task": "photoz", "epochs": 2, "members": 1, "folds": 3, "out": str(tmp_path / "my.safetensors")}
        options |= {"answers": str(tmp_path / "out.fits"), "bands": ("g", "r", "i")}
        return verb.train(cat, verb.Options(**(options | changes)), ([] if said is None else said).append, progress)

    return call


def test_each_row_is_answered_by_the_model_that_did_not_see_it(train, cat, tmp_path):
    said = []
    result = train(said=said)
    whole = Table.read(cat, hdu=1)
    raw = fits.getdata(tmp_path / "out.fits", 1)
    assert raw["Z_PHOT_FOLD"].dtype.kind == "i" and raw["Z_PHOT_FOLD"].dtype.itemsize == 4
    assert (raw["Z_PHOT_FOLD"][[5, 400]] == -1).all() and (raw["Z_PHOT_FLAG"][[5, 400]] == -1).all()
    assert np.isnan(raw["Z_PHOT"][[5, 400]]).all()
    rest = np.setdiff1d(np.arange(COUNT), [5, 400])
    assert set(raw["Z_PHOT_FOLD"][rest]) == {1, 2, 3} and np.isfinite(raw["Z_PHOT"][rest]).all()
    for group in range(COUNT // 6):
        assert len(set(raw["Z_PHOT_FOLD"][rest][rest // 6 == group])) == 1
    assert raw.names[: len(whole.colnames)] == whole.colnames
    assert (raw["ID"] == whole["ID"]).all()
    for number in (1, 2, 3):
        path = tmp_path / f"my-fold{number}.safetensors"
        card = model.read_card(path)
        assert card.name == f"my-fold{number}"
        assert card.sample["rows"]["test"] == np.count_nonzero(raw["Z_PHOT_FOLD"] == number)
        quoted = dict(card.scores)
        assert quoted.pop("test")["rows"] == card.sample["rows"]["test"]
        assert quoted.pop("how") == "cross-fit over 3 folds (group: column GROUP)"
        assert quoted == result.scores["out of fold"]
    out, made = str(tmp_path / "2.fits"), str(tmp_path / "my-fold2.safetensors")
    ran = run("predict", cat, "--task", "photoz", "--model", made, "--out", out, "-q")
    assert ran.returncode == 0, ran.stderr
    tested, predicted = raw["Z_PHOT_FOLD"] == 2, fits.getdata(out, 1)
    for name in ("Z_PHOT", "Z_PHOT_LO", "Z_PHOT_FLAG"):
        assert np.allclose(predicted[name][tested], raw[name][tested], rtol=1e-5)
    assert result.scores["out of fold"]["rows"] == COUNT - 2


def test_folds_go_by_cells_of_the_sky(train, cat, tmp_path):
    """Two rows of one cell are answered by one model, whatever their column of groups says."""
    random, said = np.random.default_rng(1), []
    sky = Table.read(cat, hdu=1)
    sky["SKY_A"], sky["SKY_B"] = random.uniform(350, 380, COUNT) % 360, random.uniform(-20, 20, COUNT)
    sky["SKY_A"][7] = np.nan
    sky.write(cat, overwrite=True)
    train(said=said, group="sky:8", stamps=StampOptions(radec=("SKY_A", "SKY_B")))
    raw = fits.getdata(tmp_path / "out.fits", 1)
    names = skycells.cells(np.asarray(sky["SKY_A"]), np.asarray(sky["SKY_B"]), 8.0)
    answered = raw["Z_PHOT_FOLD"] > 0
    assert np.count_nonzero(answered) == COUNT - 2
    for name in set(names[answered]) - {""}:
        assert len(set(raw["Z_PHOT_FOLD"][answered & (names == name)])) == 1
    assert len({fold for fold, group in zip(raw["Z_PHOT_FOLD"], sky["GROUP"], strict=True) if group == 9}) > 1
    card = model.read_card(tmp_path / "my-fold2.safetensors")
    assert card.sample["group"] == "cells sky:8"
    cells = len(set(names)) - 1
    assert f"rows of one cell of the sky stay on one side: {cells} cells of 8 deg; positions: SKY_A SKY_B" in said[0]


def test_folds_are_resumed_each_from_its_own_checkpoint(train, tmp_path):
    first = [train(out=str(tmp_path / "a.safetensors"), name="x").sha256, (tmp_path / "out.fits").read_bytes()]
    (tmp_path / "out.fits").unlink()
    calls = []

    def stop(done, total):
        calls.append(done)
        if len(calls) == 3:
            raise KeyboardInterrupt

    again = {"out": str(tmp_path / "b.safetensors"), "name": "x"}
    with pytest.raises(KeyboardInterrupt):
        train(stop, **again)
    assert (tmp_path / "b-fold1.safetensors.checkpoint").exists()
    assert not list(tmp_path.glob("b-fold?.safetensors")) and not (tmp_path / "out.fits").exists()
    steps = []
    assert train(lambda done, total: steps.append(done), resume=True, **again).sha256 == first[0]
    assert len(steps) == 4  # of folds 2 and 3
    assert (tmp_path / "out.fits").read_bytes() == first[1]
    assert not list(tmp_path.glob("*.checkpoint"))


def test_a_dry_run_of_folds_writes_nothing(train, tmp_path):
    result = train(dry_run=True)
    assert result.estimate_seconds > 0
    assert [path.name for path in tmp_path.iterdir()] == ["cat.fits"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"answers": None}, "--folds lacks something"),
        ({"folds": 1}, "--folds lacks something"),
        ({"folds": 0}, "--answers are those of --folds"),
        ({"split": "PART"}, "--folds divides the rows itself"),
        ({"folds": 400}, "has no row with a truth"),
    ],
)
def test_folds_that_cannot_be_are_refused(train, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        train(**changes)
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith("checkpoint")] == ["cat.fits"]


def test_the_copy_is_never_the_catalogue(train, cat):
    with pytest.raises(InputError, match="is the input itself"):
        train(answers=cat, overwrite=True)


def test_the_table_is_the_one_that_was_trained_on(train, cat, tmp_path):
    with fits.open(cat, mode="append") as file:
        file.append(fits.BinTableHDU(Table({"BAND": ["g", "r"], "MEDIAN": [20.0, 19.0]}), name="SUMMARY"))
    train(epochs=1)
    with fits.open(tmp_path / "out.fits") as file:
        assert "Z_PHOT_FOLD" in file[1].columns.names and file["SUMMARY"].columns.names == ["BAND", "MEDIAN"]


def test_columns_that_are_there_are_found_before_the_work(train, cat):
    with fits.open(cat) as file:
        whole = Table(file[1].data)
    whole["Z_PHOT"] = np.zeros(COUNT, "f4")
    whole.write(cat, overwrite=True)
    with pytest.raises(InputError, match=r"has a column 'Z_PHOT' already"):
        train(progress=lambda *_: pytest.fail("it trains"))
