"""Make photoz-sdss-flux, the model that ships: split, train, judge beside the classical methods, install.

    python examples/recipes/photoz_sdss_flux.py [DATA] [--install] [--judge-only] [--pretrain]

DATA is the table of SDSS galaxies (MAG_U..MAG_Z, MAGERR_U..MAGERR_Z, Z_SPEC). Everything is written into out/, which
git ignores; --install puts the model and its sums into the package; --judge-only trains none and judges the model in
out/, or the one that ships where there is none. One thread, so that the number of cores does not change the bits. Takes
about ten minutes. --pretrain asks what simulated galaxies are worth to it: the same networks trained on mocks first,
beside the model on the validation rows, by which to choose, and on the test rows.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import extinction_notes
import numpy as np
from astropy.table import Table
from running import ROOT, install, latest, skycnn

DATA = ROOT.parent / "shared" / "data" / "sdss_galaxies.fits"
NAME = "photoz-sdss-flux"
BANDS = "ugriz"
SUBSETS = {"u g r i z": "ugriz", "g r": "gr", "g r i z": "griz"}
MOCKS, EPOCHS = 200_000, 8
"""Simulated galaxies of the sample's kind, which sdss_observation.py fits to the training rows; times through them."""
LEAST_Z = 0.004
"""Below are stars."""
NOTE = (
    "SDSS galaxies (MGS and BOSS) with spectroscopic z >= 0.004, as carried by the examples of MLZ and ANNz; Pogson "
    f"magnitudes. {extinction_notes.SDSS} "
    "Split by the SHA-256 of u g r i z and their errors (big-endian float32) mod 10: 0-6 "
    "train, 7 valid, 8-9 test. Funding for the Sloan Digital Sky Survey has been provided by the Alfred P. Sloan "
    "Foundation, the Participating Institutions, NASA, the National Science Foundation, the U.S. Department of Energy, "
    "the Japanese Monbukagakusho and the Max Planck Society; www.sdss.org"
)


def numbers(table: Table) -> np.ndarray:
    """Return magnitudes and errors as they are stored, big-endian float32 (n, 10)."""
    return np.stack([table[f"{kind}_{band.upper()}"] for kind in ("MAG", "MAGERR") for band in BANDS], 1).astype(">f4")


def split(table: Table) -> np.ndarray:
    """Return each row's side, by its own photometry: a repeated row cannot stand on two."""
    tenth = [int.from_bytes(hashlib.sha256(row.tobytes()).digest(), "big") % 10 for row in numbers(table)]
    return np.array(["train"] * 7 + ["valid"] + ["test"] * 2)[tenth]


def judge(galaxies: Table, bands: str, model: Path, out: Path) -> None:
    """Print the scores of the test rows with some of the bands, and those of the classical methods with the same."""
    kept = ["Z_SPEC", *(f"{kind}_{band.upper()}" for band in bands for kind in ("MAG", "MAGERR"))]
    known, test = out / f"known_{bands}.fits", out / f"test_{bands}.fits"
    galaxies[galaxies["SPLIT"] == "train"][kept].write(known, overwrite=True)
    galaxies[galaxies["SPLIT"] == "test"][kept].write(test, overwrite=True)
    skycnn("predict", test, "--task", "photoz", "--model", model, "--pdf", "-q", "--threads", 1)
    words = ["--task", "photoz", "--truth", "Z_SPEC", "--train", known, "--model", model, "--threads", 1]
    found = json.loads(skycnn("score", test, *words, "--baselines", "all", "--json", "-q"))
    tell(found, f"{' '.join(bands)}, test rows")


def tell(found: Mapping[str, Any], title: str) -> None:
    """Print what ``skycnn score --json`` found: all scores with their intervals, and differences from the others."""
    print(f"\n{title}: {found['rows']} galaxies (95 % of {found['bootstrap']})")
    for entry in found["entries"]:
        scores = {key: part for key, part in entry["scores"].items() if part["value"] is not None}
        print(f"{entry['name']:12s} answered {100 * entry['answered']:6.2f} %", *(
            f"{key} {part['value']:.5f}" + ("" if part["low"] is None else f" [{part['low']:.5f}, {part['high']:.5f}]")
            for key, part in scores.items()
        ))  # fmt: skip
        less = {key: part for key, part in (entry["difference"] or {}).items() if part["value"] is not None}
        if less:
            print(f"{'':12s} answers less it:", *(
                f"{key} {less[key]['value']:+.5f} [{less[key]['low']:+.5f}, {less[key]['high']:+.5f}]"
                for key in ("sigma_nmad", "outliers", "crps") if key in less
            ))  # fmt: skip


def control(galaxies: Table, out: Path) -> None:
    """Train on shuffled redshifts and print the scores: they must be the median's, or the truth leaks somewhere."""
    shuffled, known = galaxies.copy(), galaxies["SPLIT"] != "test"
    shuffled["Z_SPEC"][known] = np.random.default_rng(1).permutation(galaxies["Z_SPEC"][known])
    table, model, test = out / "shuffled.fits", out / "shuffled.safetensors", out / "shuffled_test.fits"
    shuffled.write(table, overwrite=True)
    galaxies[galaxies["SPLIT"] == "test"].write(test, overwrite=True)
    words = ["--task", "photoz", "--truth", "Z_SPEC"]
    short = ["--members", 1, "--epochs", 10, "--threads", 1, "--overwrite", "-q"]
    skycnn("train", table, *words, "--split", "SPLIT", "--survey", "sdss", "--out", model, *short)
    skycnn("predict", test, "--task", "photoz", "--model", model, "-q", "--threads", 1)
    print("\nControl, trained on shuffled redshifts:")
    known_rows = out / "known_ugriz.fits"
    print(skycnn("score", test, *words, "--model", model, "--train", known_rows, "--baselines", "median"))


def pretrained(galaxies: Table, whole: Path, model: Path, out: Path) -> None:
    """Train the networks on mocks and then on the real galaxies; print their scores beside those of ``model``."""
    mocks, begin, end = out / "mocks.fits", out / "mocks.safetensors", out / "pretrained.safetensors"
    task = ["--task", "photoz"]
    if not mocks.exists():
        skycnn("mock", *task, "--survey", "sdss", "--fluxes-only", "-n", MOCKS, "-q", "--out", mocks)
    if not begin.exists():
        words = ["--survey", "sdss", "--truth", "Z_TRUE", "--members", 1, "--epochs", EPOCHS]
        skycnn("train", mocks, *task, *words, "--device", "cpu", "--threads", 1, "--resume", "-q", "--out", begin)
    if not end.exists():
        words = ["--survey", "sdss", "--truth", "Z_SPEC", "--split", "SPLIT", "--seed", 1, "--init", begin]
        words += ["--dereddened", "yes", "--device", "cpu", "--threads", 1, "--resume", "-q"]
        skycnn("train", whole, *task, *words, "--out", end)
    for side in ("valid", "test"):
        rows, asked = galaxies[galaxies["SPLIT"] == side], out / f"pretrained_{side}.fits"
        for name, network in (("Z_ALONE", model), ("Z_MOCKS", begin), ("Z_PHOT", end)):
            rows.write(asked, overwrite=True)
            skycnn("predict", asked, *task, "--model", network, "-q", "--threads", 1)
            if name != "Z_PHOT":
                rows[name] = Table.read(asked)["Z_PHOT"]
        print(f"\nTrained on mocks first, {side} rows; Z_ALONE without them, Z_MOCKS on them alone:")
        words = ["--truth", "Z_SPEC", "--model", end, "--baseline", "Z_ALONE", "--baseline", "Z_MOCKS"]
        print(skycnn("score", asked, *task, *words, "--baselines", "none"))


def sample(path: Path) -> Table:
    """Return the table of galaxies, or say that it has to be named."""
    if not path.exists():
        raise SystemExit(f"There is no {path}. Name the table of galaxies: python {sys.argv[0]} DATA")
    return Table.read(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--judge-only", action="store_true", help="the model in out/, else the one that ships")
    parser.add_argument("--pretrain", action="store_true", help="only ask what simulated galaxies are worth")
    args = parser.parse_args()
    out = ROOT / "out" / NAME
    out.mkdir(parents=True, exist_ok=True)
    galaxies = sample(args.data)
    galaxies["SPLIT"] = split(galaxies)
    galaxies = galaxies[galaxies["Z_SPEC"] >= LEAST_Z]
    whole, model = out / args.data.name, latest(out, NAME) if args.judge_only else out / f"{NAME}.safetensors"
    galaxies.write(whole, overwrite=True)
    if not args.judge_only:
        words = ["--task", "photoz", "--survey", "sdss", "--truth", "Z_SPEC", "--split", "SPLIT", "--seed", 1]
        card = ["--note", NOTE, "--licence", "BSD-3-Clause", "--dereddened", "yes"]
        print(skycnn("train", whole, *words, *card, "--out", model, "--overwrite", "--device", "cpu", "--threads", 1))
    if args.pretrain:
        pretrained(galaxies, whole, model, out)
        return
    if args.install:
        install(model, NAME, json.loads(skycnn("models", model, "--json"))["sha256"])
    for bands in SUBSETS.values():
        judge(galaxies, bands, model, out)
    control(galaxies, out)


if __name__ == "__main__":
    main()
