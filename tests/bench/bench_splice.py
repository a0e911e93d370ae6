"""Splice of five columns into 5e6 rows x 40 columns against `cp --reflink=never` + fsync; memory at two lengths."""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from report import line, table

from skycnn.files import safefile
from skycnn.fits import cards as fitscards
from skycnn.fits.checksum import Checksum
from skycnn.fits.newheader import NewColumns, seal
from skycnn.fits.splice import splice
from skycnn.fits.tablebytes import scan
from skycnn.schema import estimate, flag_column

COLUMNS = (
    *estimate("Z_PHOT", "", "src.redshift.phot", "redshift"),
    estimate("X", "", "", "odds")[0],
    flag_column("Z_PHOT"),
)
FORMS = ["K"] + ["E"] * 34 + ["D", "J", "I", "2A", "PE(3)"]
ROW = 8 + 34 * 4 + 8 + 4 + 2 + 2 + 8


def make(path: Path, rows: int, checksum: bool) -> None:
    """Write a table of 40 columns, 168 bytes a row, one of them variable-length."""
    cards = [
        fitscards.make("XTENSION", "BINTABLE"),
        fitscards.make("BITPIX", 8),
        fitscards.make("NAXIS", 2),
        fitscards.make("NAXIS1", ROW),
        fitscards.make("NAXIS2", rows),
        fitscards.make("PCOUNT", rows * 4),
        fitscards.make("GCOUNT", 1),
        fitscards.make("TFIELDS", len(FORMS)),
    ]
    for i, form in enumerate(FORMS, 1):
        cards += [fitscards.make(f"TTYPE{i}", f"C{i}"), fitscards.make(f"TFORM{i}", form)]
    if checksum:
        cards += [fitscards.make("CHECKSUM", "0" * 16), fitscards.make("DATASUM", "0")]
    primary = [fitscards.make("SIMPLE", True), fitscards.make("BITPIX", 8), fitscards.make("NAXIS", 0)]
    rng, total = np.random.default_rng(0), Checksum()
    with open(path, "wb") as file:
        file.write(fitscards.assemble(primary))
        start = file.tell()
        file.write(fitscards.assemble(cards))
        block = rng.integers(0, 256, (min(rows, 50_000), ROW), dtype=np.uint8)
        for first in range(0, rows, len(block)):
            part = block[: min(len(block), rows - first)]
            numbers = np.arange(first, first + len(part))
            part[:, -8:] = np.stack([np.ones(len(part)), numbers * 4], 1).astype(">i4").view(np.uint8)
            total.add(part)
            file.write(part)
        heap = rng.integers(0, 256, rows * 4, dtype=np.uint8)
        total.add(heap)
        file.write(heap)
        file.write(bytes(-file.tell() % 2880))
        if checksum:
            seal(cards, total.value, "")
            file.seek(start)
            file.write(fitscards.assemble(cards))
        file.flush()
        os.fsync(file.fileno())


def extend(path: Path, target: Path, alone: bool = False) -> float:
    """Splice five columns as `predict` does, lock, fsync and rename included; return seconds."""
    fresh = np.random.default_rng(1).integers(0, 256, (1 << 16, 20), dtype=np.uint8)

    def rows(first: int, end: int) -> np.ndarray:
        return fresh[: end - first]

    started = time.perf_counter()
    with open(path, "rb", buffering=0) as source:
        size = os.fstat(source.fileno()).st_size
        unit = scan(source.fileno(), size, path.name)[1]
        with safefile.replacing(str(target), target.name, start=None, detach=False) as fd:
            warnings = splice(source.fileno(), size, unit, fd, NewColumns(COLUMNS, stamp="x"), rows, path.name)
    assert not warnings, warnings
    return time.perf_counter() - started


def copy(path: Path, target: Path) -> float:
    """`cp --reflink=never`, then fsync; return seconds."""
    started = time.perf_counter()
    subprocess.run(["cp", "--reflink=never", str(path), str(target)], check=True)
    with open(target, "rb") as file:
        os.fsync(file.fileno())
    return time.perf_counter() - started


def anonymous_peak(path: Path, target: Path) -> float:
    """Return MB of anonymous memory that one splice takes beyond the interpreter with its imports."""
    code = (
        "import sys, threading, time; sys.path[:0] = sys.argv[1:2]\n"
        "import bench_splice as b, memory\nfrom pathlib import Path\n"
        "with memory.Peak() as peak: b.extend(Path(sys.argv[2]), Path(sys.argv[3]))\n"
        "print(peak.megabytes)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(path), str(target)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def main() -> None:
    """Print the ratios and the memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("out/bench"))
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    cat, new = asked.folder / "splice.fits", asked.folder / "new.fits"
    rows = []
    for checksum, bound in ((True, 2.0), (False, 1.5)):
        make(cat, asked.rows, checksum)
        ratios, ours, theirs = [], [], []
        for _ in range(asked.runs + 1):
            theirs.append(copy(cat, new))
            new.unlink()
            ours.append(extend(cat, new))
            new.unlink()
            ratios.append(ours[-1] / theirs[-1])
        ratio = statistics.median(ratios[1:])
        label = f"splice / cp + fsync, {asked.rows:.0e} x 40{', CHECKSUM' if checksum else ''}"
        detail = f"{statistics.median(ours[1:]):.2f} s / {statistics.median(theirs[1:]):.2f} s"
        rows.append(line(label, f"<= {bound}", f"{ratio:.2f}", ratio <= bound, detail))
    peaks = []
    for n in (100_000, asked.rows):
        make(cat, n, True)
        peaks.append(anonymous_peak(cat, new))
        rows.append(line(f"anonymous memory, {n:.0e} rows", "<= 150 MB", f"{peaks[-1]:.0f} MB", peaks[-1] <= 150, ""))
    shutil.rmtree(asked.folder)
    table(rows)


if __name__ == "__main__":
    main()
