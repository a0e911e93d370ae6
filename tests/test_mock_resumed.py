"""A run of mocks that was ended goes on where it was, to the same bytes."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

import mocking
from skycnn.errors import Interrupted
from skycnn.files.journal import Journal
from skycnn.simulate import mocks, scene

SMALL = ("--bands", "g,r,i", "--seed", "3", "--threads", "2")
LEFT = [".m.fits.skycnn-journal", ".m.fits.skycnn-partial"]


@pytest.fixture
def mock(capfdbinary, monkeypatch, tmp_path):
    monkeypatch.setattr(mocks, "BLOCK", 32)
    monkeypatch.setattr(mocks, "DRAWN", 96)
    monkeypatch.setattr(mocks, "FLUX_BLOCK", 64)
    return mocking.Command(capfdbinary, monkeypatch, tmp_path, mocking.MOCK)


@pytest.fixture
def ended(mock, monkeypatch):
    """Run a command that a signal ends after so many blocks; return what it said."""

    def run(blocks, *words, **named):
        put, seen = Journal.put, []

        def stopped(journal, *args):
            put(journal, *args)
            seen.append(args)
            if len(seen) == blocks:
                raise Interrupted(15)

        with monkeypatch.context() as patch:
            patch.setattr(Journal, "put", stopped)
            return mock(*words, **named)

    return run


@pytest.mark.parametrize("words", [("-n", 60), ("-n", 200, "--fluxes-only"), ("-n", 60, "--all")], ids=str)
def test_the_bytes_are_those_of_a_run_that_was_not_ended(mock, ended, words):
    words = (*words, *SMALL, "--preview", "m.png", "--json")
    assert mock(*words).code == 0
    whole = Path("m.fits").read_bytes()
    for blocks in (1, 2):
        os.remove("m.fits")
        os.remove("m.png")
        assert ended(blocks, *words).code == 143, blocks
        assert sorted(os.listdir()) == LEFT, blocks
        said = mock(*words)
        assert said.code == 0, (blocks, said.err)
        assert "taken over from an earlier run: " in said.err, blocks
        assert 0 < json.loads(said.out)["resumed"] <= json.loads(said.out)["rows"], blocks
        assert Path("m.fits").read_bytes() == whole, blocks
        assert sorted(os.listdir()) == ["m.fits", "m.png"], blocks


def test_a_run_ended_again_and_again_comes_to_its_end(mock, ended):
    assert mock("-n", 90, *SMALL).code == 0
    whole = Path("m.fits").read_bytes()
    os.remove("m.fits")
    while ended(1, "-n", 90, *SMALL).code == 143:
        assert sorted(os.listdir()) == LEFT
    assert Path("m.fits").read_bytes() == whole
    assert os.listdir() == ["m.fits"]


@pytest.mark.parametrize(
    "words", [("-n", 61, *SMALL), ("-n", 60, *SMALL, "--seed", "4"), ("-n", 60, *SMALL, "--size", 20)], ids=str
)
def test_another_run_begins_anew_and_says_so(mock, ended, words):
    assert mock(*words).code == 0
    whole = Path("m.fits").read_bytes()
    os.remove("m.fits")
    assert ended(2, "-n", 60, *SMALL).code == 143
    said = mock(*words)
    assert said.code == 0
    assert "the journal of another run was found and thrown away" in said.err
    assert Path("m.fits").read_bytes() == whole


def test_another_psf_of_the_same_name_begins_anew(mock, ended):
    y, x = np.mgrid[-12:13, -12:13]
    for width in (2.0, 3.0):
        image = fits.PrimaryHDU(np.exp(-(x**2 + y**2) / (2 * width**2)).astype("f4"))
        image.header["PIXSCALE"] = 0.074
        image.writeto("g.fits", overwrite=True)
        words = ("-n", 60, *SMALL, "--psf", "g=g.fits")
        said = mock(*words) if width == 3.0 else ended(2, *words)
        assert said.code == (0 if width == 3.0 else 143), said.err
    assert "thrown away" in said.err


@pytest.mark.parametrize("blocks", [1, 3])
def test_a_scene_goes_on_where_it_was(mock, ended, monkeypatch, blocks):
    monkeypatch.setattr(scene, "BLOCK", 8)
    words = ("--scene", "90,70", *SMALL)
    assert mock(*words, out="sky").code == 0
    whole = {path.name: path.read_bytes() for path in Path("sky").iterdir()}
    shutil.rmtree("sky")
    assert ended(blocks, *words, out="sky").code == 143
    assert os.listdir("sky") == [".scene_cat.fits.skycnn-journal"]
    said = mock(*words, out="sky")
    assert (said.code, f"taken over from an earlier run: {8 * blocks} objects" in said.err) == (0, True)
    assert {path.name: path.read_bytes() for path in Path("sky").iterdir()} == whole
    shutil.rmtree("sky")
    assert ended(blocks, *words, out="sky").code == 143
    said = mock("--scene", "90,71", *SMALL, out="sky")
    assert (said.code, "thrown away" in said.err, "taken over" in said.err) == (0, True, False)


def test_an_error_leaves_nothing(mock, monkeypatch):
    put = Journal.put

    def failing(journal, first, *args):
        put(journal, first, *args)
        if first == 1:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(Journal, "put", failing)
    assert mock("-n", 60, *SMALL).code == 1
    assert os.listdir() == []
