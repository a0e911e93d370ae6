"""scorefiles: neither figure nor page replaces what is read or the other; endings and folders are seen to."""

import os
from pathlib import Path

import pytest

from skycnn.errors import InputError
from skycnn.report import plotfile, scorefiles

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plotfile, "find_spec", lambda name: name)
    for name in ("cat.png", "cat.html", "cat.fits"):
        (tmp_path / name).write_bytes(b"data")
    os.link("cat.fits", "hard.html")
    os.symlink("cat.fits", "soft.html")
    os.symlink("new.png", "to-plot.html")


def check(texts=("cat.fits",), files=(), plot=None, html=None, overwrite=True):
    return scorefiles.check(texts, files, plot=plot, html=html, overwrite=overwrite)


def test_sound_names_pass_and_the_figures_format_is_told():
    assert check(plot="p.PDF", html="page.htm") == "pdf"
    assert check(html="page.html") == ""
    assert check(("-",), ("photoz-sdss-flux", None), plot="cat.png") == "png"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"html": "page.txt"}, r"--html page\.txt has no known ending .expected \.html, \.htm"),
        ({"html": "no/where.html"}, "no file can be made in no"),
        ({"html": "cat.html", "overwrite": False}, r"cat\.html exists.*--overwrite"),
        ({"texts": ("cat.html[1]",), "html": "cat.html"}, r"--html cat\.html is cat\.html, which is read"),
        ({"texts": ("cat.png#2",), "plot": "cat.png"}, r"--plot cat\.png is cat\.png, which is read"),
        ({"html": "hard.html"}, r"--html hard\.html is cat\.fits, which is read"),
        ({"html": "soft.html"}, r"--html soft\.html is cat\.fits, which is read"),
        ({"files": ("cat.html",), "html": "./cat.html"}, "which is read"),
        ({"plot": "new.png", "html": "to-plot.html"}, r"--html to-plot\.html is what --plot writes"),
    ],
)
def test_what_is_read_is_spared_whatever_it_is_called(given, message):
    with pytest.raises(InputError, match=message):
        check(**given)
    assert Path("cat.fits").read_bytes() == b"data"
