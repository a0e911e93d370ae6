"""Blocks: numbered pieces of work that threads do ahead of who asks for them, answered in order."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

T = TypeVar("T")


class Need:
    """How many blocks it takes until so many rows are there; threads work on no more than these.

    Parameters
    ----------
    rows : int
        Wanted.
    most : int
        Rows of a block at most: what is reckoned with until a block has been seen.
    """

    def __init__(self, rows: int, most: int) -> None:
        self.rows, self.done, self._most, self._seen = rows, 0, most, 0

    def add(self, rows: int) -> None:
        """Take note of what the next block holds."""
        self.done, self._seen = self.done + rows, self._seen + 1

    def __call__(self) -> int:
        """Return the blocks, from the first on: those seen, and those that the rest takes if it goes on like this."""
        likely = max(self.done, 1) / self._seen if self._seen else self._most
        return self._seen + math.ceil(max(self.rows - self.done, 0) / likely)


@contextmanager
def ordered(work: Callable[[int], T], threads: int, number: Callable[[], float]) -> Iterator[Iterator[T]]:
    """Yield the answers of ``work(0)``, ``work(1)``, ... in order.

    Parameters
    ----------
    work : callable
    threads : int
        That work ahead of who takes the answers.
    number : callable
        ``number()`` tells how many answers will be wanted in all, as far as is known; asked before each.
    """
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))

    def answers() -> Iterator[T]:
        ahead: deque[Future[T]] = deque()
        block = 0
        while True:
            while len(ahead) <= threads and block < number():
                ahead.append(pool.submit(work, block))
                block += 1
            if not ahead:
                return
            yield ahead.popleft().result()

    try:
        yield answers()
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)
