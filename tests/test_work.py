"""Work: pieces of chunks come back in order with their answers, each row's in its place."""

from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest

from skycnn.fits.extension import Chunk
from skycnn.inputs.kind import Piece
from skycnn.inputs.work import answered


def chunk(first, n, held=False):
    values = None if held else {"X": np.arange(first, first + n, dtype="f4")}
    return Chunk(first, values, np.zeros((n, 0), np.uint8), np.ones(n, bool), np.zeros(n, bool), b"", held)


class Feed:
    """Rows in one piece, or from the last to the first, two at a time; those from ``held`` on wait until they hurry."""

    def __init__(self, stamps, held=1 << 30):
        self.stamps, self.held, self.hurried = stamps, held, Event()

    def hurry(self):
        self.hurried.set()

    def pieces(self, first, values, wanted):
        assert first < self.held or self.hurried.wait(60)
        whole = Piece.empty(len(wanted), 1)
        backwards = np.arange(len(wanted))[::-1]
        parts = [whole.rows] if self.stamps is None else [backwards[:2], backwards[2:]]
        for rows in parts:
            yield whole.join(rows, {"x": values["X"][rows]}, None, np.zeros(len(rows), "i4"))


class Answerer:
    def __init__(self):
        self.firsts = []

    def answer(self, first, inputs, present, flags):
        self.firsts.append(first)
        return [2 * inputs["x"], np.stack([inputs["x"], -inputs["x"]], axis=1), flags]


@pytest.mark.parametrize(("stamps", "firsts"), [(None, [8, 20]), (SimpleNamespace(), [0, 0, 0, 0])])
def test_answers_come_to_their_rows(stamps, firsts):
    answerer, values, ends = Answerer(), {}, []
    for work in answered(Feed(stamps), answerer, iter([chunk(8, 4), chunk(12, 3, held=True), chunk(20, 4)])):
        work.put(["A", "B", "FLAG"], values)
        if work.ends_chunk:
            ends.append((work.chunk.first, values))
            values = {}
    assert sorted(answerer.firsts) == sorted(firsts)  # only rows in one piece follow one another
    assert [first for first, _ in ends] == [8, 12, 20]
    for first, found in (ends[0], ends[2]):
        x = np.arange(first, first + 4)
        assert found["A"].tolist() == (2 * x).tolist()
        assert found["B"].tolist() == np.stack([x, -x], axis=1).tolist()
    assert ends[1][1] == {}


def test_who_leaves_early_waits_for_no_image():
    feed = Feed(SimpleNamespace(), held=8)
    works = answered(feed, Answerer(), (chunk(8 * i, 4) for i in range(100)))
    next(works)
    works.close()
    assert feed.hurried.is_set()
