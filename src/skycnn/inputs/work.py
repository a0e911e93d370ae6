"""Work: pieces of a table's chunks on their way through a network, read ahead and answered side by side."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from skycnn.fits.extension import Chunk
from skycnn.inputs.feed import Feed
from skycnn.inputs.kind import Piece
from skycnn.schema import Column
from skycnn.workahead import fetch_ahead, work_ahead

PIECES = 2
"""Pieces of a chunk in work at once: while the last batches of one are waited for, the next one's keep others busy."""


class RowAnswerer(Protocol):
    """What answers rows, as `network.answer.Answerer` does."""

    @property
    def columns(self) -> Sequence[Column]:
        """What ``answer`` returns: the first is the value, a float32 that is NaN for none, the last the flag."""

    def answer(
        self, first: int, inputs: Mapping[str, np.ndarray], present: np.ndarray, known: np.ndarray
    ) -> list[np.ndarray]:
        """Return the values of ``columns`` for some rows; see `Answerer.answer`."""

    def seconds_a_row(self, imagined: Callable[[int], Mapping[str, np.ndarray]]) -> float:
        """Return how long a row takes on this machine, measured on ``imagined(rows)``."""


@dataclass(frozen=True)
class Work:
    """A piece of a chunk.

    Parameters
    ----------
    chunk : Chunk
    piece : Piece, optional
        None at the chunk's end.
    whole : bool
        Whether the piece is all of the chunk, in its order.
    answers : sequence of array
        The values of the answerer's columns, each (b, ...).
    """

    chunk: Chunk
    piece: Piece | None = None
    whole: bool = False
    answers: Sequence[np.ndarray] = ()

    @property
    def ends_chunk(self) -> bool:
        """Whether all of the chunk's pieces came before."""
        return self.piece is None

    def put(self, names: Sequence[str], values: dict[str, np.ndarray]) -> None:
        """Put the answers among those to the chunk's rows, under the names of their columns."""
        if self.piece is None:
            return
        for name, answer in zip(names, self.answers, strict=True):
            if self.whole:
                values[name] = answer
                continue
            if name not in values:
                values[name] = np.zeros((len(self.chunk.run), *answer.shape[1:]), answer.dtype)
            values[name][self.piece.rows] = answer


def answered(feed: Feed, answerer: RowAnswerer, chunks: Iterable[Chunk]) -> Generator[Work]:
    """Yield the pieces of all chunks with their answers, and behind each chunk's last its end."""

    def answer(work: Work) -> Work:
        piece = work.piece
        if piece is None:
            return work
        first = work.chunk.first if work.whole else 0
        return replace(work, answers=answerer.answer(first, piece.inputs, piece.present, piece.flags))

    with (  # an error ends the reader too
        closing(fetch_ahead(pieces(feed, chunks), hurry=feed.hurry)) as ready,
        closing(work_ahead(answer, ready, PIECES, PIECES)) as done,
    ):
        yield from done


def pieces(feed: Feed, chunks: Iterable[Chunk]) -> Iterator[Work]:
    """Yield the pieces of all chunks, not yet answered, and behind each chunk's last its end."""
    for chunk in chunks:
        if chunk.values is not None:
            for piece in feed.pieces(chunk.first, chunk.values, chunk.run):
                yield Work(chunk, piece, whole=feed.stamps is None)
        yield Work(chunk)
