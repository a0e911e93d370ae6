"""Working ahead: in order, so many ahead and no more, errors where results are taken, an end before the end."""

import threading
from itertools import count, islice

import pytest

from skycnn.workahead import fetch_ahead, work_ahead


def workers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("skycnn-ahead")]


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_order(threads):
    assert list(work_ahead(lambda item: item * 2, range(50), threads)) == [item * 2 for item in range(50)]
    assert list(work_ahead(str, [], threads)) == []
    assert workers() == []


def test_an_error_is_raised_where_its_result_is_taken():
    results = work_ahead(lambda item: 1 // (item - 2), count(), 2)
    assert list(islice(results, 2)) == [-1, -1]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert workers() == []


def test_threads_work_at_the_same_time_and_only_so_far_ahead():
    both, taken = threading.Barrier(2, timeout=60), []

    def items():
        for item in range(10):
            taken.append(item)
            yield item

    def work(item):
        if item < 2:
            both.wait()  # neither ends before the other has begun
        return item

    results = work_ahead(work, items(), 2, 3)
    assert next(results) == 0
    assert taken == [0, 1, 2, 3]
    assert list(results) == list(range(1, 10))


def test_items_that_ended_are_asked_again():
    class Growing:
        number, most = 0, 2

        def __iter__(self):
            return self

        def __next__(self):
            if self.number == self.most:
                raise StopIteration
            self.number += 1
            return self.number

    items = Growing()
    results = work_ahead(str, items, 1, 5)
    assert next(results) == "1"
    items.most = 3
    assert list(results) == ["2", "3"]


def test_each_thread_is_prepared():
    ready = threading.local()

    def prepare():
        ready.value = 7

    assert list(work_ahead(lambda item: ready.value, range(5), 2, initializer=prepare)) == [7] * 5


def test_items_are_fetched_ahead_in_order_by_one_thread():
    fetched, far = [], threading.Event()

    def items():
        for item in range(20):
            fetched.append(threading.current_thread())
            if item == 2:
                far.set()
            yield item

    ready = fetch_ahead(items())
    assert next(ready) == 0
    assert far.wait(60)
    assert len(fetched) == 3
    assert list(ready) == list(range(1, 20))
    assert len(set(fetched)) == 1
    assert workers() == []


def test_the_error_of_a_fetch_comes_after_what_came_before():
    def items():
        yield 1
        raise RuntimeError("truncated")

    ready = fetch_ahead(items())
    assert next(ready) == 1
    with pytest.raises(RuntimeError, match="truncated"):
        next(ready)
    assert workers() == []


def test_the_thread_ends_when_nobody_listens_any_more():
    ready = fetch_ahead(count())
    assert next(ready) == 0
    assert len(workers()) == 1
    ready.close()
    assert workers() == []


def test_what_a_thread_waits_for_is_hurried_when_the_end_comes_early():
    called, waited = threading.Event(), threading.Event()

    def items():
        yield 1
        waited.set()
        assert called.wait(30)  # a server that hangs, until somebody hurries

    ready = fetch_ahead(items(), hurry=called.set)
    assert next(ready) == 1
    assert waited.wait(30)
    ready.close()
    assert called.is_set()
    called.clear()
    assert list(fetch_ahead([1, 2], hurry=called.set)) == [1, 2]
    assert not called.is_set()
