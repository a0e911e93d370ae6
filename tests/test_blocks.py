"""Blocks: in order, no more of them than are needed, whatever the threads."""

import itertools
import math
import threading

import pytest
import torch

from skycnn.simulate.blocks import Need, ordered


@pytest.mark.parametrize("threads", [1, 4])
def test_answers_come_in_order(threads):
    before = torch.get_num_threads()
    with ordered(lambda number: number**2, threads, lambda: 9) as answers:
        assert list(answers) == [number**2 for number in range(9)]
    assert torch.get_num_threads() == before


def test_an_error_in_a_block_comes_out():
    def broken(number):
        if number == 2:
            raise RuntimeError("block 2")
        return number

    with pytest.raises(RuntimeError, match="block 2"), ordered(broken, 2, lambda: math.inf) as answers:
        assert list(itertools.islice(answers, 2)) == [0, 1]
        next(answers)


def test_threads_work_ahead_but_not_beyond_the_need():
    begun, both = [], threading.Barrier(2, timeout=60)

    def work(number):
        begun.append(number)
        if number < 2:
            both.wait()  # neither ends before the other has begun
        return number

    with ordered(work, 64, lambda: 3) as answers:
        assert list(answers) == [0, 1, 2]
    assert sorted(begun) == [0, 1, 2]


def test_a_need_reckons_with_what_it_has_seen():
    need = Need(100, 30)
    assert need() == 4
    need.add(0)
    assert need() == 1 + 100  # as if one galaxy had come
    need.add(20)
    assert (need.done, need()) == (20, 2 + 8)
    need.add(79)
    assert need() == 4
    need.add(1)
    assert need() == 4
