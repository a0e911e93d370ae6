"""The TAB key: names without importing torch, in each shell's own words."""

import os
import shutil
import subprocess
import sys

import pytest

from shell import MAIN, python, run
from skycnn import tasks
from skycnn.cli import completion
from skycnn.errors import InputError

CALL = """
import sys
from skycnn.cli import completion
print(getattr(completion, sys.argv[1])(sys.argv[2]))
print([name for name in ("torch", "astropy", "scipy", "fitsio") if name in sys.modules])
"""


@pytest.mark.parametrize("names", ["task_names", "model_names", "survey_names"])
def test_names_load_no_torch(names):
    assert python(CALL, names, "").stdout.splitlines()[-1] == "[]"


def test_task_names_are_the_folder(tmp_path, monkeypatch):
    (tmp_path / "toy.py").write_text("raise RuntimeError('imported')")
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tmp_path)])
    assert "toy" in completion.task_names("")
    assert completion.task_names("to") == ["toy"]
    assert completion.task_names("x") == []


def test_model_names_are_the_folders(tmp_path, monkeypatch):
    (tmp_path / "photoz-mine.safetensors").write_bytes(b"")
    monkeypatch.setenv("SKYCNN_MODELS", str(tmp_path))
    assert completion.model_names("photoz-mi") == ["photoz-mine"]
    assert completion.model_names("x") == []


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_script_of_a_named_shell(shell):
    script = run("--show-completion", shell).stdout
    assert f"complete_{shell}" in script
    assert "skycnn" in script


def test_unknown_shell():
    with pytest.raises(InputError, match=r"no completion for 'tcsh' \(expected bash, zsh, fish\)"):
        completion.answer(["--show-completion", "tcsh"])


def test_script_is_installed_for_a_named_shell(tmp_path):
    ran = run("--install-completion", "fish", env=os.environ | {"HOME": str(tmp_path)})
    assert "fish" in ran.stdout
    assert "complete --command skycnn" in (tmp_path / ".config/fish/completions/skycnn.fish").read_text()


@pytest.mark.parametrize("shell", completion.SHELLS)
@pytest.mark.parametrize(("line", "found"), [("skycnn mod", "models"), ("skycnn models --js", "--json")])
def test_each_shell_completes(shell, line, found):
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1), "_TYPER_COMPLETE_ARGS": line}
    asked = {"_SKYCNN_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    ran = run(env=os.environ | words | asked)
    assert found in ran.stdout
    assert ran.stderr == ""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_itself_completes(tmp_path):
    program = tmp_path / "skycnn"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{MAIN}" "$@"\n')
    program.chmod(0o755)
    asked = 'eval "$(skycnn --show-completion bash)"; COMP_WORDS=(skycnn mod) COMP_CWORD=1; _skycnn_completion skycnn; '
    ran = subprocess.run(
        ["bash", "--norc", "-c", asked + 'echo "${COMPREPLY[@]}"'],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("models\n", "")
