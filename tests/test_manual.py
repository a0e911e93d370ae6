"""The man pages: fresh, complete, clean."""

import shutil
import subprocess
from pathlib import Path

import pytest

from skycnn import errors, schema
from skycnn.cli import manual
from skycnn.cli.app import names, tree

ROOT = Path(__file__).parents[1]
PAGES = manual.pages(manual.released(ROOT / "CHANGELOG.md"))


def test_pages_are_fresh():
    held = {path.name: path.read_text() for path in (ROOT / "man").glob("*.1")}
    assert held == PAGES, "run: make man"


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_pages_are_clean(name):
    ran = subprocess.run(["mandoc", "-T", "lint"], input=PAGES[name], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("", "", 0)


@pytest.mark.parametrize("verb", names())
def test_every_option_is_on_its_page(verb):
    page = PAGES[f"skycnn-{verb}.1"].replace("\\-", "-")
    opts = [opt for param in tree().get_command(None, verb).params for opt in param.opts if opt.startswith("-")]
    assert opts
    assert [opt for opt in opts if f"\\fB{opt}\\fR" not in page] == []


@pytest.mark.parametrize(
    "section", ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]
)
@pytest.mark.parametrize("name", PAGES)
def test_sections(name, section):
    assert f"\n.SH {section}\n" in PAGES[name]


def test_main_page_lists_commands_flags_and_codes():
    page = PAGES["skycnn.1"]
    assert all(f"skycnn\\-{verb}\\fR(1)" in page for verb in names())
    assert all(f"\n{bit.value} \\fB{bit.name}\\fR\n" in page for bit in schema.Flag)
    codes = {kind.exit_code for kind in (errors.RunError, errors.InputError, errors.FlaggedError)}
    assert all(f".TP\n{code}\n" in page for code in {0, *codes})


def test_a_page_lists_the_columns_that_its_command_writes():
    page = PAGES["skycnn-explain.1"].replace("\\-", "-")
    assert "\\fBTARGET_WHY_BAND\\fR" in page
    assert "\\fBZ_PHOT\\fR" not in page
    assert "\\fBZ_PHOT\\fR" in PAGES["skycnn-predict.1"]


def test_no_page_takes_the_grid_of_one_model_for_that_of_all():
    for page in ("skycnn.1", "skycnn-predict.1", "skycnn-score.1"):
        assert "probability in each bin of the model's grid" in PAGES[page]
        assert "200 bins" not in PAGES[page]


def test_date_is_that_of_the_newest_release(tmp_path):
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n## 0.2.0 - 2030-01-02\n\n## 0.1.0 - 2029-01-01\n")
    assert manual.released(tmp_path / "CHANGELOG.md") == "2030-01-02"
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n")
    with pytest.raises(errors.InputError, match="has no release"):
        manual.released(tmp_path / "CHANGELOG.md")


def test_main_writes_pages_and_removes_stale_ones(tmp_path, monkeypatch):
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    (tmp_path / "man").mkdir()
    (tmp_path / "man" / "skycnn-gone.1").touch()
    monkeypatch.setattr("sys.argv", ["manual", str(tmp_path / "man")])
    manual.main()
    assert {path.name for path in (tmp_path / "man").iterdir()} == set(PAGES)
