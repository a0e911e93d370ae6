"""How much of DeepMerge's published scores a random split gives away: the same numbers split by subhalo beside it.

    python examples/recipes/merger_leak.py [FOLDER]

FOLDER holds the arrays of https://github.com/deepskies/deepmerge-public: labels, subhaloes, concentration, M20 and
stellar mass of the 15,426 images; no image is needed. A forest on the last three knows nothing of a galaxy's shape but
two numbers, half of the rows lack even these, and yet it scores as the published network does, for it knows the
subhalo again. Split by subhalo nothing of that is left.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from skycnn import metrics
from skycnn.baselines.forest import Forest
from skycnn.bootstrap import Interval, Resampling, bootstrap, interval

ARRAYS = ("subsamples_y", "subsamples_ID", "concentration", "m20", "logMstar")
TRAIN, VALID = 0.70, 0.10
"""Shares of the published split; the rest tests (Ciprijanovic et al. 2020, section 3)."""
SEED = 5
"""Of the published split: `DeepMerge.ipynb` calls ``random.seed(5)`` and ``random.choice`` without replacement."""
SEEDS = range(5, 15)
COPIES = 5
"""The mergers stand in the arrays five times, one block after the other: as they are, and flipped or turned."""


class Numbers:
    """What the forest sees: the numbers as they are, NaN where there is none."""

    inputs = ("numbers",)

    def __init__(self, inputs) -> None:
        pass

    def table(self, inputs):
        """Return what the trees split on."""
        return np.nan_to_num(inputs["numbers"], nan=-99.0).astype("f4")


def parts(order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what is trained on and what is tested on, of things in a random order."""
    first, second = int(TRAIN * len(order) + 0.9), int((TRAIN + VALID) * len(order) + 0.9)
    return order[:first], order[second:]


def by_row(seed: int, subhalo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return training and test rows as published: image by image."""
    return parts(np.random.RandomState(seed).choice(len(subhalo), size=len(subhalo), replace=False))


def by_subhalo(seed: int, subhalo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return training and test rows, all images of one subhalo on one side."""
    train, test = parts(np.random.RandomState(seed).permutation(np.unique(subhalo)))
    return tuple(np.flatnonzero(np.isin(subhalo, part)) for part in (train, test))


def scores(
    train: np.ndarray, test: np.ndarray, numbers: np.ndarray, merger: np.ndarray, subhalo: np.ndarray
) -> list[Interval]:
    """Return accuracy and AUC of a forest on the test rows, with intervals over subhaloes."""
    forest = Forest(classes=True, features=Numbers)
    forest.fit({"numbers": numbers[train]}, merger[train])
    p, truth = forest.answer({"numbers": numbers[test]}).value, merger[test]
    both = lambda rows: [metrics.accuracy(p[rows], truth[rows]), metrics.auc(p[rows], truth[rows])]  # noqa: E731
    drawn = bootstrap(both, Resampling(len(test), subhalo[test], resamples=300))
    return [interval(value, drawn[:, i]) for i, value in enumerate(both(slice(None)))]


def copies(merger: np.ndarray, subhalo: np.ndarray) -> np.ndarray:
    """Return the number of the image that each row shows, -1 where no copies are known."""
    block, rest = divmod(int(merger.sum()), COPIES)
    blocks = subhalo[: COPIES * block].reshape(COPIES, block)
    if rest or not merger[: COPIES * block].all() or (blocks != blocks[0]).any():
        raise SystemExit("the mergers do not stand in five equal blocks: these are other arrays")
    return np.concatenate([np.tile(np.arange(block), COPIES), np.full(len(merger) - COPIES * block, -1)])


def lines(folder: Path) -> Iterator[str]:
    """Yield what is found, line by line."""
    labels, subhalo, *columns = (np.load(folder / f"{name}.npy") for name in ARRAYS)
    merger, numbers = labels[:, 0], np.column_stack(columns)
    image = copies(merger, subhalo)
    yield f"{len(merger)} images of {len(np.unique(subhalo))} subhaloes, {merger.mean():.1%} of them mergers"
    train, test = by_row(SEED, subhalo)
    yield f"published split: {len(train)} train, {len(test)} test"
    overlap = np.isin(subhalo[test], subhalo[train]).mean()
    yield f"  test images whose subhalo is trained on: {overlap:.1%}"
    turned = test[image[test] >= 0]
    overlap = np.isin(image[turned], image[train]).mean()
    yield f"  test mergers of which a flipped or turned copy is trained on: {overlap:.1%}"
    yield f"  images without concentration and M20: {np.isnan(numbers[:, 0]).mean():.1%}"
    yield "forest on concentration, M20 and log M*, with 95 % intervals over subhaloes:"
    for name, split in (("by image, as published", by_row), ("by subhalo", by_subhalo)):
        held = []
        for seed in SEEDS:
            train, test = split(seed, subhalo)
            held.append(scores(train, test, numbers, merger, subhalo))
            if seed == SEED:
                told = [f"{s.value:.3f} [{s.low:.3f}, {s.high:.3f}]" for s in held[-1]]
                yield f"  split {name}: seed {seed}: accuracy {told[0]}, AUC {told[1]}, {len(test)} test images"
        values = np.array([[score.value for score in row] for row in held])
        mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1)
        yield (
            f"  split {name}: {len(held)} seeds: accuracy {mean[0]:.3f} +- {spread[0]:.3f}, "
            f"AUC {mean[1]:.3f} +- {spread[1]:.3f}"
        )


def main() -> None:
    folder = (
        Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[3] / "shared" / "data" / "mergers"
    )
    absent = [name for name in ARRAYS if not (folder / f"{name}.npy").is_file()]
    if absent:
        raise SystemExit(f"{folder} has no {absent[0]}.npy; name the folder of the DeepMerge arrays")
    for line in lines(folder):
        print(line, flush=True)


if __name__ == "__main__":
    main()
