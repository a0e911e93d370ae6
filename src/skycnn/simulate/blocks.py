"""Blocks: numbered pieces of work that threads do ahead of who asks for them, answered in order."""

import math
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from typing import TypeVar

import torch

from skycnn.workahead import work_ahead

T = TypeVar("T")


class Need(Iterator[int]):
    """The numbers of the blocks it takes until so many rows are there, as far as the blocks before tell.

    It ends where the blocks asked for seem enough, and goes on when `add` has shown that they are not.

    Parameters
    ----------
    rows : int
        Wanted.
    most : int
        Rows of a block at most: what is reckoned with until a block has been seen.
    """

    def __init__(self, rows: int, most: int) -> None:
        self.rows, self.done, self._most, self._seen, self._next = rows, 0, most, 0, 0

    def add(self, rows: int) -> None:
        """Take note of the rows of the next block."""
        self.done, self._seen = self.done + rows, self._seen + 1

    def skip(self, rows: int) -> None:
        """Take note of the rows of the next block, which need not be worked."""
        self.add(rows)
        self._next += 1

    @property
    def blocks(self) -> int:
        """Number of blocks in all: those seen, and as many as the other rows take if it goes on like this."""
        likely = max(self.done, 1) / self._seen if self._seen else self._most
        return self._seen + math.ceil(max(self.rows - self.done, 0) / likely)

    def __next__(self) -> int:
        if self._next >= self.blocks:
            raise StopIteration
        self._next += 1
        return self._next - 1


def worked(work: Callable[[int], T], numbers: Iterable[int], threads: int) -> Generator[T]:
    """Yield ``work(number)`` in order, from threads in which torch has no others; see `work_ahead`."""
    before = torch.get_num_threads()
    try:
        yield from work_ahead(work, numbers, threads, threads, initializer=partial(torch.set_num_threads, 1))
    finally:
        torch.set_num_threads(before)
