"""The folder of tasks as a registry, and what every task in it keeps."""

import subprocess
import sys

import pytest

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
    assert again.outputs == posterior.outputs > 0
