"""The pixel path from images to answers: a small image task trained on stamps, asked of stamps and of images."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

import skyfield
from skycnn import tasks
from skycnn.cli import app, console
from skycnn.errors import Interrupted
from skycnn.files.journal import Journal
from skycnn.schema import Flag
from skycnn.stamps.stampfile.cube import Cube

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """A folder with images, a catalogue, its stamps, and a model trained on them."""
    folder = tmp_path_factory.mktemp("field")
    (folder / "tasks").mkdir()
    shutil.copy(HERE / "redness.py", folder / "tasks" / "toy.py")
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
    assert (images["P_RED_FLAG"] & ~(Flag.EDGE | Flag.UNLIKE_TRAINING)).max() == 0
    assert np.mean(images["P_RED_FLAG"] & Flag.UNLIKE_TRAINING != 0) < 0.05
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


@pytest.mark.parametrize("unit", [0, 1], ids=["a pixel", "a place"])
def test_a_change_of_any_stamp_is_noticed(ask, unit):
    assert ask("predict", "stamps.fits", *PREDICT)[0] == 0
    with fits.open("stamps.fits", mode="update") as file:
        if unit == 0:
            file["IMAGES"].data[301, 1, 9, 9] += 5
        else:
            file["CATALOGUE"].data["DX"][301] += 0.5
    code, _, err = ask("predict", "stamps.fits", *PREDICT)
    assert code == 2 and "the columns used, the stamps or the rows have changed since 2023-11-14" in err
    before = answers("stamps.fits")["P_RED"]
    assert ask("predict", "stamps.fits", *PREDICT, "--overwrite")[0] == 0
    changed = np.flatnonzero(answers("stamps.fits")["P_RED"] != before)
    assert set(changed) <= {301}


def test_a_stamp_file_that_has_grown_is_answered_where_it_is_new(ask):
    assert ask("predict", "stamps.fits", *PREDICT)[0] == 0
    with fits.open("stamps.fits", memmap=False) as file:
        images, rows = file["IMAGES"], file["CATALOGUE"]
        images.data = np.concatenate([images.data, images.data[:20]])
        rows.data = np.concatenate([rows.data, rows.data[:20]])
        for name in ("P_RED", "P_RED_LO", "P_RED_HI", "P_RED_FLAG"):
            rows.data[name][-20:] = 0
        file.writeto("grown.fits")
    code, _, err = ask("predict", "grown.fits", *PREDICT, "--only-new")
    assert code == 0, err
    found = answers("grown.fits")["P_RED"]
    assert np.allclose(found[-20:], found[:20], atol=1e-6)
    assert ask("predict", "grown.fits", *PREDICT, "--only-new")[2].endswith("nothing to do\n")


def test_a_run_on_stamps_that_was_ended_goes_on_and_not_with_other_stamps(ask, monkeypatch):
    monkeypatch.setattr(Cube, "chunk", 64)
    put, chunks = Journal.put, []

    def counted(self, first, *args):
        put(self, first, *args)
        chunks.append(first)
        if chunks == [0, 64]:
            raise Interrupted(15)

    monkeypatch.setattr(Journal, "put", counted)
    assert ask("predict", "stamps.fits", *PREDICT)[0] == 143
    chunks.clear()
    shutil.copy("stamps.fits", "same.fits")
    code, _, err = ask("predict", "stamps.fits", *PREDICT)
    assert (code, chunks[:2]) == (0, [128, 192])
    assert "taken over from an earlier run: 128 rows" in err
    chunks.clear()
    assert ask("predict", "same.fits", *PREDICT)[0] == 143
    with fits.open("same.fits", mode="update") as file:
        file["IMAGES"].data[5] = file["IMAGES"].data[200]
    code, _, err = ask("predict", "same.fits", *PREDICT)
    assert code == 0 and "the journal of another run was found and thrown away" in err
    assert answers("same.fits")["P_RED"][5] == pytest.approx(answers("stamps.fits")["P_RED"][200], abs=0.2)


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
    clean = found["P_RED_FLAG"] & ~Flag.UNLIKE_TRAINING == 0
    assert np.mean((found["P_RED"] > 0.5)[clean] == (found["IS_RED"] == 1)[clean]) > 0.85
    assert np.mean(found["P_RED_FLAG"] & Flag.UNLIKE_TRAINING != 0) > 0.9  # noise like this was never seen


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


def scaled(name, factor, unit, band=None):
    """Multiply the pixels of a file, of one band or all, and state their unit; None takes the card away."""
    with fits.open(name, memmap=False) as file:
        if band is None:
            file[0].data *= np.float32(factor)
        else:
            file[0].data[:, band] *= np.float32(factor)
        file[0].header.remove("BUNIT", ignore_missing=True)
        if unit is not None:
            file[0].header["BUNIT"] = unit
        file.writeto(name, overwrite=True)


def test_stamps_in_another_unit_get_the_same_answers(ask):
    assert ask("predict", "stamps.fits", *PREDICT, "--out", "a.fits", "--table-only")[0] == 0
    scaled("stamps.fits", 1000, "nJy")
    code, _, err = ask("predict", "stamps.fits", *PREDICT, "--out", "b.fits", "--table-only")
    assert code == 0, err
    assert err.count("pixels brought to microjansky: W1 W2 from nJy (x 0.001)") == 1
    assert "no BUNIT" not in err
    first, second = answers("a.fits"), answers("b.fits")
    assert np.allclose(first["P_RED"], second["P_RED"], atol=1e-5)
    assert np.array_equal(first["P_RED_FLAG"], second["P_RED_FLAG"])


def test_without_a_unit_microjansky_are_assumed_and_told_and_stated_they_change_no_bit(ask):
    _, _, err = ask("predict", "stamps.fits", *PREDICT, "--out", "a.fits", "--table-only")
    assert err.count("warning: pixels of W1 W2: no BUNIT, taken as microjansky") == 1
    scaled("stamps.fits", 1, "uJy")
    code, _, err = ask("predict", "stamps.fits", *PREDICT, "--out", "b.fits", "--table-only")
    assert (code, "pixels" in err) == (0, False)
    assert answers("a.fits")["P_RED"].tobytes() == answers("b.fits")["P_RED"].tobytes()


def test_each_image_has_its_own_unit(ask):
    assert ask("predict", "cat.fits", *PREDICT, *IMAGES, "--out", "a.fits")[0] == 0
    scaled("W1.fits", 1000, "nJy/pixel")
    scaled("W2.fits", 10**-0.56, "nanomaggy")
    code, _, err = ask("predict", "cat.fits", *PREDICT, *IMAGES, "--out", "b.fits")
    assert code == 0, err
    assert "pixels brought to microjansky: W1 from nJy (x 0.001), W2 from nanomaggy (x 3.63078)" in err
    assert np.allclose(answers("a.fits")["P_RED"], answers("b.fits")["P_RED"], atol=1e-5, equal_nan=True)


def test_each_row_s_image_has_its_own_unit(ask):
    with fits.open("stamps.fits", memmap=False) as file:
        stamps = file["IMAGES"].data[:6]
        ids = file["CATALOGUE"].data["ID"][:6]
    words = ("--rows", "0:6", "--images", "W1={ID}_W1.fits", "--images", "W2={ID}_W2.fits")
    for name, units in (("a.fits", ["uJy"] * 6), ("b.fits", ["uJy", "nJy", "nJy", "uJy", "adu", None])):
        for number, stamp, unit in zip(ids, stamps, units, strict=True):
            for band, pixels in zip(skyfield.BANDS, stamp, strict=True):
                image = fits.PrimaryHDU(pixels * np.float32(1000 if unit == "nJy" else 1))
                if unit is not None:
                    image.header["BUNIT"] = unit
                image.writeto(f"{number}_{band}.fits", overwrite=True)
        code, _, err = ask("predict", "cat.fits", *PREDICT, *words, "--out", name)
        assert code == 0, err
    first, second = (answers(name)["P_RED"] for name in ("a.fits", "b.fits"))
    assert np.isfinite(first[:6]).all()
    assert np.allclose(first[:4], second[:4], atol=1e-5)
    assert np.isnan(second[4:6]).all()
    assert (answers("b.fits")["P_RED_FLAG"][4:6] & Flag.UNREADABLE != 0).all()
    assert "row 4: W1 another unit: adu against uJy; W2 another unit: adu against uJy" in err
    assert "row 5: W1 another unit: none against uJy" in err


def test_counts_are_refused_unless_the_user_says_what_they_are(ask):
    assert ask("predict", "stamps.fits", *PREDICT, "--out", "a.fits", "--table-only")[0] == 0
    scaled("stamps.fits", 0.5, "adu")
    before = Path("stamps.fits").read_bytes()
    code, _, err = ask("predict", "stamps.fits", *PREDICT)
    assert (code, Path("stamps.fits").read_bytes()) == (2, before)
    assert "pixels of W1 are in adu (stamps.fits[IMAGES]); toy-w was trained on microjansky" in err
    assert "--pixel-unit W1=UNIT" in err
    words = ("--pixel-unit", "2 uJy", "--out", "b.fits", "--table-only")
    code, _, err = ask("predict", "stamps.fits", *PREDICT, *words)
    assert code == 0, err
    assert "W1 W2 from 2 uJy (x 2)" in err
    assert answers("a.fits")["P_RED"].tobytes() == answers("b.fits")["P_RED"].tobytes()
    code, _, err = ask("predict", "stamps.fits", *PREDICT, "--pixel-unit", "W1=uJy,K=uJy")
    assert code == 2
    assert "--pixel-unit names a band without images: 'K'" in err
    code, _, err = ask("predict", "cat.fits", *PREDICT, "--pixel-unit", "uJy")
    assert code == 2
    assert "--pixel-unit goes with images or stamps" in err


def test_another_unit_is_another_run(ask):
    assert ask("predict", "stamps.fits", *PREDICT, "--pixel-unit", "nJy")[0] == 0
    assert "nothing to do" in ask("predict", "stamps.fits", *PREDICT, "--pixel-unit", "nJy")[2]
    code, _, err = ask("predict", "stamps.fits", *PREDICT)
    assert code == 2, err
    assert "pixel_unit" in err


def test_a_model_of_counts_wants_the_same_counts(ask):
    from skycnn.network import model

    made = model.read(model.locate("toy-w.safetensors"))
    card = replace(made.card, sample={**made.card.sample, "pixel_unit": "adu"})
    Path("toy-w.safetensors").write_bytes(model.encode(model.seal(card, dict(made.tensors))))
    code, _, err = ask("predict", "stamps.fits", *PREDICT, "--out", "a.fits", "--table-only")
    assert code == 0
    assert "warning: pixels of W1 W2: no BUNIT, taken as adu" in err
    scaled("stamps.fits", 1, "ADU")
    code, _, err = ask("predict", "stamps.fits", *PREDICT, "--out", "b.fits", "--table-only")
    assert (code, "pixels" in err) == (0, False)
    scaled("stamps.fits", 1, "uJy")
    code, _, err = ask("predict", "stamps.fits", *PREDICT, "--out", "c.fits", "--table-only")
    assert code == 2
    assert "pixels of W1 are in uJy (stamps.fits[IMAGES]); toy-w was trained on adu" in err


def test_units_of_bands_outlive_a_cutout(ask):
    assert ask("predict", "cat.fits", *PREDICT, *IMAGES, "--out", "a.fits")[0] == 0
    scaled("W1.fits", 1000, "nJy")
    scaled("W2.fits", 1, "uJy")
    with fits.open("W1.fits") as file:
        image = file[0].data.copy()
    assert ask("cutout", "cat.fits", *IMAGES, "--size", "20", "--out", "mixed.fits")[0] == 0
    with fits.open("mixed.fits", memmap=False) as file:
        assert (file[0].header["BUNITS"], "BUNIT" in file[0].header) == ("nJy, uJy", False)
        assert np.isin(file[0].data[:5, 0][np.isfinite(file[0].data[:5, 0])], image).all()  # as they are
    assert ask("cutout", "mixed.fits", "--size", "18", "--out", "again.fits", "--compress", "gzip")[0] == 0
    for name in ("mixed.fits", "again.fits"):
        code, _, err = ask("predict", name, *PREDICT, "--out", "b.fits", "--table-only", "--overwrite")
        assert code == 0, err
        assert "pixels brought to microjansky: W1 from nJy (x 0.001)" in err
        assert np.allclose(answers("a.fits")["P_RED"], answers("b.fits")["P_RED"], atol=1e-5, equal_nan=True)


def test_training_is_in_microjansky_whatever_the_images_are_in(ask, field):
    from skycnn.network import model

    scaled("W1.fits", 2, None)
    words = ("--task", "toy", "--network", "picture", "--threads", "1", "--size", "16", "--name", "toy-w", *IMAGES)
    code, _, err = ask("train", "cat.fits", *words, "--pixel-unit", "W1=0.5 uJy", "--out", "second.safetensors")
    assert code == 0, err
    assert "pixels brought to microjansky: W1 from 0.5 uJy (x 0.5)" in err
    assert "warning: pixels of W2: no BUNIT, taken as microjansky" in err
    first, second = (
        model.read(model.locate(str(path))) for path in (field / "toy-w.safetensors", "second.safetensors")
    )
    for name, numbers in first.tensors.items():
        assert np.array_equal(numbers, second.tensors[name]), name
    assert second.card.sample["pixel_unit"] == "uJy"
    scaled("W1.fits", 1, "adu")
    scaled("W2.fits", 1, "nJy")
    code, _, err = ask("train", "cat.fits", *words, *OUT)
    assert code == 2
    assert "pixels of W1 are in adu (W1.fits), and those of W2 in nJy (W2.fits)" in err
    code, _, err = ask("train", "cat.fits", *words, "--init", "toy-w.safetensors", "--pixel-unit", "adu", *OUT)
    assert code == 2
    assert "toy-w was trained on microjansky" in err


def test_an_infinite_pixel_is_flagged_and_counts_as_none(ask):
    for name, value in (("a.fits", np.nan), ("b.fits", np.inf)):
        with fits.open("stamps.fits", mode="update") as file:
            file["IMAGES"].data[7, 0, 10, 10] = file["IMAGES"].data[8, 1] = value
        assert ask("predict", "stamps.fits", *PREDICT, "--out", name, "--table-only")[0] == 0
    first, second = answers("a.fits"), answers("b.fits")
    assert second["P_RED_FLAG"][7] & Flag.NAN_PIXELS
    assert second["P_RED_FLAG"][8] & Flag.MISSING_BAND
    for name in ("P_RED", "P_RED_FLAG"):
        assert np.array_equal(first[name], second[name], equal_nan=True)


def test_a_masked_band_is_missing_in_its_rows(ask):
    with fits.open("stamps.fits", memmap=False) as file:
        old = file["CATALOGUE"]
        mask = np.where(old.data["ID"] % 3 == 0, 1, 0)
        columns = fits.ColDefs([*old.columns, fits.Column("W1MASK", "J", array=mask)])
        new = fits.BinTableHDU.from_columns(columns, old.header, name="CATALOGUE")
        fits.HDUList([file[0], new]).writeto("masked.fits")
    code, _, err = ask(
        "predict", "masked.fits", *PREDICT, "--mask-band", "W1=W1MASK", "--out", "a.fits", "--table-only"
    )
    assert code == 0, err
    assert "band W1 dropped where W1MASK" in err
    found = answers("a.fits")
    assert np.array_equal(found["P_RED_FLAG"] & Flag.MISSING_BAND != 0, mask != 0)
    assert np.isnan(found["P_RED"][mask != 0]).all()  # one band of two is too few
    assert np.isfinite(found["P_RED"][mask == 0]).all()
    code, _, err = ask("predict", "masked.fits", *PREDICT, "--mask-band", "K=W1MASK")
    assert code == 2
    assert "--mask-band names a band that toy-w has not: 'K'" in err


@pytest.mark.parametrize(
    "words",
    [("--band", "W1=W"), ("--error", "0.1"), ("--unit", "mag"), ("--photometry", "auto")],
)
def test_a_model_of_images_refuses_what_is_said_of_fluxes(ask, words):
    code, _, err = ask("predict", "stamps.fits", *PREDICT, *words)
    assert code == 2
    assert f"toy-w takes no fluxes, and {words[0]} tells of them" in err
    assert f"Leave {words[0]} out." in err
    code, _, err = ask("train", "stamps.fits", "--task", "toy", "--network", "picture", *words, *OUT)
    assert code == 2
    assert f"takes no fluxes, and {words[0]} tells of them" in err


@pytest.mark.parametrize("bits", [":2", ""])
def test_a_mask_that_hides_every_stamp_is_said(ask, bits):
    """All pixels have bit 0, as detected ones may: no answers without a word."""
    with fits.open("W1.fits") as units:
        shape = next(unit.shape for unit in units if len(unit.shape) == 2)
    fits.writeto("m.fits", np.ones(shape, "i2"))
    code, _, err = ask("predict", "cat.fits", *PREDICT, *IMAGES, "--mask", f"W1=m.fits{bits}")
    assert code == 0, err
    assert ("warning: W1: the mask hides every pixel of" in err) == (not bits), err
