"""Runs that are killed or stopped: four of the kills of `make faults`, and the signals."""

import signal

import pytest

from faults import JOURNAL, WarmArena, faultless


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    return WarmArena(tmp_path_factory.mktemp("arena"), rows=70_000)


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_run_killed_between_chunks_goes_on_where_it_was(arena, chunks):
    trial = arena.kill("put", 0, 0, times=chunks)
    assert (trial.state, trial.journalled_chunks >= chunks) == ("old", True)
    assert trial.taken_over == trial.journalled_rows >= chunks * 32768
    assert faultless(arena, trial)


@pytest.mark.parametrize("after", [0.02, 0.1])
def test_a_run_killed_within_the_splice_computes_nothing_again(arena, after):
    trial = arena.kill("splice", after, arena.slow)
    assert faultless(arena, trial), trial
    assert trial.state == "new" or (trial.taken_over, trial.computed_chunks) == (arena.rows, 0)


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGTERM, 143, "put"), (signal.SIGINT, 130, "splice")], ids=str
)
def test_a_stopped_run_leaves_the_journal_alone(arena, number, code, word):
    ended = arena.stop(word, 0, arena.slow, number=number)
    assert ended.code == code
    assert ended.said.splitlines()[-1] == f"skycnn: stopped by signal {number:d}; every file is whole"
    assert (arena.state(), arena.left()) == ("old", [JOURNAL])
    assert faultless(arena, arena.judge(ended.code))
