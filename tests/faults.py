"""Kill a run 70 times and look at its file each time: the whole old one, or none, or the whole new one; no work lost.

`make faults` runs it; `test_faults.py` borrows a few kills for the suite.
"""

import argparse
import hashlib
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

import field
import warm
from bench.report import Line, line, table

ROWS, KILLS, SEED = 200_000, 25, 20260101
CUT_ROWS, CUT_KILLS = 6_000, 10
CHUNK, WIDTH = 32768, 20
NAME, JOURNAL = "cat.fits", ".cat.fits.skycnn-journal"
CUT_LEFT = (".stamps.fits.skycnn-journal", ".stamps.fits.skycnn-partial")
COMMAND = ("predict", NAME, "--task", "photoz")

DRIVER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from skycnn.cli.app import main
from skycnn.files import journal
from skycnn.fits import extension

delay = float(sys.argv.pop(1))

def tell(word):
    os.write(1, word.encode() + b"\\n")

def told(owner, name, word, before=False, after=False):
    inner = getattr(owner, name)
    def outer(*args, **settings):
        if before:
            tell(word)
        result = inner(*args, **settings)
        if after:
            tell(word)
        return result
    setattr(owner, name, outer)

def slowed(name):
    inner = getattr(os, name)
    def outer(*args, **settings):
        time.sleep(delay)
        result = inner(*args, **settings)
        time.sleep(delay)
        return result
    setattr(os, name, outer)

inner = extension.splice
def splice(*args, **settings):
    if delay:
        for name in ("pwrite", "copy_file_range", "fsync", "replace"):
            slowed(name)
    tell("splice")
    return inner(*args, **settings)

extension.splice = splice
told(journal.Journal, "__init__", "journal", after=True)
told(journal.Journal, "put", "put", after=True)
told(os, "replace", "renamed", after=True)
sys.argv[0] = "skycnn"
main()
"""
"""Runs the program and tells on standard output how far it is; nothing of this is in the program itself."""


def make(path: Path, rows: int) -> None:
    """Write a catalogue of plausible galaxies with an image before the table and a checksum."""
    rng = np.random.default_rng(SEED)
    kinds = [("OBJID", ">i8"), ("RA", ">f8"), ("DEC", ">f8")]
    kinds += [(f"{stem}_{band}", ">f4") for band in "ugriz" for stem in ("modelMag", "modelMagErr")]
    content = np.zeros(rows, np.dtype(kinds))
    content["OBJID"] = np.arange(rows)
    magnitude = rng.normal(18.5, 1.0, rows)
    for i, band in enumerate("ugriz"):
        content[f"modelMag_{band}"] = magnitude - 0.7 * (i - 2) + rng.normal(0, 0.2, rows)
        content[f"modelMagErr_{band}"] = 0.02 + 0.05 * rng.random(rows)
    units = [fits.PrimaryHDU(), fits.ImageHDU(np.ones((20, 20), ">f4")), fits.BinTableHDU(content, name="GALAXIES")]
    fits.HDUList(units).writeto(path, checksum=True)


def sha256(path: Path) -> str:
    """Return the hash of a file's bytes; empty where there is no file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def journalled(path: Path, width: int = WIDTH) -> list[int]:
    """Return the rows of each whole record of a journal, read without skycnn's own reader."""
    if not path.exists():
        return []
    content = path.read_bytes()
    parts = content.split(b"\n", 2)
    if len(parts) < 3:
        return []
    found, at = [], len(parts[0]) + len(parts[1]) + 2
    head = struct.Struct("<QI32sI")
    while at + head.size <= len(content):
        rows = head.unpack_from(content, at)[1]
        at += head.size + rows * width
        if at <= len(content):
            found.append(rows)
    return found


@dataclass(frozen=True)
class Run:
    """How a run ended: its exit code, what the driver told, what the program said."""

    code: int
    told: list[str]
    said: str


@dataclass(frozen=True)
class Trial:
    """One killed run and the run after it."""

    code: int
    state: str
    stray: list[str]
    journalled_rows: int
    journalled_chunks: int
    next_code: int
    taken_over: int
    computed_chunks: int
    identical: bool
    orphans: list[str]


class Arena:
    """A folder with a catalogue, the same one after an uninterrupted run, and a place to kill runs in."""

    name, driver, command = NAME, DRIVER, COMMAND
    chunk, width = CHUNK, WIDTH

    def __init__(self, folder: Path, rows: int = ROWS, slow: float = 0.04) -> None:
        self.folder, self.rows, self.slow = folder, rows, slow
        self.chunks = -(-rows // self.chunk)
        self.place = folder / "place"
        self.make()
        self.fresh()
        self.old = sha256(self.place / self.name)
        done = self.finish()
        assert done.code == 0, done.said
        self.new = sha256(self.place / self.name)

    def make(self) -> None:
        """Write what the runs read."""
        make(self.folder / "original.fits", self.rows)

    def fresh(self) -> None:
        """Put the untouched catalogue in place."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        shutil.copyfile(self.folder / "original.fits", self.place / self.name)

    def start(self, delay: float = 0.0) -> "subprocess.Popen[str]":
        """Start a run; the end of it is slowed by ``delay`` at each of its system calls."""
        return subprocess.Popen(
            [sys.executable, "-c", self.driver, str(delay), *self.command],
            cwd=self.place,
            env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> Run:
        """Let a run come to its end."""
        ran = self.start()
        out, err = ran.communicate(timeout=300)
        return Run(ran.returncode, out.splitlines(), err)

    def span(self, word: str, delay: float) -> float:
        """Return the seconds from a word of the driver to the rename, in an uninterrupted run."""
        self.fresh()
        with self.start(delay) as ran:
            began = self._hear(ran, word)
            ended = self._hear(ran, "renamed")
            ran.communicate(timeout=300)
        return ended - began

    @staticmethod
    def _hear(ran: "subprocess.Popen[str]", word: str, times: int = 1) -> float:
        assert ran.stdout is not None
        for told in ran.stdout:
            times -= told.strip() == word
            if not times:
                return time.monotonic()
        raise AssertionError(f"the run ended before {word!r}: {ran.stderr.read() if ran.stderr else ''}")

    def stop(self, word: str, after: float, delay: float, *, number: int = signal.SIGKILL, times: int = 1) -> Run:
        """Run on the untouched catalogue and send a signal so many seconds after a word of the driver."""
        self.fresh()
        with self.start(delay) as ran:
            self._hear(ran, word, times)
            time.sleep(after)
            ran.send_signal(number)
            out, err = ran.communicate(timeout=300)
        return Run(ran.returncode, out.splitlines(), err)

    def left(self) -> list[str]:
        """Return what lies beside the file."""
        return sorted(entry.name for entry in self.place.iterdir() if entry.name != self.name)

    def state(self) -> str:
        """Return which file is there: old, which may be none, new or torn."""
        return {self.old: "old", self.new: "new"}.get(sha256(self.place / self.name), "torn")

    def judge(self, code: int) -> Trial:
        """Look at what a stopped run left, and at what the next run makes of it."""
        journal = self.place / f".{self.name}.skycnn-journal"
        state, stray, records = self.state(), self.left(), journalled(journal, self.width)
        after = self.finish()
        number = re.search(r"taken over from an earlier run: (\d+) rows?", after.said)
        return Trial(
            code=code,
            state=state,
            stray=[name for name in stray if not name.startswith(f".{self.name}.skycnn-")],
            journalled_rows=sum(records),
            journalled_chunks=len(records),
            next_code=after.code,
            taken_over=int(number[1]) if number else 0,
            computed_chunks=after.told.count("put"),
            identical=sha256(self.place / self.name) == self.new,
            orphans=self.left(),
        )

    def kill(self, word: str, after: float, delay: float, *, times: int = 1) -> Trial:
        """Kill a run that still lives so many seconds after a word, and judge."""
        while True:
            ended = self.stop(word, after, delay, times=times)
            if ended.code == -signal.SIGKILL:
                return self.judge(ended.code)
            after *= 0.9  # it was quicker this time


CUT_DRIVER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from skycnn.cli.app import main
from skycnn.files import journal
from skycnn.stamps.stampfile import stampfile
from skycnn.verbs import cutout

delay = float(sys.argv.pop(1))
cutout.BLOCK = int(sys.argv.pop(1))

def tell(word):
    os.write(1, word.encode() + b"\\n")

def told(owner, name, word, wait=0.0):
    inner = getattr(owner, name)
    def outer(*args, **settings):
        result = inner(*args, **settings)
        tell(word)
        time.sleep(wait)
        return result
    setattr(owner, name, outer)

def slowed(name):
    inner = getattr(os, name)
    def outer(*args, **settings):
        time.sleep(delay)
        return inner(*args, **settings)
    setattr(os, name, outer)

if delay:
    for name in ("pwrite", "pwritev", "copy_file_range", "fsync", "replace", "ftruncate"):
        slowed(name)
told(journal.Journal, "__init__", "journal")
told(journal.Journal, "put", "put")
told(stampfile.StampFile, "write", "write")
told(os, "replace", "renamed")
sys.argv[0] = "skycnn"
main()
"""


class CutArena(Arena):
    """A folder with images and a catalogue, the stamps of an uninterrupted run, and a place to kill runs in."""

    name, driver, chunk, width = "stamps.fits", CUT_DRIVER, 512, 44
    command = (
        *("512", "cutout", "../cat.fits", "--images", "g=../field_g.fits", "--images", "r=../field_r.fits"),
        *("--size", "32", "--out", name),
    )

    def make(self) -> None:
        """Write images and a catalogue."""
        field.make(self.folder, rows=self.rows, shape=(900, 1000))

    def fresh(self) -> None:
        """Empty the place."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()


class Warm:
    """Makes the runs of an arena forks of a process that has imported torch, which saves the seconds of each start."""

    def start(self, delay: float = 0.0) -> warm.Process:
        """Start a run; the end of it is slowed by ``delay`` at each of its system calls."""
        environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
        return warm.Process(self.driver, str(delay), *self.command, cwd=self.place, env=environment)


class WarmArena(Warm, Arena):
    """An arena whose runs start at once."""


class WarmCutArena(Warm, CutArena):
    """An arena for stamps whose runs start at once."""


def faultless(arena: Arena, trial: Trial) -> bool:
    """Return whether the catalogue was whole, no finished chunk was computed again, and nothing is left."""
    kept = trial.state in ("old", "new") and not trial.stray and trial.next_code == 0
    rest = arena.chunks - trial.journalled_chunks if trial.state == "old" else 0
    again = trial.computed_chunks == rest and trial.taken_over == (trial.journalled_rows if trial.state == "old" else 0)
    return kept and again and trial.identical and not trial.orphans


def _summary(arena: Arena, what: str, trials: list[Trial]) -> list[Line]:
    n = len(trials)
    whole = [trial.state for trial in trials if trial.state != "torn"]
    resumed = [trial for trial in trials if trial.state == "old" and trial.journalled_chunks]
    rows = sum(trial.taken_over for trial in resumed)
    again = sum(t.computed_chunks - (arena.chunks - t.journalled_chunks) for t in trials if t.state == "old")
    same, orphans = sum(trial.identical for trial in trials), sum(map(len, (trial.orphans for trial in trials)))
    good = sum(faultless(arena, trial) for trial in trials)
    detail = f"{whole.count('old')} old, {whole.count('new')} new"
    reused = f"in {len(resumed)} runs {rows} rows were taken over"
    return [
        line(f"{what}: old or whole new file", f"{n} of {n}", f"{len(whole)} of {n}", len(whole) == n, detail),
        line("  journalled chunks computed again", "0", str(again), again == 0, reused),
        line("  next run: bytes of an uninterrupted one", f"{n} of {n}", f"{same} of {n}", same == n),
        line("  files left after the next run", "0", str(orphans), orphans == 0),
        line("  all of it", f"{n} of {n}", f"{good} of {n}", good == n),
    ]


def _signals(arena: Arena, words: Sequence[str], left: Sequence[str]) -> list[Line]:
    lines = []
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        for word, delay in zip(words, (0.0, arena.slow), strict=True):
            ended = arena.stop(word, 0.05, delay, number=number)
            state, found = arena.state(), arena.left()
            trial = arena.judge(ended.code)
            good = ended.code == code and state == "old" and found == list(left) and faultless(arena, trial)
            what = f"{signal.Signals(number).name} after {word}: exit code, files beside"
            lines.append(line(what, f"{code}, {' '.join(left)}", f"{ended.code}, {' '.join(found)}", good))
    return lines


def _kills(arena: Arena, kinds: Sequence[tuple[str, str, float]], kills: int) -> list[Line]:
    """Kill runs at random instants between a word and the rename."""
    rng = random.Random(SEED)
    lines = []
    for what, word, delay in kinds:
        span = max(arena.span(word, delay) for _ in range(2))
        instants = [rng.uniform(0, span) for _ in range(kills)]
        trials = [arena.kill(word, instant, delay) for instant in instants]
        lines += _summary(arena, f"{what} ({span:.2f} s)", trials)
    return lines


def main() -> int:
    """Print what was asked and what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--kills", type=int, default=KILLS, help="of each of the two kinds, on predict")
    parser.add_argument("--cut-kills", type=int, default=CUT_KILLS, help="of each of the two kinds, on cutout")
    asked = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        arena = Arena(Path(folder), asked.rows)
        kinds = [
            ("predict: kill -9 from the first journal write to the rename", "journal", 0.0),
            ("predict: kill -9 within a slowed splice", "splice", arena.slow),
        ]
        lines += _kills(arena, kinds, asked.kills) + _signals(arena, ("put", "splice"), (JOURNAL,))
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        cuts = CutArena(Path(folder), CUT_ROWS, slow=0.01)
        kinds = [
            ("cutout: kill -9 from the first journal write to the rename", "journal", 0.0),
            ("cutout: kill -9 within slowed writing", "write", cuts.slow),
        ]
        lines += _kills(cuts, kinds, asked.cut_kills) + _signals(cuts, ("put", "write"), CUT_LEFT)
    table(lines)
    return int(any("SHORT" in entry for entry in lines))


if __name__ == "__main__":
    sys.exit(main())
