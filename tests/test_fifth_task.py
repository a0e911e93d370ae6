"""A fifth task is one file: toy.py in a folder of its own, and every verb that exists runs on it, without photoz.py."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import field
from shell import python
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
WORDS = {  # every verb, in the order in which a user comes to it
    "mock": ("--task", "toy", "--survey", "SURVEY", "-n", "50", "--out", "MOCKS", "--threads", "1"),
    "cutout": ("CAT", "--images", "IMAGE", "--size", "8", "--out", "STAMPS", "--threads", "1"),
    "train": ("CAT", "--task", "toy", "--bands", "W1,W2", "--out", "MODEL", "--seed", "4", "--threads", "1"),
    "models": ("MODEL",),
    "predict": ("CAT", "--task", "toy", "--model", "MODEL", "--threads", "1"),
    "score": ("CAT", "--task", "toy", "--truth", "IS_RED", "--baselines", "median,knn", "--json", "--threads", "1"),
}
FILES = {
    "CAT": "cat.fits",
    "MODEL": "toy-x.safetensors",
    "STAMPS": "stamps.fits",
    "SURVEY": "mine.toml",
    "MOCKS": "mocks.fits",
}
SURVEY = """name = "mine"
bands = ["W1", "W2"]
pixel_scale = 0.4
psf = { W1 = 1.2, W2 = 1.2 }
depth = { W1 = 24, W2 = 24 }
depth_kind = "psf"
extinction = { W1 = 0.2, W2 = 0.1 }
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
    rng = np.random.default_rng(0)
    red = rng.random(800) < 0.4
    first = rng.uniform(50, 500, 800)
    second = first * np.where(red, 3.0, 1.0) * rng.lognormal(0, 0.3, 800)
    content = Table({"ID": np.arange(800), "IS_RED": red.astype("i2")})
    for band, flux in (("W1", first), ("W2", second)):
        content[f"FLUX_{band}"], content[f"FLUXERR_{band}"] = flux, 0.03 * flux
        content[f"FLUX_{band}"].unit = content[f"FLUXERR_{band}"].unit = "uJy"
    grid = field.wcs()
    content["RA"], content["DEC"] = grid.all_pix2world(rng.uniform(5, 200, 800), rng.uniform(5, 150, 800), 0)
    field.image(folder / "w1.fits", rng.normal(0, 1, field.SHAPE).astype("f4"), grid)
    content.write(folder / "cat.fits")
    (folder / "mine.toml").write_text(SURVEY)
    return folder


def run(house, verb):
    """Run a verb's line in that house."""
    places = {name: str(house / file) for name, file in FILES.items()} | {"IMAGE": f"W1={house / 'w1.fits'}"}
    line = [places.get(word, word) for word in WORDS[verb]]
    environment = {"PYTHONPATH": str(house / "src"), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    ran = python(MAIN, str(house / "tasks"), verb, *line, env=environment)
    assert ran.returncode == 0, ran.stderr
    return ran


def test_every_verb_that_exists_is_run():
    assert set(WORDS) == set(app.names())


def test_the_house_is_the_copy(house):
    ran = python(
        "import skycnn; print(skycnn.__file__)", env={"PYTHONPATH": str(house / "src")}, check=True, cwd=str(house)
    )
    assert ran.stdout.startswith(str(house))


def test_all_verbs_run_on_a_fifth_task(house):
    ran = {verb: run(house, verb) for verb in WORDS}
    assert "50 galaxies, selection every, 8x8 pixels in W1 W2 of mine" in ran["mock"].stderr
    with fits.open(house / "mocks.fits") as file:
        assert file[0].data.shape == (50, 2, 8, 8)
        mocked = file[1].data
        assert (np.median((mocked["FLUX_W2"] / mocked["FLUX_W1"])[mocked["IS_RED_TRUE"] == 1])) == pytest.approx(3, 0.1)
    assert "800 stamps of 8x8 pixels in W1" in ran["cutout"].stderr
    assert "bands W1 W2" in ran["train"].stderr
    assert "toy-x" in ran["models"].stdout
    with fits.open(house / "cat.fits") as file:
        answers = file[1].data
        red = answers["IS_RED"] == 1
        assert set(answers.names) >= {"P_RED", "P_RED_LO", "P_RED_HI", "P_RED_FLAG"}
        assert np.isfinite(answers["P_RED"]).all()
        assert np.mean((answers["P_RED"] > 0.5) == red) > 0.9
        assert answers["P_RED"].mean() == pytest.approx(red.mean(), abs=0.06)
    entry = json.loads(ran["score"].stdout)["entries"][0]
    assert entry["scores"]["auc"]["value"] > 0.95
