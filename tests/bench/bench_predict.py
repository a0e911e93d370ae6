"""Flux prediction of 1e6 rows in place against the bare network on arrays in memory; memory at 1e6 and 5e6 rows.

The bare network is timed in a plain loop and in one loop a thread; the faster counts.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from astropy.io import fits
from report import line, table

BANDS = "UGRIZ"


def make(path: Path, rows: int) -> None:
    """Write a catalogue of plausible galaxies: magnitudes, errors, an id, a position."""
    rng = np.random.default_rng(0)
    kinds = [("OBJID", ">i8"), ("RA", ">f8"), ("DEC", ">f8")]
    kinds += [(f"{stem}_{band}", ">f4") for band in BANDS for stem in ("MAG", "MAGERR")]
    header = fits.BinTableHDU(np.zeros(0, np.dtype(kinds))).header
    header["NAXIS2"] = rows
    with open(path, "wb") as file:
        file.write(fits.PrimaryHDU().header.tostring().encode())
        file.write(header.tostring().encode())
        for first in range(0, rows, 100_000):
            block = np.zeros(min(100_000, rows - first), np.dtype(kinds))
            block["OBJID"] = np.arange(first, first + len(block))
            magnitude = rng.normal(19.5, 1.2, len(block))
            for i, band in enumerate(BANDS):
                block[f"MAG_{band}"] = magnitude - 0.8 * (i - 2) + rng.normal(0, 0.2, len(block))
                block[f"MAGERR_{band}"] = 0.02 + 0.3 * 10 ** (0.4 * (block[f"MAG_{band}"] - 22.5))
            file.write(block.tobytes())
        file.write(bytes(-file.tell() % 2880))


def run(path: Path, *words: str, watch: bool = False) -> tuple[float, float]:
    """Run ``skycnn predict`` on a fresh copy; return seconds, and MB of peak anonymous memory if watched."""
    copy = path.with_suffix(".run.fits")
    shutil.copyfile(path, copy)
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "skycnn", "predict", str(copy), "--task", "photoz", "-q", *words])
    peak = 0.0
    while watch and child.poll() is None:
        try:
            status = Path(f"/proc/{child.pid}/status").read_text()
        except OSError:
            break
        found = [text for text in status.splitlines() if text.startswith("RssAnon")]
        peak = max([peak, *(int(text.split()[1]) / 1024 for text in found)])
        time.sleep(0.02)
    code = child.wait()
    assert code == 0, code
    seconds = time.perf_counter() - started
    copy.unlink()
    return seconds, peak


BARE = """
import sys, time
import numpy as np, torch
from concurrent.futures import ThreadPoolExecutor
from skycnn import tasks
from skycnn.network import model
from skycnn.network.answer import Answerer
rows = int(sys.argv[1])
rng = np.random.default_rng(0)
answerer = Answerer(tasks.load("photoz"), model.read(model.locate("photoz-sdss-flux")))
magnitude = rng.normal(19.5, 1.2, (rows, 1)) - 0.8 * (np.arange(5) - 2) + rng.normal(0, 0.2, (rows, 5))
flux = (10 ** (0.4 * (23.9 - magnitude))).astype(np.float32)
error = (flux * (0.02 + 0.3 * 10 ** (0.4 * (magnitude - 22.5)))).astype(np.float32)
module, posterior, batch = answerer.inference.module, answerer.posterior, answerer.inference.batch
def one(at):
    with torch.inference_mode():
        raw = module(flux=torch.from_numpy(flux[at : at + batch]), error=torch.from_numpy(error[at : at + batch]))
        posterior.summarise(raw)
starts, seconds = range(0, rows, batch), []
with ThreadPoolExecutor(torch.get_num_threads(), "bare", torch.set_num_threads, (1,)) as pool:
    for loop in (map, pool.map, map, pool.map):
        started = time.perf_counter()
        list(loop(one, starts))
        seconds.append(time.perf_counter() - started)
print(min(seconds))
"""

BASE = """
from pathlib import Path
import skycnn.verbs.predict
lines = Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon")))
"""


def python(code: str, *words: str) -> float:
    """Run a piece of Python in a process of its own, as the command line sets it up; return the number it prints."""
    code = "from skycnn.cli import process; process.prepare()\n" + code
    done = subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    """Print rates, ratio and memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("out/bench"))
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS", "2")
    cat, one, large = (asked.folder / f"{name}.fits" for name in ("million", "one", "large"))
    make(cat, asked.rows)
    make(one, 1)
    whole, start, bare = [], [], []
    run(cat)
    for _ in range(asked.runs):
        bare.append(python(BARE, str(asked.rows)))
        whole.append(run(cat)[0])
        start.append(run(one)[0])
    ratios = [b / (w - s) for w, s, b in zip(whole, start, bare, strict=True)]
    ratio = statistics.median(ratios)
    rate = asked.rows / statistics.median(whole)
    named = {"whole": whole, "one row": start, "bare": bare}
    detail = ", ".join(f"{name} {statistics.median(seconds):.2f} s" for name, seconds in named.items())
    rows = [
        line(f"bare network / predict, {asked.rows:.0e} rows", ">= 0.5", f"{ratio:.2f}", ratio >= 0.5, detail),
        line("rows/s with start-up", ">= 100000", f"{rate:,.0f}", rate >= 100_000, "aim 150000"),
    ]
    base = python(BASE)
    make(large, 5 * asked.rows)
    peaks = [run(path, watch=True)[1] - base for path in (cat, large)]
    small, big = peaks
    rows.append(line("anonymous memory beyond imports", "<= 150 MB", f"{small:.0f} MB", small <= 150, ""))
    rows.append(line("the same at five times the rows", "the same", f"{big:.0f} MB", big < 1.1 * small + 10, ""))
    shutil.rmtree(asked.folder)
    table(rows)


if __name__ == "__main__":
    main()
