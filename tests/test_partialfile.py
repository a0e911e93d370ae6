"""PartialFile: rows written in any order stand at their places."""

import os

import numpy as np
import pytest

from skycnn.errors import ChangedError
from skycnn.stamps.stampfile import partialfile
from skycnn.stamps.stampfile.partialfile import PartialFile, sums

HEAD = b"h" * 100


def blocks(rows, row_bytes):
    """Return what the rows hold, uint8 (n, row_bytes)."""
    return np.random.default_rng(1).integers(0, 256, (1000, row_bytes), np.uint8)[rows]


@pytest.mark.parametrize("row_bytes", [4, 8, 12, 4096])
@pytest.mark.parametrize("run", [1, 2, 7, 1000])
def test_rows_in_any_order(tmp_path, monkeypatch, row_bytes, run):
    monkeypatch.setattr(partialfile, "RUN", run)
    monkeypatch.setattr(partialfile, "READ_BYTES", 10_000)
    rng = np.random.default_rng(run)
    path = str(tmp_path / "p")
    partial = PartialFile(path, HEAD, row_bytes, 100 + 60 * row_bytes, fresh=True)
    order = rng.permutation(60)
    # some runs lie in a row in memory too, some do not
    for part in np.split(np.concatenate([order[:20], np.sort(order[20:50]), order[50:][::-1]]), [5, 6, 30]):
        partial.write(part, blocks(part, row_bytes))
    everything = blocks(np.arange(60), row_bytes)
    np.testing.assert_array_equal(np.concatenate([part.copy() for part in partial.read(0, 60)]), everything)
    np.testing.assert_array_equal(partial.sums(7, 31), sums(everything[7:31]))
    assert partial.sums(5, 5).shape == (0,)
    partial.close(remove=False)
    assert (tmp_path / "p").read_bytes() == HEAD + everything.tobytes()


@pytest.mark.parametrize("takes", [0, 5, 16, 20, 47])
def test_a_disk_that_takes_a_part(tmp_path, monkeypatch, takes):
    partial = PartialFile(str(tmp_path / "p"), HEAD, 16, 100 + 16 * 3, fresh=True)
    whole = os.pwrite
    monkeypatch.setattr(os, "pwritev", lambda fd, views, at: whole(fd, b"".join(map(bytes, views))[:takes], at))
    rows = np.array([2, 0, 1])
    partial.write(rows, blocks(rows, 16))
    assert (tmp_path / "p").read_bytes()[100:] == blocks(np.arange(3), 16).tobytes()
    partial.close(remove=True)
    assert os.listdir(tmp_path) == []


def test_what_is_there_stays_unless_a_fresh_file_is_asked_for(tmp_path):
    path = str(tmp_path / "p")
    for fresh, kept in ((True, False), (False, True), (True, False)):
        partial = PartialFile(path, HEAD, 8, 116, fresh=fresh)
        assert ((tmp_path / "p").read_bytes()[100:] != bytes(16)) == kept
        partial.write(np.array([1]), blocks(np.array([1]), 8))
        partial.close(remove=False)
    assert PartialFile.reserved(path) > 0
    assert PartialFile.reserved(str(tmp_path / "q")) == PartialFile.reserved(None) == 0


def test_without_a_name_it_leaves_no_trace(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    partial = PartialFile(None, HEAD, 8, 116, fresh=True)
    assert os.listdir(tmp_path) == []
    partial.close(remove=True)


def test_a_file_cut_short_is_told(tmp_path):
    partial = PartialFile(str(tmp_path / "p"), HEAD, 8, 116, fresh=True)
    os.truncate(tmp_path / "p", 105)
    with pytest.raises(ChangedError):
        partial.sums(0, 2)
    partial.close(remove=True)


@pytest.mark.parametrize("row_bytes", [8, 12])
def test_sums_tell_blocks_that_are_not_there(row_bytes):
    rows = blocks(np.arange(50), row_bytes)
    assert (sums(rows) != 0).all()
    for at in range(row_bytes):
        spoilt = rows.copy()
        spoilt[:, at] ^= 1
        assert (sums(spoilt) != sums(rows)).all()
