"""Stamps in memory or in a scratch file: the same pixels, in the order asked for."""

import numpy as np
import pytest

from skycnn.fits import pixelstore
from skycnn.fits.pixelstore import Writer

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


def test_what_is_taken_is_the_callers_own():
    store = filled().store(ORDER)
    store[:][:] = 0
    assert np.array_equal(store[:], PIXELS[ORDER])


def test_nothing_is_a_store_too():
    assert len(Writer(3).store(np.zeros(0, np.int64))) == 0


def test_the_memory_left_is_the_systems(tmp_path):
    told = tmp_path / "meminfo"
    told.write_text("MemTotal:  9 kB\nMemAvailable:    5 kB\n")
    assert pixelstore.memory_left(told) == 5 * 1024
    assert pixelstore.memory_left(tmp_path / "none") > 1 << 60
