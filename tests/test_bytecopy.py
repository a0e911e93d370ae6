"""Bytecopy: all bytes or an error, whatever the system's calls do."""

import errno
import os

import numpy as np
import pytest

from skycnn.errors import ChangedError
from skycnn.fits import bytecopy
from skycnn.fits.checksum import Checksum


@pytest.fixture
def files(tmp_path):
    content = np.random.default_rng(0).integers(0, 256, 10_000, np.uint8).tobytes()
    (tmp_path / "a").write_bytes(content)
    source, target = os.open(tmp_path / "a", os.O_RDONLY), os.open(tmp_path / "b", os.O_RDWR | os.O_CREAT)
    yield source, target, content, tmp_path / "b"
    os.close(source)
    os.close(target)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(bytecopy, "CHUNK_BYTES", 777)


def refuse(code):
    def call(*_):
        raise OSError(code, os.strerror(code))

    return call


@pytest.mark.parametrize("how", ["kernel", "bit by bit", "refused", "ends"])
def test_a_range_is_copied_to_its_place(files, monkeypatch, how):
    source, target, content, path = files
    inner = os.copy_file_range
    if how == "bit by bit":
        monkeypatch.setattr(os, "copy_file_range", lambda a, b, n, x, y: inner(a, b, min(n, 100), x, y))
    elif how != "kernel":
        monkeypatch.setattr(os, "copy_file_range", refuse(errno.EXDEV) if how == "refused" else lambda *_: 0)
    bytecopy.copy_range(source, target, 123, 50, 5000, "a")
    assert path.read_bytes() == bytes(50) + content[123:5123]


def test_another_error_is_not_hidden(files, monkeypatch):
    monkeypatch.setattr(os, "copy_file_range", refuse(errno.ENOSPC))
    with pytest.raises(OSError, match="No space"):
        bytecopy.copy_range(*files[:2], 0, 0, 100, "a")


def test_a_source_that_ends_is_told(files):
    with pytest.raises(ChangedError, match="a was truncated"):
        bytecopy.copy_range(*files[:2], 5000, 0, 6000, "a")


def test_what_is_copied_is_summed(files):
    source, target, content, path = files
    totals, expected = [Checksum(), Checksum()], Checksum()
    bytecopy.copy_summed(source, target, 7, 0, 3001, "a", totals)
    expected.add(content[7:3008])
    assert {total.value for total in totals} == {expected.value}
    assert path.read_bytes() == content[7:3008]


def test_a_disk_that_takes_a_part_gets_the_rest(files, monkeypatch):
    _, target, content, path = files
    inner = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, view, at: inner(fd, view[:333], at))
    bytecopy.write_all(target, content, 5)
    assert path.read_bytes() == bytes(5) + content
