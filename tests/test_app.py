"""The program: its commands, help and usage errors."""

import pkgutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest

import skycnn.cli
from shell import bare, python, run
from skycnn import tasks
from skycnn.cli import app
from skycnn.errors import InputError

HEAVY = (
    "torch",
    "numpy",
    "astropy",
    "scipy",
    "fitsio",
    "safetensors",
    "rich",
    "tqdm",
    "pydantic",
    "importlib.metadata",
)
TASKS = ", ".join(tasks.names())
LOADED = f"""
import sys
from skycnn.cli.app import call
try:
    call(sys.argv[1:])
finally:
    print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize("args", [["--help"], *([verb, "--help"] for verb in app.names())], ids=" ".join)
def test_help_loads_nothing_heavy(args):
    ran = python(LOADED, *args)
    assert ran.stdout.startswith("Usage: skycnn")
    assert ran.stderr.strip() == "[]"


def test_every_command_file_is_listed():
    defined = {
        module.name
        for module in pkgutil.iter_modules(skycnn.cli.__path__)
        if hasattr(import_module(f"skycnn.cli.{module.name}"), "command")
    }
    assert defined == set(app.names())
    assert "models" in defined


@pytest.mark.parametrize("verb", app.names())
def test_every_command_has_a_summary_and_examples(verb):
    module = import_module(f"skycnn.cli.{verb}")
    assert module.command.__doc__.splitlines()[0].endswith(".")
    assert all("skycnn " in typed and meaning.endswith(".") for typed, meaning in module.EXAMPLES)
    assert f"Example: {module.EXAMPLES[0][0]}".split() == run(verb, "--help").stdout.split("\n\n")[-1].split()


def test_a_verb_in_the_folder_is_a_command(tmp_path, monkeypatch):
    (tmp_path / "greet.py").write_text('def command(name: str):\n    """Greet."""\n    print("hello", name)\n')
    monkeypatch.setattr(app.cli, "__path__", [*app.cli.__path__, str(tmp_path)])
    assert "greet" not in app.names()  # a parser without a verb behind it
    monkeypatch.setattr(app.verbs, "__path__", [*app.verbs.__path__, str(tmp_path)])
    assert "greet" in app.names()


def test_version_is_the_installed_one():
    assert run("--version").stdout == f"skycnn {version('skycnn')}\n"


def test_module_is_the_program():
    ran = subprocess.run([sys.executable, "-m", "skycnn", "modles"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr == "skycnn: error: there is no command 'modles'\nhint: Did you mean skycnn models?\n"


def test_no_arguments_is_a_usage_error_with_help():
    ran = run()
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("Usage: skycnn")


@pytest.mark.parametrize(
    ("args", "what", "hint"),
    [
        (["modles"], "there is no command 'modles'", "Did you mean skycnn models?"),
        (["xyzzy"], "there is no command 'xyzzy'", "Type skycnn --help for what there is."),
        (["models", "--jsn"], "models has no option --jsn", "Did you mean --json?"),
        (["models", "-x"], "models has no option -x", "Type skycnn models --help"),
        (["models", "a", "b"], "models: Got unexpected extra argument(s) (b)", "Type skycnn models --help"),
        (["-q", "models"], "-q belongs after the command", "Type skycnn COMMAND -q"),
        (["--vrsion"], "skycnn has no option --vrsion", "Did you mean --version?"),
        (["--", ""], "there is no command ''", "Type skycnn --help for what there is."),
        (["--"], "skycnn: Missing command", "Type skycnn --help"),
        (["predict"], "predict needs CAT", "Type skycnn predict --help"),
        (["predict", "cat.fits"], f"predict needs --task TASK (expected {TASKS}", "Type skycnn predict --help"),
        (["predict", "c", "--task", "t", "--batch", "x"], "predict: Invalid value for '--batch': Input", "Type skycnn"),
        (["models", "--json=3"], "models: Option '--json' does not take a value", "Type skycnn models --help"),
    ],
)
def test_usage_errors_are_one_line_and_a_hint(args, what, hint):
    ran = run(*args)
    error, told = ran.stderr.splitlines()
    assert (ran.returncode, ran.stdout) == (2, "")
    assert error.startswith(f"skycnn: error: {what}")
    assert told.startswith(f"hint: {hint}")


def test_hint_after_an_unknown_short_option_names_the_verb():
    with pytest.raises(InputError, match="models has no option -x") as caught:
        app.call(["models", "-x"])
    assert caught.value.exit_code == 2


def test_bare_environment_and_odd_bytes():
    ran = run("modèles", b"\xff".decode(errors="surrogateescape"), env=bare(LC_ALL="POSIX", PYTHONUTF8="0"))
    assert ran.returncode == 2
    assert ran.stderr.startswith("skycnn: error: there is no command 'mod")


def test_the_end_looks_through_nothing():
    told = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 1000)); "
    done = python(told + "from skycnn.cli.app import main; main()", "--version")
    assert done.stdout.splitlines()[-1] == "True"
