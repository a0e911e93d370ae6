"""Are SDSS magnitudes asinh magnitudes or Pogson's? Print what errors tell, and what either reading does to redshifts.

    python examples/recipes/luptitudes.py [DATA] [--train]

DATA holds sdss_galaxies.fits, which photoz-sdss-flux is trained on, and clusters/, tables of redMaPPer (Rykoff et al.
2014, ApJ 785, 104) with model magnitudes of SDSS's archive. The sky gives faint sources one error of flux, whatever
their magnitude: the reading is right in which it stays. --train also trains a small network on each reading, on the
same 6,000 rows; scores are those of test rows. What is decided stands in skycnn/photometry/luptitudes.py.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
from astropy.table import Table
from photoz_sdss_flux import LEAST_Z, split
from running import ROOT, skycnn

from skycnn import metrics, survey
from skycnn.fits import fluxunits

DATA = ROOT.parent / "shared" / "data"
OUT = ROOT / "out" / "luptitudes"
READINGS = {"Pogson": "mag", "u asinh": "u=luptitude", "all asinh": "luptitude"}
EDGES = (20, 21, 22, 23, 24, 25, 26, 27, 28, 34)
NANOMAGGY = 10 ** (0.4 * (23.9 - 22.5))
"""Microjansky."""
NOISY = 2.5 / np.log(10) / 2
"""Error of a Pogson magnitude at a signal to noise of two."""
DRAWS = 1000
SIDES = {"train": 6000, "valid": 800}
"""Rows to train small networks with."""


def errors(name: str, magnitude: np.ndarray, error: np.ndarray) -> None:
    """Print the median error of flux in bins of magnitude u by either reading."""
    b = survey.load("sdss").softening["u"]
    print(f"{name}: error of flux in u, nanomaggies (median; rows) by magnitude")
    for reading, unit in (("Pogson", "mag"), ("asinh", "asinh")):
        known = fluxunits.read(unit)
        _, sigma = fluxunits.microjansky(magnitude, fluxunits.deviation(error, known, "mag"), known, b)
        print(f"  {reading:7s}", end="")
        for low, high in itertools.pairwise(EDGES):
            part = sigma[(magnitude >= low) & (magnitude < high) & np.isfinite(sigma)]
            print(f"  {low}: {np.median(part) / NANOMAGGY:.3g} ({len(part)})" if len(part) else "", end="")
        print()


def answered(table: Table, name: str, model: object, unit: str) -> Table:
    """Return a table answered with its magnitudes read so."""
    path = OUT / f"{name}.fits"
    table.write(path, overwrite=True)
    skycnn("predict", path, "--task", "photoz", "--model", model, "--unit", unit, "-q", "--threads", 1)
    return Table.read(path)


def judge(tables: dict[str, Table], title: str) -> None:
    """Print the scores of each reading on all rows and on those with a noisy u, and the difference to the first."""
    print(f"\n{title}")
    first = next(iter(tables.values()))
    z = np.asarray(first["Z_SPEC"], float)
    off = {name: (np.asarray(table["Z_PHOT"], float) - z) / (1 + z) for name, table in tables.items()}
    for part, rows in {"all": z >= 0, "u at S/N < 2": np.asarray(first["MAGERR_U"]) > NOISY}.items():
        picked = [np.random.default_rng(seed).choice(np.flatnonzero(rows), rows.sum()) for seed in range(DRAWS)]
        for name, table in tables.items():
            low, high = (np.asarray(table[f"Z_PHOT_{end}"], float) for end in ("LO", "HI"))
            covered = np.mean((z[rows] >= low[rows]) & (z[rows] <= high[rows]))
            base = off[next(iter(off))]
            differences = [scatter(off[name][some]) - scatter(base[some]) for some in picked]
            ends = np.percentile(differences, (2.5, 97.5))
            print(f"  {part:14s} {rows.sum():5d} rows  {name:10s} sigma_NMAD {scatter(off[name][rows]):.4f}  outliers "
                  f"{100 * np.mean(np.abs(off[name][rows]) > 0.15):.2f} %  coverage {covered:.3f}  "
                  f"sigma_NMAD less {next(iter(off))}'s [{ends[0]:+.4f}, {ends[1]:+.4f}]")  # fmt: skip


def scatter(off: np.ndarray) -> float:
    """Return sigma_NMAD of dz / (1 + z)."""
    return float(metrics.NMAD * np.median(np.abs(off - np.median(off))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--train", action="store_true")
    args = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    galaxies = Table.read(args.data / "sdss_galaxies.fits")
    galaxies["SPLIT"] = split(galaxies)
    galaxies = galaxies[galaxies["Z_SPEC"] >= LEAST_Z]
    errors("sdss_galaxies.fits", np.asarray(galaxies["MAG_U"], float), np.asarray(galaxies["MAGERR_U"], float))
    clusters = Table.read(args.data / "clusters" / "test_dr8_gals_with_zred.fit", 1)
    each = (np.asarray(clusters[name], float)[:, 0] for name in ("MODEL_MAG", "MODEL_MAGERR"))
    errors("redMaPPer's galaxies of SDSS DR8", *each)
    test = galaxies[galaxies["SPLIT"] == "test"]
    judge({name: answered(test, name.replace(" ", "_"), "photoz-sdss-flux", unit) for name, unit in READINGS.items()},
          "Test rows, by photoz-sdss-flux, which was trained on Pogson's")  # fmt: skip
    if args.train:
        random, found, table = np.random.default_rng(1), dict[str, Table](), OUT / "some.fits"
        sides = [np.flatnonzero(galaxies["SPLIT"] == side) for side in SIDES]
        picked = [random.choice(rows, n, replace=False) for rows, n in zip(sides, SIDES.values(), strict=True)]
        galaxies[np.concatenate(picked)].write(table, overwrite=True)
        for name, unit in (("Pogson", "mag"), ("asinh", "luptitude")):
            model = OUT / f"{name}.safetensors"
            words = ["--truth", "Z_SPEC", "--split", "SPLIT", "--survey", "sdss", "--unit", unit, "--overwrite"]
            small = ["--members", 1, "--epochs", 10, "--threads", 1, "-q", "--out", model]
            skycnn("train", table, "--task", "photoz", *words, *small)
            found[name] = answered(test, f"trained_{name}", model, unit)
        judge(found, "Test rows, by small networks trained on the same reading")


if __name__ == "__main__":
    main()
