"""plotfile: what a figure may be called, where it may lie, and that it is written as a whole."""

import os

import pytest

from skycnn.errors import InputError
from skycnn.files import safefile
from skycnn.report import plotfile


@pytest.fixture(autouse=True)
def _matplotlib(monkeypatch):
    monkeypatch.setattr(plotfile, "find_spec", lambda name: name)


@pytest.mark.parametrize(("path", "kind"), [("p.png", "png"), ("b.PDF", "pdf"), ("x.svg", "svg")])
def test_the_ending_names_the_format(tmp_path, path, kind):
    assert plotfile.check(str(tmp_path / path)) == kind


def test_other_endings_and_a_missing_matplotlib_are_refused(monkeypatch):
    with pytest.raises(InputError, match=r"--plot p\.jpg has no known ending.*\.png"):
        plotfile.check("p.jpg")
    monkeypatch.setattr(plotfile, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"matplotlib is not installed; --preview.*pip install 'skycnn\[plots\]'"):
        plotfile.check("p.png", "--preview")


def test_files_that_are_there_are_spared_and_folders_must_be(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plotfile.write("a.png", b"old")
    (tmp_path / "folder.png").mkdir()
    os.symlink("a.png", "link.png")
    for path in ("a.png", "link.png"):
        with pytest.raises(InputError, match=r"exists.*--overwrite"):
            plotfile.check(path)
        assert plotfile.check(path, overwrite=True) == "png"
        with pytest.raises(InputError, match=r"--plot .* is the catalogue.*Give another --plot FILE"):
            plotfile.check(path, overwrite=True, spared={"b.png": "another", "a.png": "the catalogue"})
    with pytest.raises(InputError, match="is a folder"):
        plotfile.check("folder.png", overwrite=True)
    with pytest.raises(InputError, match=r"no file can be made in no/where.*Give another --plot FILE"):
        plotfile.check("no/where/p.png")


def test_a_figure_replaces_what_a_link_points_to_and_leaves_no_litter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plotfile.write("a.png", b"old")
    os.symlink("a.png", "link.png")
    plotfile.write("link.png", b"new")
    assert (tmp_path / "a.png").read_bytes() == b"new"
    assert os.path.islink("link.png")
    assert sorted(os.listdir()) == ["a.png", "link.png"]


def test_a_figure_that_is_a_mount_of_its_own_is_refused_before_the_work(tmp_path, monkeypatch):
    path = tmp_path / "p.png"
    path.touch()
    monkeypatch.setattr(safefile, "_mount", lambda place: place)
    with pytest.raises(InputError, match=r"--plot .*p\.png is a mount of its own") as caught:
        plotfile.check(str(path), overwrite=True)
    assert caught.value.hint == "Mount its folder instead, or --plot FILE names another place."
