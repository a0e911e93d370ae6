"""Lock: one skycnn at a time works on a file, on every file system."""

import errno
import fcntl
import os
import socket
import subprocess
import sys
import threading

import pytest

from skycnn.errors import InputError, LockedError
from skycnn.files.lock import locked


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "cat.fits"
    place.write_bytes(b"old")
    return place


@pytest.fixture
def dead():
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


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
    monkeypatch.setattr("skycnn.files.lock.time.sleep", lambda _: until.set() or thread.join(0.2))
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
    monkeypatch.setattr("skycnn.files.lock.time.sleep", slept.append)
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
    name = path.with_name(".cat.fits.skycnn.lock")
    with locked(str(path), "cat.fits"):
        assert name.read_text() == f"{socket.gethostname()} {os.getpid()}\n"
        with (
            pytest.raises(LockedError, match=f"process {os.getpid()} on {socket.gethostname()}"),
            locked(str(path), "cat.fits"),
        ):
            pass
        assert name.exists()
    assert os.listdir(path.parent) == ["cat.fits"]
    assert descriptors() == before


def test_the_lock_file_goes_when_the_run_fails(path, monkeypatch):
    deny(monkeypatch, errno.ENOLCK)
    with pytest.raises(KeyboardInterrupt), locked(str(path), "cat"):
        raise KeyboardInterrupt
    assert os.listdir(path.parent) == ["cat.fits"]


def test_the_lock_of_a_dead_process_is_broken(path, monkeypatch, dead):
    deny(monkeypatch, errno.ENOLCK)
    name = path.with_name(".cat.fits.skycnn.lock")
    name.write_text(f"{socket.gethostname()} {dead}\n")
    with locked(str(path), "cat"):
        assert name.read_text().split()[1] == str(os.getpid())
    assert not name.exists()


def test_two_that_break_a_dead_lock_do_not_both_get_it(path, monkeypatch, dead):
    deny(monkeypatch, errno.ENOLCK)
    name = path.with_name(".cat.fits.skycnn.lock")
    name.write_text(f"{socket.gethostname()} {dead}\n")
    whole, theirs = os.rename, f"{socket.gethostname()} 1\n"

    def rename(*names):  # the other one was faster
        name.write_text(theirs)
        whole(*names)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(LockedError, match="process 1 on"), locked(str(path), "cat"):
        pass
    assert name.read_text() == theirs
    assert sorted(os.listdir(path.parent)) == [name.name, "cat.fits"]


@pytest.mark.parametrize("content", ["elsewhere {dead}\n", "{host} 1\n", "", "nonsense"])
def test_the_lock_of_one_who_may_live_is_kept(path, monkeypatch, dead, content):
    deny(monkeypatch, errno.ENOLCK)
    name = path.with_name(".cat.fits.skycnn.lock")
    name.write_text(content.format(dead=dead, host=socket.gethostname()))
    with pytest.raises(LockedError, match=r"its lock is .*\.cat\.fits\.skycnn\.lock"), locked(str(path), "cat"):
        pass
    assert name.exists()


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
    with locked(str(path), "out", create=True):
        assert path.exists()
        with pytest.raises(LockedError), locked(str(path), "out", create=True):
            pass
    assert os.listdir(tmp_path) == []
    with locked(str(path), "out", create=True):
        path.write_bytes(b"a record")
    assert os.listdir(tmp_path) == ["journal"]


def test_a_very_long_name_can_be_locked(tmp_path, monkeypatch):
    deny(monkeypatch, errno.ENOLCK)
    path = tmp_path / ("x" * 255)
    path.write_bytes(b"")
    with locked(str(path), "cat"):
        assert len(os.listdir(tmp_path)) == 2
    assert len(os.listdir(tmp_path)) == 1
