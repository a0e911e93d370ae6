"""Working ahead: threads work on the next items while the caller uses the results before them."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from threading import Event
from typing import TypeVar

from skycnn import interrupt

S = TypeVar("S")
T = TypeVar("T")


def work_ahead(
    work: Callable[[S], T],
    items: Iterable[S],
    threads: int,
    ahead: int | None = None,
    *,
    hurry: Callable[[], object] | None = None,
    initializer: Callable[[], object] | None = None,
) -> Generator[T]:
    """Yield ``work(item)`` in the order of the items; close the generator to end early.

    Parameters
    ----------
    work : callable
        Called by several threads; what it raises is raised where its result is taken.
    items : iterable
        Taken in the caller's thread, as needed. Asked again after it has ended, until all results are taken: it may
        have more by then.
    threads : int
    ahead : int, optional
        Results in work or ready beyond the one that is waited for; default two a thread.
    hurry : callable, optional
        Called when the end comes early, before the running calls of ``work`` are waited for.
    initializer : callable, optional
        Called at the start of each thread.
    """
    ahead = 2 * threads if ahead is None else ahead
    source, pending = iter(items), deque[Future[T]]()
    pool = ThreadPoolExecutor(threads, "skycnn-ahead", initializer)
    try:
        while True:
            pending.extend(pool.submit(work, item) for item in islice(source, ahead + 1 - len(pending)))
            if not pending:
                return
            yield interrupt.result(pending.popleft())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        if hurry is not None and not all(result.done() for result in pending):
            hurry()
        pool.shutdown()


def fetch_ahead(items: Iterable[T], hurry: Callable[[], object] | None = None) -> Generator[T]:
    """Yield items that one thread takes from an iterable, two of them ahead.

    ``hurry`` is as in `work_ahead`; errors of the iterable are raised here, after the items before them.
    """
    source, ended = iter(items), Event()

    def fetch(_: bool) -> list[T]:
        item = list(islice(source, 1))
        if not item:
            ended.set()
        return item

    with closing(work_ahead(fetch, iter(ended.is_set, True), 1, hurry=hurry)) as fetched:
        for item in fetched:
            yield from item
