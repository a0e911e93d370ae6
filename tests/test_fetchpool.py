"""FetchPool: results in order, work ahead within bounds, and nothing that hangs holds up the end."""

import subprocess
import sys
import threading
import time

import pytest

from skycnn.errors import RunError
from skycnn.remote import fetchpool
from skycnn.remote.fetchpool import ordered


def run(work, items, *, threads=4, ahead=8, limit=60.0, late=lambda item: "late"):
    return ordered(work, items, late, threads=threads, ahead=ahead, limit=limit)


@pytest.mark.parametrize("threads", [1, 3, 16])
@pytest.mark.parametrize("ahead", [0, 1, 50])
def test_answers_are_in_order(threads, ahead):
    def work(item):
        time.sleep(0.002 * (item % 3))
        return item * item

    assert list(run(work, range(40), threads=threads, ahead=ahead)) == [i * i for i in range(40)]


def test_nothing_to_do():
    assert list(run(str, [])) == []


def test_items_are_taken_no_further_than_ahead():
    taken = []

    def items():
        for i in range(100):
            taken.append(i)
            yield i

    answers = run(str, items(), ahead=5)
    assert next(answers) == "0"
    assert len(taken) == 6
    answers.close()


def test_so_many_threads_work():
    meet = threading.Barrier(4, timeout=60)  # breaks unless four are there together
    assert list(run(lambda item: meet.wait() >= 0, range(8), threads=4)) == [True] * 8


def test_what_work_raises_is_raised_in_its_place():
    def work(item):
        if item == 2:
            raise KeyError(item)
        return item

    answers = run(work, range(5))
    assert [next(answers), next(answers)] == [0, 1]
    with pytest.raises(KeyError):
        next(answers)


def test_what_hangs_is_left_behind_and_replaced():
    hang = threading.Event()

    def work(item):
        if item % 2:
            hang.wait(60)
        return item

    answers = list(run(work, range(8), threads=2, ahead=3, limit=1, late=lambda item: -item))
    assert answers == [0, -1, 2, -3, 4, -5, 6, -7]
    hang.set()


def test_the_end_does_not_wait():
    hang, begun = threading.Event(), []

    def work(item):
        begun.append(item)
        if item:
            hang.wait(60)
        return item

    answers = run(work, range(9), threads=2, ahead=9)
    assert next(answers) == 0
    answers.close()  # at once
    hang.set()
    time.sleep(5 * fetchpool.POLL)
    assert len(begun) <= 3  # what waited in the queue is not begun any more


def test_another_thread_may_end_the_waiting():
    hang, stop = threading.Event(), threading.Event()
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(RunError, match="closed"):
        next(ordered(lambda item: hang.wait(60), [1], str, threads=1, ahead=1, limit=60, stop=stop))
    hang.set()


def test_a_process_ends_while_its_threads_hang():
    program = (
        "import threading\n"
        "from skycnn.remote.fetchpool import ordered\n"
        "hang = threading.Event()\n"
        "work = lambda item: hang.wait() if item else 'first'\n"
        "print(next(ordered(work, range(4), str, threads=2, ahead=4, limit=1e9)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == "first\n"
