"""Mishaps during a run: no space, a file that changes, another skycnn; the catalogue is as it was, nothing is left."""

import errno
import fcntl
import os
import re
import resource
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest

import standins
import warm
from sdsslike import column, sha256, snapshot, table, write
from shell import MAIN
from skycnn.files import journal, lock, workingfile
from skycnn.fits import aheadcopy
from skycnn.fits import catalogue as catalogues
from skycnn.inputs import work
from skycnn.network.answer import Answerer

WRITES = ("pwrite", "write", "ftruncate", "fsync", "copy_file_range", "replace")


@pytest.fixture
def cat(tmp_path):
    return write(tmp_path / "cat.fits", table(300), checksum=True)


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of 64 rows, so that there is something between them."""
    monkeypatch.setattr(catalogues.Catalogue.packed_chunks, "__defaults__", (None, 64))


class Disk:
    """The system's calls that write, counted; the one numbered ``fails`` fails."""

    def __init__(self, monkeypatch, fails=None, code=errno.ENOSPC):
        self.calls, self.fails, self.code = 0, fails, code
        self.main = threading.get_ident()
        for name in WRITES:
            monkeypatch.setattr(os, name, self.watched(getattr(os, name)))

    def watched(self, inner):
        def outer(target, *args, **settings):
            if target in (1, 2):  # messages
                return inner(target, *args, **settings)
            self.calls += 1
            if self.calls == self.fails:
                raise OSError(self.code, os.strerror(self.code))
            return inner(target, *args, **settings)

        return outer


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
@pytest.mark.parametrize("words", [[], ["--out", "new.fits"], ["--overwrite", "--out", "old.fits"]], ids=str)
def test_every_write_may_fail(ask, cat, tmp_path, small_chunks, monkeypatch, words, code):
    words = [tmp_path / word if word.endswith(".fits") else word for word in words]
    (tmp_path / "old.fits").write_bytes(b"somebody's")
    with monkeypatch.context() as patch:
        whole = Disk(patch)
        backup = tmp_path.parent / "backup.fits"
        shutil.copy2(cat, backup)
        assert ask(cat, *words).code == 0
        (tmp_path / "new.fits").unlink(missing_ok=True)
        (tmp_path / "old.fits").write_bytes(b"somebody's")
        shutil.copy2(backup, cat)
    assert whole.calls >= 10
    before = snapshot(tmp_path)
    for number in range(1, whole.calls + 1):
        with monkeypatch.context() as patch:
            Disk(patch, number, code)
            said = ask(cat, *words, "-q")
        if snapshot(tmp_path) != before:
            assert number == whole.calls, f"write {number} of {whole.calls}: {said.err}"
            break  # only the sync of the folder comes after the rename
        assert said.code == 1, (number, said.err)
        told = said.err.splitlines()[0]
        assert re.match("skycnn: error: (no space|writing)", told), (number, told)
        assert os.strerror(code) in told
        assert len(said.err.splitlines()) <= 2


def test_a_disk_that_fills_under_what_lies_before_the_table_ends_the_run_at_once(
    ask, cat, tmp_path, small_chunks, monkeypatch
):
    class Now(ThreadPoolExecutor):
        def submit(self, *args):
            begun = super().submit(*args)
            wait([begun])
            return begun

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    answered, answer = [], Answerer.answer
    monkeypatch.setattr(aheadcopy, "LEAST", 1)
    monkeypatch.setattr(aheadcopy, "ThreadPoolExecutor", Now)
    monkeypatch.setattr(aheadcopy, "copy_range", full)
    monkeypatch.setattr(Answerer, "answer", lambda self, *args: answered.append(args) or answer(self, *args))
    write(cat, table(1000), checksum=True)
    before = snapshot(tmp_path)
    said = ask(cat, "-q")
    assert said.code == 1 and said.err.startswith("skycnn: error: no space"), said.err
    assert len(answered) <= 2 * work.PIECES < 1000 // 64
    assert snapshot(tmp_path) == before


def test_space_is_looked_for_before_the_first_write(ask, cat, tmp_path, monkeypatch):
    real = os.statvfs(tmp_path)

    class Little:
        f_frsize, f_bfree, f_bavail = real.f_frsize, 1, 1

    monkeypatch.setattr(os, "statvfs", lambda _: Little)
    monkeypatch.setattr(journal, "Journal", None)
    before = snapshot(tmp_path)
    said = ask(cat, "-q")
    assert said.code == 1
    told = r"skycnn: error: no space for .*cat.fits: 0\.\d MB are needed, 0\.0 MB are free\nhint: --out FILE .*\n"
    assert re.fullmatch(told, said.err)
    assert snapshot(tmp_path) == before


LIMITED = "import resource, sys; n = int(sys.argv.pop(1)); resource.setrlimit(resource.RLIMIT_FSIZE, (n, n))\n" + MAIN


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_limit_on_the_size_of_files(tmp_path, ending):
    cat = write(tmp_path / "cat.fits", table(30_000))
    limit = cat.stat().st_size + 100_000
    if ending:
        subprocess.run(["gzip", "-1", cat], check=True)
        limit = cat.stat().st_size if cat.exists() else 300_000
    before = snapshot(tmp_path)
    words = [str(limit), "predict", "-q", f"{cat}{ending}", "--task", "photoz"]
    ran = warm.python(LIMITED, *words)
    assert ran.returncode == 1
    assert re.match(
        "skycnn: error: no space while writing .*: File too large\nhint: What was there before is as it was.",
        ran.stderr,
    )
    assert snapshot(tmp_path) == before
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


# The file changes while it is read. What happens is told by the second chunk that is put into the journal.


def happening(monkeypatch, act, at=2):
    inner, count = journal.Journal.put, []

    def put(self, *args):
        count.append(1)
        if len(count) == at:
            act()
        return inner(self, *args)

    monkeypatch.setattr(journal.Journal, "put", put)


def touched(cat):
    os.utime(cat, (1, 1))


def edited(cat):
    with open(cat, "r+b") as file:
        file.seek(2880 * 4)
        file.write(b"\x41\x90\x00\x00")


def grown(cat):
    with open(cat, "ab") as file:
        file.write(bytes(2880))


def replaced(cat):
    write(cat.with_name("fresh"), table(10))
    os.replace(cat.with_name("fresh"), cat)


def truncated(cat):
    os.truncate(cat, 4000)


def removed(cat):
    cat.unlink()


@pytest.mark.parametrize("mishap", [touched, edited, grown, replaced, truncated, removed])
def test_a_catalogue_that_changes_is_left_as_it_is(ask, cat, tmp_path, small_chunks, monkeypatch, mishap):
    left = {}

    def act():
        mishap(cat)
        left.update(snapshot(tmp_path))

    happening(monkeypatch, act)
    said = ask(cat, "-q")
    assert said.code == 1
    assert re.match(r"skycnn: error: .*cat\.fits(\[1\])? was (changed|truncated)", said.err)
    assert len(said.err.splitlines()) == 2
    now = snapshot(tmp_path)
    ours = {".cat.fits.skycnn-journal", f".cat.fits.skycnn-{os.getpid()}.tmp"}
    assert {name for name in left if name not in now} <= ours
    assert {name: left[name] for name in now} == now


@pytest.mark.parametrize("mishap", [touched, edited, grown, truncated])
def test_a_changing_input_makes_no_output(ask, cat, tmp_path, small_chunks, monkeypatch, mishap):
    happening(monkeypatch, lambda: mishap(cat))
    said = ask(cat, "-q", "--out", tmp_path / "new.fits")
    assert said.code == 1
    assert re.match(r"skycnn: error: .*cat\.fits(\[1\])? was (changed|truncated)", said.err)
    assert [entry.name for entry in tmp_path.iterdir()] == ["cat.fits"]


def test_an_input_replaced_by_another_is_still_read_whole(ask, cat, tmp_path, small_chunks, monkeypatch):
    content = cat.read_bytes()
    happening(monkeypatch, lambda: replaced(cat))
    assert ask(cat, "-q", "--out", tmp_path / "new.fits").code == 0
    assert len(column(tmp_path / "new.fits", "Z_PHOT")) == 300
    assert len(cat.read_bytes()) < len(content)


def test_an_output_that_appears_meanwhile_is_not_replaced(ask, cat, tmp_path, small_chunks, monkeypatch):
    new = tmp_path / "new.fits"
    happening(monkeypatch, lambda: new.write_bytes(b"somebody's"))
    said = ask(cat, "-q", "--out", new)
    assert (said.code, new.read_bytes()) == (1, b"somebody's")
    assert re.match(r"skycnn: error: .*new\.fits exists: it came while we waited or ran\n", said.err)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cat.fits", "new.fits"]


# Another skycnn


def test_a_locked_catalogue_is_refused_at_once(ask, cat, tmp_path):
    before = snapshot(tmp_path)
    with open(cat) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        said = ask(cat)
    assert said.code == 1
    assert re.fullmatch(
        r"skycnn: error: .*cat\.fits is being written by another skycnn\nhint: --wait SECONDS waits for it\.\n",
        said.err,
    )
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("renamed", [False, True], ids=["released", "replaced"])
def test_wait_waits_and_then_sees_what_the_other_wrote(ask, cat, tmp_path, monkeypatch, renamed):
    answered = tmp_path / "other.fits"
    assert ask(cat, "--out", answered).code == 0
    held = open(cat)  # noqa: SIM115
    fcntl.flock(held, fcntl.LOCK_EX)
    naps = []

    def nap(seconds):
        naps.append(seconds)
        if len(naps) == 3:
            if renamed:
                os.replace(answered, cat)
            held.close()

    monkeypatch.setattr(lock.time, "sleep", nap)
    said = ask(cat, "--wait", "1000")
    assert (said.code, len(naps)) == (0, 3)
    assert ("nothing to do" in said.err) == renamed
    assert np.isfinite(column(cat, "Z_PHOT")).all()


def test_two_runs_on_one_new_output(ask, cat, tmp_path, small_chunks, monkeypatch):
    said = []
    happening(monkeypatch, lambda: said.append(inner()))

    def inner():
        return warm.run("predict", cat, "--task", "photoz", "-q", "--out", tmp_path / "new.fits")

    assert ask(cat, "-q", "--out", tmp_path / "new.fits").code == 0
    assert said[0].returncode == 1
    assert "is being written by another skycnn" in said[0].stderr
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cat.fits", "new.fits"]


def test_where_no_locks_are_a_file_is_the_lock(ask, cat, tmp_path, monkeypatch):
    def none(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    mark = tmp_path / ".cat.fits.skycnn.lock"
    mark.write_text("elsewhere 1\n")
    said = ask(cat)
    assert said.code == 1
    assert "process 1 on elsewhere; its lock is" in said.err
    mark.unlink()
    assert ask(cat).code == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["cat.fits"]


# Journals


def journalled(ask, cat, monkeypatch):
    """Stop a run after its third chunk, as SIGINT would."""
    with monkeypatch.context() as patch:

        def stop():
            raise KeyboardInterrupt

        happening(patch, stop, at=4)
        assert ask(cat, "-q").code == 130
    return cat.with_name(f".{cat.name}.skycnn-journal")


def test_a_torn_journal_serves_up_to_the_tear(ask, cat, tmp_path, small_chunks, monkeypatch):
    whole = write(tmp_path / "whole.fits", table(300), checksum=True)
    path = journalled(ask, cat, monkeypatch)
    os.truncate(path, path.stat().st_size - 7)
    said = ask(cat)
    assert said.code == 0
    assert "taken over from an earlier run: 128 rows" in said.err
    assert ask(whole).code == 0
    assert np.array_equal(column(cat, "Z_PHOT"), column(whole, "Z_PHOT"))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cat.fits", "whole.fits"]


def test_a_journal_with_a_flipped_bit_is_not_believed(ask, cat, small_chunks, monkeypatch):
    path = journalled(ask, cat, monkeypatch)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    assert "an earlier run: 128 rows" in ask(cat).err


def test_a_journal_of_another_run_is_thrown_away_with_a_line(ask, cat, small_chunks, monkeypatch, standin):
    journalled(ask, cat, monkeypatch)
    said = ask(cat, "--model", standin / "other" / "standin-other-flux.safetensors")
    assert said.code == 0
    assert said.err.count("the journal of another run was found and thrown away") == 1
    assert "an earlier run" not in said.err


def test_rows_that_changed_since_the_journal_are_answered_anew(ask, cat, tmp_path, small_chunks, monkeypatch):
    journalled(ask, cat, monkeypatch)
    content = table(300)
    content["modelMag_r"][70] = 25
    write(cat, content, checksum=True)
    said = ask(cat)
    assert "an earlier run: 128 rows" in said.err, "the chunk of row 70 is not taken over"
    fresh = write(tmp_path / "fresh.fits", content, checksum=True)
    assert ask(fresh).code == 0
    assert np.array_equal(column(cat, "Z_PHOT"), column(fresh, "Z_PHOT"))


def test_what_a_killed_run_left_is_cleared(ask, cat, tmp_path):
    for name in (".cat.fits.skycnn-123.tmp", ".cat.fits.skycnn-probe", ".cat.fits.skycnn-journal"):
        (tmp_path / name).write_bytes(b"rubbish")
    (tmp_path / ".cat.fits.bak").write_bytes(b"mine")
    assert ask(cat).code == 0
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".cat.fits.bak", "cat.fits"]
    digest = sha256(cat)
    (tmp_path / ".cat.fits.skycnn-124.tmp").write_bytes(b"rubbish")
    assert ask(cat).code == 0
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".cat.fits.bak", "cat.fits"]
    assert sha256(cat) == digest


@pytest.mark.parametrize("place", ["in place", "elsewhere"])
@pytest.mark.parametrize("kind", ["hard link", "link", standins.KINDS[-1]])
def test_a_strangers_journal_is_neither_believed_nor_written_to(
    ask, cat, tmp_path, small_chunks, monkeypatch, kind, place
):
    """A forged one would bring its answers into the catalogue; writing to a name of another file destroys that."""
    ours = journalled(ask, cat, monkeypatch)
    content = ours.read_bytes()
    ours.unlink()
    words = () if place == "in place" else ("--out", tmp_path / "new.fits")
    made = tmp_path / "new.fits" if words else cat
    names = [tmp_path / f".{made.name}.skycnn-{role}" for role in ("journal", "probe", f"{os.getpid()}.tmp")]
    for name in names:
        same = standins.put(kind, name, content)
    said = ask(cat, *words)
    assert said.code == 0
    assert said.err.count("the run begins anew\n") == 1
    assert "an earlier run" not in said.err
    assert same()
    left = {entry.name for entry in tmp_path.iterdir()} - {"cat.fits", "new.fits", "precious"}
    assert left == set() or (kind == "foreign" and words), "a colleague's stay where its run may go on"
    whole = write(tmp_path / "whole.fits", table(300), checksum=True)
    assert ask(whole).code == 0
    assert np.array_equal(column(made, "Z_PHOT"), column(whole, "Z_PHOT"))


def test_companions_are_told_from_other_files(tmp_path):
    for name in (".a.fits.skycnn-journal", ".a.fits.skycnn-9.tmp", ".a.fits", ".aa.fits.skycnn-9.tmp", "a.fits"):
        (tmp_path / name).touch()
    found = sorted(entry.name for entry in workingfile.litter(str(tmp_path / "a.fits")))
    assert found == [".a.fits.skycnn-9.tmp", ".a.fits.skycnn-journal"]
