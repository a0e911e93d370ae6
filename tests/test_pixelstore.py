"""Stamps in memory or in a scratch file: the same pixels, in the order asked for."""

import errno
import os

import numpy as np
import pytest

from skycnn.errors import NoSpaceError, RunError
from skycnn.files import pixelstore
from skycnn.files.pixelstore import Writer

PIXELS = np.arange(6 * 2 * 3 * 3, dtype="f4").reshape(6, 2, 3, 3)
ORDER = np.array([4, 0, 2, 1])


def filled(**where):
    writer = Writer(9, **where)
    writer.add(PIXELS[:2])
    writer.add(PIXELS[2:])
    return writer


@pytest.mark.parametrize("room", [1 << 30, 0])
def test_what_went_in_comes_out(tmp_path, room):
    store = filled(folder=str(tmp_path), room=room).store(ORDER)
    assert store.where == ("in memory" if room else "in a scratch file")
    assert (len(store), store.shape, store.nbytes) == (4, (4, 2, 3, 3), 4 * 18 * 4)
    assert np.array_equal(store[:], PIXELS[ORDER])
    assert np.array_equal(store[1:3], PIXELS[[0, 2]])
    assert np.array_equal(store.take(np.array([3, 0]))[np.array([0])], PIXELS[[1]])
    assert list(tmp_path.iterdir()) == []  # a scratch file has no name


def test_many_stamps_lie_in_a_file_and_in_memory_where_the_disk_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(pixelstore, "HELD", 4 * PIXELS.size)
    assert filled(folder=str(tmp_path)).store(ORDER).where == "in a scratch file"  # there might be nine rows

    def full(fd, offset, size):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    store = filled(folder=str(tmp_path)).store(ORDER)
    assert store.where == "in memory" and np.array_equal(store[:], PIXELS[ORDER])
    assert list(tmp_path.iterdir()) == []


def test_rows_are_read_whatever_their_order(tmp_path):
    store = filled(folder=str(tmp_path), room=0).store(np.arange(6))
    for rows in ([], [5], [0, 1, 2, 3, 4, 5], [5, 4, 3], [0, 1, 4, 5, 2], [3, 3, 4, 4]):
        assert np.array_equal(store[np.array(rows, np.int64)], PIXELS[rows])


def test_a_scratch_file_that_was_cut_short_is_told(tmp_path):
    store = filled(folder=str(tmp_path), room=0).store(ORDER)
    os.ftruncate(store.pixels.fd, 100)
    with pytest.raises(RunError, match="a scratch file of stamps was cut short"):
        store[:]


def test_what_is_taken_is_the_callers_own():
    store = filled().store(ORDER)
    store[:][:] = 0
    assert np.array_equal(store[:], PIXELS[ORDER])


def test_nothing_is_a_store_too():
    assert len(Writer(3).store(np.zeros(0, np.int64))) == 0


def test_a_disk_without_room_is_told_with_what_is_needed(tmp_path, monkeypatch):
    def full(fd, offset, size):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    writer = Writer(170_000_000, str(tmp_path), room=0)
    with pytest.raises(NoSpaceError) as caught:
        writer.add(PIXELS)
    label = f"a scratch file for 12.2 GB of stamps in {tmp_path}"
    assert caught.value.what == f"no space while writing {label}: No space left on device"
    assert caught.value.hint.startswith("It lies beside the model: --out FILE puts both on another disk")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    with pytest.raises(RunError, match=r"writing a scratch file for 0\.0 GB of stamps in .*none failed: No such file"):
        filled(folder=str(tmp_path / "none"), room=0)


def test_the_memory_left_is_the_systems(tmp_path):
    told = tmp_path / "meminfo"
    told.write_text("MemTotal:  9 kB\nMemAvailable:    5 kB\n")
    assert pixelstore.memory_left(told) == 5 * 1024
    assert pixelstore.memory_left(tmp_path / "none") > 1 << 60
