"""Lock: one skycnn at a time works on a file, on every file system."""

import errno
import fcntl
import os
import subprocess
import sys
import threading
import warnings

import pytest

import standins
from skycnn.errors import InputError, LockedError
from skycnn.files.lock import held, locked
from skycnn.files.workingfile import stranger


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "cat.fits"
    place.write_bytes(b"old")
    return place


def deny(monkeypatch, number):
    """Let the file system have no locks."""

    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def test_a_second_one_is_refused_at_once(path):
    before = descriptors()
    with locked(str(path), "cat.fits"):
        with (
            pytest.raises(LockedError, match=r"cat\.fits is being written by another skycnn") as told,
            locked(str(path), "cat.fits"),
        ):
            pass
        assert "--wait SECONDS" in told.value.hint
    with locked(str(path), "cat.fits") as fd:
        assert os.pread(fd, 9, 0) == b"old"
    assert descriptors() == before
    assert os.listdir(path.parent) == ["cat.fits"]


def test_another_process_is_refused(path):
    code = "import sys; from skycnn.files.lock import locked\nwith locked(sys.argv[1], 'cat'): pass"
    with locked(str(path), "cat"):
        ran = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "LockedError: cat is being written by another skycnn" in ran.stderr


def held_by_another(path, until, meanwhile=lambda: None):
    """Hold the lock in a thread; once ``until`` is set do something and let it go."""
    ready = threading.Event()

    def hold():
        with locked(str(path), "cat"):
            ready.set()
            until.wait(30)
            meanwhile()

    thread = threading.Thread(target=hold)
    thread.start()
    ready.wait(30)
    return thread


def test_who_waits_gets_the_file_that_bears_the_name_now(path, monkeypatch):
    """The holder renames a new file over the one that was waited for, as skycnn itself does."""
    until = threading.Event()
    new = path.with_name("new")
    new.write_bytes(b"new")
    thread = held_by_another(path, until, lambda: os.replace(new, path))
    monkeypatch.setattr("skycnn.interrupt.time.sleep", lambda _: until.set() or thread.join(0.2))
    with locked(str(path), "cat", wait=60) as fd:
        assert os.pread(fd, 9, 0) == b"new"
        assert os.fstat(fd).st_ino == os.stat(path).st_ino
    thread.join()


def test_a_file_renamed_between_opening_and_locking_is_taken(path, monkeypatch):
    new = path.with_name("new")
    new.write_bytes(b"new")
    whole = fcntl.flock

    def flock(fd, operation):
        if new.exists():
            os.replace(new, path)
        whole(fd, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    before = descriptors()
    with locked(str(path), "cat") as fd:
        assert os.pread(fd, 9, 0) == b"new"
    assert descriptors() == before


def test_patience_ends(path, monkeypatch):
    until = threading.Event()
    thread = held_by_another(path, until)
    slept = []
    clock = iter(range(100))
    monkeypatch.setattr("skycnn.interrupt.time.sleep", slept.append)
    monkeypatch.setattr("skycnn.files.lock.time.monotonic", lambda: next(clock))
    with pytest.raises(LockedError), locked(str(path), "cat", wait=5):
        pass
    until.set()
    thread.join()
    assert len(slept) == 4


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EBADF, errno.EOPNOTSUPP])
def test_where_there_are_no_locks_a_file_is_one(path, monkeypatch, number):
    deny(monkeypatch, number)
    before = descriptors()
    with locked(str(path), "cat.fits"):
        assert sorted(os.listdir(path.parent)) == [".cat.fits.skycnn.lock", "cat.fits"]
        with pytest.raises(LockedError, match=f"process {os.getpid()} on"), locked(str(path), "cat.fits"):
            pass
    assert os.listdir(path.parent) == ["cat.fits"]
    assert descriptors() == before


@pytest.mark.parametrize("flock", [True, False], ids=["flock", "no locks"])
@pytest.mark.parametrize("kind", list(standins.KINDS))
def test_a_strangers_file_at_the_name_of_a_lock_is_neither_believed_nor_harmed(tmp_path, monkeypatch, kind, flock):
    if not flock:
        deny(monkeypatch, errno.ENOLCK)
    path = tmp_path / "journal"
    same = standins.put(kind, path)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with held(str(path), "out") as name:
            assert stranger(os.lstat(name)) is None
            assert os.stat(name).st_size == 0
    assert same()
    assert (name == str(path)) == (kind != "folder" and (flock or kind in ("link", "dangling", "pipe", "socket")))
    assert any("begins anew" in str(entry.message) for entry in said)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be another user")
@pytest.mark.parametrize("mode", [0o777, 0o1777], ids=oct)
def test_a_colleagues_lock_that_we_cannot_open_is_left_alone(mode):
    with standins.shared(mode) as folder:
        path = folder / "journal"
        path.write_bytes(b"theirs")
        path.chmod(0o600)
        with (
            standins.another(),
            pytest.warns(UserWarning, match=r"journal \(of root, .* old\) is left alone, and the run begins anew"),
            held(str(path), "out") as name,
        ):
            assert name == f"{path}.{standins.USER}"
        assert path.read_bytes() == b"theirs"
        assert os.listdir(folder) == ["journal"]


def test_other_errors_are_not_taken_for_a_lock(path, monkeypatch):
    deny(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"), locked(str(path), "cat"):
        pass


def test_what_is_not_there_cannot_be_locked(tmp_path):
    with (
        pytest.raises(InputError, match="cat cannot be written: No such file") as told,
        locked(str(tmp_path / "none"), "cat"),
    ):
        pass
    assert "--out FILE" in told.value.hint


@pytest.mark.parametrize("number", [None, errno.ENOLCK])
def test_a_file_made_for_the_lock_goes_if_it_stays_empty(tmp_path, monkeypatch, number):
    if number:
        deny(monkeypatch, number)
    path = tmp_path / "journal"
    with held(str(path), "out"):
        assert path.exists()
        with pytest.raises(LockedError), held(str(path), "out"):
            pass
    assert os.listdir(tmp_path) == []
    with held(str(path), "out"):
        path.write_bytes(b"a record")
    assert os.listdir(tmp_path) == ["journal"]


def test_a_very_long_name_can_be_locked(tmp_path, monkeypatch):
    deny(monkeypatch, errno.ENOLCK)
    path = tmp_path / ("x" * 255)
    path.write_bytes(b"")
    with locked(str(path), "cat"):
        assert len(os.listdir(tmp_path)) == 2
    assert len(os.listdir(tmp_path)) == 1
