"""Training with defaults on 10,000 flux rows."""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from astropy.table import Table
from bench_predict import make
from report import line, table


def main() -> None:
    """Print the minutes that ``skycnn train`` takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path("out/bench"))
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    cat = asked.folder / "train.fits"
    make(cat, asked.rows)
    galaxies = Table.read(cat)
    colour = galaxies["MAG_G"] - galaxies["MAG_R"]
    galaxies["Z_SPEC"] = np.clip(0.3 + 0.2 * (colour - np.mean(colour)), 0.01, 1.0)
    galaxies.write(cat, overwrite=True)
    words = ["train", str(cat), "--task", "photoz", "--truth", "Z_SPEC", "--out", str(asked.folder / "m.safetensors")]
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "skycnn", *words, "-q"], check=True, stdout=subprocess.DEVNULL)
    minutes = (time.perf_counter() - started) / 60
    shutil.rmtree(asked.folder)
    table([line(f"train with defaults, {asked.rows:,} rows", "<= 5 min", f"{minutes:.1f} min", minutes <= 5)])


if __name__ == "__main__":
    main()
