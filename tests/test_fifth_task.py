"""A fifth task is one file: toy.py in a folder of its own, and every verb that exists runs on it, without photoz.py."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import field
import shell
import warm
from skycnn.cli import app

HERE = Path(__file__).parent
MAIN = """
import sys
from skycnn import tasks
tasks.__path__.append(sys.argv[1])
from skycnn.cli.app import main
del sys.argv[1]
sys.argv[0] = 'skycnn'
try:
    main()
finally:
    assert tasks.names() == ['toy'], tasks.names()
    assert not [name for name in sys.modules if name.startswith('skycnn.tasks.') and not name.endswith('.toy')]
"""
TASK = ("--task", "toy", "--threads", "1")
LINES = {  # every verb, in the order in which a user comes to it
    "mock": (
        *("--survey", "SURVEY", "-n", "1500", "--set", "light=0.3", "--out", "MOCKS", "--preview", "SHEET"),
        *TASK,
    ),
    "mock others": (
        *("--survey", "SURVEY", "-n", "1000", "--set", "light=0.3", "--seed", "2", "--out", "OTHERS"),
        *TASK,
    ),
    "cutout": ("CAT", "--images", "IMAGE", "--size", "12", "--out", "STAMPS", "--threads", "1"),
    "train": ("MOCKS", "--survey", "SURVEY", "--out", "MODEL", "--seed", "4", *TASK),
    "train stamps": ("MOCKS", "--survey", "SURVEY", "--network", "picture", "--out", "LOOKS", "--seed", "4", *TASK),
    "train folds": (
        *(
            "MOCKS",
            "--survey",
            "SURVEY",
            "--folds",
            "2",
            "--members",
            "1",
            "--epochs",
            "5",
            "--out",
            "FOLDS",
            "--answers",
            "ANSWERS",
        ),
        *TASK,
    ),
    "models": ("MODEL",),
    "predict": ("OTHERS", "--model", "MODEL", "--pdf", *TASK),
    "predict stamps": ("OTHERS", "--model", "LOOKS", "--suffix", "_LOOKS", *TASK),
    "explain": ("OTHERS", "--model", "MODEL", "--target", "MASS", "--rows", "0:20", "--html", "WHY", *TASK),
    "explain stamps": (
        *("OTHERS", "--model", "LOOKS", "--target", "P_CLUSTER", "--worst", "20", "--out", "MAPS"),
        *TASK,
    ),
    "score": ("OTHERS", "--baselines", "median,knn", "--plot", "PLOT", "--json", *TASK),
}
FILES = {
    "CAT": "cat.fits",
    "MODEL": "toy-x.safetensors",
    "LOOKS": "toy-looks.safetensors",
    "FOLDS": "toy.safetensors",
    "ANSWERS": "answers.fits",
    "STAMPS": "stamps.fits",
    "SURVEY": "mine.toml",
    "MOCKS": "mocks.fits",
    "OTHERS": "others.fits",
    "SHEET": "sheet.png",
    "PLOT": "plot.png",
    "WHY": "why.html",
    "MAPS": "maps.fits",
}
SURVEY = """name = "mine"
bands = ["W1", "W2", "W3"]
pixel_scale = 0.4
psf = { W1 = 1.2, W2 = 1.2, W3 = 1.2 }
depth = { W1 = 24, W2 = 24, W3 = 24 }
depth_kind = "psf"
extinction = { W1 = 0.2, W2 = 0.1, W3 = 0.1 }
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Return a copy of the package without photoz.py and its models, and a folder with toy.py and a catalogue."""
    folder = tmp_path_factory.mktemp("house")
    source = HERE.parent / "src" / "skycnn"
    shutil.copytree(source, folder / "src" / "skycnn", ignore=shutil.ignore_patterns("__pycache__", "weights"))
    for name in (folder / "src" / "skycnn" / "tasks").glob("[!_]*.py"):
        name.unlink()
    (folder / "tasks").mkdir()
    shutil.copy(HERE / "toy.py", folder / "tasks" / "toy.py")
    rng, grid = np.random.default_rng(0), field.wcs()
    place = grid.all_pix2world(rng.uniform(5, 200, 80), rng.uniform(5, 150, 80), 0)
    field.image(folder / "w1.fits", rng.normal(0, 1, field.SHAPE).astype("f4"), grid)
    Table({"ID": np.arange(80), "RA": place[0], "DEC": place[1]}).write(folder / "cat.fits")
    (folder / "mine.toml").write_text(SURVEY)
    return folder


def run(house, line):
    """Run a line in that house."""
    places = {name: str(house / file) for name, file in FILES.items()} | {"IMAGE": f"W1={house / 'w1.fits'}"}
    words = [places.get(word, word) for word in LINES[line]]
    environment = {"PYTHONPATH": str(house / "src"), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    ran = warm.python(MAIN, str(house / "tasks"), line.split()[0], *words, env=environment)
    assert ran.returncode == 0, ran.stderr
    return ran


def test_every_verb_that_exists_is_run():
    assert {line.split()[0] for line in LINES} == set(app.names())


def test_the_house_is_the_copy(house):
    for python in (shell.python, warm.python):
        ran = python("import skycnn; print(skycnn.__file__)", env={"PYTHONPATH": str(house / "src")}, cwd=str(house))
        assert ran.stdout.startswith(str(house)), ran.stderr


def test_all_verbs_run_on_a_fifth_task(house):
    ran = {line: run(house, line) for line in LINES}
    assert "1500 rows, selection every, 12x12 pixels in W1 W2 W3 of mine" in ran["mock"].stderr
    assert "80 stamps of 12x12 pixels in W1" in ran["cutout"].stderr
    for said in ("rows of one GROUP stay on one side", "network 3 of 3", "the network that learns from them"):
        assert said in ran["train"].stderr
    for said in ("which band it is", "what is in it"):
        assert said in ran["train stamps"].stderr
    assert "options.light" in ran["models"].stdout
    with fits.open(house / "others.fits") as file:
        assert file[0].data.shape == (1000, 3, 12, 12)
        assert json.loads(file[1].header["OPTIONS"]) == {"light": 0.3}
        answers, shapes = file[1].data, {column.name: column.dim for column in file[1].columns}
    there = answers["CLUSTER_TRUE"] == 1
    assert (answers["GROUP"][::2] == answers["GROUP"][1::2]).all()
    assert np.isnan(answers["AGE_TRUE"]).tolist() == (~there).tolist()
    for name in ("AGE", "DUST", "MASS", "SIZE", "P_CLUSTER"):
        assert (answers[f"{name}_LO"] <= answers[name]).all() and (answers[name] <= answers[f"{name}_HI"]).all()
    assert shapes["AGE_JOINT_PDF"] == "(8,5,6)"
    assert answers["AGE_JOINT_PDF"].sum(axis=(1, 2, 3)) == pytest.approx(1, abs=1e-4)
    assert answers["AGE_JOINT_PDF"].sum(axis=(1, 2)) == pytest.approx(answers["MASS_PDF"], abs=1e-4)
    assert (((answers["CLUSTER_FLAG"] & 1 << 16) > 0) == (answers["AGE"] > 8)).all()
    assert ((answers["P_CLUSTER_LOOKS"] > 0.5) == there).mean() > 0.9
    assert np.isnan(answers["P_CLUSTER_LO_LOOKS"]).all()  # of one network nobody knows it
    with fits.open(house / "answers.fits") as file:
        folds = file[1].data["CLUSTER_FOLD"]
        assert set(folds.tolist()) == {1, 2} and (folds[::2] == folds[1::2]).all()
        assert np.isfinite(file[1].data["MASS"]).all()
    assert (house / "why.html").read_text().count("<article") == 20
    with fits.open(house / "maps.fits") as file:
        assert file[0].data.shape == (20, 3, 12, 12) and np.isfinite(file[1].data["P_CLUSTER_EXPLAINED"]).all()
    assert {path.name for path in house.glob("toy-fold*")} == {"toy-fold1.safetensors", "toy-fold2.safetensors"}
    judged(json.loads(ran["score"].stdout), there.sum())


def judged(result, clusters):
    """See that each column was judged in its own way, on the rows that have its truth."""
    answers = {answer["value"]: answer for answer in (result, *result["further"])}
    kinds = {name: (answer["kind"], answer["rows"]) for name, answer in answers.items()}
    value = ("value", clusters)
    assert kinds == {"AGE": value, "DUST": value, "MASS": value, "SIZE": value, "P_CLUSTER": ("class", 1000)}
    for name, score in (("MASS", "mae"), ("MASS", "crps"), ("AGE", "crps"), ("P_CLUSTER", "brier")):
        network, median = (answers[name]["entries"][k]["scores"][score]["value"] for k in (0, 1))
        assert network < 0.8 * median, (name, score)
    assert answers["P_CLUSTER"]["entries"][0]["scores"]["auc"]["value"] > 0.95
    covered = {name: answers[name]["entries"][0]["scores"]["coverage_68"]["value"] for name in ("AGE", "DUST", "MASS")}
    assert np.mean(list(covered.values())) == pytest.approx(0.68, abs=0.12), covered
    assert [entry["name"] for entry in result["entries"]] == ["AGE", "median", "knn"]
