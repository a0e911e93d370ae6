"""The folder of tasks as a registry, and what every task in it keeps."""

import math
import subprocess
import sys

import pytest
import torch

from skycnn import tasks
from skycnn.errors import InputError
from skycnn.task import Task


def test_a_file_in_the_folder_is_a_task(tmp_path, monkeypatch):
    (tmp_path / "toy.py").write_text("TASK = 'the toy'")
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tmp_path)])
    assert "toy" in tasks.names()
    assert tasks.load("toy") == "the toy"


def test_names_import_no_task():
    listed = "[name for name in sys.modules if name.startswith('skycnn.tasks.')]"
    code = f"import sys; from skycnn import tasks; print(tasks.names(), {listed})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == f"{tasks.names()} []\n"


def test_unknown_task_names_the_known_ones_and_the_likely_one():
    with pytest.raises(InputError, match=r"no task 'photz' \(expected .*photoz.*\)\. Did you mean --task photoz\?"):
        tasks.load("photz")
    with pytest.raises(InputError) as caught:
        tasks.load("xyzzy")
    assert caught.value.hint is None


def test_tasks_load_nothing_of_what_mocks_are_made_of():
    loaded = "[name for name in sys.modules if name.startswith('skycnn.simulate')]"
    code = f"import sys; from skycnn import tasks; print([tasks.load(n).name for n in tasks.names()], {loaded})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == f"{tasks.names()} []\n"


def imagined(task, kinds, bands, rows=24, side=24):
    """Return inputs of a network: noise about a blob, and NaN in a row, a band and a pixel."""
    generator = torch.Generator().manual_seed(1)
    seen = {}
    if "flux" in kinds:
        seen["flux"] = torch.rand(rows, bands, generator=generator) + 1
        seen["error"] = torch.full((rows, bands), 0.1)
        seen["flux"][1], seen["flux"][2, 0] = math.nan, math.nan
    if "image" in kinds:
        place = torch.arange(side) - (side - 1) / 2
        blob = torch.exp(-(place**2 + place[:, None] ** 2) / 8)
        seen["image"] = blob + 0.1 * torch.randn(rows, bands, side, side, generator=generator)
        seen["image"][1], seen["image"][2, 0], seen["image"][3, 0, 0, 0] = math.nan, math.nan, math.nan
    return seen | {name: torch.rand(rows, generator=generator) for name in kinds if name in task.columns}


NETWORKS = [(name, network) for name in tasks.names() for network in tasks.load(name).networks]


@pytest.mark.parametrize(("name", "network"), NETWORKS, ids=map(" ".join, NETWORKS))
def test_every_network_keeps_the_contract(name, network):
    task = tasks.load(name)
    one, posterior, bands = task.networks[network], task.posterior(), 3
    torch.manual_seed(1)
    build = {"bands": bands, "outputs": posterior.outputs, **one.settings}
    module, inputs = one.module(**build), imagined(task, one.inputs, bands)
    module.normalise(inputs)
    seen = module.augment(inputs, torch.Generator().manual_seed(2))
    assert {key: value.shape for key, value in seen.items()} == {key: value.shape for key, value in inputs.items()}
    module.eval()
    raw = module(**inputs)
    assert raw.shape == (24, posterior.outputs) and raw.isfinite().all()
    assert posterior.loss(raw, torch.full((24, len(posterior.values)), math.nan)).isfinite()
    with torch.device("meta"):
        again = one.module(**build)
    again = again.to_empty(device="cpu").eval()
    again.load_state_dict({key: value.clone() for key, value in module.state_dict().items()})
    assert torch.equal(again(**inputs), raw)  # all of it is in the state
    assert {value.dtype for value in module.state_dict().values()} == {torch.float32}
    module.temper(2.0)
    torch.testing.assert_close(module(**inputs), raw / 2)
    for kind in one.plan.member, one.plan.student:
        one.module(**{**build, **kind})
    if hasattr(module, "with_hidden"):
        torch.testing.assert_close(module.with_hidden(**inputs)[0], raw / 2)


@pytest.mark.parametrize("name", tasks.names())
def test_every_task_keeps_the_contract(name):
    task = tasks.load(name)
    assert isinstance(task, Task)
    assert task.name == name
    assert task.summary
    assert task.citation
    assert task.networks
    posterior = task.posterior()
    again = task.posterior(**posterior.settings())
    assert again.settings() == posterior.settings()
    assert posterior.value in [column.name for column in posterior.columns()]
    assert set(task.truths) == set(posterior.values)
    assert all(truth.names for truth in task.truths.values())
    assert all(set(network.parents) < set(task.networks) for network in task.networks.values())
    assert again.outputs == posterior.outputs > 0
