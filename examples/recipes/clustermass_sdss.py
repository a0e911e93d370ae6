"""Make clustermass-sdss, the model that ships: mocks, networks, and all that is said of them by how many labels.

    python examples/recipes/clustermass_sdss.py [--rows N] [--labels K...] [--install] [--judge-only] [--judge-seed N]

Mocks are those of `skycnn mock --task clustermass`: clusters that a richness above 20 selects, at z = 0.1-0.3, on
images of SDSS binned to 6.3 arcsec. What ships is network `mass`, trained on N mocks whose masses are known, each
under scatters, sky, seeing and gain of its own. It is judged on 2,000 mocks of another seed, of the usual physics, and
so is what becomes of it when it is tuned on few clusters that have a label, a mass with 0.14 dex of error. Beside it
stand the catalogue's richness, ridge regression, forests and boosted trees on richness and light in fixed circles
(clustermass_curve.py), the same network from scratch, and the published way. Everything is written into out/, which
git ignores; what is there already is not made again. --install puts the model and its sums into the package;
--judge-only judges the model in out/, or else the one that ships.
"""

import argparse
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import clustermass_curve as curves
import numpy as np
import running
from astropy.io import fits
from astropy.table import Table
from clustermass_curve import LABEL, TRUTH, Method, Rows
from running import ROOT, install, latest, skycnn

from skycnn import metrics, tasks
from skycnn.bootstrap import Resampling, bootstrap, interval, ratio
from skycnn.network import model as models
from skycnn.network.answer import Answerer

TASK = ("--task", "clustermass")
NAME = "clustermass-sdss"
ROWS, KNOWN, LABELLED, TEST = 16_000, 4_000, 2_000, 2_000
"""Mocks that what ships is trained on; of the usual physics, those of them that have a label, those judged on."""
SEED, OTHER, BROAD = 1, 2, 3
EPOCHS = 20
"""Of what ships."""
SAME = ("richness", "ridge diffuse", "forest diffuse", "boosting diffuse")
"""Baselines that learn from all mocks that what ships learned from, and from their true masses."""
CHUNK = 128
COLUMN = "LOG_M500"
ANSWER = (COLUMN, f"{COLUMN}_LO", f"{COLUMN}_HI")
EDGES = (13.0, 13.8, 14.0, 14.2, 14.4, 16.0)
"""Bins of the answer in which the coverage is told."""
NOTE = (
    "Mocks made by skycnn mock: Tinker's mass function, richness above 20 with 0.22 of scatter in ln N at a mass, NFW "
    "members on the red sequence of redMaPPer's tables, a brightest galaxy with 0.17 dex and intracluster light with "
    "0.2 dex of scatter (slopes 0.4 and 0.8 with mass) and 0.15 dex in its extent, numbers of faint and of blue "
    "members with 0.2 and 0.3 of scatter in ln beyond those of bright ones (all assumed), field and stars as in SDSS, "
    "sky residuals of 0.1 % in r; each mock with scatters, sky, seeing and gain of its own about these. The prior of "
    "every answer is the mass distribution of that selection at z = 0.1-0.3: median 14.0, sigma 0.31 dex. How well "
    "any method does follows from these scatters. Scores on mocks are scores on mocks."
)


Change = Callable[[np.ndarray], np.ndarray]


def mocks(out: Path, rows: int, seed: int, name: str, *words: object) -> Path:
    """Return a file of stamps."""
    return running.mocks(out / f"{name}_{seed}.fits", *TASK, "--survey", "sdss", "-n", rows, "--seed", seed, *words)


def trained(out: Path, name: str, stamps: Path, network: str, threads: int, *words: object) -> Path:
    """Return a trained network."""
    asked = [*TASK, "--network", network, "--threads", threads, "-q", *words]
    return running.trained(out / f"{name}.safetensors", stamps, NOTE, *asked)


def subset(path: Path, rows: Rows, whole: bool) -> None:
    """Write the stamps of labelled rows of one file, with sides: a seventh ends the training and calibrates, or ten.

    Parameters
    ----------
    path : Path
        What is written.
    rows : Rows
    whole : bool
        Whether all rows of the file are, the others without a label.
    """
    (source,) = set(rows.path.tolist())
    with fits.open(source, memmap=True) as file:
        table = Table.read(file["CATALOGUE"])
        side = np.full(len(table), "train", "U5")
        every = min(7, len(rows.number) // 10)
        side[rows.number[np.arange(len(rows.number)) % every == every - 1]] = "valid"
        table["SPLIT"] = side
        table[f"{COLUMN}_LABEL"][rows.number] = rows.label
        if whole:
            others = np.setdiff1d(np.arange(len(table)), rows.number)
            table[f"{COLUMN}_LABEL"][others] = np.nan
            taken, pixels = np.arange(len(table)), file[0].data
        else:
            taken = np.sort(rows.number)
            pixels = np.stack([file[0].data[number] for number in taken])
        columns = fits.BinTableHDU(table[taken], name="CATALOGUE", header=file["CATALOGUE"].header.copy(strip=True))
        fits.HDUList([fits.PrimaryHDU(pixels, file[0].header), columns]).writeto(path, overwrite=True)


def answered(
    model: Path, test: Rows, *without: str, change: Change = np.asarray, names: Sequence[str] = ANSWER
) -> np.ndarray:
    """Return the answers (row, 3) of a model to rows of a file, with the ends of their intervals.

    Parameters
    ----------
    model : Path
    test : Rows
        All rows of one file.
    without : str
        Columns that the network is not given.
    change : callable
        What becomes of stamps (n, band, y, x) before.
    names : sequence of str
        Other columns of the model's, in place of these.
    """
    answerer = Answerer(tasks.load("clustermass"), models.read(model), "cpu")
    places = [[column.name for column in answerer.columns].index(name) for name in names]
    found = []
    with fits.open(test.path[0], memmap=True) as file:
        for first in range(0, len(test.number), CHUNK):
            rows = slice(first, first + CHUNK)
            given = {"image": change(np.asarray(file[0].data[rows], np.float32))}
            for name in set(answerer.card.inputs) - {"image"}:
                values = np.asarray(test.inputs[name][rows], np.float32)
                given[name] = np.full_like(values, np.nan) if name in without else values
            count = len(given["image"])
            present = np.isfinite(given["image"]).any(axis=(2, 3))
            whole = answerer.answer(first, given, present, np.zeros(count, np.int32))
            found.append(np.stack([whole[place] for place in places], 1))
    return np.concatenate(found)


def network(out: Path, name: str, kind: str, *words: object, begin: Path | None = None) -> Method:
    """Return a network as a method that learns from labelled rows; its answers are kept in out/.

    Parameters
    ----------
    name : str
        Of the files.
    kind : str
        By the task's name.
    words : object
        More of ``skycnn train``.
    begin : Path, optional
        The model that it begins with.
    """

    def ask(train: Rows, test: Rows) -> np.ndarray:
        key = f"{name}_{len(train.number)}_{int(train.number.sum())}"
        kept = out / f"{key}_on_{Path(test.path[0]).stem}.npy"
        if not kept.exists():
            model = out / f"{key}.safetensors"
            if not model.exists():
                part = out / f"{key}.fits"
                subset(part, train, kind == "paper")
                beginning = [] if begin is None else ["--init", begin]
                trained(out, key, part, kind, 1, "--split", "SPLIT", *beginning, *words)
                part.unlink()
            np.save(kept, answered(model, test))
        return np.load(kept)[:, 0]

    return ask


def compare(title: str, found: Mapping[str, np.ndarray], test: Rows) -> None:
    """Print mean absolute errors of answers by name, the first of them over each of the others."""
    print(f"\n{title}: {len(test.number)} rows; mean absolute error, and {next(iter(found))} over it [95 %]")
    resampling = Resampling(len(test.number))
    for against, true in ((LABEL, test.label), (TRUTH, test.truth)):
        errors = {name: np.abs(values - true) for name, values in found.items()}
        drawn = {name: bootstrap(lambda rows, e=e: float(e[rows].mean()), resampling) for name, e in errors.items()}
        first = next(iter(found))
        for name, error in errors.items():
            mae, over = interval(float(error.mean()), drawn[name]), ratio(drawn[first], drawn[name])
            print(f"  {against:7s} {name:28s} {mae.value:.4f} [{mae.low:.4f}, {mae.high:.4f}]   "
                  f"{errors[first].mean() / error.mean():.3f} [{over.low:.3f}, {over.high:.3f}]")  # fmt: skip


def believed(answers: np.ndarray, test: Rows) -> None:
    """Print how far answers shrink, and how often their intervals hold the truth, by the answer."""
    value, low, high = answers.T
    off = value - test.truth
    light, heavy = test.truth < curves.LIGHT, test.truth > curves.HEAVY
    print(
        f"slope {metrics.slope(value, test.truth):.2f}; median bias below {curves.LIGHT}, {light.sum()} rows: "
        f"{np.median(off[light]):+.3f}; above {curves.HEAVY}, {heavy.sum()}: {np.median(off[heavy]):+.3f}"
    )
    for against, true in ((TRUTH, test.truth), (LABEL, test.label)):
        inside = (true >= low) & (true <= high)
        parts = [f"{inside.mean():.3f} of all"]
        for first, last in itertools.pairwise(EDGES):
            here = (value >= first) & (value < last)
            parts.append(f"{first:g}-{last:g} {inside[here].mean():.3f} ({here.sum()})")
        print(f"coverage of {against}:", ", ".join(parts))


def baselines(train: Rows, test: Rows, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return what methods say that learned from all labelled rows."""
    labelled = train.take(np.flatnonzero(np.isfinite(train.label)))
    return {name: curves.BASELINES[name](labelled, test) for name in names}


def judge(out: Path, model: Path, broad: Path, train: Rows, test: Rows) -> None:
    """Print all that is said of the model on mocks of a seed that it was not trained on.

    Parameters
    ----------
    broad : Path
        The mocks that it was trained on: what learns from them too stands beside it.
    """
    own = answered(model, test)
    same, beside = curves.read([broad]), baselines(train, test, list(curves.BASELINES))
    same = replace(same, label=same.truth)
    for name in SAME:
        beside[f"{name}, its mocks"] = curves.BASELINES[name](same, test)
    compare(f"{NAME}, and what learned from {LABELLED} labels", {"mass": own[:, 0], **beside}, test)
    believed(own, test)
    bare = answered(model, test, "richness")
    compare("without the catalogue's richness", {"mass, no richness": bare[:, 0], **beside}, test)
    believed(bare, test)


def tuned(out: Path, model: Path, train: Rows, test: Rows) -> None:
    """Print the same of the model tuned on all labels."""
    labelled = train.take(np.flatnonzero(np.isfinite(train.label)))
    network(out, "mass", "mass", begin=model)(labelled, test)
    (made,) = out.glob(f"mass_{len(labelled.number)}_*.safetensors")
    beside = baselines(train, test, list(curves.BASELINES))
    for title, without in (("", ()), (", without the catalogue's richness", ("richness",))):
        own = answered(made, test, *without)
        compare(f"tuned on {LABELLED} labels{title}", {"tuned": own[:, 0], **beside}, test)
        believed(own, test)


def few(out: Path, begin: Path, train: Rows, test: Rows, labels: Sequence[int]) -> None:
    """Print errors by the number of labels: the network, from scratch, baselines."""
    methods = {
        "mass": network(out, "mass", "mass", begin=begin),
        "mass from scratch": network(out, "scratch", "mass", "--epochs", SCRATCH),
        **{name: curves.BASELINES[name] for name in ("constant", "richness", "ridge apertures", "ridge diffuse")},
    }
    found = curves.curve(methods, train, test, labels)
    curves.tell(found, test)
    (out / "curve.json").write_text(json.dumps(found, indent=1))


SCRATCH = 40
"""Epochs at most of networks that begin with nothing; they end sooner where the validation rows say so."""


def published(out: Path, train: Rows, test: Rows) -> None:
    """Print errors of the published way, and of the same with features of random weights."""
    methods = {
        "paper": network(out, "paper", "paper"),
        "random": network(out, "random", "random"),
        "richness": curves.BASELINES["richness"],
    }
    curves.tell(curves.curve(methods, train, test, (300, 2000), draws=1), test)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--labels", type=int, nargs="*", default=curves.LABELS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--judge-seed", type=int, default=OTHER, help="of the mocks that all are judged on")
    parser.add_argument(
        "--judge-only", action="store_true", help="trains none: the model in out/, else the one that ships"
    )
    args = parser.parse_args()
    out = ROOT / "out" / NAME
    out.mkdir(parents=True, exist_ok=True)
    known = mocks(out, KNOWN, SEED, "labelled", "--set", f"labelled={LABELLED}")
    test = mocks(out, TEST, args.judge_seed, "test")
    broad = mocks(out, args.rows, BROAD, "broad", "--set", "nuisances=broad")
    train, judged = curves.read([known]), curves.read([test])
    if args.judge_only:
        judge(out, latest(out, NAME), broad, train, judged)
        return
    model = trained(out, NAME, broad, "mass", args.threads, "--truth", f"{COLUMN}_TRUE", "--epochs", EPOCHS)
    if args.install:
        install(model, NAME, json.loads(skycnn("models", model, "--json"))["sha256"])
    judge(out, model, broad, train, judged)
    tuned(out, model, train, judged)
    few(out, model, train, judged, args.labels)
    published(out, train, judged)


if __name__ == "__main__":
    main()
