"""score: the verb and its command, on a stand-in's answers and on hand-made columns, for both sets of scores."""

import json
import os
import sys

import numpy as np
import pytest
from astropy.io import fits

from classical import few_trees  # noqa: F401
from shell import python, run
from skycnn import baselines, metrics, tasks
from skycnn.cli import app, process
from skycnn.cli import score as command
from skycnn.errors import InputError
from skycnn.photometry.fluxes import PhotometryOptions
from skycnn.scoring import scoretable
from skycnn.verbs import score as verb

BANDS = "ugriz"

pytestmark = pytest.mark.usefixtures("few_trees")

TOY = '''"""A toy: is it a star?"""

from torch import nn

from skycnn.posterior import Bernoulli
from skycnn.task import Network, Task, Truth

TRUTHS = {"P_STAR": Truth(("IS_STAR",), 0, 1)}
TASK = Task(
    "toy", "stars", "nobody", lambda column="P_STAR", meaning="of a star", spread=False: Bernoulli(column, meaning),
    {"flux": Network(nn.Linear, ("flux",))}, "TOY", TRUTHS,
)
'''


def galaxies(n=300, seed=0):
    """Columns of galaxies whose colours follow their redshift, with a photo-z of 2 % scatter and right intervals."""
    random = np.random.default_rng(seed)
    z = random.uniform(0.05, 0.8, n)
    r = random.uniform(17, 21, n)
    held = {"ID": np.arange(n), "Z_SPEC": z}
    for k, band in enumerate(BANDS):
        held[f"modelMag_{band}"] = r - (k - 2) * (0.2 + z) + 0.02 * random.standard_normal(n)
        held[f"modelMagErr_{band}"] = np.full(n, 0.02)
    sigma = 0.02 * (1 + z)
    phot = z + sigma * random.standard_normal(n)
    held |= {"Z_PHOT": phot, "Z_PHOT_LO": phot - sigma, "Z_PHOT_HI": phot + sigma, "Z_PHOT_FLAG": np.zeros(n, np.int32)}
    return held | {"TILE": np.array([f"T{i}" for i in random.integers(0, 30, n)])}


def write(path, held, **comments):
    columns = []
    for name, values in held.items():
        values = np.asarray(values)
        width = values.shape[1] if values.ndim == 2 else ""
        form = f"{values.dtype.itemsize // 4}A" if values.dtype.kind == "U" else f"{width}{FORMS[values.dtype.str[1:]]}"
        columns.append(fits.Column(name, form, array=values))
    table = fits.BinTableHDU.from_columns(columns, name="CAT")
    for name, comment in comments.items():
        table.header[f"TCOMM{list(held).index(name) + 1}"] = comment
    table.writeto(path, overwrite=True)
    return str(path)


FORMS = {"f8": "D", "f4": "E", "i8": "K", "i4": "J", "i2": "I", "b1": "L"}


@pytest.fixture
def cat(tmp_path):
    return write(tmp_path / "cat.fits", galaxies())


def scored(*texts, task="standin", **options):
    given = {"baselines": ("median", "knn"), "resamples": 50} | options
    return verb.score(texts, verb.Options(task=task, **given))


def by_name(result, answer=0):
    return {entry.name: entry for entry in result.answers[answer].entries}


@pytest.fixture
def cli(monkeypatch, capsys):
    """Run a command line in this process; return what it prints."""
    monkeypatch.setattr(process, "prepare", lambda threads: 1)

    def ran(*args):
        app.call(["score", *args])
        return capsys.readouterr().out

    return ran


def test_the_table_holds_the_metrics_of_the_columns(standin, cat):
    held, result = galaxies(), scored(cat)
    own = by_name(result)["Z_PHOT"]
    assert result.answers[0].rows == 300
    assert result.answers[0].truth == "Z_SPEC"
    assert own.scores["sigma_nmad"].value == pytest.approx(metrics.sigma_nmad(held["Z_PHOT"], held["Z_SPEC"]))
    inside = metrics.coverage(held["Z_PHOT_LO"], held["Z_PHOT_HI"], held["Z_SPEC"])
    assert own.scores["coverage_68"].value == pytest.approx(inside)
    assert own.scores["coverage_95"].value == pytest.approx(0.95, abs=0.03)
    assert "two half normals" in own.note
    knn = by_name(result)["knn"]
    assert knn.note == result.trained_on == "cross-fitted 5-fold within the rows scored"
    assert knn.scores["sigma_nmad"].value < 0.05 < by_name(result)["median"].scores["sigma_nmad"].value
    assert by_name(result)["median"].difference["mae"].high < 0
    assert sum(result.answers[0].pit) == 300


def test_the_answers_of_predict_are_scored_with_their_bands_and_model(standin, tmp_path):
    from skycnn.verbs import predict

    held = {name: values for name, values in galaxies().items() if not name.startswith("Z_PHOT")}
    path = write(tmp_path / "raw.fits", held)
    predict.predict(path, predict.Options(task="standin", pdf=True, suffix="_NEW"))
    result = scored(path, suffix="_NEW", truth=("Z_SPEC",))
    assert (result.answers[0].value, result.model, result.bands) == ("Z_PHOT_NEW", "standin-sdss-flux", tuple(BANDS))
    assert len(result.model_sha256) == 64
    assert by_name(result)["Z_PHOT_NEW"].note == "distribution: the bins of Z_PHOT_PDF_NEW"
    grid, halves = (by_name(r)["Z_PHOT_NEW"] for r in (result, _without_pdf(path, tmp_path)))
    assert grid.scores["coverage_68"] == halves.scores["coverage_68"]
    assert grid.scores["crps"].value == pytest.approx(halves.scores["crps"].value, rel=0.2)


def _without_pdf(path, tmp_path):
    with fits.open(path) as file:
        kept = [column for column in file[1].columns if column.name != "Z_PHOT_PDF_NEW"]
        fits.BinTableHDU.from_columns(kept, header=fits.Header()).writeto(tmp_path / "nopdf.fits")
    return scored(str(tmp_path / "nopdf.fits"), suffix="_NEW")


def test_the_bins_of_a_posterior_give_crps_and_pit(standin, tmp_path):
    held, edges = galaxies(), np.linspace(0, 1.5, 151)
    sigma = 0.02 * (1 + held["Z_SPEC"])
    middle = (edges[1:] + edges[:-1]) / 2
    held["Z_PHOT_PDF"] = np.exp(-0.5 * ((middle - held["Z_PHOT"][:, None]) / sigma[:, None]) ** 2).astype(np.float32)
    path = write(tmp_path / "pdf.fits", held, Z_PHOT_PDF="probability in 150 bins of linear from 0 to 1.5")
    own = by_name(scored(path))["Z_PHOT"]
    assert own.note == "distribution: the bins of Z_PHOT_PDF"
    halves = by_name(scored(write(tmp_path / "cat.fits", galaxies())))["Z_PHOT"]
    assert own.scores["crps"].value == pytest.approx(halves.scores["crps"].value, rel=0.02)
    assert own.scores["pit_width"].value == pytest.approx(1.0, abs=0.1)


def test_null_truths_rows_not_run_and_rows_outside_where_are_left_out(standin, tmp_path):
    held = galaxies()
    held["Z_SPEC"][:4] = np.nan, -9.0, 99.0, np.inf
    held["Z_PHOT_FLAG"][4:7] = -1
    held["Z_PHOT_FLAG"][10:12] = 8
    result = scored(write(tmp_path / "c.fits", held), where="Z_SPEC >= 0.1 & ID > 8")
    kept = (held["Z_SPEC"] >= 0.1) & (held["Z_SPEC"] < 90) & (held["ID"] > 8)
    assert result.answers[0].rows == kept.sum()
    assert result.answers[0].left_out == {"without a truth": 4, "outside --where": 296 - kept.sum()}
    assert result.answers[0].flagged == {"missing_band": int(kept[10:12].sum())}
    assert scored(write(tmp_path / "c.fits", held)).answers[0].left_out == {"without a truth": 4, "not run": 3}


def test_unanswered_rows_are_outliers(standin, tmp_path):
    held = galaxies()
    held["Z_PHOT"][:30] = np.nan
    held["Z_PHOT"][30:33] = -99.0
    own = by_name(scored(write(tmp_path / "c.fits", held)))["Z_PHOT"]
    assert own.answered == pytest.approx(267 / 300)
    assert own.scores["outliers"].value == pytest.approx(33 / 300, abs=0.004)
    assert own.scores["sigma_nmad"].value < 0.03


def test_a_training_sample_is_used_and_kept_apart(standin, cat, tmp_path):
    other = write(tmp_path / "other.fits", galaxies(200, seed=1))
    result = scored(cat, train=(other,))
    assert result.trained_on == f"trained on {other} (200 rows)"
    with pytest.raises(InputError, match=r"300 of the rows to score stand in --train .*cross-fitted"):
        scored(cat, train=(cat,))
    with pytest.raises(InputError, match="TILE T0 stands among"):
        scored(cat, train=(other,), group="TILE")


def test_groups_and_bins_and_rival_columns(standin, tmp_path):
    held = galaxies()
    held["ZBEST"] = held["Z_SPEC"] + 0.001
    path = write(tmp_path / "c.fits", held)
    result = scored(path, group="TILE", by=("modelMag_r", 17.0, 21.0, 2), baseline=("ZBEST",))
    assert result.answers[0].bootstrap == "50 bootstrap resamples of 30 groups"
    assert "by TILE" in result.trained_on
    assert [entry.name for entry in result.answers[0].entries] == ["Z_PHOT", "ZBEST", "median", "knn"]
    assert by_name(result)["ZBEST"].scores["mae"].value == pytest.approx(0.001)
    assert by_name(result)["ZBEST"].difference["sigma_nmad"].low > 0
    assert np.isnan(by_name(result)["ZBEST"].scores["crps"].value)
    assert [b.rows for b in result.answers[0].bins] == [
        int((held["modelMag_r"] < 19).sum()),
        int(((held["modelMag_r"] >= 19) & (held["modelMag_r"] <= 21)).sum()),
    ]


def test_several_catalogues_are_one_sample(standin, cat, tmp_path):
    other = write(tmp_path / "b.fits", galaxies(100, seed=3))
    result = scored(cat, other)
    assert (result.answers[0].rows, len(result.files)) == (400, 2)


def test_files_are_told_apart_where_that_is_asked(standin, cat, cli, tmp_path):
    other = galaxies(200, seed=1)
    other["Z_PHOT"] += 0.1
    second = write(tmp_path / "second.fits", other)
    words = ("--task", "standin", "--truth", "Z_SPEC", "--baselines", "none", "--by", "file")
    found = json.loads(cli(cat, second, *words, "--json"))
    assert [(os.path.basename(part["name"]), part["rows"]) for part in found["bins"]] == [
        ("cat.fits[CAT]", 300),
        ("second.fits[CAT]", 200),
    ]
    bias = [part["entries"][0]["scores"]["bias"]["value"] for part in found["bins"]]
    assert bias[1] - bias[0] > 0.04
    held = galaxies()
    held["file"] = (np.arange(len(held)) % 3).astype("i4")
    found = json.loads(cli(write(tmp_path / "named.fits", held), *words, "--json"))
    assert [part["name"] for part in found["bins"]] == ["0", "1", "2"]  # a column so named wins


def test_all_models_of_several_catalogues_are_told(standin, cat, cli, tmp_path, capsys):
    from skycnn.verbs import predict

    held = {name: values for name, values in galaxies().items() if not name.startswith("Z_PHOT")}
    paths = [write(tmp_path / name, held) for name in ("a.fits", "b.fits", "c.fits")]
    models = (None, str(standin / "other" / "standin-other-flux.safetensors"), None)
    for path, model in zip(paths, models, strict=True):
        predict.predict(path, predict.Options(task="standin", model=model))
    notes = []
    result = verb.score([*paths, cat], verb.Options(task="standin", baselines=()), notes.append)
    assert [(held.model, len(held.files)) for held in result.models] == [
        ("standin-sdss-flux", 2),
        ("standin-other-flux", 1),
        ("", 1),
    ]
    first, second, third = result.models
    assert (result.model, result.model_sha256) == ("", "")
    assert (
        f"warning: the rows are answers of several models: {first} in {', '.join(first.files)}; {second} in" in notes[0]
    )
    assert notes[0].endswith(f"; an unknown model in {third.files[0]}")
    assert json.loads(json.dumps(result.to_json()))["models"][1]["model_sha256"] == second.model_sha256
    told = cli(*paths, cat, "--task", "standin", "--baselines", "none")
    assert f"Z_PHOT by {first} and {second} and an unknown model\n" in told
    alone = verb.score(paths[::2], verb.Options(task="standin", baselines=()), notes.append)
    assert (alone.model, len(alone.models), len(notes)) == ("standin-sdss-flux", 1, 1)


def test_chunks_and_row_ranges_do_not_matter(standin, cat, monkeypatch):
    from skycnn.scoring import scoredrows

    whole = scored(cat, rows=(10, 290))
    assert whole.answers[0].rows == 280
    monkeypatch.setattr(scoredrows, "CHUNK", 37)
    assert by_name(scored(cat, rows=(10, 290)))["Z_PHOT"] == by_name(whole)["Z_PHOT"]


def test_no_photometry_leaves_the_median_and_a_note(standin, tmp_path):
    held = {name: v for name, v in galaxies().items() if not name.startswith("model")}
    path, notes = write(tmp_path / "c.fits", held), []
    result = verb.score([path], verb.Options(task="standin", resamples=10), notes.append)
    assert by_name(result)["knn"].note == "no photometry was found"
    assert by_name(result)["median"].scores
    assert any("photometry" in note or "bands" in note for note in notes)
    with pytest.raises(InputError, match=r"not known|no column"):
        scored(path, baselines=("knn",))


def test_photometry_options_reach_the_baselines(standin, tmp_path):
    held = {name.replace("modelMag", "foo").replace("Err", "bar"): values for name, values in galaxies().items()}
    path = write(tmp_path / "odd.fits", held)
    named = PhotometryOptions(
        band={b: f"foo_{b}" for b in BANDS}, error={b: f"foobar_{b}" for b in BANDS}, unit={"*": "mag"}
    )
    assert by_name(scored(path, photometry=named))["knn"].scores["mae"].value < 0.05


def test_a_table_without_rows_gives_an_empty_table(standin, tmp_path):
    result = scored(write(tmp_path / "c.fits", {name: values[:0] for name, values in galaxies().items()}))
    assert result.answers[0].rows == 0
    assert np.isnan(by_name(result)["Z_PHOT"].scores["sigma_nmad"].value)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    folder = tmp_path / "toys"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY)
    monkeypatch.setattr(tasks, "__path__", [str(folder)])
    yield folder
    sys.modules.pop("skycnn.tasks.toy", None)


def stars(n=200):
    random = np.random.default_rng(0)
    star = random.random(n) < 0.4
    p = np.clip(0.3 + 0.4 * star + 0.2 * random.standard_normal(n), 0, 1).astype(np.float32)
    nothing = np.full(n, np.nan, np.float32)
    held = {"IS_STAR": star, "P_STAR": p, "P_STAR_LO": nothing, "P_STAR_HI": nothing, "TOY_FLAG": np.zeros(n, np.int32)}
    for k, band in enumerate("ab"):
        held[f"FLUX_{band}"], held[f"ERR_{band}"] = 100 + 50 * star * k + random.standard_normal(n), np.ones(n)
    return held


def test_a_task_of_classes_gets_class_scores(toy, cli, tmp_path):
    path = write(tmp_path / "stars.fits", stars())
    named = PhotometryOptions(
        band={b: f"FLUX_{b}" for b in "ab"}, error={b: f"ERR_{b}" for b in "ab"}, unit={"*": "uJy"}
    )
    options = verb.Options(task="toy", photometry=named, baselines=("median", "knn"), resamples=50)
    result = verb.score([path], options)
    held, found = stars(), by_name(result)
    assert found["P_STAR"].scores["auc"].value == pytest.approx(metrics.auc(held["P_STAR"], held["IS_STAR"]))
    assert set(found["P_STAR"].scores) == {score.key for score in scoretable.find("class")}
    assert found["knn"].scores["auc"].value > 0.95
    assert found["median"].scores["brier"].value == pytest.approx(0.24, abs=0.02)
    assert "Brier" in cli(path, "--task", "toy", "--baselines", "none")


def test_a_class_must_be_zero_or_one(toy, tmp_path):
    held = stars() | {"IS_STAR": np.full(200, 0.5)}
    with pytest.raises(InputError, match=r"IS_STAR is no class: 0.5.*0 or 1"):
        verb.score([write(tmp_path / "s.fits", held)], verb.Options(task="toy", baselines=()))


CLUSTERS = '''"""Clusters: an age and a radius in one grid, and whether it is one."""

from torch import nn

from skycnn.features import Features
from skycnn.posterior import Axis, Bernoulli, Grid, Joint
from skycnn.task import InputColumn, Network, Task, Truth


class Shapes:
    inputs = ("size",)

    def __init__(self, inputs):
        pass

    def table(self, inputs):
        return inputs["size"][:, None]


TRUTHS = {
    "LOG_R": Truth(("LOG_R_TRUE",), -2, 2), "LOG_AGE": Truth(("LOG_AGE_TRUE",), 6, 10),
    "P_REAL": Truth(("REAL_TRUE",), 0, 1),
}
TASK = Task(
    "toy", "clusters", "nobody",
    lambda: Joint(Grid([Axis("LOG_R", -2, 2, 8), Axis("LOG_AGE", 6, 10, 8)]), Bernoulli("P_REAL", spread=True)),
    {"size": Network(nn.Linear, ("size",))}, "CLUSTER", TRUTHS, columns={"size": InputColumn(("SIZE",), "a size")},
    features=Shapes,
)
'''


def clusters(n=300, seed=2):
    """Radii of every cluster, negative ones too; ages of half of them, none of which is real in the first rows."""
    random = np.random.default_rng(seed)
    radius, age = random.uniform(-1.5, 0.5, n), random.uniform(6, 10, n)
    real = random.random(n) < 0.5
    held = {
        "LOG_R": radius + 0.1 * random.standard_normal(n),
        "LOG_AGE": age + 0.3 * random.standard_normal(n),
        "P_REAL": np.clip(0.3 + 0.4 * real + 0.2 * random.standard_normal(n), 0, 1),
        "CLUSTER_FLAG": np.zeros(n, np.int32),
        "SIZE": 10**radius,
    }
    for name, width in (("LOG_R", 0.1), ("LOG_AGE", 0.3), ("P_REAL", 0.1)):
        held |= {f"{name}_LO": held[name] - width, f"{name}_HI": held[name] + width}
    held |= {"LOG_R_TRUE": radius, "LOG_AGE_TRUE": np.where(np.arange(n) % 2, age, np.nan), "REAL_TRUE": real * 1.0}
    held["REAL_TRUE"][:7] = -1
    return held


def labelled(n, seed, known):
    """Return columns of clusters; the truth of a radius with labels beside it, of which the first so many are known."""
    random = np.random.default_rng(seed)
    held = clusters(n, seed)
    label = held["LOG_R_TRUE"] + 0.5 + 0.01 * random.standard_normal(n)  # labels are off by much: who learned is seen
    held["LOG_R_LABEL"] = np.where(np.arange(n) < known, label, np.nan)
    return held


@pytest.mark.parametrize("apart", [True, False])
def test_baselines_learn_from_few_labels_and_are_judged_by_the_truth(toy, cli, tmp_path, apart):
    (toy / "toy.py").write_text(CLUSTERS)
    first, other = (write(tmp_path / f"{k}.fits", labelled(300, k, 120)) for k in range(2))
    given = {"train": (other,)} if apart else {}
    result = scored(first, task="toy", truth=("LOG_R_TRUE",), train_truth=("LOG_R=LOG_R_LABEL",), **given)
    found = {entry.name: entry for entry in result.answers[0].entries}
    assert result.answers[0].rows == 300 and found["knn"].learned == (120 if apart else 96)
    assert found["knn"].scores["bias"].value == pytest.approx(0.5, abs=0.05)
    assert found["LOG_R"].ratio == {} and found["knn"].ratio["mae"].high < 1
    where = f"trained on {other} (120 rows)" if apart else "cross-fitted 5-fold within the rows scored"
    assert found["knn"].note == f"{where}, on LOG_R_LABEL"
    assert {entry.name: entry.learned for entry in result.answers[1].entries}["knn"] != found["knn"].learned
    plain = scored(first, task="toy", truth=("LOG_R_TRUE",)).answers[0].entries
    assert plain[2].scores["bias"].value == pytest.approx(0, abs=0.05)
    out = cli(first, "--task", "toy", "--truth", "LOG_R_TRUE", "--train-truth", "LOG_R_LABEL", "--baselines", "knn")
    for words in ("LOG_R OVER", "bias, highest tenth", "sigma of the truth", "MAE of a constant", "\nslope"):
        assert words in out


def test_labels_that_are_not_there_or_rows_of_the_training_sample_are_refused(toy, tmp_path):
    (toy / "toy.py").write_text(CLUSTERS)
    path = write(tmp_path / "a.fits", labelled(300, 0, 300))
    few = write(tmp_path / "b.fits", labelled(300, 0, 3))
    truth = {"task": "toy", "truth": ("LOG_R_TRUE",)}
    with pytest.raises(InputError, match=r"no column .LABEL."):
        scored(path, train_truth=("LABEL",), **truth)
    with pytest.raises(InputError, match="--train-truth NOTHING=A names no answer"):
        scored(path, train_truth=("NOTHING=A",), **truth)
    with pytest.raises(InputError, match="300 of the rows to score stand in --train"):
        scored(path, train_truth=("LOG_R_LABEL",), train=(path,), **truth)
    found = {entry.name: entry.note for entry in scored(few, train_truth=("LOG_R_LABEL",), **truth).answers[0].entries}
    assert found["knn"] == "3 rows are too few to cross-fit"


def test_every_answer_with_a_truth_has_its_table(toy, cli, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    (toy / "toy.py").write_text(CLUSTERS)
    held = clusters()
    comments = {"LOG_AGE": "log10 of the age in yr", "P_REAL_LO": "16th percentile over trainings of the network"}
    path = write(tmp_path / "c.fits", held, **comments)
    result = scored(path, task="toy", by=("SIZE", 0, 4, 2), plot=str(tmp_path / "p.svg"), answer="p_real")
    radius, age, real = result.answers
    assert [(one.value, one.kind, one.rows) for one in result.answers] == [
        ("LOG_R", "value", 300),
        ("LOG_AGE", "value", 150),
        ("P_REAL", "class", 293),
    ]
    assert (radius.left_out, age.left_out, real.left_out) == ({}, {"without a truth": 150}, {"without a truth": 7})
    odd = np.arange(300) % 2 == 1
    expected = metrics.half_width(held["LOG_AGE"][odd], held["LOG_AGE_TRUE"][odd])
    assert by_name(result, 1)["LOG_AGE"].scores["half_width"].value == pytest.approx(expected)
    assert by_name(result)["LOG_R"].scores["coverage_68"].value == pytest.approx(0.68, abs=0.06)
    assert by_name(result)["knn"].scores["mae"].value < 0.05  # of sizes, for there is no flux
    assert by_name(result, 2)["knn"].scores["auc"].value == pytest.approx(0.5, abs=0.1)
    assert all(len(one.bins) == 2 and sum(b.rows for b in one.bins) == one.rows for one in result.answers)
    assert "where 68% of other trainings" in by_name(result, 2)["P_REAL"].note
    assert "reliability" in (tmp_path / "p.svg").read_text()
    content = json.loads(json.dumps(result.to_json()))
    assert (content["value"], [one["value"] for one in content["further"]]) == ("LOG_R", ["LOG_AGE", "P_REAL"])
    keys = "value truth kind rows left_out entries bins pit"
    assert all(one.keys() >= set(keys.split()) for one in (content, *content["further"]))
    out = cli(path, "--task", "toy", "--baselines", "none", "--prevalence", "0.01", "--threshold", "0.6")
    for words in (
        "300 rows of",
        "150 rows of",
        "in the unit of LOG_AGE: log10 of the age in yr",
        "purity at 1%",
        "ECE if calibrated",
        "positive: P_REAL of 0.6 or more",
    ):
        assert words in out, words
    assert "half normals through P_REAL" not in out
    assert out.count("SCORE") == 3
    head, _, *lines = [line.split("  ") for line in out[out.index("ANSWER") :].splitlines()]
    kept = [[cell.strip() for cell in line if cell.strip()] for line in (head, *lines)]
    assert kept[0][:3] == ["ANSWER", "UNIT", "ROWS"]
    assert [line[:3] for line in kept[1:]] == [
        ["LOG_R", "-", "300"],
        ["LOG_AGE", "log10 of the age in yr", "150"],
        ["P_REAL", "-", "293"],
    ]
    shown = dict(zip(kept[0], kept[2], strict=True))
    assert float(shown["half of 16-84%"]) == pytest.approx(
        by_name(result, 1)["LOG_AGE"].scores["half_width"].value, 1e-3
    )
    assert (shown["AUC"], shown["BEST BASELINE"]) == ("-", "-")


def test_answers_are_judged_by_the_columns_named(toy, tmp_path):
    (toy / "toy.py").write_text(CLUSTERS)
    held = clusters()
    held["AGE2"] = held.pop("LOG_AGE_TRUE")
    held["REAL_TRUE"][:] = -1
    path, notes = write(tmp_path / "c.fits", held), []
    options = verb.Options(task="toy", truth=("LOG_AGE=AGE2",), baseline=("LOG_AGE=LOG_AGE_LO",), baselines=())
    result = verb.score([path], options, notes.append)
    assert [(one.value, one.truth, len(one.entries)) for one in result.answers] == [
        ("LOG_R", "LOG_R_TRUE", 1),
        ("LOG_AGE", "AGE2", 2),
    ]
    assert any("P_REAL: no row to score: 300 without a truth" in note for note in notes)
    other = write(tmp_path / "d.fits", {name: values for name, values in held.items() if name != "LOG_R_TRUE"})
    with pytest.raises(InputError, match=r"d\.fits\[CAT\] has other answers.*'LOG_AGE P_REAL' .expected LOG_R LOG_AGE"):
        verb.score([path, other], options)
    with pytest.raises(InputError, match=r"--answer A_V is not scored .expected LOG_R or LOG_AGE"):
        verb.score([path], verb.Options(task="toy", truth=("LOG_AGE=AGE2",), baselines=(), answer="A_V"))


BAD = {
    "odd threshold": (["--threshold", "1"], "--threshold is no share"),
    "odd prevalence": (["--prevalence", "0"], "--prevalence is no share"),
    "truth of nothing": (["--truth", "NOPE=Z_SPEC"], "--truth NOPE=Z_SPEC names no answer"),
    "no answers": (
        ["--suffix", "_X"],
        r"has no column 'Z_PHOT_X'.*skycnn predict .*cat.fits --task standin --suffix _X",
    ),
    "no truth": (["--truth", "NOPE"], "no column 'NOPE'.*--truth COLUMN"),
    "a truth of text": (["--truth", "TILE"], "TILE.*not one number"),
    "no rival": (["--baseline", "NOPE"], "no column 'NOPE'.*--baseline COLUMN"),
    "no group": (["--group", "NOPE"], "no column 'NOPE'"),
    "no bins": (["--by", "NOPE:1:2:3"], "no column 'NOPE'.*--by"),
    "odd bins": (["--by", "Z_SPEC:2:1:3"], "--by Z_SPEC:2:1:3 is not understood"),
    "odd where": (["--where", "Z_SPEC ~ 3"], "--where"),
    "where leaves nothing": (
        ["--where", "Z_SPEC > 5"],
        "no row to score: 300 outside --where. --where leaves out all",
    ),
    "unknown baseline": (
        ["--baselines", "svm"],
        "no baseline 'svm'.*median, ridge, knn, locallinear, forest, extratrees, boosting",
    ),
    "no training file": (["--train", "nowhere.fits"], "nowhere.fits"),
    "unknown model": (["--model", "nobody"], "no model 'nobody'"),
    "odd plot": (["--plot", "p.jpg"], "--plot p.jpg has no known ending"),
    "no plot folder": (["--plot", "no/where/p.png"], "no file can be made in no/where"),
}


@pytest.mark.parametrize(("args", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_leaves_no_litter(standin, cat, cli, tmp_path, monkeypatch, args, message):
    monkeypatch.chdir(tmp_path)
    before = sorted(os.listdir())
    with pytest.raises(InputError, match=message) as caught:
        cli("cat.fits", "--task", "standin", "--truth", "Z_SPEC", "--group", "TILE", *args)
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir()) == before


def test_a_catalogue_without_any_known_truth_is_told_how_to_name_it(standin, tmp_path):
    held = {name: values for name, values in galaxies().items() if name != "Z_SPEC"}
    with pytest.raises(InputError, match=r"no column of the truth.*--truth COL. It has: ID"):
        scored(write(tmp_path / "c.fits", held))


def test_the_command_prints_one_table_and_its_footnotes(standin, cat, cli):
    out = cli(cat, "--task", "standin", "--truth", "Z_SPEC", "--baselines", "median,knn", "--by", "modelMag_r:17:21:2")
    sigma = next(line for line in out.splitlines() if line.startswith("sigma_NMAD"))
    assert sigma.count("[") == 3
    for words in (
        "Z_PHOT MINUS",
        "Z_PHOT BY modelMag_r",
        "17..19",
        "cross-fitted 5-fold",
        "300 rows of",
        "1000 bootstrap",
        "best baseline by sigma_NMAD: knn, 0.0",
        "best baseline by outliers %: knn, 0.00; Z_PHOT is level with it: +0.00 [+0.00, +0.00]",
    ):
        assert words in out, words
    assert all(label in out for label in ("outliers %", "bias", "MAE", "CRPS", "PIT mean", "68% coverage"))


def test_bins_follow_from_the_answers_too_and_those_that_are_off_are_marked(standin, tmp_path, cli):
    held = galaxies()
    held["Z_PHOT_HI"], held["Z_PHOT_LO"] = (held["Z_PHOT"] + s * 0.3 * np.abs(held["Z_PHOT_HI"] - held["Z_PHOT"])
                                            for s in (1, -1))  # fmt: skip
    path = write(tmp_path / "narrow.fits", held)
    words = (path, "--task", "standin", "--truth", "Z_SPEC", "--baselines", "none")
    out = cli(*words, "--by", "width")
    covered = next(line for line in out[out.index("Z_PHOT BY width of Z_PHOT") :].splitlines() if "68%" in line)
    assert covered.count(" *") == 5
    assert "*: in 5 of 5 bins 68% coverage is off 0.68 by more than two standard errors" in out
    for text, label in (("z:2", "Z_PHOT"), ("mag", "magnitude in"), ("modelMag_r:3", "modelMag_r")):
        found = json.loads(cli(*words, "--by", text, "--json"))
        assert found["by"].startswith(label)
        assert {part["off"] for part in found["bins"]} == {"narrow"}
        assert found["bins"][0]["coverage_error"] == pytest.approx(np.sqrt(0.68 * 0.32 / found["bins"][0]["rows"]))
        assert np.ptp([part["rows"] for part in found["bins"]]) <= 2


def test_json_is_one_object_of_plain_numbers(standin, cat, cli):
    out = cli(cat, "--task", "standin", "--baselines", "none", "--by", "modelMag_r:25:26:1", "--json")
    content = json.loads(out)
    assert content["rows"] == 300
    assert content["entries"][0]["scores"]["sigma_nmad"]["low"] > 0
    assert content["bins"][0]["entries"][0]["scores"]["sigma_nmad"]["value"] is None
    assert set(content["versions"]) == {"skycnn", "numpy"}
    assert "scores" not in content
    assert content["further"] == []
    keys = "task files value truth rows left_out flagged model models bands trained_on bootstrap level by pit plot rate"
    assert content.keys() >= set(keys.split())


def test_all_baselines_run_where_all_are_asked_for(standin, cat, cli):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    content = json.loads(cli(cat, "--task", "standin", "--baselines", "all", "--json"))
    assert [entry["name"] for entry in content["entries"]] == ["Z_PHOT", *baselines.KINDS]
    assert all(entry["answered"] == 1 for entry in content["entries"])
    assert [best["score"] for best in content["best"]] == ["sigma_nmad", "outliers"]
    assert content["best"][0]["verdict"] in ("beats", "is level with", "is worse than")
    told = scored(cat, baselines=None).answers[0].entries
    assert [entry.name for entry in told] == ["Z_PHOT", *baselines.DEFAULT]


def test_the_figure_is_written_and_not_written_over(standin, cat, cli, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    plot = tmp_path / "p.png"
    drawing = (cat, "--task", "standin", "--baselines", "none", "--plot", str(plot))
    cli(*drawing)
    assert plot.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="exists"):
        cli(*drawing)
    cli(*drawing, "--overwrite")
    assert sorted(os.listdir(tmp_path)) == ["cat.fits", "p.png"]


def test_a_quiet_run_as_a_process_of_its_own_tells_the_table_alone(standin, cat):
    program = (
        "import sys; from skycnn import tasks; tasks.__path__.append(sys.argv.pop()); "
        "from skycnn.cli.app import main; sys.argv[0] = 'skycnn'; main()"
    )
    ran = python(program, "score", cat, "--task", "standin", "--baselines", "median", "-q", str(standin))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("SCORE")


def test_help_needs_no_numbers():
    ran = run("score", "--help")
    assert ran.returncode == 0
    assert "--baselines" in ran.stdout
    assert command.EXAMPLES
