"""Show what `skycnn train` with its defaults makes of small and of deep samples, beside the classical methods.

    python examples/recipes/photoz_small.py [SAMPLE ...] [--old DIR] [--data FILE]

SAMPLE is `lsst` or `thin`, 10,000 galaxies that are mocks to i = 25.3 in six bands at LSST's ten-year depths, as they
are drawn or with a third of the scatter of their spectra; or `cosmos500` or `cosmos2000`, so many real galaxies of
COSMOS. --old names another source tree of skycnn: its networks, trained on the same rows, stand beside as Z_OTHER. What
the defaults are was chosen on mocks of seed 3 and on other tiles; neither is looked at here. Everything is written into
out/, which git ignores; what is there already is not made again. One thread.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from astropy.table import Table
from photoz_cosmos_flux import BANDS, DATA, SEED, folds, sides
from photoz_sdss_flux import tell
from running import ROOT

ROWS, DRAWN, FAINTEST = 10_000, 60_000, 25.3
"""Mocks to train and to test with, those drawn for them, and the i magnitude, measured, of the faintest."""
SURVEY = """
name = "lsst"
title = "Legacy Survey of Space and Time, wide survey of ten years"
bands = ["u", "g", "r", "i", "z", "y"]
pixel_scale = 0.2
depth_kind = "point"
psf = { u = 0.92, g = 0.87, r = 0.83, i = 0.80, z = 0.78, y = 0.76 } # LSST Overview, Ivezic et al. 2019, table 2
depth = { u = 26.1, g = 27.4, r = 27.5, i = 26.8, z = 26.1, y = 24.9 } # Science Requirements, LPM-17, table 24
wavelength = { u = 3671, g = 4827, r = 6223, i = 7546, z = 8691, y = 9712 }
low = { u = 3300, g = 4020, r = 5520, i = 6910, z = 8180, y = 9220 }
high = { u = 3940, g = 5520, r = 6910, i = 8180, z = 9220, y = 10190 }
extinction = { u = 4.145, g = 3.237, r = 2.273, i = 1.684, z = 1.323, y = 1.088 } # Schlafly & Finkbeiner 2011, table 6
"""
THIN = (
    "from skycnn.simulate import mixture, population; population.BEND = 0.0; drawn = mixture.Mixture.draw; "
    "mixture.Mixture.draw = lambda self, given, uniform, normal: drawn(self, given, uniform, 0.3 * normal); "
)
"""What is run before mocks are drawn whose spectra scatter less."""


def skycnn(*words: object, source: Path = ROOT, first: str = "") -> str:
    """Run one command line of a source tree, show it, and return what it prints."""
    line = [str(word) for word in words]
    print("$ skycnn", *line, file=sys.stderr, flush=True)
    code = first + "import sys; from skycnn.cli.app import main; sys.argv[0] = 'skycnn'; main()"
    environment = {**os.environ, "PYTHONPATH": str(source / "src")}
    command = [sys.executable, "-c", code, *line]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def mocks(name: str, out: Path) -> tuple[Path, Path, list[str]]:
    """Return tables to train and to test with, and the words that tell the program of their columns."""
    survey, found = out / "lsst.toml", []
    survey.write_text(SURVEY)
    for seed in (1, 2):
        every, table = out / f"{name}_{seed}_every.fits", out / f"{name}_{seed}.fits"
        if not table.exists():
            words = ["--survey", survey, "--fluxes-only", "--all", "-n", DRAWN, "--seed", seed, "--overwrite", "-q"]
            skycnn("mock", "--task", "photoz", *words, "--out", every, first=THIN if name == "thin" else "")
            galaxies = Table.read(every, hdu="CATALOGUE")
            bright = galaxies["FLUX_I"] > 10 ** (0.4 * (23.9 - FAINTEST))
            galaxies = galaxies[bright][:ROWS]
            galaxies.meta.clear()
            galaxies["SPLIT"] = np.random.default_rng(SEED).permutation(np.resize(["train"] * 9 + ["valid"], ROWS))
            galaxies.write(table)
        found.append(table)
    return found[0], found[1], ["--survey", str(survey), "--bands", "u,g,r,i,z,y", "--truth", "Z_TRUE"]


def cosmos(rows: int, data: Path, out: Path) -> tuple[Path, Path, list[str]]:
    """Return the same of real galaxies: those of every fifth tile test."""
    galaxies = Table.read(data)
    galaxies = galaxies[galaxies["MAG_B"] > 0]
    galaxies.meta.clear()
    fold = folds(galaxies)
    galaxies["SPLIT"] = sides(galaxies, fold, 0, rows)
    known, test = out / f"cosmos{rows}_1.fits", out / f"cosmos{rows}_2.fits"
    galaxies[np.isin(galaxies["SPLIT"], ("train", "valid"))].write(known, overwrite=True)
    galaxies[fold == 0].write(test, overwrite=True)
    return known, test, ["--survey", "cosmos", "--bands", ",".join(BANDS), "--truth", "Z"]


def answered(name: str, known: Path, test: Path, columns: list[str], out: Path, source: Path, kind: str) -> Path:
    """Return the test table as the network of a source tree answers it."""
    model, table = out / f"{name}_{kind}.safetensors", out / f"{name}_{kind}.fits"
    if not model.exists():
        words = ["--task", "photoz", *columns, "--split", "SPLIT", "--seed", SEED, "--threads", 1, "--resume"]
        skycnn("train", known, *words, "--out", model, source=source)
    Table.read(test).write(table, overwrite=True)
    skycnn("predict", table, "--task", "photoz", "--model", model, "--pdf", "-q", "--threads", 1, source=source)
    return table


def judge(name: str, known: Path, table: Path, columns: list[str], other: Path | None) -> None:
    """Print the scores of the test rows, the classical methods' and the differences."""
    words = ["--task", "photoz", "--truth", columns[-1], "--survey", columns[1], "--train", known, "--threads", 1]
    if other is not None:
        galaxies = Table.read(table)
        galaxies["Z_OTHER"] = Table.read(other)["Z_PHOT"]
        galaxies.write(table, overwrite=True)
        words += ["--baseline", "Z_OTHER"]
    found = json.loads(skycnn("score", table, *words, "--json", "-q"))
    tell(found, f"{name}, test rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    samples = ("lsst", "thin", "cosmos500", "cosmos2000")
    parser.add_argument("samples", nargs="*", metavar="SAMPLE", default=samples)
    parser.add_argument("--old", type=Path, help="another source tree")
    parser.add_argument("--data", type=Path, default=DATA, help="the table of COSMOS")
    args = parser.parse_args()
    if unknown := set(args.samples) - set(samples):
        parser.error(f"no sample {' '.join(unknown)}; there are {' '.join(samples)}")
    out = ROOT / "out" / "photoz-small"
    out.mkdir(parents=True, exist_ok=True)
    for name in args.samples:
        rows = int(name.removeprefix("cosmos")) if name.startswith("cosmos") else 0
        known, test, columns = cosmos(rows, args.data, out) if rows else mocks(name, out)
        new = answered(name, known, test, columns, out, ROOT, "new")
        old = answered(name, known, test, columns, out, args.old, "old") if args.old else None
        judge(name, known, new, columns, old)


if __name__ == "__main__":
    main()
