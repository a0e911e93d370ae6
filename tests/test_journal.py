"""Journal: what a killed run finished is found again, and nothing else is believed."""

import os
import struct
import tracemalloc

import numpy as np
import pytest

import standins
from skycnn.files.journal import MAGIC, Journal

KEY = {"model": "abc", "rows": 100}
WIDTH = 12


def rows(first, n):
    return np.random.default_rng(first).integers(0, 256, (n, WIDTH), dtype=np.uint8)


def digest(first):
    return bytes([first % 256]) * 32


@pytest.fixture
def path(tmp_path):
    """A journal of three ranges, as a killed run leaves it."""
    place = tmp_path / ".cat.fits.skycnn-journal"
    journal = Journal(str(place), KEY, WIDTH)
    assert (journal.resumed, journal.discarded) == (0, False)
    for first in (0, 40, 20):
        journal.put(first, digest(first), rows(first, 20))
    journal.close(remove=False)
    return place


def opened(path, key=KEY, width=WIDTH):
    return Journal(str(path), key, width)


def test_finished_ranges_are_found_again(path):
    journal = opened(path)
    assert (journal.resumed, journal.discarded) == (60, False)
    for first in (0, 20, 40):
        assert journal.holds(first, 20, digest(first))
        np.testing.assert_array_equal(journal.rows(first, first + 20), rows(first, 20))
    whole = np.concatenate([rows(first, 20) for first in (0, 20, 40)])
    for a, b in [(0, 60), (5, 55), (19, 21), (59, 60), (7, 7)]:
        np.testing.assert_array_equal(journal.rows(a, b), whole[a:b])
    journal.close(remove=True)
    assert os.listdir(path.parent) == []


def test_other_rows_or_other_input_are_not_held(path):
    journal = opened(path)
    assert not journal.holds(0, 20, digest(1))
    assert not journal.holds(0, 19, digest(0))
    assert not journal.holds(60, 20, digest(60))
    journal.close(remove=False)


def test_rows_that_are_not_finished_are_an_error(path):
    journal = opened(path)
    for a, b in [(60, 61), (50, 70), (99, 100)]:
        with pytest.raises(KeyError):
            journal.rows(a, b)
    journal.close(remove=True)
    empty = opened(path)
    with pytest.raises(KeyError):
        empty.rows(0, 1)
    empty.put(10, digest(10), rows(10, 5))
    with pytest.raises(KeyError):
        empty.rows(0, 12)
    empty.close(remove=True)


def test_a_range_answered_anew_replaces_the_old(path):
    journal = opened(path)
    journal.put(20, digest(99), rows(99, 20))
    assert journal.holds(20, 20, digest(99))
    journal.close(remove=False)
    journal = opened(path)
    assert journal.resumed == 60
    np.testing.assert_array_equal(journal.rows(20, 40), rows(99, 20))
    np.testing.assert_array_equal(journal.rows(40, 60), rows(40, 20))
    journal.close(remove=True)


@pytest.mark.parametrize("first", [1, 19, 21, 59])
def test_ranges_that_overlap_are_never_mixed(path, first):
    """No run writes such; the later range is the one that is held, and what it overlaps is answered anew."""
    journal = opened(path)
    journal.put(first, digest(first), rows(first, 20))
    again = opened(path)
    for start in (0, 20, 40):
        alone = start + 20 <= first or start >= first + 20
        assert journal.holds(start, 20, digest(start)) == again.holds(start, 20, digest(start)) == alone
    again.close(remove=False)
    journal.put(20, digest(20), rows(20, 20))
    np.testing.assert_array_equal(journal.rows(20, 40), rows(20, 20))
    journal.close(remove=True)


def test_a_record_that_promises_much_takes_no_memory(path):
    octets = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(octets.index(b"\n", len(MAGIC)) + 1)
        file.write(struct.pack("<QI32sI", 0, 2**24, bytes(32), 0))
        file.truncate(WIDTH * 2**24 + 5000)  # a sparse file
    tracemalloc.start()
    assert opened_and_closed(path) == (0, False)
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("key", "width"), [({"model": "abd", "rows": 100}, WIDTH), ({}, WIDTH), (KEY | {"a": 1}, WIDTH)]
)
def test_a_journal_of_another_run_is_thrown_away(path, key, width):
    journal = opened(path, key, width)
    assert (journal.resumed, journal.discarded) == (0, True)
    assert not journal.holds(0, 20, digest(0))
    journal.put(0, digest(0), rows(0, 20))
    journal.close(remove=False)
    assert opened_and_closed(path, key, width) == (20, False)
    assert opened_and_closed(path) == (0, True)


def opened_and_closed(path, key=KEY, width=WIDTH):
    journal = opened(path, key, width)
    journal.close(remove=False)
    return journal.resumed, journal.discarded


@pytest.mark.parametrize("content", [b"", b"x", MAGIC, MAGIC + b"{}", bytes(5000)])
def test_what_is_no_journal_is_thrown_away(path, content):
    path.write_bytes(content)
    assert opened_and_closed(path) == (0, content != b"")


def test_a_torn_end_is_cut_off_wherever_it_was_torn(path):
    octets = path.read_bytes()
    head = octets.index(b"\n", len(MAGIC)) + 1
    record = (len(octets) - head) // 3
    for size in range(head, len(octets) + 1):
        path.write_bytes(octets[:size])
        assert opened_and_closed(path) == (20 * ((size - head) // record), False)
        assert path.stat().st_size == head + record * ((size - head) // record)
    path.write_bytes(octets + b"\0" * 500)  # as a power cut may leave it
    assert opened_and_closed(path) == (60, False)


def test_a_record_with_any_octet_wrong_is_not_believed(path):
    octets = path.read_bytes()
    head = octets.index(b"\n", len(MAGIC)) + 1
    record = (len(octets) - head) // 3
    for at in range(head + record, head + 2 * record):
        wrong = bytearray(octets)
        wrong[at] ^= 0x10
        path.write_bytes(wrong)
        assert opened_and_closed(path)[0] == 20, at - head - record


def test_writes_that_fall_short_are_taken_up(tmp_path, monkeypatch):
    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: whole(fd, data[:7], at))
    journal = opened(tmp_path / "j")
    journal.put(0, digest(0), rows(0, 20))
    journal.close(remove=False)
    assert opened_and_closed(tmp_path / "j") == (20, False)


@pytest.mark.parametrize("nth", [0, 1])
def test_a_full_disk_leaves_no_journal(tmp_path, monkeypatch, nth):
    count = iter(range(9))
    whole = os.pwrite

    def full(*args):
        if next(count) == nth:
            raise OSError(28, "No space left on device")
        return whole(*args)

    monkeypatch.setattr(os, "pwrite", full)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="No space"):
        journal = opened(tmp_path / "j")
        try:
            journal.put(0, digest(0), rows(0, 20))
        finally:
            journal.close(remove=True)
    assert os.listdir(tmp_path) == []
    assert len(os.listdir("/proc/self/fd")) == before


def test_without_a_path_it_leaves_no_trace(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    journal = Journal(None, KEY, WIDTH)
    journal.put(0, digest(0), rows(0, 20))
    np.testing.assert_array_equal(journal.rows(0, 20), rows(0, 20))
    journal.close(remove=True)
    assert os.listdir(tmp_path) == []


def test_only_its_owner_may_read_it(path):
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", [kind for kind in standins.KINDS if kind != "folder"])
def test_a_strangers_file_in_its_place_is_neither_believed_nor_written_to(path, kind):
    """In a folder that others may write to it may be forged, a link to any file of ours, or a name of a backup's."""
    content = path.read_bytes()
    path.unlink()
    same = standins.put(kind, path, content)
    journal = opened(path)
    assert (journal.resumed, journal.discarded) == (0, False)
    journal.put(0, digest(0), rows(0, 20))
    journal.close(remove=False)
    assert same()
    assert opened_and_closed(path) == (20, False)
