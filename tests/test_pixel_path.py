"""The pixel path from images to answers: a small image task trained on stamps, asked of stamps and of images."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

import skyfield
from skycnn import tasks
from skycnn.cli import app, console
from skycnn.schema import Flag

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """A folder with images, a catalogue, its stamps, and a model trained on them."""
    folder = tmp_path_factory.mktemp("field")
    (folder / "tasks").mkdir()
    shutil.copy(HERE / "toy.py", folder / "tasks" / "toy.py")
    skyfield.make(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "__path__", [*tasks.__path__, str(folder / "tasks")])
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        cut = ["cutout", str(folder / "cat.fits"), *skyfield.options(folder), "--size", "20"]
        assert call([*cut, "--out", str(folder / "stamps.fits"), "-q"]) == 0
        train = ["train", str(folder / "stamps.fits"), "--task", "toy", "--network", "picture", "--threads", "1"]
        assert call([*train, "--size", "16", "--out", str(folder / "toy-w.safetensors"), "-q"]) == 0
    yield folder
    sys.modules.pop("skycnn.tasks.toy", None)  # other tests have a toy of their own


@pytest.fixture
def ask(field, tmp_path, monkeypatch, capfd):
    """Run a command in a copy of the field; return its exit code, output and messages."""
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(field / "tasks")])
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for name in ("cat.fits", "stamps.fits", "W1.fits", "W2.fits", "toy-w.safetensors"):
        shutil.copy(field / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)

    def run(*words):
        capfd.readouterr()
        monkeypatch.setattr(console.manners, "quiet", False)
        code = call([*map(str, words)])
        out, err = capfd.readouterr()
        return code, out, err

    return run


def call(words):
    return console.run(lambda: app.call(words))


PREDICT = ("--task", "toy", "--model", "toy-w.safetensors", "--threads", "1")
OUT = ("--out", "x.safetensors")
IMAGES = ("--images", "W1=W1.fits", "--images", "W2=W2.fits")


def answers(path):
    with fits.open(path) as file:
        table = file["CATALOGUE"].data if "CATALOGUE" in file else file[1].data
        return {name: np.array(table[name]) for name in table.names}


def test_answers_are_right_and_the_same_from_images_and_from_stamps(ask):
    code, _, err = ask("predict", "cat.fits", *PREDICT, *IMAGES)
    assert code == 0, err
    code, _, err = ask("predict", "stamps.fits", *PREDICT)
    assert code == 0, err
    images, stamps = answers("cat.fits"), answers("stamps.fits")
    clean = images["P_RED_FLAG"] == 0
    assert clean.mean() > 0.8  # those at the border reach over it
    assert np.mean((images["P_RED"] > 0.5)[clean] == (images["IS_RED"] == 1)[clean]) > 0.95
    assert (images["P_RED_FLAG"] & ~Flag.EDGE).max() == 0
    assert np.allclose(images["P_RED"], stamps["P_RED"], atol=1e-6)
    assert set(stamps) >= {"DX", "DY", "FLAG", "P_RED", "P_RED_FLAG"}
    with fits.open("stamps.fits", memmap=False) as file:
        assert file["IMAGES"].data.shape == (576, 2, 20, 20)


def test_a_stamp_file_beside_the_catalogue(ask):
    code, _, err = ask("predict", "cat.fits", *PREDICT, "--stamps", "stamps.fits")
    assert code == 0, err
    assert ask("predict", "stamps.fits", *PREDICT)[0] == 0
    assert np.array_equal(answers("cat.fits")["P_RED"], answers("stamps.fits")["P_RED"], equal_nan=True)


def test_the_table_alone_is_written_elsewhere(ask):
    before = Path("stamps.fits").read_bytes()
    code, _, err = ask("predict", "stamps.fits", *PREDICT, "--table-only")
    assert code == 2
    assert "--out FILE" in err
    code, _, err = ask("predict", "stamps.fits", *PREDICT, "--table-only", "--out", "answers.fits")
    assert code == 0, err
    assert Path("stamps.fits").read_bytes() == before
    with fits.open("answers.fits") as file:
        assert [unit.name for unit in file] == ["PRIMARY", "CATALOGUE"]
        assert np.isfinite(file[1].data["P_RED"]).all()
    assert Path("answers.fits").stat().st_size < len(before) / 10


def test_a_second_run_does_nothing_and_changed_images_are_told(ask):
    assert ask("predict", "cat.fits", *PREDICT, *IMAGES)[0] == 0
    before = Path("cat.fits").read_bytes()
    code, _, err = ask("predict", "cat.fits", *PREDICT, *IMAGES)
    assert (code, Path("cat.fits").read_bytes()) == (0, before)
    assert "nothing to do" in err
    with fits.open("W1.fits", mode="update") as file:
        file[0].data[:] *= 1.5
    code, _, err = ask("predict", "cat.fits", *PREDICT, *IMAGES)
    assert (code, Path("cat.fits").read_bytes()) == (2, before)
    assert "images" in err
    assert "--overwrite" in err


def test_a_second_run_on_a_stamp_file_does_nothing(ask):
    assert ask("predict", "stamps.fits", *PREDICT)[0] == 0
    before = Path("stamps.fits").read_bytes()
    code, _, err = ask("predict", "stamps.fits", *PREDICT)
    assert (code, Path("stamps.fits").read_bytes()) == (0, before)
    assert "nothing to do" in err


def test_without_images_the_error_names_the_bands(ask):
    before = Path("cat.fits").read_bytes()
    code, _, err = ask("predict", "cat.fits", *PREDICT)
    assert code == 2
    assert "toy-w needs images of W1 W2; none are named" in err
    assert "--images W1=FILE" in err
    code, _, err = ask("predict", "cat.fits", *PREDICT, "--images", "K=W1.fits")
    assert code == 2
    assert "toy-w needs images of W1 W2; there are K" in err
    code, _, err = ask("predict", "cat.fits", *PREDICT, "--images", "W1=W1.fits")
    assert code == 2
    assert "needs two of its bands (W1 W2); found: W1" in err
    assert Path("cat.fits").read_bytes() == before


def test_images_of_another_scale_are_refused_or_resampled(ask):
    for band in skyfield.BANDS:
        with fits.open(f"{band}.fits") as file:
            image = file[0].data.astype("f8")
            coarse = image.reshape(192, 2, 192, 2).sum((1, 3)).astype("f4")
        fits.PrimaryHDU(coarse, skyfield.header(192, 2 * skyfield.SCALE).to_header()).writeto(f"coarse_{band}.fits")
    coarse = [word for band in skyfield.BANDS for word in ("--images", f"{band}=coarse_{band}.fits")]
    code, _, err = ask("predict", "cat.fits", *PREDICT, *coarse)
    assert code == 2
    assert "pixels of 0.4 arcsec; these have 0.8 arcsec" in err
    assert "--resample" in err
    code, _, err = ask("predict", "cat.fits", *PREDICT, *coarse, "--resample")
    assert code == 0, err
    found = answers("cat.fits")
    clean = found["P_RED_FLAG"] == 0
    assert np.mean((found["P_RED"] > 0.5)[clean] == (found["IS_RED"] == 1)[clean]) > 0.85


def test_rows_off_the_images_keep_their_place_without_an_answer(ask):
    with fits.open("cat.fits", mode="update") as file:
        file[1].data["RA"][:3] = [np.nan, 10.0, 330.0]  # no position; elsewhere; on the far side
    code, _, err = ask("predict", "cat.fits", *PREDICT, *IMAGES)
    assert code == 0, err
    found = answers("cat.fits")
    assert np.isnan(found["P_RED"][:3]).all()
    off, none, few, missing = Flag.OFF_IMAGE, Flag.NO_POSITION, Flag.TOO_FEW_BANDS, Flag.MISSING_BAND
    assert found["P_RED_FLAG"][:3].tolist() == [none | few | missing, off | few | missing, off | few | missing]
    assert np.isfinite(found["P_RED"][3:]).all()
    assert found["ID"].tolist() == list(range(576))


def test_a_missing_band_is_flagged_where_images_overlap_in_part(ask):
    with fits.open("W2.fits") as file:
        fits.PrimaryHDU(file[0].data[:200], file[0].header).writeto("half.fits")
    code, _, err = ask("predict", "cat.fits", *PREDICT, "--images", "W1=W1.fits", "--images", "W2=half.fits")
    assert code == 0, err
    found = answers("cat.fits")
    lost = found["P_RED_FLAG"] & Flag.MISSING_BAND != 0
    assert 200 < lost.sum() < 350
    assert np.isnan(found["P_RED"][lost]).all()  # one band of two is too few
    assert np.isfinite(found["P_RED"][~lost]).all()


def test_training_on_images_gives_what_training_on_stamps_gives(ask, field):
    words = ("--task", "toy", "--network", "picture", "--threads", "1", "--size", "16")
    code, _, err = ask("train", "cat.fits", *words, *IMAGES, "--out", "second.safetensors", "--name", "toy-w")
    assert code == 0, err
    from skycnn.network import model

    first, second = (
        model.read(model.locate(str(path))) for path in (field / "toy-w.safetensors", "second.safetensors")
    )
    assert second.card.stamp == first.card.stamp == 16
    assert second.card.pixel_scale == pytest.approx(skyfield.SCALE, rel=1e-6)
    assert second.card.inputs == ("image",)
    for name, numbers in first.tensors.items():
        assert np.array_equal(numbers, second.tensors[name]), name


def test_training_without_images_or_size_says_what_to_type(ask):
    words = ("--task", "toy", "--network", "picture", "--out", "x.safetensors")
    code, _, err = ask("train", "cat.fits", *words)
    assert code == 2
    assert "needs images; none are named" in err
    code, _, err = ask("train", "cat.fits", *words, *IMAGES)
    assert code == 2
    assert "the size of the stamps is not given" in err
    assert not Path("x.safetensors").exists()


def test_a_network_of_fluxes_refuses_images(ask):
    code, _, err = ask("train", "cat.fits", "--task", "toy", *IMAGES, "--out", "x.safetensors")
    assert code == 2
    assert "takes no images" in err


def test_what_would_be_read_and_written_is_shown(ask):
    code, out, err = ask("predict", "cat.fits", *PREDICT, *IMAGES, "--dry-run")
    assert code == 0, err
    assert out.startswith("WRITES")  # and no empty table of fluxes
    assert "would be written: 576 rows" in err


def test_a_few_rows_are_counted_as_such(ask):
    code, out, err = ask("predict", "cat.fits", *PREDICT, *IMAGES, "--rows", "3:4", "--out", "few.fits", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["rows"], found["asked"], found["answered"]) == (576, 1, 1)
    assert found["rate"] == pytest.approx(1 / found["seconds"])
    assert ask("predict", "few.fits", *PREDICT, *IMAGES, "--rows", "3:4")[2].endswith(
        "(same model, options, images); nothing to do\n"
    )
    assert "1 row asked for without an answer" in ask("predict", "few.fits", *PREDICT, *IMAGES, "--rows", "3:5")[2]


def test_a_field_elsewhere_is_said_before_the_work(ask):
    with fits.open("cat.fits", mode="update") as file:
        file[1].data["RA"] += 90
    for more in (("--dry-run",), ()):
        code, _, err = ask("predict", "cat.fits", *PREDICT, *IMAGES, *more)
        assert code == 0, err
        assert "warning: no row of 576 lies on any image: the first image lies about RA 150.0" in err
    code, _, err = ask("train", "cat.fits", *IMAGES, "--task", "toy", "--network", "picture", "--size", "16", *OUT)
    assert code == 2
    assert "has no rows to train with" in err
    assert "576 off the images" in err
