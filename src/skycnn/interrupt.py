"""Interrupt: a signal that asks the program to end, noted when it comes and looked at between chunks of work.

An exception that a handler throws is lost in a weak reference's callback, and tears C libraries that are being
imported. So handlers only take note; whoever works or waits calls `check` or `pause` every second or so. A main thread
that has not looked for `PATIENCE` seconds, as in a library's loop or a read from a pipe, is interrupted where it
stands, never within an import or where files get their names; and again, if the exception was lost.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

from skycnn.errors import Interrupted

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
PATIENCE = 1.0
POLL = 0.2
"""Seconds between two looks of a main thread that waits for another."""

SPARED = ("<frozen importlib", os.path.join(os.path.dirname(__file__), "files", ""))
"""Beginnings of the files of code that is never interrupted."""


@dataclass
class _State:
    """Whether a signal ends the process at once, or is noted; that which came; whether its exception is on its way."""

    at_once: bool = False
    noting: bool = False
    number: int | None = None
    raised: bool = False


_state = _State()


def check() -> None:
    """Raise where a signal has come.

    Raises
    ------
    Interrupted
        The signal.
    """
    if _state.number is not None:
        if threading.current_thread() is threading.main_thread():
            _patience(0.0)
            _state.raised = True
        raise Interrupted(_state.number)


def pause(seconds: float) -> None:
    """Sleep, some tenths of a second at most; raise where a signal has come."""
    time.sleep(seconds)
    check()


def result(future: "Future[Any]") -> Any:
    """Return a future's result; while it is waited for, a signal is raised."""
    while not future.done():
        wait([future], POLL)
        check()
    return future.result()


def begin() -> None:
    """Let signals end the process at once, without a word, until `guard` is called: nothing is there to clean up."""
    _state.at_once = True
    for number in _heeded():
        signal.signal(number, _note)


def guard() -> None:
    """Let signals end the run in order from now on: files are going to be made."""
    _state.at_once = False


def end() -> None:
    """Ignore signals: all is done, and the interpreter, shutting down, would print a traceback."""
    for number in _heeded():
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def noted() -> Iterator[None]:
    """Take note of signals meanwhile; those that are ignored, as under nohup, stay so."""
    before: dict[int, Any] = {}
    _state.number, _state.raised = None, False
    hook = sys.unraisablehook

    def lost(unraisable: Any) -> None:
        if not isinstance(unraisable.exc_value, Interrupted):
            hook(unraisable)
        elif _state.number is not None:
            _state.raised = False
            _patience(PATIENCE)

    with suppress(ValueError):  # raised outside the main thread
        before = {number: signal.signal(number, _note) for number in _heeded()}
        before[signal.SIGALRM] = signal.signal(signal.SIGALRM, _overdue)
        sys.unraisablehook, _state.noting = lost, True
    try:
        yield
    finally:
        if before:
            _state.noting = False
            _patience(0.0)
            sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)
        _state.number = None


def _heeded() -> list[signal.Signals]:
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


def _note(number: int, frame: FrameType | None) -> None:
    if _state.at_once:
        os._exit(Interrupted(number).exit_code)
    if _state.noting and _state.number is None:
        _state.number = number
        _patience(PATIENCE)


def _patience(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)


def _overdue(number: int, frame: FrameType | None) -> None:
    """Interrupt the main thread, unless it stands where it must not be; the timer goes on and asks again."""
    if _state.number is None or _state.raised:
        return
    while frame is not None:
        if frame.f_code.co_filename.startswith(SPARED):
            return
        frame = frame.f_back
    check()
