"""cutout that is killed, stopped, meets a full disk or changing files: no file or a whole one."""

import errno
import os
import re
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits

import field as fields
from faults import CUT_LEFT, WarmCutArena, faultless
from field import read, told, words
from sdsslike import snapshot
from shell import MAIN
from skycnn.files import journal
from skycnn.stamps.stampfile import stampfile
from skycnn.verbs import cutout as verb
from test_mishaps import Disk


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    return WarmCutArena(tmp_path_factory.mktemp("arena"), rows=3_000, slow=0.01)


@pytest.mark.parametrize("chunks", [1, 3])
def test_a_run_killed_between_blocks_goes_on_where_it_was(arena, chunks):
    trial = arena.kill("put", 0, arena.slow, times=chunks)
    assert (trial.state, trial.journalled_chunks >= chunks) == ("old", True)
    assert trial.taken_over == trial.journalled_rows >= chunks * arena.chunk
    assert faultless(arena, trial), trial


@pytest.mark.parametrize("after", [0.0, 0.05])
def test_a_run_killed_while_it_writes_gives_the_same_bytes_later(arena, after):
    trial = arena.kill("write", after, arena.slow)
    assert trial.state == "old"
    assert faultless(arena, trial), trial


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGTERM, 143, "write"), (signal.SIGINT, 130, "put")], ids=str
)
def test_a_stopped_run_leaves_what_the_next_one_needs(arena, number, code, word):
    ended = arena.stop(word, 0, arena.slow, number=number)
    assert ended.code == code
    assert ended.said.splitlines()[-1] == f"skycnn: stopped by signal {number:d}; every file is whole"
    assert (arena.state(), arena.left()) == ("old", list(CUT_LEFT))
    assert faultless(arena, arena.judge(ended.code))


def test_pixels_that_never_reached_the_disk_are_cut_again(arena):
    """After a power cut the journal may know of stamps that the partial file has lost."""
    arena.stop("put", 0, arena.slow, times=3)
    partial = arena.place / CUT_LEFT[1]
    with partial.open("r+b") as file:
        file.seek(2880 + 600 * 2 * 32 * 32 * 4)  # within the second block
        file.write(bytes(4096))
    trial = arena.judge(-signal.SIGKILL)
    assert trial.taken_over == trial.journalled_rows - arena.chunk
    assert (trial.next_code, trial.identical, trial.orphans) == (0, True, [])


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.setattr(verb, "BLOCK", 16)
    return fields.make(tmp_path)


# The disk


@pytest.mark.parametrize(
    ("more", "code"),
    [([], errno.ENOSPC), ([], errno.EIO), (["--overwrite"], errno.EIO), (["--compress", "gzip"], errno.ENOSPC)],
    ids=str,
)
def test_every_write_may_fail(cut, made, monkeypatch, more, code):
    out = made.folder / "stamps.fits"
    if "--overwrite" in more:
        out.write_bytes(b"somebody's")
    with monkeypatch.context() as patch:
        whole = Disk(patch)
        assert cut(*words(made), *more).code == 0
    out.unlink()
    if "--overwrite" in more:
        out.write_bytes(b"somebody's")
    assert whole.calls >= 10
    before = snapshot(made.folder)
    for number in range(1, whole.calls + 1):
        with monkeypatch.context() as patch:
            Disk(patch, number, code)
            said = cut(*words(made), *more, "-q")
        if snapshot(made.folder) != before:
            assert number == whole.calls, f"write {number} of {whole.calls}: {said.err}"
            break  # only the sync of the folder comes after the rename
        assert said.code == 1, (number, said.err)
        assert re.match("skycnn: error: (no space|writing)", told(said)[0]), (number, said.err)
        assert os.strerror(code) in said.err
        assert len(said.err.splitlines()) <= 2


def test_space_is_looked_for_before_the_first_write(cut, made, monkeypatch):
    real = os.statvfs(made.folder)

    class Little:
        f_frsize, f_bfree, f_bavail = real.f_frsize, 1, 1

    monkeypatch.setattr(os, "statvfs", lambda _: Little)
    monkeypatch.setattr(stampfile, "Journal", None)
    before = snapshot(made.folder)
    said = cut(*words(made), "-q")
    assert said.code == 1
    assert re.fullmatch(
        r"skycnn: error: no space for .*stamps.fits: 0\.\d MB are needed, 0\.0 MB are free\nhint: --out FILE .*\n",
        said.err,
    )
    assert snapshot(made.folder) == before


LIMITED = "import resource, sys; n = int(sys.argv.pop(1)); resource.setrlimit(resource.RLIMIT_FSIZE, (n, n))\n" + MAIN


def test_a_limit_on_the_size_of_files(made):
    before = snapshot(made.folder)
    line = ["50000", "cutout", "-q", *map(str, words(made))]
    ran = subprocess.run([sys.executable, "-c", LIMITED, *line], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert re.match("skycnn: error: no space while writing .*: File too large\nhint: ", ran.stderr)
    assert snapshot(made.folder) == before
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


# Files that change meanwhile, which the second block's journal entry tells


def happening(monkeypatch, act):
    inner, count = journal.Journal.put, []

    def put(self, *args):
        count.append(1)
        if len(count) == 2:
            act()
        return inner(self, *args)

    monkeypatch.setattr(journal.Journal, "put", put)


def replaced(made):
    fresh = made.folder / "fresh.fits"
    fields.image(fresh, made.pixels["g"] + 1, fields.wcs(angle=20.0))
    os.replace(fresh, made.path("g"))


def edited(made):
    with made.path("g").open("r+b") as file:
        file.seek(2880 * 3)
        file.write(bytes(100))


def truncated(made):
    os.truncate(made.path("g"), 2880 * 3)


def removed(made):
    made.path("g").unlink()


@pytest.mark.parametrize("mishap", [replaced, edited, truncated, removed])
def test_an_image_that_changes_makes_no_output(cut, made, monkeypatch, mishap):
    happening(monkeypatch, lambda: mishap(made))
    said = cut(*words(made), "-q")
    assert said.code == 1
    assert re.search(r"field_g\.fits.* (was|is) (changed|replaced|truncated|gone|removed|shorter)", told(said)[0])
    left = {entry.name for entry in made.folder.iterdir()} - {"cat.fits", "field_g.fits", "field_r.fits"}
    assert left == set()


def test_a_catalogue_that_changes_makes_no_output(cut, made, monkeypatch):
    def act():
        with fits.open(made.cat, mode="update") as units:
            units[1].data["FLUX"][:] = 9

    happening(monkeypatch, act)
    said = cut(*words(made), "-q")
    assert said.code == 1
    assert re.search(r"cat\.fits.* was changed", told(said)[0])
    assert {entry.name for entry in made.folder.iterdir()} == {"cat.fits", "field_g.fits", "field_r.fits"}


def test_an_output_that_appears_meanwhile_is_not_replaced(cut, made, monkeypatch):
    happening(monkeypatch, lambda: (made.folder / "stamps.fits").write_text("somebody's"))
    said = cut(*words(made), "-q")
    assert said.code == 1
    assert "stamps.fits exists: it came while we waited or ran" in told(said)[0]
    assert (made.folder / "stamps.fits").read_text() == "somebody's"
    assert not [entry.name for entry in made.folder.iterdir() if entry.name.startswith(".")]


def test_one_at_a_time(cut, made, monkeypatch):
    codes = []
    happening(monkeypatch, lambda: codes.append(subprocess.run(line, capture_output=True, text=True, check=False)))
    line = [sys.executable, "-c", MAIN, "cutout", *map(str, words(made))]
    assert cut(*words(made)).code == 0
    assert codes[0].returncode == 1
    assert "stamps.fits is being written by another skycnn" in codes[0].stderr
    assert np.array_equal(read(made.folder / "stamps.fits")[0], made.stamps(16))
