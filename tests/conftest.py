"""Fixtures: a small task and a model of it, and catalogues to run them on."""

import gc
import os
import sys
from collections import namedtuple

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the suite's workers fill the cores; more threads wait for one another

Said = namedtuple("Said", "code out err")


def pytest_collection_finish():
    """Let the collector pass over what lives as long as the suite: torch, and thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def one_thread():
    """Leave torch one thread, as each worker of the suite has: a command that ran with two would keep them for all."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)


TASK = '''"""A stand-in for the tasks that ship: five bands to a redshift, by numbers that were never trained."""

import torch
from torch import nn

from skycnn.posterior import Axis, Grid
from skycnn.task import Network, Task, Truth


class Net(nn.Module):
    def __init__(self, bands, outputs):
        super().__init__()
        self.layer = nn.Linear(2 * bands, outputs)

    def forward(self, flux, error):
        seen = torch.isfinite(flux)
        return self.layer(torch.cat([torch.where(seen, torch.asinh(flux), 0.0), seen.float()], 1))


AXIS = Axis(
    "Z_PHOT", 0, 1.2, 40, ucd="src.redshift.phot", meaning="photometric redshift", kind="redshift", odds=True
)


def grid(axes=(AXIS,)):
    return Grid(axes)


TRUTHS = {"Z_PHOT": Truth(("Z_SPEC",), 0, 15)}
TASK = Task("standin", "a stand-in", "nobody", grid, {"flux": Network(Net, ("flux",))}, "Z_PHOT", TRUTHS)

'''


def _model(task, folder, name, seed):
    import torch

    from skycnn.network import model

    torch.manual_seed(seed)
    posterior = task.posterior()
    module = task.networks["flux"].module(5, posterior.outputs)
    card = model.Card(
        name=name,
        task=task.name,
        network="flux",
        survey="sdss",
        inputs=("flux",),
        bands=tuple("ugriz"),
        dereddened="no",
        posterior=posterior.settings(),
    )
    sealed = model.seal(card, {key: value.numpy() for key, value in module.state_dict().items()})
    (folder / f"{name}.safetensors").write_bytes(model.encode(sealed))


@pytest.fixture(scope="session")
def standin_folder(tmp_path_factory):
    """A folder with the task `standin` and two models of it; `other` stands apart in a folder of its own."""
    from skycnn import tasks

    folder = tmp_path_factory.mktemp("standin")
    (folder / "standin.py").write_text(TASK)
    (folder / "other").mkdir()
    tasks.__path__.append(str(folder))
    try:
        task = tasks.load("standin")
        _model(task, folder, "standin-sdss-flux", 0)
        _model(task, folder / "other", "standin-other-flux", 1)
    finally:
        tasks.__path__.remove(str(folder))
    return folder


@pytest.fixture
def standin(standin_folder, monkeypatch):
    """The task `standin` installed, with one model; its folder."""
    from skycnn import tasks

    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(standin_folder)])
    monkeypatch.setenv("SKYCNN_MODELS", str(standin_folder))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    yield standin_folder
    sys.modules.pop("skycnn.tasks.standin", None)


@pytest.fixture
def hard(tmp_path):
    """A catalogue with everything in it that tools lose."""
    import hardcase

    path = tmp_path / "hard.fits"
    path.write_bytes(hardcase.make())
    return path


@pytest.fixture
def ask(standin, capfdbinary, monkeypatch):
    """Run ``skycnn predict ... --task standin`` in this process; return its code, its output (bytes), its stderr."""
    from skycnn.cli import app, console

    def run(*words, task="standin"):
        monkeypatch.setattr(console.manners, "quiet", False)
        monkeypatch.setattr(console.manners, "traceback", False)
        capfdbinary.readouterr()
        code = console.run(lambda: app.call(["predict", *map(str, words), "--task", task]))
        out, err = capfdbinary.readouterr()
        return Said(code, out, err.decode())

    return run


@pytest.fixture
def cut(capfdbinary, monkeypatch):
    """Run ``skycnn cutout ...`` in this process; return its code, its output (bytes) and its stderr."""
    from skycnn.cli import app, console

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    def run(*words):
        monkeypatch.setattr(console.manners, "quiet", False)
        monkeypatch.setattr(console.manners, "traceback", False)
        monkeypatch.setattr(sys, "argv", ["skycnn", "cutout", *map(str, words)])
        capfdbinary.readouterr()
        code = console.run(lambda: app.call(sys.argv[1:]))
        out, err = capfdbinary.readouterr()
        return Said(code, out, err.decode())

    return run


@pytest.fixture
def twofold(tmp_path, monkeypatch):
    """Make the task of `manytruths` known; return its name."""
    import manytruths
    from skycnn import tasks

    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "twofold.py").write_text(manytruths.TASK)
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tmp_path / "tasks")])
    yield "twofold"
    sys.modules.pop("skycnn.tasks.twofold", None)


@pytest.fixture
def smallmerger(tmp_path, monkeypatch):
    """Make the task of `smallmerger` known; return its name."""
    import shutil

    from skycnn import tasks

    (tmp_path / "tasks").mkdir()
    shutil.copy(os.path.join(os.path.dirname(__file__), "smallmerger.py"), tmp_path / "tasks")
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tmp_path / "tasks")])
    yield "smallmerger"
    sys.modules.pop("skycnn.tasks.smallmerger", None)
