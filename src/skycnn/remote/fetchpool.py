"""FetchPool: daemon threads that fetch ahead, results in order, each job with a time limit."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, InvalidStateError, wait
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import Generic, TypeVar

from skycnn import interrupt
from skycnn.errors import RunError

T = TypeVar("T")
R = TypeVar("R")

POLL = 0.05
"""Seconds between checks for overdue jobs."""


class _Job(Generic[T, R]):
    def __init__(self, item: T) -> None:
        self.item, self.future = item, Future[R]()
        self.started: float | None = None

    def finish(self, work: Callable[[T], R]) -> bool:
        """Do the work and set its outcome unless there is one; return whether it was set."""
        try:
            settle = partial(self.future.set_result, work(self.item))
        except BaseException as error:  # raised again by the future
            settle = partial(self.future.set_exception, error)
        try:
            settle()
        except InvalidStateError:
            return False
        return True

    def overdue(self, limit: float) -> bool:
        return self.started is not None and not self.future.done() and time.monotonic() - self.started > limit


def ordered(
    work: Callable[[T], R],
    items: Iterable[T],
    late: Callable[[T], R],
    *,
    threads: int,
    ahead: int,
    limit: float,
    stop: threading.Event | None = None,
) -> Iterator[R]:
    """Yield ``work(item)`` for each item, in order.

    The threads are daemons and never delay the end of the process, unlike those of ``concurrent.futures``.

    Parameters
    ----------
    work : callable
        Run in a thread; its exceptions are raised here.
    items : iterable
        Taken on demand.
    late : callable
        ``late(item)`` is the result of an overdue job; its thread is abandoned and replaced.
    threads : int
        Parallel jobs.
    ahead : int
        Jobs queued or done beyond the one yielded next.
    limit : float
        Seconds from a job's start.
    stop : Event, optional
        Set by another thread to end the wait.

    Raises
    ------
    RunError
        When stopped.
    """
    jobs: SimpleQueue[_Job[T, R] | None] = SimpleQueue()
    waiting: deque[_Job[T, R]] = deque()
    source, closed = iter(items), threading.Event()

    def worker() -> None:
        while (job := jobs.get()) is not None and not closed.is_set():
            job.started = time.monotonic()
            if not job.finish(work):
                return  # overdue: replaced by another thread

    def start() -> None:
        threading.Thread(target=worker, daemon=True).start()

    try:
        for _ in range(threads):
            start()
        while True:
            for item in islice(source, max(0, ahead + 1 - len(waiting))):
                waiting.append(_Job(item))
                jobs.put(waiting[-1])
            if not waiting:
                return
            while not wait([waiting[0].future], POLL).done:
                interrupt.check()
                if stop is not None and stop.is_set():
                    raise RunError("images were closed while they were fetched")
                for job in waiting:
                    if job.overdue(limit) and job.finish(late):
                        start()
            yield waiting.popleft().future.result()
    finally:
        closed.set()
        for _ in range(threads):
            jobs.put(None)
