"""The house: the rules of CONTRIBUTING.md that a program can check."""

import ast
import re
import shutil
import statistics
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import pytest

import skycnn
from skycnn import errors, schema, tasks
from skycnn.cli import app

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "skycnn"
FILES = sorted(path for path in SOURCE.rglob("*.py") if not path.name.startswith("__"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_files_are_read_in_a_sitting():
    lengths = sorted(len(path.read_text().splitlines()) for path in FILES)
    assert statistics.median(lengths) <= 150
    assert lengths[int(0.9 * (len(lengths) - 1))] <= 250


def test_the_largest_file_is_one_noun():
    assert {path.name: n for path in FILES if (n := len(path.read_text().splitlines())) > 400} == {}


def test_floors_hold():
    pytest.importorskip("importlinter", reason="import-linter is not installed")
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_floors_are_exhaustive():
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    floors = next(contract for contract in contracts if contract["type"] == "layers")
    assert (floors["containers"], floors["exhaustive"]) == (["skycnn"], True)
    rooms = {path.stem for path in SOURCE.glob("*.py")} | {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert rooms - {"__init__"} == {room for floor in floors["layers"] for room in re.findall(r"\w+", floor)}


def test_a_command_is_one_file_a_folder():
    verbs = {path.stem for path in (SOURCE / "verbs").glob("*.py")} - {"__init__"}
    assert verbs == set(app.names())
    assert {path.stem for path in (ROOT / "man").glob("*.1")} == {"skycnn", *(f"skycnn-{verb}" for verb in verbs)}


def test_the_test_of_a_file_can_be_guessed():
    tests = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    without = [str(path.relative_to(SOURCE)) for path in FILES if f"test_{path.stem}" not in tests]
    assert len(without) <= 0.1 * len(FILES), without


def test_warnings_are_errors():
    assert PROJECT["tool"]["pytest"]["ini_options"]["filterwarnings"] == ["error"]
    with pytest.raises(UserWarning, match="seen"):
        warnings.warn("seen", stacklevel=1)


def calls(path):
    """Yield every call in a file by the dotted name of what is called."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.args


def test_exit_codes_stand_in_one_place():
    assert {kind.__name__: kind.exit_code for kind in (errors.RunError, errors.InputError, errors.FlaggedError)} == {
        "RunError": 1,
        "InputError": 2,
        "FlaggedError": 3,
    }
    assert [errors.Interrupted(number).exit_code for number in (1, 2, 15)] == [129, 130, 143]
    leaving = ("sys.exit", "exit", "os._exit", "typer.Exit", "SystemExit")
    literal = [
        f"{path.name}: {name}"
        for path in FILES
        for name, args in calls(path)
        if name in leaving and any(isinstance(arg, ast.Constant) for arg in args)
    ]
    assert literal == []
    assigned = [path.name for path in FILES if re.search(r"\bexit_code\s*=\s*\d", path.read_text())]
    assert assigned == ["errors.py"]


def test_the_version_stands_in_one_place():
    version = PROJECT["project"]["version"]
    assert skycnn.__version__ == version, "run: pip install -e ."
    assert [path.name for path in FILES if f'"{version}"' in path.read_text()] == []
    newest = re.search(r"^## (\S+) - ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest[1] == version


def test_changelog_tells_data_loss_first():
    releases = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    assert all(release.splitlines()[2].startswith("Data loss:") for release in releases)


def test_readme_tells_what_the_program_does():
    text = (ROOT / "README.md").read_text()
    assert {f"| {bit.value} | `{bit.name}` | {meaning} |" for bit, meaning in schema.MEANINGS.items()} - set(
        text.splitlines()
    ) == set()
    columns = {
        column.name
        for task in map(tasks.load, tasks.names())
        for column in (*task.posterior().columns(pdf=True), schema.flag_column(task.flag))
    }
    assert {name for name in columns if f"`{name}`" not in text} == set()
    assert {verb for verb in app.names() if f"`skycnn {verb}" not in text} == set()
    codes = {str(kind.exit_code) for kind in (errors.RunError, errors.InputError, errors.FlaggedError)}
    assert {"0", "130", "143", *codes} <= set(re.findall(r"^\| (\d+) \|", text, re.MULTILINE))


def test_readme_names_only_options_and_targets_that_exist():
    text = "\n".join((ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))
    root = app.tree()
    known = {opt for verb in app.names() for param in root.get_command(None, verb).params for opt in param.opts}
    known |= {opt for param in root.params for opt in param.opts} | {"--help"}
    shown = set(re.findall(r"skycnn [^`\n|]*", text))
    assert {opt for line in shown for opt in re.findall(r"(?<!\S)--[a-z-]+", line)} - known == set()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`", text)) - targets == set()


def test_docstrings_are_linted():
    lint = PROJECT["tool"]["ruff"]["lint"]
    assert "D" in lint["select"]
    assert lint["pydocstyle"]["convention"] == "numpy"
    assert set(lint["ignore"]) & {"D100", "D101", "D102", "D103"} == set()


@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="this is no git checkout")
def test_nothing_built_is_tracked():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in tracked if re.search(r"__pycache__|\.pyc$|\.egg-info|^\.venv|^out/|\.ipynb$", name)] == []
