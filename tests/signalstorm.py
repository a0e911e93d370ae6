"""Send signals at random times to runs of every verb: the right code, nothing left but a journal, the next run resumes.

`make storm` runs it; `--source DIR` tries another source tree's ``src``; `test_signalstorm.py` borrows a few runs.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import faults
import field as sky
from bench.report import Line, line, table

SEED = 20260202
ROWS = 120_000
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BURST = 8
"""Most signals sent to one run, one after the other."""
SLOW = 3.0
"""Seconds that a run may take to end, beside others on the same cores."""
WORKING = (".skycnn-journal", ".skycnn-partial", ".checkpoint")
"""What may stay: endings of the files that the next run goes on from."""


@dataclass(frozen=True)
class Kind:
    """A command line, the files that it writes, and how it is gone on with.

    Parameters
    ----------
    words : tuple of str
    makes : tuple of str
        In the folder; ``stdout`` of a run that writes there.
    again : tuple of str
        More words for the next run, where the first left a checkpoint.
    """

    words: tuple[str, ...]
    makes: tuple[str, ...]
    again: tuple[str, ...] = ()


MOCK = ("mock", "--task", "photoz", "--survey", "csst", "--threads", "1")
IMAGES = ("--images", "g=../inputs/field_g.fits", "--images", "r=../inputs/field_r.fits")
SAMPLE = "../inputs/sample.fits[GALAXIES]"
TRUTH = ("--task", "photoz", "--truth", "zsp")
TRAIN = ("--network", "flux", "--members", "1", "--epochs", "12", "--device", "cpu")
KINDS = {
    "predict": Kind(("predict", "cat.fits", "--task", "photoz"), ("cat.fits",)),
    "predict --out": Kind(("predict", "cat.fits", "--task", "photoz", "--out", "o.fits"), ("o.fits",)),
    "predict --out -": Kind(("predict", "cat.fits", "--task", "photoz", "--out", "-"), ("stdout",)),
    "explain": Kind(("explain", "cat.fits", "--task", "photoz", "--steps", "16"), ("cat.fits",)),
    "cutout": Kind(("cutout", "../inputs/cat.fits", *IMAGES, "--size", "32", "--out", "o.fits"), ("o.fits",)),
    "mock": Kind((*MOCK, "-n", "300", "--size", "32", "--out", "o.fits"), ("o.fits",)),
    "mock --fluxes-only": Kind((*MOCK, "-n", "20000", "--fluxes-only", "--out", "o.fits"), ("o.fits",)),
    "mock --scene": Kind(
        (*MOCK, "--all", "--bands", "g", "--scene", "600,600", "--out", "d"), ("d/scene_g.fits", "d/scene_cat.fits")
    ),
    "train": Kind(
        ("train", SAMPLE, *TRUTH, "--out", "m.safetensors", *TRAIN),
        ("m.safetensors",),
        ("--resume",),
    ),
    "score": Kind(("score", SAMPLE, *TRUTH, "--plot", "p.png", "--overwrite"), ("p.png",)),
    "models": Kind(("models", "--json"), ("stdout",)),
}


@dataclass(frozen=True)
class Ended:
    """How a run ended, and what it wrote to its streams."""

    code: int
    out: bytes
    err: str
    seconds: float


@dataclass
class Tally:
    """What was seen of one kind of run."""

    runs: int = 0
    sent: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    resumed: int = 0


class Storm:
    """A folder with inputs, and one to run in.

    Parameters
    ----------
    folder : Path
    source : Path
        Of the package to run.
    seed : int
    """

    def __init__(self, folder: Path, source: Path, seed: int = SEED, rows: int = ROWS) -> None:
        self.inputs, self.place, self.rng = folder / "inputs", folder / "place", random.Random(seed)
        self.environment = os.environ | {
            "PYTHONPATH": str(source),
            "SOURCE_DATE_EPOCH": "1700000000",
            "OMP_NUM_THREADS": "1",
        }
        self.inputs.mkdir()
        sky.make(self.inputs, rows=3000, shape=(700, 800))
        faults.make(self.inputs / "big.fits", rows)
        shutil.copyfile(Path(__file__).parent.parent / "examples/sdss_sample.fits", self.inputs / "sample.fits")

    def answer(self) -> None:
        """Write answers into the sample, for `score` to look at."""
        self.fresh()
        done = self.finish(Kind(("predict", SAMPLE, "--task", "photoz"), ()))
        assert done.code == 0, done.err

    def fresh(self) -> None:
        """Empty the place, but for a catalogue."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        shutil.copyfile(self.inputs / "big.fits", self.place / "cat.fits")

    def start(self, kind: Kind, more: tuple[str, ...] = ()) -> "subprocess.Popen[bytes]":
        """Start a run."""
        return subprocess.Popen(
            [sys.executable, "-m", "skycnn", *kind.words, *more],
            cwd=self.place,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def finish(self, kind: Kind, more: tuple[str, ...] = ()) -> Ended:
        """Let a run come to its end."""
        began = time.monotonic()
        out, err = (ran := self.start(kind, more)).communicate(timeout=600)
        return Ended(ran.returncode, out, err.decode(errors="replace"), time.monotonic() - began)

    def made(self, kind: Kind, out: bytes) -> list[str]:
        """Return the hashes of what a run makes, empty where there is nothing."""
        found = []
        for name in kind.makes:
            path = self.place / name
            content = out if name == "stdout" else path.read_bytes() if path.exists() else b""
            found.append(hashlib.sha256(content).hexdigest() if content else "")
        return found

    def left(self, kind: Kind) -> list[str]:
        """Return what lies in the place that no run leaves at its end."""
        files = sorted(str(path.relative_to(self.place)) for path in self.place.rglob("*") if not path.is_dir())
        return [name for name in files if name not in (*kind.makes, "cat.fits")]

    def struck(self, kind: Kind, after: float) -> tuple[Ended, list[int]]:
        """Send one signal or several to a run so many seconds after its start; return its end and the signals."""
        self.fresh()
        ran, sent = self.start(kind), []
        time.sleep(after)
        began = time.monotonic()
        for _ in range(self.rng.choice((1, 1, 2, BURST))):
            sent.append(self.rng.choice(SIGNALS))
            if ran.poll() is None:
                ran.send_signal(sent[-1])
            time.sleep(self.rng.choice((0, 0, 0.001, 0.05)))
        out, err = ran.communicate(timeout=600)
        return Ended(ran.returncode, out, err.decode(errors="replace"), time.monotonic() - began), sent

    def trials(self, kind: Kind, number: int, resumes: int) -> Tally:
        """Try a kind of run so often; return what was seen."""
        self.fresh()
        old = self.made(kind, b"")
        whole = self.finish(kind)
        assert whole.code == 0, whole.err
        new, tally = self.made(kind, whole.out), Tally()
        for trial in range(number):
            ended, sent = self.struck(kind, self.rng.uniform(0.02, whole.seconds))
            tally.runs, tally.sent = tally.runs + 1, tally.sent + len(sent)
            tally.codes[str(ended.code)] += 1
            tally.slowest = max(tally.slowest, ended.seconds if ended.code else 0.0)
            for fault in self.judge(kind, ended, sent, old, new):
                tally.faults[fault] += 1
            if trial < resumes:
                self.resume(kind, new, tally)
        return tally

    def judge(self, kind: Kind, ended: Ended, sent: list[int], old: list[str], new: list[str]) -> list[str]:
        """Return what is wrong with the end of a struck run."""
        found, state = [], self.made(kind, ended.out)
        right = {128 + number for number in sent} | {-number for number in sent}  # a shell calls both 128 + n
        if ended.code not in right | {0}:
            found.append(f"code {ended.code}")
        if "Traceback" in ended.err or "bug" in ended.err or "terminate called" in ended.err:
            own = "site" if "skycnn" not in ended.err else "skycnn"
            found.append(f"traceback or bug ({own})")
        if "stdout" not in kind.makes and any(one not in pair for one, *pair in zip(state, old, new, strict=True)):
            found.append("a torn file")
        if ended.code == 0 and state != new:
            found.append("code 0, and not done")
        litter = [name for name in self.left(kind) if not name.endswith(WORKING)]
        found += [f"left {name.partition('.skycnn')[1] or name}" for name in litter]
        if ended.code and ended.seconds > SLOW:
            found.append("slow")
        return found

    def resume(self, kind: Kind, new: list[str], tally: Tally) -> None:
        """Run again, and see that all is as after an uninterrupted run."""
        if self.made(kind, b"") == new:  # done already: without --overwrite it would be refused
            return
        more = kind.again if any(name.endswith(".checkpoint") for name in self.left(kind)) else ()
        after = self.finish(kind, more)
        tally.resumed += "taken over from an earlier run" in after.err
        if after.code:
            tally.faults[f"next run: code {after.code}"] += 1
        if self.made(kind, after.out) != new:
            tally.faults["next run: other bytes"] += 1
        if self.left(kind):
            tally.faults["next run: files left"] += 1


def main() -> int:
    """Print what was asked and what was seen."""
    here = Path(__file__).parent.parent / "src"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="of each kind")
    parser.add_argument("--resumes", type=int, default=20, help="of each kind, after which the next run is looked at")
    parser.add_argument("--source", type=Path, default=here)
    parser.add_argument("--only", action="append", help="a kind, of: " + ", ".join(KINDS))
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        storm = Storm(Path(folder), asked.source.resolve(), asked.seed)
        storm.answer()
        for name in asked.only or KINDS:
            tally = storm.trials(KINDS[name], asked.runs, asked.resumes)
            bad = sum(tally.faults.values())
            codes = ", ".join(f"{code}: {n}" for code, n in sorted(tally.codes.items()))
            detail = f"{tally.sent} signals; codes {codes}; {tally.resumed} resumed; slowest end {tally.slowest:.1f} s"
            detail += "".join(f"; {fault}: {n}" for fault, n in tally.faults.items())
            lines.append(line(f"{name}: faults in {tally.runs} runs", "0", str(bad), bad == 0, detail))
            print(lines[-1], flush=True)
    table(lines)
    return int(any("SHORT" in entry for entry in lines))


if __name__ == "__main__":
    sys.exit(main())
