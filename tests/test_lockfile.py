"""LockFile: the lock of a dead process goes, that of one who may live stays, and what is none is told apart."""

import os
import socket
import subprocess
import sys

import pytest

from skycnn.errors import LockedError
from skycnn.files import lockfile
from skycnn.files.lockfile import Holder, lock_file

HOST = socket.gethostname()


@pytest.fixture
def name(tmp_path):
    return tmp_path / ".cat.fits.skycnn.lock"


@pytest.fixture
def dead():
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def refuse(error):
    raise error


def take(name, wait=refuse):
    with lock_file(str(name), "cat.fits", wait):
        return Holder.read(name.read_text())


def test_it_tells_who_holds_it_and_goes_at_the_end(name):
    assert take(name) == Holder.this()
    assert not name.exists()
    with pytest.raises(KeyboardInterrupt), lock_file(str(name), "cat.fits", refuse):
        raise KeyboardInterrupt
    assert not name.exists()


def test_who_holds_it_is_told(name):
    with (
        lock_file(str(name), "cat.fits", refuse),
        pytest.raises(
            LockedError, match=rf"another skycnn \(process {os.getpid()} on {HOST}; its lock is {name} "
        ) as told,
    ):
        take(name)
    assert told.value.hint == "--wait SECONDS waits for it."


def test_the_lock_of_a_dead_process_is_broken(name, dead):
    for text in (f"{HOST} {dead}\n", str(Holder(HOST, dead, "5", lockfile._machine()))):
        name.write_text(text)
        assert take(name).process == os.getpid()
        assert not name.exists()


def test_the_number_of_a_dead_process_that_another_program_has_now_is_no_lock(name):
    this = Holder.this()
    name.write_text(str(Holder(this.host, this.process, "5", this.machine)))
    assert take(name) == this


def test_a_lock_that_is_taken_over_is_not_removed_by_the_one_before(name):
    with lock_file(str(name), "cat.fits", refuse):
        name.unlink()
        name.write_text(f"{HOST} 1\n")
    assert name.read_text() == f"{HOST} 1\n"


def test_two_that_break_a_dead_lock_do_not_both_get_it(name, monkeypatch, dead):
    name.write_text(f"{HOST} {dead}\n")
    whole, theirs = os.rename, f"{HOST} 1\n"

    def rename(*names):  # the other one was faster
        name.write_text(theirs)
        whole(*names)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(LockedError, match="process 1 on"):
        take(name)
    assert name.read_text() == theirs
    assert os.listdir(name.parent) == [name.name]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("elsewhere {dead}\n", "or was (process"),
        ("{host} 1\n", "process 1 on"),
        ("{host} {dead} 5 of-another-boot\n", "or was (process"),
        ("", "which is empty"),
        ("nonsense", "which was not written by skycnn"),
        ("\0\xff\x80" * 900, "which was not written by skycnn"),
        ("{host} 99999999999999\n", "which was not written by skycnn"),
        ("{host} -1\n", "which was not written by skycnn"),
    ],
)
def test_the_lock_of_one_who_may_live_is_kept(name, dead, content, words):
    name.write_text(content.format(dead=dead, host=HOST))
    with pytest.raises(LockedError) as told:
        take(name)
    assert words in told.value.what
    assert str(name) in told.value.what
    assert f"rm {name}" in told.value.hint or words == "process 1 on"
    assert name.exists()


@pytest.mark.parametrize(
    ("make", "words", "typed"),
    [
        (lambda name: name.symlink_to("nowhere"), "a link", "rm "),
        (lambda name: name.symlink_to(name.name), "a link", "rm "),
        (lambda name: name.mkdir(), "a folder", "rm -r "),
        (os.mkfifo, "no plain file", "rm "),
    ],
    ids=["dangling", "loop", "folder", "pipe"],
)
def test_what_is_no_lock_ends_the_wait_in_time(name, make, words, typed):
    make(name)
    asked = []

    def wait(error):
        asked.append(error)
        if len(asked) == 3:
            raise error

    with pytest.raises(LockedError, match=f"which is {words}") as told:
        take(name, wait)
    assert f"If no skycnn writes cat.fits: {typed}{name}" in told.value.hint
    assert os.path.lexists(name)


def test_one_that_goes_while_it_is_looked_at_is_no_hindrance(name, monkeypatch, dead):
    name.write_text(f"{HOST} 1\n")
    monkeypatch.setattr(lockfile, "_content", lambda _: name.unlink(missing_ok=True))
    with lock_file(str(name), "cat.fits", refuse):
        pass
