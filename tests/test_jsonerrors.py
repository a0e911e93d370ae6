"""--json on an error: one object on standard output, of every command that has the option."""

import json
import subprocess
import sys

import pytest

from sdsslike import table, write
from skycnn import errors
from skycnn.cli import app, console

KEYS = ["error", "what", "value", "expected", "hint", "exit_code"]


@pytest.fixture(autouse=True)
def loud(monkeypatch):
    monkeypatch.setattr(console, "manners", console.Manners())


@pytest.fixture
def told(capfd):
    """Run a command line; return its exit code and the object that it printed."""

    def run(*words):
        code = console.run(lambda: app.call([str(word) for word in words]))
        out, err = capfd.readouterr()
        (line,) = out.splitlines()
        found = json.loads(line)
        assert "skycnn: error: " in err or code > 128
        return code, found

    return run


WRONG = {
    "predict": ["none.fits", "--task", "photoz"],
    "score": ["none.fits", "--task", "photoz"],
    "cutout": ["none.fits", "--images", "g=none.fits", "--size", "8", "--out", "s.fits"],
    "explain": ["none.fits", "--task", "photoz"],
    "mock": ["--task", "photoz", "--survey", "none", "-n", "5", "--out", "m.fits"],
    "train": ["none.fits", "--task", "photoz", "--out", "m.safetensors"],
    "models": ["none"],
}


def test_each_command_with_the_option_is_here():
    having = []
    for name in app.names():
        command = app.tree(complete=False).get_command(None, name)
        having += [name] if any("--json" in param.opts for param in command.params) else []
    assert sorted(having) == sorted(WRONG)


@pytest.mark.parametrize("verb", WRONG)
@pytest.mark.parametrize("extra", [[], ["--nonsense"]], ids=["input", "usage"])
def test_an_error_is_an_object(told, tmp_path, monkeypatch, verb, extra):
    monkeypatch.chdir(tmp_path)
    code, found = told(verb, *WRONG[verb], "--json", *extra)
    assert (code, found["exit_code"], found["error"], list(found)) == (2, 2, "InputError", KEYS)
    assert "none" in f"{found['what']} {found['value']}" or extra
    assert "--nonsense" in found["what"] or not extra


def test_what_was_expected_and_what_to_type_stand_apart(told):
    _, found = told("predict", "cat.fits", "--task", "photoz", "--rows", "5:2", "--json")
    wanted = {"what": "--rows 5:2 is no range of rows", "expected": "A:B, 0-based, the row B not included"}
    assert {name: found[name] for name in wanted} == wanted
    assert found["hint"].startswith("Type --rows 0:100")


@pytest.mark.parametrize(
    ("error", "name", "code"),
    [
        (errors.LockedError("locked"), "LockedError", 1),
        (errors.Interrupted(15), "Interrupted", 143),
        (MemoryError(), "RunError", 1),
        (KeyError("x"), "RunError", 1),
        (OSError(5, "Input/output error", "x.fits"), "RunError", 1),
    ],
    ids=lambda part: type(part).__name__,
)
def test_whatever_ends_a_run_is_told(told, monkeypatch, error, name, code):
    def failing(*_, **__):
        raise error

    monkeypatch.setattr("skycnn.verbs.predict.predict", failing)
    assert told("predict", "cat.fits", "--task", "photoz", "--json")[0] == code
    console.manners.json = False
    found = told("predict", "cat.fits", "--task", "photoz", "--json")[1]
    assert (found["error"], found["exit_code"], list(found)) == (name, code, KEYS)


def test_a_result_that_was_printed_stays_the_only_object(standin, capfd, tmp_path):
    content = table(20)
    content["modelMag_r"][3] = -99
    words = ["predict", str(write(tmp_path / "cat.fits", content)), "--task", "standin", "--strict", "--json"]
    assert console.run(lambda: app.call(words)) == 3
    out, err = capfd.readouterr()
    (line,) = out.splitlines()
    assert json.loads(line)["flagged"]["missing_band"] == 1
    assert "rows were flagged" in err


def test_without_the_option_there_is_none(capfd):
    assert console.run(lambda: app.call(["predict", "none.fits", "--task", "photoz"])) == 2
    assert capfd.readouterr().out == ""


def test_a_standard_output_that_is_full_or_gone(tmp_path):
    line = [sys.executable, "-m", "skycnn", "models", "none", "--json"]
    with open("/dev/full", "w") as full:
        ran = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 2)
    assert "Traceback" not in ran.stderr
