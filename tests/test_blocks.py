"""Blocks: no more of them than are needed, whatever the threads."""

import torch

from skycnn.simulate.blocks import Need, worked


def test_torch_has_its_threads_back():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert list(worked(lambda number: (number**2, torch.get_num_threads()), range(3), 2)) == [
            (0, 1),
            (1, 1),
            (4, 1),
        ]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_blocks_are_worked_until_the_rows_are_there():
    need, begun = Need(6, 3), []

    def work(number):
        begun.append(number)
        return (3, 0, 2, 9)[number]

    for rows in worked(work, need, 64):
        need.add(rows)
    assert sorted(begun) == [0, 1, 2, 3]


def test_a_need_reckons_with_what_it_has_seen():
    need = Need(100, 30)
    assert need.blocks == 4
    assert list(need) == [0, 1, 2, 3]
    need.add(0)
    assert need.blocks == 1 + 100  # as if one galaxy had come
    assert next(need) == 4
    need.add(20)
    assert (need.done, need.blocks) == (20, 2 + 8)
    need.add(79)
    assert need.blocks == 4
    need.add(1)
    assert need.blocks == 4
    assert list(need) == []


def test_blocks_that_are_there_already_are_not_worked():
    need = Need(100, 30)
    need.skip(30)
    need.skip(0)
    assert (need.done, need.blocks) == (30, 2 + 5)
    assert list(need) == [2, 3, 4, 5, 6]
    need = Need(30, 30)
    need.skip(30)
    assert list(need) == []
