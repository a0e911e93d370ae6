"""Copies made ahead: all bytes or none, errors where they are asked for, and an end before the end."""

import threading

import pytest

from skycnn.errors import ChangedError
from skycnn.fits import aheadcopy
from skycnn.fits.aheadcopy import AheadCopy


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Yield a source of 1,000 bytes and an empty target; copying goes by 64 bytes."""
    monkeypatch.setattr(aheadcopy, "LEAST", 100)
    monkeypatch.setattr(aheadcopy, "PIECE", 64)
    (tmp_path / "source").write_bytes(bytes(range(250)) * 4)
    with open(tmp_path / "source", "rb") as source, open(tmp_path / "target", "w+b") as target:
        yield source, target


def test_the_bytes_are_there_at_the_end(files):
    source, target = files
    copy = AheadCopy(source.fileno(), target.fileno(), 700, "x")
    assert copy.end() == 700
    assert target.read() == (bytes(range(250)) * 4)[:700]
    copy.stop()


def test_few_bytes_are_left_to_others(files):
    source, target = files
    copy = AheadCopy(source.fileno(), target.fileno(), 99, "x")
    assert copy.end() == 0
    copy.stop()
    assert target.read() == b""


def test_a_source_that_ends_early_is_told(files):
    source, target = files
    copy = AheadCopy(source.fileno(), target.fileno(), 1200, "x")
    with pytest.raises(ChangedError):
        copy.end()
    copy.stop()


def test_it_leaves_off_when_told(files, monkeypatch):
    source, target = files
    begun, go = threading.Event(), threading.Event()

    def slow(*args):
        begun.set()
        assert go.wait(60)

    monkeypatch.setattr(aheadcopy, "copy_range", slow)
    copy = AheadCopy(source.fileno(), target.fileno(), 700, "x")
    assert begun.wait(60)
    stopping = threading.Thread(target=copy.stop)
    stopping.start()
    assert copy._stopped.wait(60)
    go.set()
    stopping.join()
    assert copy.end() == 64  # the piece that was under way, and no other
