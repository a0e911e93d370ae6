"""Make photoz-cosmos-flux, a model that ships: mocks, pre-training, real galaxies, five folds by tile, judgement.

    python examples/recipes/photoz_cosmos_flux.py [DATA] [--install] [--judge-only] [--curve]

DATA is the table of COSMOS galaxies (MAG_NUV..MAG_J, ERR_NUV..ERR_J, Z, TILE). The network is first trained on
simulated fluxes in the same bands, then on the real ones. Every galaxy is answered by a network that saw none of its
tile; the same networks without the simulation stand beside. The simulated population was itself fitted to three
quarters of the tiles, so the scores stand for those and for the fourth quarter apart as well. --curve shows what the
simulation is worth to 500 and 2,000 galaxies. Everything is written into out/, which git ignores; what is there already
is not made again. --install trains once more, on all tiles but every tenth, writes the five folds' scores into that
model's card, and puts it and its sums into the package. --judge-only trains none and judges the model in out/, or the
one that ships where there is none, on every tenth tile, which it never saw. One thread.
"""

import argparse
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import extinction_notes
import numpy as np
from astropy.table import Table, vstack
from cosmos_population import held_out
from photoz_sdss_flux import sample, tell
from running import ROOT, install, latest, skycnn

from skycnn.network import model as models
from skycnn.scoring import modelscores

DATA = ROOT.parent / "shared" / "data" / "cosmos_galaxies.fits"
NAME = "photoz-cosmos-flux"
BANDS = ("NUV", "U", "B", "G", "V", "R", "I", "Z", "J")
FOLDS = 5
MOCKS, EPOCHS = 200_000, 12
"""Simulated galaxies, and times through them."""
SEED = 1
CURVE = (500, 2000)
SEEN = ("--where", "MAG_B > 0")
"""Galaxies with photometry: 59 have a redshift and no magnitude in any band."""
ALONE = ("--baselines", "none")
APART = ("--by", "HELD:-0.5:1.5:2")
"""Tiles that the mocks' population was fitted to, and those that it never saw."""
COMMON = ("--task", "photoz", "--truth", "Z", "--group", "TILE", "--survey", "cosmos", "--threads", 1)
NOTE = (
    "Pre-trained on simulated fluxes (skycnn mock --fluxes-only --survey cosmos) of a population that was fitted "
    "to the galaxies of three quarters of the tiles, then trained on COSMOS photometry with secure zCOSMOS "
    "redshifts: Capak et al. 2007, ApJS 172, 99; Lilly et al. 2007, ApJS 172, 70. "
    f"{extinction_notes.COSMOS}"
)


def places(galaxies: Table) -> np.ndarray:
    """Return each row's tile as its place among the tiles in the order of their hashes, whatever the order of rows."""
    names = galaxies["TILE"].tolist()
    tiles = sorted(set(names), key=lambda tile: hashlib.sha256(str(tile).encode()).digest())
    place = {tile: k for k, tile in enumerate(tiles)}
    return np.array([place[tile] for tile in names])


def folds(galaxies: Table) -> np.ndarray:
    """Return each row's fold, 0 to 4: whole tiles, every fifth one."""
    return places(galaxies) % FOLDS


def sides(galaxies: Table, fold: np.ndarray, test: int | None, rows: int | None) -> np.ndarray:
    """Return each row's side: a fold tests, an eighth of the other tiles validates, the rest or a part of it trains."""
    side = np.where(places(galaxies) // FOLDS % 8 == 3, "valid", "train")  # of each fold's tiles an eighth
    if test is not None:
        side[fold == test] = "test"
    if rows is not None:  # a fifth of the few is for validation
        for name, count in (("train", rows - rows // 5), ("valid", rows // 5)):
            mine = np.flatnonzero(side == name)
            keep = np.random.default_rng(SEED).permutation(mine)[:count]
            side[np.setdiff1d(mine, keep)] = ""
    return side


def pretrained(out: Path) -> Path:
    """Return the network trained on mocks alone, each a group by itself: their numbers would be taken for tiles'."""
    mocks, model = out / "mocks.fits", out / "mocks.safetensors"
    if not mocks.exists():
        words = ["--survey", "cosmos", "--bands", ",".join(BANDS), "--selection", "cosmos", "--fluxes-only"]
        skycnn("mock", "--task", "photoz", *words, "-n", MOCKS, "--seed", SEED, "--out", mocks, "-q")
    if not model.exists():
        words = ["--survey", "cosmos", "--bands", ",".join(BANDS), "--truth", "Z_TRUE", "--group", ""]
        long = ["--members", 1, "--epochs", EPOCHS, "--seed", SEED, "--threads", 1, "--resume"]
        skycnn("train", mocks, "--task", "photoz", *words, *long, "--out", model)
    return model


def trained(galaxies: Table, side: np.ndarray, name: str, out: Path, init: Path | None) -> Path:
    """Return a network trained on the rows of the sides train and valid."""
    model, table = out / f"{name}.safetensors", out / f"{name}_train.fits"
    if not model.exists():
        galaxies = galaxies.copy()
        galaxies["SPLIT"] = side
        galaxies[side != ""].write(table, overwrite=True)
        words = [
            "--survey",
            "cosmos",
            "--bands",
            ",".join(BANDS),
            "--truth",
            "Z",
            "--split",
            "SPLIT",
            "--group",
            "TILE",
        ]
        begin = ["--init", init] if init else []
        skycnn("train", table, "--task", "photoz", *words, *begin, "--seed", SEED, "--threads", 1, "--resume",
               "--note", NOTE, "--licence", "BSD-3-Clause", "--name", NAME, "--dereddened", "yes",
               "--out", model)  # fmt: skip
    return model


def answered(galaxies: Table, out: Path, name: str, init: Path | None, rows: int | None = None) -> list[Path]:
    """Return the folds' tables, each galaxy answered by a network that saw none of its tile."""
    fold, found = folds(galaxies), []
    for k in range(FOLDS):
        table = out / f"{name}_fold{k}.fits"
        if not table.exists():
            model = trained(galaxies, sides(galaxies, fold, k, rows), f"{name}_fold{k}", out, init)
            galaxies[fold == k].write(out / "answering.fits", overwrite=True)
            skycnn(
                "predict", out / "answering.fits", "--task", "photoz", "--model", model, "--pdf", "-q", "--threads", 1
            )
            (out / "answering.fits").rename(table)
        found.append(table)
    return found


def beside(one: list[Path], other: list[Path], out: Path, name: str) -> Path:
    """Return a table of all folds with the other networks' redshifts as the column Z_OTHER, rows by their order."""
    table = vstack([Table.read(path) for path in one], metadata_conflicts="silent")
    table["Z_OTHER"] = np.concatenate([Table.read(path)["Z_PHOT"] for path in other])
    path = out / f"{name}.fits"
    table.write(path, overwrite=True)
    return path


def guessed(path: Path) -> Path:
    """Return the table with a guess for galaxies without any photometry, which we do not answer and a forest does.

    The guess is the forest's: what the redshifts of the other folds' galaxies are, their median and 68 % interval.
    """
    table = Table.read(path)
    fold, bare = folds(table), ~np.isfinite(np.ma.filled(table["Z_PHOT"], np.nan))
    for k in range(FOLDS):
        quantiles = np.quantile(table["Z"][fold != k], (0.16, 0.5, 0.84))
        for name, value in zip(("Z_PHOT_LO", "Z_PHOT", "Z_PHOT_HI"), quantiles, strict=True):
            table[name][bare & (fold == k)] = value
    table.remove_column("Z_PHOT_PDF")  # scores go by the intervals
    path = path.with_name(f"{path.stem}_guessed.fits")
    table.write(path, overwrite=True)
    return path


def judge(tables: list[Path], title: str, *words: object) -> None:
    """Print the scores of answered folds, baselines cross-fitted by tile beside them."""
    found = json.loads(skycnn("score", *tables, *COMMON, *words, "--json", "-q"))
    tell(found, title)
    for part in found["bins"]:
        which = "never saw" if part["low"] < 1 < part["high"] else "was fitted to"
        print(f"tiles that the mocks' population {which}: {part['rows']} galaxies")
        for entry in part["entries"]:
            print(f"{entry['name']:10s}", *(
                f"{key} {entry['scores'][key]['value']:.5f} [{entry['scores'][key]['low']:.5f}, "
                f"{entry['scores'][key]['high']:.5f}]" for key in ("sigma_nmad", "outliers")
            ))  # fmt: skip


def quote(model: Path, tables: list[Path]) -> None:
    """Put the scores of the answered folds into a model's card, in place of those of its own few test rows."""
    samples = {
        "": (SEEN, f"cross-fit over {FOLDS} folds of tiles"),
        "without_photometry_too": ((), f"cross-fit over {FOLDS} folds of tiles; rows without an answer are outliers"),
        "tiles_unknown_to_mocks": (
            ("--where", f"{SEEN[1]} and HELD == 1"),
            f"cross-fit over {FOLDS} folds of tiles; those that the mocks' population was not fitted to",
        ),
    }
    found = {
        name: modelscores.printed(json.loads(skycnn("score", *tables, *COMMON, *words, *ALONE, "--json", "-q")), how)
        for name, (words, how) in samples.items()
    }
    whole = models.read(model)
    scores = modelscores.instead(whole.card.scores, found.pop("")) | found
    model.write_bytes(models.encode(models.seal(replace(whole.card, scores=scores), whole.tensors)))


def judge_one(galaxies: Table, model: Path, out: Path) -> None:
    """Judge a model on the tiles that it never saw, beside the classical methods trained on the others."""
    unseen = places(galaxies) % (2 * FOLDS) == 0
    known, test = out / "known.fits", out / "unseen.fits"
    galaxies[~unseen].write(known, overwrite=True)
    galaxies[unseen].write(test, overwrite=True)
    skycnn("predict", test, "--task", "photoz", "--model", model, "--pdf", "-q", "--threads", 1)
    judge([test], "Tiles that the model never saw; galaxies with photometry", *SEEN, "--train", known)
    judge([test], "The same tiles, all: those without any photometry count as outliers", "--train", known)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--judge-only", action="store_true", help="the model in out/, else the one that ships")
    parser.add_argument("--curve", action="store_true", help="also with 500 and 2,000 real galaxies")
    args = parser.parse_args()
    out = ROOT / "out" / NAME
    out.mkdir(parents=True, exist_ok=True)
    galaxies = sample(args.data)
    galaxies.meta.clear()
    galaxies["HELD"] = held_out(galaxies["TILE"]).astype("i2")
    if args.judge_only:
        judge_one(galaxies, latest(out, NAME), out)
        return
    begin = pretrained(out)
    both = {}
    for rows in (*(CURVE if args.curve else ()), None):
        few = "all" if rows is None else str(rows)
        both[few] = [answered(galaxies, out, f"{kind}_{few}", init, rows)
                     for kind, init in (("pre", begin), ("plain", None))]  # fmt: skip
    for few, (pre, plain) in both.items():
        rivals = ["--baselines", "all" if few == "all" else "none"]
        table = beside(pre, plain, out, f"beside_{few}")
        words = ["--baseline", "Z_OTHER", *rivals]
        title = f"{few} real galaxies to train, Z_OTHER without the simulation; those seen"
        judge([table], title, *SEEN, *words, *APART)
        judge([table], "The same, all: those without any photometry count as outliers", *words)
        if few == "all":
            forest = ["--baselines", "forest,extratrees"]
            judge([guessed(table)], "The same, those guessed from the others' redshifts, as the forest does", *forest)
    skies = out / "mock_network.fits"
    galaxies.write(skies, overwrite=True)
    skycnn("predict", skies, "--task", "photoz", "--model", begin, "-q", "--threads", 1)
    judge([skies], "The network of mocks alone, on the sky; those seen", *SEEN, "--baselines", "knn,forest", *APART)
    if args.install:
        side = sides(galaxies, folds(galaxies), None, None)
        side[places(galaxies) % (2 * FOLDS) == 0] = "test"  # for --judge-only
        model = trained(galaxies, side, NAME, out, begin)
        quote(model, both["all"][0])
        install(model, NAME, json.loads(skycnn("models", model, "--json"))["sha256"])


if __name__ == "__main__":
    main()
