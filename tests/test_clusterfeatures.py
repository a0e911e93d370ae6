"""clusterfeatures: baselines of masses on a catalogue, on stamps and on both; what a catalogue lacks is said."""

import numpy as np
import pytest
from astropy.io import fits

from classical import few_trees  # noqa: F401
from skycnn import baselines, tasks
from skycnn.features import of_kinds
from skycnn.network import model
from skycnn.shapes.clusterfeatures import SETS, compressed
from skycnn.verbs import score as verb
from ugrizclusters import PIXEL, SIDE, cluster

pytestmark = pytest.mark.usefixtures("few_trees")

ROWS = 90


@pytest.fixture(scope="module")
def sky():
    """Return columns and stamps of clusters whose members and diffuse light tell the mass; richness is a poor guide."""
    random = np.random.default_rng(3)
    mass, z = random.normal(14.2, 0.3, ROWS), random.uniform(0.12, 0.28, ROWS)
    number = random.poisson(20 * 10 ** (0.75 * (mass - 14.2)))
    between = 6 * 10 ** (0.8 * (mass - 14.2) + 0.1 * random.standard_normal(ROWS))
    stamps = [cluster(*each, random, diffuse=more) for each, more in zip(zip(z, number), between)]  # noqa: B905
    label = mass + 0.1 * random.standard_normal(ROWS)
    return {
        "LOG_M500": mass + 0.05 * random.standard_normal(ROWS),
        "CLUSTERMASS_FLAG": np.zeros(ROWS, np.int32),
        "LOG_M500_TRUE": mass,
        "LOG_M500_LABEL": np.where(np.arange(ROWS) < 70, label, np.nan),
        "Z": z,
        "LAMBDA": 25 * 10 ** (0.75 * (mass - 14.2) + 0.2 * random.standard_normal(ROWS)),
    }, np.stack(stamps)


@pytest.fixture
def write(sky, tmp_path, monkeypatch):
    """Return how to write a stamp file with some of the columns; a model that answers such stamps is at hand."""
    monkeypatch.setenv("SKYCNN_MODELS", str(tmp_path))
    card = model.Card(
        name="clustermass-toy", task="clustermass", network="mass", survey="", inputs=("image",), bands=tuple("ugriz"),
        pixel_scale=PIXEL, stamp=SIDE,
    )  # fmt: skip
    sealed = model.seal(card, {"nothing": np.zeros(1, np.float32)})
    (tmp_path / "clustermass-toy.safetensors").write_bytes(model.encode(sealed))

    def written(*left_out, stamps=True):
        held, pixels = sky
        form = {"f": "D", "i": "J"}
        kept = {name: values for name, values in held.items() if name not in left_out}
        columns = [fits.Column(name, form[v.dtype.kind], array=v) for name, v in kept.items()]
        image = fits.PrimaryHDU(pixels if stamps else None)
        if stamps:
            image.header.update({"BANDS": "u g r i z", "PIXSCALE": 6.336, "BUNIT": "uJy"})
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.fits"
        fits.HDUList([image, fits.BinTableHDU.from_columns(columns, name="CATALOGUE")]).writeto(path)
        return str(path)

    return written


def scored(path, **options):
    notes: list[str] = []
    given = {"task": "clustermass", "model": "clustermass-toy", "resamples": 30, "truth": ("LOG_M500_TRUE",)} | options
    (answer,) = verb.score([path], verb.Options(**given), notes.append).answers
    return {entry.name: entry for entry in answer.entries}, notes


def test_each_set_sees_more_than_the_one_before(write):
    found, notes = scored(write())
    usual = [f"{method} {name}" for name, make in SETS.items() for method in make.methods]
    assert list(found) == ["LOG_M500", "median", *usual] and notes == []
    mae = {name: entry.scores["mae"].value for name, entry in found.items()}
    assert mae["ridge redshift"] == pytest.approx(mae["median"], rel=0.1)
    assert mae["ridge richness"] < 0.8 * mae["median"]
    assert max(mae["ridge apertures"], mae["ridge stamp"]) < mae["ridge richness"]
    assert mae["ridge counts"] < mae["median"]
    assert found["ridge diffuse"].scores["slope"].value > 0.7 > found["ridge richness"].scores["slope"].value
    ratios = [found[name].ratio["mae"] for name in ("median", "ridge richness")]
    assert ratios[0].value < ratios[1].value and all(ratio.high < 1 for ratio in ratios)


def test_labels_train_them_and_the_truth_judges(write):
    found, _ = scored(write(), train_truth=("LOG_M500_LABEL",), baselines=("ridge diffuse", "forest apertures"))
    assert [entry.learned for entry in found.values()][1:] == [56, 56]
    assert found["ridge diffuse"].scores["mae"].value < 0.2
    assert "on LOG_M500_LABEL" in found["ridge diffuse"].note


def test_what_a_catalogue_lacks_is_said_and_the_others_run(write):
    named = ("ridge richness", "ridge apertures", "ridge stamp", "ridge redshift")
    found, notes = scored(write("LAMBDA"), baselines=named)
    assert found["ridge richness"].note == "no richness was found" and not found["ridge richness"].scores
    assert found["ridge apertures"].scores["mae"].value < 0.25
    assert ["no richness" in note for note in notes] == [True]
    found, notes = scored(write("Z"), baselines=named)
    assert [name for name, entry in found.items() if entry.scores] == ["LOG_M500", "ridge richness"]
    assert found["ridge stamp"].note == "no image was found"
    found, notes = scored(write(stamps=False))
    assert [name for name, entry in found.items() if entry.scores] == [
        "LOG_M500", "median", "ridge redshift", "ridge richness",
    ]  # fmt: skip


def test_a_row_without_a_richness_or_a_stamp_is_answered_by_what_it_has(sky):
    held, pixels = sky
    inputs = {"redshift": held["Z"], "richness": held["LAMBDA"].copy()}
    about = {"bands": np.array(list("ugriz")), "pixel_scale": np.array(PIXEL)}
    inputs |= SETS["diffuse"].measure({"image": pixels, "redshift": held["Z"]} | about)
    inputs["richness"][:20] = np.nan
    for name in inputs:
        if name.startswith("image"):
            inputs[name][10:30] = np.nan
    for name, make in SETS.items():
        baseline = baselines.build("ridge", features=make)
        seen = of_kinds(inputs, make.inputs)
        baseline.fit(seen, held["LOG_M500_TRUE"])
        assert np.isfinite(baseline.answer(seen).value).all(), name
        table = make(seen).table(seen)
        assert table.dtype == np.float32 and table.shape[1] <= 20


def test_numbers_are_logarithms_where_there_is_much():
    assert compressed(np.array([0.0, 100.0, 1000.0])) == pytest.approx([0, 2.301, 3.301], abs=1e-3)
    assert compressed(np.array([-100.0])) == -compressed(np.array([100.0]))


def test_the_task_has_them():
    assert tasks.load("clustermass").features == SETS
