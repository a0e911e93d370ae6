"""What masses of clusters are worth by how many of them are known: baselines learned from few labels, on other mocks.

    python examples/recipes/clustermass_curve.py TRAIN... --test TEST... [--labels K...] [--draws N] [--json FILE]

TRAIN and TEST are stamps of ``skycnn mock --task clustermass`` of different seeds. Methods learn from K labelled rows
of TRAIN, of few labels from several draws of them, and answer all rows of TEST. Printed is their mean absolute error,
against labels and against true masses, and its ratio to that of the catalogue's richness, each with the interval that
holds it in 95 % of 1000 bootstrap resamples of the rows of TEST, the draws taken together; how far errors move from
draw to draw; and how far answers shrink. What is measured of stamps is kept beside each file (.features.npz) and
measured again when the file is newer. `curve` takes any methods: a network's is one more.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from skycnn import baselines, features, metrics
from skycnn.bootstrap import Resampling, bootstrap, interval, ratio
from skycnn.shapes.clusterfeatures import SETS

LABELS = (50, 100, 300, 1000, 2000)
FEW, DRAWS = 300, 5
"""Labels up to which several draws are taken, and how many."""
MEASURED = "diffuse"
"""The set of features that needs all that is measured."""
CHUNK = 256
REFERENCE = "richness"
"""The method that the others are compared with."""
LIGHT, HEAVY = 14.1, 14.8
"""True log masses below and above which the median bias is told."""
TRUTH, LABEL = "truth", "labels"


@dataclass(frozen=True)
class Rows:
    """Rows of a file of mocks.

    Parameters
    ----------
    path : array (n,)
        Their files, as text.
    number : array (n,)
        Their numbers in these, from 0.
    truth, label : array (n,)
        log10 of M500c in solMass; labels are NaN where there is none.
    inputs : mapping of str to array (n,)
        ``redshift``, ``richness`` and what is measured of the stamps.
    """

    path: np.ndarray
    number: np.ndarray
    truth: np.ndarray
    label: np.ndarray
    inputs: Mapping[str, np.ndarray]

    def take(self, which: np.ndarray) -> "Rows":
        """Return some of them."""
        inputs = {name: values[which] for name, values in self.inputs.items()}
        return Rows(self.path[which], self.number[which], self.truth[which], self.label[which], inputs)


Method = Callable[[Rows, Rows], np.ndarray]
"""``method(train, test)`` learns from rows that have a label, and returns masses (n,) of other rows."""


def read(paths: Sequence[Path]) -> Rows:
    """Return the rows of files of mocks, their stamps measured."""
    parts = []
    for path in paths:
        held = measured(path)
        inputs = {name: values for name, values in held.items() if name not in (TRUTH, LABEL)}
        rows = len(held[TRUTH])
        parts.append(Rows(np.full(rows, str(path)), np.arange(rows), held[TRUTH], held[LABEL], inputs))
    whole = {name: np.concatenate([part.inputs[name] for part in parts]) for name in parts[0].inputs}
    path, number, truth, label = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("path", "number", "truth", "label")
    )
    return Rows(path, number, truth, label, whole)


def measured(path: Path) -> dict[str, np.ndarray]:
    """Return columns and what is measured of the stamps of a file, kept beside it."""
    kept = path.with_suffix(".features.npz")
    if kept.exists() and kept.stat().st_mtime > path.stat().st_mtime:
        with np.load(kept) as file:
            return {name: file[name] for name in file.files}
    with fits.open(path, memmap=True) as file:
        table, stamps, header = file["CATALOGUE"].data, file[0].data, file[0].header
        about = {"bands": np.array(header["BANDS"].split()), "pixel_scale": np.array(header["PIXSCALE"])}
        names = {"redshift": "Z", "richness": "RICHNESS", TRUTH: "LOG_M500_TRUE", LABEL: "LOG_M500_LABEL"}
        found = {name: np.asarray(table[column], np.float64) for name, column in names.items()}
        parts = []
        for first in range(0, len(table), CHUNK):
            rows = slice(first, first + CHUNK)
            inputs = {"image": np.asarray(stamps[rows], np.float32), "redshift": found["redshift"][rows]}
            parts.append(SETS[MEASURED].measure(inputs | about))
    found |= {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    np.savez(kept, **found)
    return found


def baseline(method: str, name: str) -> Method:
    """Return a classical method on one of the sets of features."""

    def ask(train: Rows, test: Rows) -> np.ndarray:
        known = baselines.build(method, features=SETS[name])
        known.fit(features.of_kinds(train.inputs, SETS[name].inputs), train.label)
        return np.asarray(known.answer(features.of_kinds(test.inputs, SETS[name].inputs)).value)

    return ask


BASELINES: dict[str, Method] = {
    "constant": baseline("median", "redshift"),
    "redshift": baseline("ridge", "redshift"),
    REFERENCE: baseline("ridge", "richness"),
    "counts": baseline("ridge", "counts"),
    "ridge stamp": baseline("ridge", "stamp"),
    "ridge apertures": baseline("ridge", "apertures"),
    "forest apertures": baseline("forest", "apertures"),
    "ridge diffuse": baseline("ridge", "diffuse"),
    "forest diffuse": baseline("forest", "diffuse"),
    "boosting diffuse": baseline("boosting", "diffuse"),
}


def samples(rows: Rows, count: int, draws: int = DRAWS) -> list[np.ndarray]:
    """Return draws of so many labelled rows, by their places: of few labels several, without a row in two if it can be.

    Draws of fewer labels are the first rows of those of more, so that a curve is one of growing samples.
    """
    labelled = np.flatnonzero(np.isfinite(rows.label))
    if count > len(labelled):
        raise SystemExit(f"{count} labels are asked for, {len(labelled)} rows have one")
    order = [np.random.default_rng(draw).permutation(labelled) for draw in range(draws if count <= FEW else 1)]
    if draws * FEW <= len(labelled) and count <= FEW:
        whole = np.random.default_rng(0).permutation(labelled)
        order = [whole[draw * FEW : (draw + 1) * FEW] for draw in range(draws)]
    return [each[:count] for each in order]


def curve(
    methods: Mapping[str, Method], train: Rows, test: Rows, labels: Sequence[int] = LABELS, draws: int = DRAWS
) -> list[dict[str, Any]]:
    """Return how well methods that learned from so many labels answer other rows, one entry a method and a number.

    Parameters
    ----------
    methods : mapping of str to callable
        By name; one of them is `REFERENCE`.
    train, test : Rows
    labels : sequence of int
        How many rows with a label are learned from.
    draws : int
        Of `FEW` labels and fewer.

    Returns
    -------
    list of dict
        ``method``, ``labels``, ``draws``, and by what the answers are judged (``truth``, ``labels``) ``mae`` and
        ``ratio``, each a value and the ends of its interval, ``scatter`` of the error from draw to draw, ``slope`` and
        ``bias_light`` and ``bias_heavy`` of answers against the true masses, None where there are no such clusters.
    """
    found = []
    for count in labels:
        chosen = samples(train, count, draws)
        answers = {
            name: np.stack([method(train.take(rows), test) for rows in chosen]) for name, method in methods.items()
        }
        found += [entry(name, answers, test) | {"labels_learned": count} for name in methods]
    return found


def entry(name: str, answers: Mapping[str, np.ndarray], test: Rows) -> dict[str, Any]:
    """Return the scores of one method's answers (draw, n), beside those of the one compared with."""
    made: dict[str, Any] = {"method": name, "draws": len(answers[name])}
    for against, true in ((TRUTH, test.truth), (LABEL, test.label)):
        known = np.isfinite(true)
        errors = {key: np.abs(answers[key] - true)[:, known] for key in (name, REFERENCE)}
        resampling = Resampling(int(known.sum()))
        drawn = {
            key: bootstrap(lambda rows, error=error: error[:, rows].mean(), resampling) for key, error in errors.items()
        }
        mae = interval(float(errors[name].mean()), drawn[name])
        over = ratio(drawn[name], drawn[REFERENCE])
        value = float(errors[name].mean() / errors[REFERENCE].mean())
        made[against] = {
            "mae": [mae.value, mae.low, mae.high],
            "ratio": [value, over.low, over.high],
            "scatter": float(errors[name].mean(axis=1).std(ddof=1)) if len(answers[name]) > 1 else None,
        }
    off = answers[name] - test.truth
    made["slope"] = float(np.mean([metrics.slope(each, test.truth) for each in answers[name]]))
    made["bias_light"], made["bias_heavy"] = (
        float(np.median(off[:, which])) if which.any() else None for which in (test.truth < LIGHT, test.truth > HEAVY)
    )
    return made


def tell(found: Sequence[Mapping[str, Any]], test: Rows) -> None:
    """Print a curve as tables, and the spread of the masses beside."""
    for title, true in (("true masses", test.truth), ("labels", test.label)):
        known = true[np.isfinite(true)]
        flat = metrics.constant_mae(known, known)
        print(f"{title}: {len(known)} rows, sigma {known.std():.3f}, 0.80 sigma {0.8 * known.std():.3f}, "
              f"mean absolute error of a constant {flat:.3f}")  # fmt: skip
    print("mean absolute error, and over that of the richness; 95 % intervals over the rows; +- from draw to draw")
    heading = ("against labels", "over richness", "against truth", "over richness")
    for count in sorted({one["labels_learned"] for one in found}):
        part = [one for one in found if one["labels_learned"] == count]
        print(f"\n{count} labels, {part[0]['draws']} draw(s)")
        ends = ("slope", f"<{LIGHT}", f">{HEAVY}")
        print(f"{'':18s} ", *(f"{word:28s}" for word in heading), *(f"{word:>6s}" for word in ends))
        for one in part:
            cells = [_cell(one[against], key) for against in (LABEL, TRUTH) for key in ("mae", "ratio")]
            biases = ("     -" if bias is None else f"{bias:+6.2f}" for bias in (one["bias_light"], one["bias_heavy"]))
            print(f"{one['method']:18s} ", *(f"{cell:28s}" for cell in cells), f"{one['slope']:6.2f}", *biases)


def _cell(scores: Mapping[str, Any], key: str) -> str:
    value, low, high = scores[key]
    more = f" +-{scores['scatter']:.4f}" if key == "mae" and scores["scatter"] is not None else ""
    return f"{value:.3f} [{low:.3f}, {high:.3f}]" if key == "ratio" else f"{value:.4f} [{low:.4f}, {high:.4f}]{more}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", nargs="+", type=Path)
    parser.add_argument("--test", nargs="+", type=Path, required=True)
    parser.add_argument("--labels", nargs="+", type=int, default=LABELS)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    train, test = read(args.train), read(args.test)
    found = curve(BASELINES, train, test, args.labels, args.draws)
    tell(found, test)
    if args.json is not None:
        args.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
