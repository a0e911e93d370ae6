"""Interrupt: a signal is noted and looked at; where nobody looks it is thrown, again if lost, never where it harms."""

import os
import signal
import sys
import threading
import time
import weakref
from concurrent.futures import Future

import pytest

from shell import python
from skycnn import interrupt
from skycnn.errors import Interrupted


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    """Lose patience soon, and let the suite go on whatever happens."""
    monkeypatch.setattr(interrupt, "PATIENCE", 0.02)
    monkeypatch.setattr(interrupt, "POLL", 0.01)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in interrupt.SIGNALS}  # a shell may ignore them
    with interrupt.noted():
        yield
    for number, handler in before.items():
        signal.signal(number, handler)


def forever():
    while True:
        time.sleep(0.01)


@pytest.mark.parametrize("number", interrupt.SIGNALS, ids=str)
def test_a_signal_is_noted_and_raised_where_it_is_looked_for(number):
    interrupt.check()
    signal.raise_signal(number)
    with pytest.raises(Interrupted) as caught:
        interrupt.check()
    assert caught.value.exit_code == 128 + number


@pytest.mark.parametrize("wait", [lambda: interrupt.pause(0.01), lambda: interrupt.result(Future())])
def test_who_waits_is_told(wait):
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        wait()


def test_a_result_is_waited_for():
    future = Future()
    threading.Timer(0.05, future.set_result, [7]).start()
    assert interrupt.result(future) == 7


def test_a_main_thread_that_does_not_look_is_interrupted():
    signal.raise_signal(signal.SIGHUP)
    with pytest.raises(Interrupted):
        forever()


def test_a_read_that_nothing_ends_is_interrupted():
    reading, writing = os.pipe()
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(Interrupted):
        os.read(reading, 1)
    os.close(reading)
    os.close(writing)


def test_a_clean_up_is_not_interrupted_again():
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        try:
            forever()
        finally:
            for _ in range(10):
                signal.raise_signal(signal.SIGINT)
                time.sleep(0.01)


class Thing:
    """Something to be looked after by a weak reference."""


def test_an_exception_lost_in_a_callback_comes_again(capfd):
    lost = []

    def callback(_):
        try:
            forever()
        except Interrupted:
            lost.append(1)
            raise

    thing = Thing()
    reference = weakref.ref(thing, callback)
    signal.raise_signal(signal.SIGTERM)
    del thing  # the callback is interrupted, and what it raises goes nowhere
    assert (lost, reference()) == ([1], None)
    with pytest.raises(Interrupted):
        forever()
    assert capfd.readouterr().err == ""


def test_other_errors_of_callbacks_are_shown(monkeypatch):
    shown = []
    thing = Thing()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "unraisablehook", lambda unraisable: shown.append(unraisable.exc_type))
        with interrupt.noted():
            reference = weakref.ref(thing, lambda _: 1 / 0)
            del thing
    assert (shown, reference()) == ([ZeroDivisionError], None)


def test_an_import_is_not_interrupted(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text("import time\nfor _ in range(10): time.sleep(0.01)\ndone = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    signal.raise_signal(signal.SIGTERM)
    import slow_to_import

    assert slow_to_import.done
    with pytest.raises(Interrupted):
        forever()


def test_other_threads_are_told_and_do_not_hold_the_main_thread_up():
    seen = []

    def work():
        try:
            interrupt.check()
        except Interrupted:
            seen.append(1)

    signal.raise_signal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [1]
    with pytest.raises(Interrupted):
        forever()


def test_afterwards_all_is_as_it_was():
    before = [signal.getsignal(number) for number in (*interrupt.SIGNALS, signal.SIGALRM)]
    with interrupt.noted():
        signal.raise_signal(signal.SIGTERM)
    assert [signal.getsignal(number) for number in (*interrupt.SIGNALS, signal.SIGALRM)] == before
    interrupt.check()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_outside_the_main_thread_signals_are_left_to_others():
    ended = []

    def work():
        with interrupt.noted():
            ended.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [1]


BEGUN = """
import os, signal, sys
from skycnn import interrupt
number = int(sys.argv[1])
interrupt.begin()
{then}
os.kill(os.getpid(), number)
print("went on")
"""


@pytest.mark.parametrize(
    ("then", "ignored", "out"),
    [
        ("", False, ""),
        ("interrupt.guard()", False, "went on\n"),
        ("interrupt.end()", False, "went on\n"),
        ("", True, "went on\n"),
    ],
    ids=["before files are made", "afterwards", "at the end", "under nohup"],
)
@pytest.mark.parametrize("number", interrupt.SIGNALS, ids=str)
def test_until_files_are_made_a_signal_ends_all_at_once(then, ignored, out, number):
    def ignore():
        signal.signal(number, signal.SIG_IGN)

    ran = python(BEGUN.format(then=then), str(int(number)), preexec_fn=ignore if ignored else None)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0 if out else 128 + number, out, "")


def test_a_signal_at_the_very_end_is_harmless():
    """Neither the alarm nor the handler outlives the run."""
    ran = python(
        "import signal, time; from skycnn import interrupt\n"
        "interrupt.begin(); interrupt.guard()\n"
        "with interrupt.noted(): pass\n"
        "signal.raise_signal(signal.SIGTERM)\n"
        "print(signal.getitimer(signal.ITIMER_REAL)); interrupt.end(); signal.raise_signal(signal.SIGINT)"
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "(0.0, 0.0)\n", "")
