"""Crew: daemon threads that work ahead of whoever takes their answers, in order; none of them can hold up the end."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from queue import SimpleQueue
from typing import Generic, TypeVar

from skycnn.errors import RunError

T = TypeVar("T")
R = TypeVar("R")

POLL = 0.05
"""Seconds between two looks for a job that is overdue."""


class _Errand(Generic[T, R]):
    def __init__(self, item: T) -> None:
        self.item, self.done = item, threading.Event()
        self.started: float | None = None
        self._answers: list[R] = []
        self._error: BaseException | None = None
        self._lock = threading.Lock()

    def run(self, work: Callable[[T], R]) -> bool:
        """Do it; return whether that still mattered."""
        self.started = time.monotonic()
        return self.end(work)

    def end(self, work: Callable[[T], R]) -> bool:
        """Let the first of two that end it give the answer; return whether this was the first."""
        answers: list[R] = []
        error = None
        try:
            answers.append(work(self.item))
        except BaseException as raised:  # raised again where the answer is taken
            error = raised
        with self._lock:
            if self.done.is_set():
                return False
            self._answers, self._error = answers, error
            self.done.set()
            return True

    def overdue(self, limit: float) -> bool:
        return self.started is not None and not self.done.is_set() and time.monotonic() - self.started > limit

    def answer(self) -> R:
        if self._error is not None:
            raise self._error
        return self._answers[0]


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

    The threads are daemons: a signal ends the caller at once, and the process too, whatever they wait for. (Those of
    ``concurrent.futures`` are joined at exit.)

    Parameters
    ----------
    work : callable
        What a thread does; what it raises is raised here.
    items : iterable
        Taken as they are needed.
    late : callable
        ``late(item)`` is the result of a job that did not end in time; its thread is left to itself and replaced.
    threads : int
        Jobs at the same time.
    ahead : int
        Jobs begun or done beyond the one that is waited for.
    limit : float
        Seconds from a job's start.
    stop : Event, optional
        Set by another thread than the one that waits here.

    Raises
    ------
    RunError
        When it was stopped.
    """
    jobs: SimpleQueue[_Errand[T, R] | None] = SimpleQueue()
    waiting: deque[_Errand[T, R]] = deque()
    source, over = iter(items), threading.Event()

    def labour() -> None:
        while (job := jobs.get()) is not None and not over.is_set():
            if not job.run(work):
                return  # overdue: another thread has taken this one's place

    def hire() -> None:
        threading.Thread(target=labour, daemon=True).start()

    try:
        for _ in range(threads):
            hire()
        while True:
            for item in islice(source, max(0, ahead + 1 - len(waiting))):
                waiting.append(_Errand(item))
                jobs.put(waiting[-1])
            if not waiting:
                return
            while not waiting[0].done.wait(POLL):
                if stop is not None and stop.is_set():
                    raise RunError("images were closed while they were fetched")
                for job in waiting:
                    if job.overdue(limit) and job.end(late):
                        hire()
            yield waiting.popleft().answer()
    finally:
        over.set()
        for _ in range(threads):
            jobs.put(None)
