"""Time commands of this source tree beside another's, in turn: the median of each, and their ratio.

    python tests/bench/beside.py --old DIR [--repeats 4]     (DIR/skycnn is the other tree, e.g. a release)

A catalogue of 1e6 rows answered, 20,000 stamps of 64x64 cut out of a 10k x 10k image, 1,500 mocks drawn; two threads.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from astropy.io import fits
from bench_predict import make as catalogue

ROOT = Path(__file__).resolve().parents[2]
SCALE = 0.2 / 3600
WCS = {
    "CTYPE1": "RA---TAN",
    "CTYPE2": "DEC--TAN",
    "CRVAL1": 150.0,
    "CRVAL2": 2.0,
    "CRPIX1": 5000.5,
    "CRPIX2": 5000.5,
    "CD1_1": -SCALE,
    "CD2_2": SCALE,
}
TASK = ("--task", "photoz")
LINES = {
    "predict, 1e6 rows": ("predict", "big.fits", *TASK),
    "cutout, 20,000 rows": ("cutout", "places.fits", "--images", "g=tile.fits", "--size", "64"),
    "mock, 1,500 stamps": ("mock", *TASK, "--survey", "csst", "-n", "1500", "--seed", "1"),
}


def make(folder: Path) -> None:
    """Write a catalogue of magnitudes, an image, and a catalogue of positions on it."""
    catalogue(folder / "big.fits", 1_000_000)
    rng = np.random.default_rng(1)
    unit = fits.PrimaryHDU(rng.normal(size=(10_000, 10_000)).astype("f4"))
    unit.header.update(WCS)
    unit.writeto(folder / "tile.fits")
    columns = [
        fits.Column(name, "D", array=centre + rng.uniform(-0.25, 0.25, 20_000), unit="deg")
        for name, centre in (("RA", 150.0), ("DEC", 2.0))
    ]
    fits.BinTableHDU.from_columns(columns).writeto(folder / "places.fits")


def seconds(tree: Path, words: tuple[str, ...], folder: Path) -> float:
    """Return how long a command takes."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "2"}
    line = [sys.executable, "-m", "skycnn", *words, "--out", "out.fits", "--overwrite", "-q"]
    started = time.perf_counter()
    subprocess.run(line, cwd=folder, env=environment, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print a line a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", type=Path, required=True, help="the folder that holds the other skycnn")
    parser.add_argument("--repeats", type=int, default=4)
    asked = parser.parse_args()
    trees = asked.old.resolve(), ROOT / "src"
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        for name, words in LINES.items():
            runs = [[seconds(tree, words, Path(folder)) for tree in trees] for _ in range(asked.repeats)]
            old, new = (statistics.median(times) for times in zip(*runs, strict=True))
            print(f"{name:20s} old {old:6.2f} s, new {new:6.2f} s, new / old {new / old:.2f}", flush=True)


if __name__ == "__main__":
    main()
