"""PatchJournal: patches come back bit for bit, and never at the cost of the scene's own files."""

import os

import numpy as np
import pytest

from skycnn.errors import Interrupted, NoSpaceError
from skycnn.files import safefile
from skycnn.fits.output import Output
from skycnn.fits.source import parse
from skycnn.mockfiles.patchjournal import WIDTH, PatchJournal

RNG = np.random.default_rng(0)
LEFT = ".s.fits.skycnn-journal"


def patches(*sides):
    return [(RNG.integers(-50, 900, 2).astype(float), RNG.normal(size=(3, side, side)).astype("f4")) for side in sides]


@pytest.fixture
def opened(tmp_path):
    output = Output(parse("-"), str(tmp_path / "s.fits"))

    def run(work, identity=None, reserve=0):
        with output.locked(), PatchJournal(output, identity or {"seed": 1}, reserve) as journal:
            work(journal)
            return journal

    return run


def interrupted(journal):
    raise Interrupted(15)


BLOCKS = [patches(32, 64, 8), [], patches(32), patches(*([16] * 40))]


def keep(journal):
    for number, block in enumerate(BLOCKS):
        journal.put(number, block, 10 + number)
    raise Interrupted(15)


def test_patches_come_back_bit_for_bit(opened, tmp_path):
    with pytest.raises(Interrupted):
        opened(keep)
    assert os.listdir(tmp_path) == [LEFT]

    def look(journal):
        for number, block in enumerate(BLOCKS):
            found, objects = journal.held(number)
            assert objects == 10 + number
            assert len(found) == len(block)
            for (place, pixels), (at, wanted) in zip(found, block, strict=True):
                assert place.tolist() == at.tolist()
                assert pixels.dtype == np.float32
                assert np.array_equal(pixels, wanted)
        assert journal.held(len(BLOCKS)) is None
        assert journal.resumed == 10 + 11 + 12 + 13

    assert not opened(look).discarded
    assert os.listdir(tmp_path) == []


def test_a_block_that_is_torn_is_drawn_again(opened, tmp_path):
    with pytest.raises(Interrupted):
        opened(keep)
    size = (tmp_path / LEFT).stat().st_size
    os.truncate(tmp_path / LEFT, size - WIDTH)

    def look(journal):
        assert journal.held(2) is not None
        assert journal.held(3) is None

    opened(look)


def test_another_run_takes_nothing_over(opened):
    with pytest.raises(Interrupted):
        opened(keep)
    found = opened(lambda journal: journal.held(0), {"seed": 2})
    assert (found.discarded, found.resumed) == (True, 0)


def test_an_error_leaves_nothing(opened, tmp_path):
    with pytest.raises(ZeroDivisionError):
        opened(lambda journal: 1 / 0)
    assert os.listdir(tmp_path) == []


def test_the_disk_s_last_room_is_for_the_scene(opened, monkeypatch):
    room = 1_000_000

    def free(folder, needed, label):
        if needed > room:
            raise NoSpaceError("no space")

    monkeypatch.setattr(safefile, "check_space", free)

    def work(journal):
        journal.put(0, BLOCKS[0], 10)
        journal.put(1, patches(300), 11)  # a megabyte
        journal.put(2, BLOCKS[2], 12)
        raise Interrupted(15)

    with pytest.raises(Interrupted):
        opened(work, reserve=900_000)

    def look(journal):
        assert [journal.held(number) is None for number in range(3)] == [False, True, True]

    opened(look)
