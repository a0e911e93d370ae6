"""Fuzzing: a fixed sample of every kind of input, every recipe of an earlier fault, and that faults would be seen."""

import json
from pathlib import Path

import pytest

from fuzz import case, shrink
from fuzz.__main__ import examine
from fuzz.runner import Runner
from fuzz.verdict import faults

SOURCE = Path(__file__).parents[1] / "src"
FOUND = sorted((Path(__file__).parent / "fuzz" / "found").glob("*.json"))
INPUTS = 30
"""Of each kind; `make fuzz` takes more, and other seeds."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="limits of memory are Linux's")


@pytest.fixture(scope="module")
def runner():
    with Runner(SOURCE) as held:
        yield held


@pytest.mark.parametrize("name", case.names())
def test_a_sample_of(name, runner):
    cases, wrong = case.Cases(name, runner), {}
    for seed in range(INPUTS):
        drawn = cases.draw(seed)
        found, outcome = examine(cases, runner, drawn)
        if found:
            wrong[drawn.dump()] = (found, outcome.err)
    assert wrong == {}


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_what_was_found_is_mended(path, runner):
    held = case.Case.load(path.read_text())
    wrong, outcome = examine(case.Cases(held.kind, runner), runner, held)
    assert wrong == [], outcome.err


def test_a_case_is_its_seed_and_survives_json(runner):
    for name in case.names():
        first, second = (case.Cases(name, runner).draw(5) for _ in range(2))
        assert first.dump() == second.dump()
        again = case.Case.load(first.dump())
        sound = case.Cases(name, runner).sound(first.base)
        assert again.files(sound) == first.files(sound)


MISBEHAVING = """
import os, sys, time
def main():
    words = sys.argv[1:]
    sys.stderr.write("skycnn: error: it is so\\n")
    exec({
        "signal": "os.kill(os.getpid(), 11)",
        "code": "sys.exit(7)",
        "fails": "sys.exit(1)",
        "fitting": "sys.stderr.write('skycnn: error: training diverged in epoch 3\\\\n'); sys.exit(1)",
        "raises": "raise RuntimeError",
        "sleeps": "time.sleep(60)",
        "swells": "held = bytearray(1500000000); sys.exit(2)",
        "bursts": "held = bytearray(5000000000)",
        "works": "while True: pass",
        "leaves": "open('.cat.fits.skycnn-1', 'w'); sys.exit(2)",
        "writes": "open('cat.fits', 'w').write('x'); sys.exit(2)",
        "removes": "os.remove('cat.fits')",
        "stray": "sys.stderr.write('hello\\\\n'); sys.exit(2)",
        "sound": "sys.exit(2)",
    }[words[0]])
"""
SEEN = {
    "signal": "signal: SIGSEGV",
    "code": "code: 7",
    "fails": "code: 1",
    "fitting": None,
    "raises": "traceback: RuntimeError",
    "sleeps": "time: ",
    "swells": "memory: ",
    "bursts": "traceback: MemoryError",
    "works": "time: ",
    "leaves": "left: .cat.fits.skycnn-1",
    "writes": "changed: cat.fits",
    "removes": "lost: cat.fits",
    "stray": "stray: hello",
    "sound": None,
}
LIMITS = {"works": {"cpu": 1}, "sleeps": {"idle": 1}}
"""Soon for those that must run into them; on a busy machine the others may take a second, too."""


def test_faults_are_seen(tmp_path):
    (tmp_path / "skycnn" / "cli").mkdir(parents=True)
    for package in ("skycnn", "skycnn/cli"):
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "skycnn" / "cli" / "app.py").write_text(MISBEHAVING)
    with Runner(tmp_path) as held:
        for word, told in SEEN.items():
            found = faults((word,), held.run({"cat.fits": b"SIMPLE"}, (word,), **LIMITS.get(word, {})))
            if told is None:
                assert found == [], word
            else:
                assert any(line.startswith(told) for line in found), (word, found)


def test_a_failing_case_is_shrunk_to_what_it_takes():
    failing = case.Case(
        "any", 1, "base", ("verb", "cat", "--a", "--b", "3"), tuple(["f", "flip", k, 1] for k in range(6))
    )

    def examined(tried):
        return ["bug: x"] if ["f", "flip", 4, 1] in tried.changes and "--b" in tried.words else []

    smaller = shrink.smallest(failing, ["bug: x"], examined)
    assert smaller.changes == (["f", "flip", 4, 1],)
    assert smaller.words == ("verb", "cat", "--b", "3")
    assert case.Case.load(json.dumps(json.loads(smaller.dump()))) == smaller
