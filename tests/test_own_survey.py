"""A survey of the user's: --survey FILE.toml in train, predict and score."""

from dataclasses import replace

import numpy as np
import pytest

import redness
from carding import card
from galaxies import table, write
from skycnn import survey
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import feed as feeds
from skycnn.inputs.available import Available, InputOptions
from skycnn.inputs.trainingfeed import photometry
from skycnn.photometry.fluxes import PhotometryOptions
from skycnn.scoring import origin
from skycnn.verbs import predict, score, train
from warm import run

MINE = """name = "Mine"
bands = ["g", "r", "i"]
pixel_scale = 0.3
psf = { g = 1.0, r = 1.0, i = 1.0 }
depth = { g = 24, r = 24, i = 24 }
extinction = { g = 3.2, r = 2.2, i = 1.6 }
"""
CARD = card("m", ("flux",), "gri", survey="mine", dereddened="yes")


@pytest.fixture
def path(tmp_path):
    (tmp_path / "mine.toml").write_text(MINE)
    return str(tmp_path / "mine.toml")


@pytest.fixture
def cat(tmp_path):
    content = table(300, TRUTH=np.linspace(0.1, 0.8, 300))
    content["EBV"] = np.full(300, 0.1)
    return write(tmp_path / "cat.fits", content)


def test_a_model_of_it_is_trained_chosen_and_scored(cat, path, tmp_path, monkeypatch):
    monkeypatch.setenv("SKYCNN_MODELS", str(tmp_path))
    extinction = PhotometryOptions(extinction="none")
    made = train.train(
        cat,
        train.Options(
            task="photoz", out=str(tmp_path / "m.safetensors"), truth=("TRUTH",), survey=path, epochs=1, members=1,
            dereddened="yes", photometry=extinction,
        ),
    )  # fmt: skip
    assert (made.survey, made.bands) == ("mine", ("g", "r", "i"))
    for which in (path, "mine", "MINE"):
        options = predict.Options(
            task="photoz", survey=which, out=str(tmp_path / "out.fits"), overwrite=True, photometry=extinction
        )
        if which != path:  # by its name the model is found, but not what dust does in its bands
            with pytest.raises(InputError, match="no survey gives R_band for EBV"):
                predict.predict(cat, options)
            continue
        done = predict.predict(cat, options)
        assert (done.model, done.answered) == ("m", 300)
        assert done.reason.startswith("survey mine, 3 of its 3 bands")
        assert any("corrected with E(B-V) of EBV" in note for note in done.notes)
    told = score.score(
        [str(tmp_path / "out.fits")],
        score.Options(task="photoz", truth=("TRUTH",), survey=path, baselines=(), resamples=20),
    )
    assert len(told.files) == 1


def test_dust_is_corrected_with_its_coefficients(cat, path):
    mine = survey.own(path)
    with Catalogue.open(cat) as catalogue:
        options = PhotometryOptions(extinction="none")
        known = Available(catalogue, InputOptions(photometry=options), user_survey=mine)
        found = feeds.find(redness.TASK, CARD, known).photometry
        assert found.correction.dust.coefficients == {"g": 3.2, "r": 2.2, "i": 1.6}
        seen = photometry(catalogue, options, survey="mine", dereddened="yes", user_survey=mine)
        assert seen.requested == ("g", "r", "i")
        with pytest.raises(InputError, match="no survey gives R_band for EBV"):
            feeds.find(redness.TASK, CARD, replace(known, user_survey=None))
        given = origin.find(catalogue, "photoz", "Z_PHOT", options, survey_name=path)
        assert given.user_survey == mine


@pytest.mark.parametrize(
    ("verb", "more"),
    [
        ("train", ["--truth", "TRUTH", "--out", "m.safetensors"]),
        ("predict", ["--out", "new.fits"]),
        ("score", ["--truth", "TRUTH"]),
    ],
)
def test_a_fault_in_it_is_told_by_its_line(path, verb, more, tmp_path):
    cat = write(tmp_path / "cat.fits", table(50, TRUTH=np.full(50, 0.1), Z_PHOT=np.full(50, 0.1)))
    (tmp_path / "mine.toml").write_text(MINE.replace("r = 2.2", 'r = "2.2"'))
    before = sorted(p.name for p in tmp_path.iterdir())
    done = run(verb, cat, "--task", "photoz", "--survey", path, *more, cwd=tmp_path)
    assert done.returncode == 2
    assert f"{path}:6: 'extinction' is no table of numbers" in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == before
