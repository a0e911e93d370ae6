"""Show how much of what a merger network loses on another survey's stamps is recovered without their labels.

    python examples/recipes/merger_adapt.py [--rows N] [--test N] [--network NAME] [--by METHOD ...] [--seeds S ...]

Networks are trained on stamps without noise and answer stamps with noise, of other encounters, and stamps with noise of
a telescope with a wider PSF and coarser pixels, which are resampled to the network's. The same network trained on
stamps of that survey, with their labels, shows what can be had; one that saw both, without these labels, stands
between: recovered is (adapted - stamps without noise alone) / (trained there - stamps without noise alone), by AUC.
Each seed has its own encounters to train, to adapt to and to test with. Everything is written into out/, which git
ignores; what is there already is not made again. One thread.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from astropy.io import fits
from running import ROOT, skycnn

from skycnn.network.adaptation import METHODS

SOURCE, TARGET = "deepmerge-pristine", "deepmerge-noisy"
COARSE, WIDER = 4 / 3, 1.5
"""Pixels and PSF of the other telescope, in those of the survey."""
BANDS = "F814W,F160W"


def wider(out: Path) -> Path:
    """Return the file of a survey like the noisy one, with a wider PSF and coarser pixels."""
    path, lines, section = out / "wider.toml", [], ""
    shipped = ROOT / "src" / "skycnn" / "surveys" / f"{TARGET}.toml"
    for line in shipped.read_text().splitlines():
        section = line.split("]")[0] + "]" if line.startswith("[") else section
        name, _, value = line.partition(" = ")
        if name == "name":
            line = 'name = "wider"'
        elif (name == "pixel_scale" and not section) or (section == "[psf]" and value):
            times = WIDER if section else COARSE
            line = f"{name} = {times * float(value.split('#')[0]):.4f}"
        lines.append(line)
    path.write_text("\n".join(lines) + "\n")
    return path


def mocks(survey: str | Path, seed: int, rows: int, out: Path) -> Path:
    """Return a file of encounters as a survey sees them."""
    path = out / f"{Path(survey).stem}_{seed}_{rows}.fits"
    if not path.exists():
        words = ["--survey", survey, "--bands", BANDS, "--seed", seed, "-n", rows, "--threads", 1, "-q"]
        skycnn("mock", "--task", "merger", *words, "--out", path)
    return path


def resampled(path: Path) -> Path:
    """Return mocks of coarser pixels on the pixels of the survey, the light of each pixel spread evenly over it."""
    finer = path.with_name(f"{path.stem}_finer.fits")
    if not finer.exists():
        with fits.open(path) as file:
            side = file[0].data.shape[-1]
            whole = np.arange(side + 1) - side / 2
            wanted = whole / COARSE
            share = np.minimum(wanted[1:, None], whole[1:]) - np.maximum(wanted[:-1, None], whole[:-1])
            share = share.clip(0).astype(np.float32)  # of each pixel, in each new one
            file[0].data = share @ file[0].data @ share.T
            for unit in file[:2]:
                unit.header["PIXSCALE"] /= COARSE
            file.writeto(finer)
    return finer


def trained(known: Path, args: argparse.Namespace, seed: int, out: Path, *adapt: object) -> Path:
    """Return a model of the labels of one file, perhaps adapted to another."""
    stem = "_".join(
        [args.network, known.stem, *(Path(str(word)).stem for word in adapt if not str(word).startswith("--"))]
    )
    path = out / f"{stem}.safetensors"
    if not path.exists():
        words = ["--task", "merger", "--network", args.network, "--seed", seed, "--threads", 1, "--resume", "-q"]
        words += ["--epochs", args.epochs] if args.epochs else []
        skycnn("train", known, *words, *adapt, "--out", path)
    return path


def auc(model: Path, test: Path) -> float:
    """Return the area under the curve of a model's answers to a file of mocks."""
    answers = model.with_name(f"{model.stem}_on_{test.stem}.json")
    if not answers.exists():
        table = answers.with_suffix(".fits")
        skycnn(
            "predict", test, "--task", "merger", "--model", model, "--threads", 1, "--out", table, "--overwrite", "-q"
        )
        words = ["--task", "merger", "--baselines", "none", "--group", "GROUP", "--threads", 1, "--json", "-q"]
        answers.write_text(skycnn("score", table, *words))
        table.unlink()
    found = json.loads(answers.read_text())["entries"][0]["scores"]["auc"]
    print(
        f"{model.stem} on {test.stem}: AUC {found['value']:.4f} [{found['low']:.4f}, {found['high']:.4f}]", flush=True
    )
    return float(found["value"])


def seen(survey: str | Path, seed: int, rows: int, out: Path) -> Path:
    """Return mocks as a survey sees them, on the pixels of the network."""
    path = mocks(survey, seed, rows, out)
    return resampled(path) if isinstance(survey, Path) else path


def compared(target: str | Path, seed: int, args: argparse.Namespace, out: Path) -> dict[str, tuple[float, float]]:
    """Return the AUC on both surveys of each way of training, for one seed."""
    known, unknown = seen(SOURCE, 10 * seed + 1, args.rows, out), seen(target, 10 * seed + 2, args.rows, out)
    tests = seen(SOURCE, 10 * seed + 3, args.test, out), seen(target, 10 * seed + 4, args.test, out)
    models = {"source alone": trained(known, args, seed, out)}
    for by in args.by:
        models[by] = trained(known, args, seed, out, "--adapt", unknown, "--adapt-by", by)
    models["target"] = trained(unknown, args, seed, out)
    return {name: (auc(model, tests[0]), auc(model, tests[1])) for name, model in models.items()}


def tell(title: str, found: list[dict[str, tuple[float, float]]]) -> None:
    """Print means and spreads over the seeds."""
    print(f"\n{title}, {len(found)} seeds: mean and standard deviation")
    spread = {"ddof": 1} if len(found) > 1 else {}
    for name in found[0]:
        both = np.array([one[name] for one in found])
        base, best = (np.array([one[key][1] for one in found]) for key in ("source alone", "target"))
        lost = both[:, 0] - np.array([one["source alone"][0] for one in found])
        line = ", ".join(
            f"{word} {values.mean():{sign}.4f} +- {values.std(**spread):.4f}"
            for word, sign, values in (
                ("source AUC", "", both[:, 0]),
                ("target AUC", "", both[:, 1]),
                ("source AUC less that of the source alone", "+", lost),
                ("recovered", "", (both[:, 1] - base) / (best - base)),
            )
        )
        print(f"{name:14s} {line}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=12_000, help="mocks to train with, and as many to adapt to")
    parser.add_argument("--test", type=int, default=6_000, help="mocks to test with, of each survey")
    parser.add_argument("--network", default="paper")
    parser.add_argument("--epochs", type=int, help="at most; left out, the network's own")
    parser.add_argument("--by", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--noisy-alone", action="store_true", help="without the telescope of wider PSF")
    args = parser.parse_args()
    out = ROOT / "out" / "merger-adapt"
    out.mkdir(parents=True, exist_ok=True)
    targets = {"stamps with noise": TARGET}
    if not args.noisy_alone:
        targets["stamps with noise, wider PSF and coarser pixels"] = wider(out)
    for title, target in targets.items():
        tell(title, [compared(target, seed, args, out) for seed in args.seeds])


if __name__ == "__main__":
    main()
