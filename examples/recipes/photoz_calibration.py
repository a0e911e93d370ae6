"""Make the intervals of the shipped models right in every part of their samples: temperatures by width and by band.

    python examples/recipes/photoz_calibration.py [DATA] [--models NAMES] [--rows N] [--folds] [--install]

`skycnn train` finds such temperatures for every network that it trains; this adds them to models that were trained
before, from the very validation rows that their recipes used. The networks stay as they are, bit for bit. Printed is
the 68 % coverage of test rows in five bins of the interval's width, of magnitude and of z_phot, as they are and without
each band, before and after. A bin is marked where it is neither in 0.64-0.72 nor within two standard errors of 0.68. Of
the N mocks that the models of CSST were trained with, made again where they are not there, a tenth calibrates and a
tenth tests. --folds asks the same of COSMOS on all its galaxies, each answered by a
network that saw none of its tile. --install puts the models, their sums and their new scores into the package.
"""

import argparse
import dataclasses
import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import photoz_cosmos_flux as cosmos
import photoz_csst as csst
import photoz_density
import torch
from astropy.io import fits
from astropy.table import Table
from photoz_sdss_flux import LEAST_Z, split
from running import ROOT, install

from skycnn import metrics, tasks
from skycnn.network import calibration, groups, model
from skycnn.network.answer import Answerer
from skycnn.network.hiddenlayer import Joined
from skycnn.network.sample import Sample, sample
from skycnn.network.tempering import Tempering, missing, without
from skycnn.network.training import forward
from skycnn.scoring import modelscores

DATA = ROOT.parent / "shared" / "data"
OUT = ROOT / "out" / "photoz-calibration"
MODELS = (
    "photoz-sdss-flux",
    "photoz-cosmos-flux",
    "photoz-csst-flux",
    "photoz-csst-image",
    "photoz-csst-hybrid",
)
MAGNITUDE = {"sdss": "r", "cosmos": "I", "csst": "i"}
BINS, ASKED = 5, (0.64, 0.72)
CSST = ("NUV", "u", "g", "r", "i", "z", "y")


@dataclasses.dataclass(frozen=True)
class Part:
    """Rows to calibrate or to test with: what networks see, the truth (n, 1), groups and magnitudes (n,)."""

    rows: Sample
    group: np.ndarray
    magnitude: np.ndarray

    def take(self, which: np.ndarray) -> "Part":
        """Return some rows, bool (n,)."""
        index = torch.from_numpy(np.flatnonzero(which))
        return Part(self.rows.part(index), self.group[which], self.magnitude[which])


def part(inputs: Mapping[str, np.ndarray], truth: np.ndarray, group: np.ndarray, survey: str, bands: tuple) -> Part:
    """Return rows of which two bands or more are there; those with fewer get no answer."""
    with np.errstate(all="ignore"):
        magnitude = 23.9 - 2.5 * np.log10(inputs["flux"][:, bands.index(MAGNITUDE[survey])])
    known = sample({name: value.astype(np.float32) for name, value in inputs.items()}, truth)
    there = (~missing({name: known.inputs[name] for name in ("flux", "error")})).sum(dim=1).numpy() >= 2
    return Part(known, np.asarray(group), np.where(np.isfinite(magnitude), magnitude, np.nan)).take(there)


def galaxies(survey: str, data: Path) -> dict[str, Part]:
    """Return the validation and the test rows of SDSS or COSMOS."""
    if survey == "sdss":
        table = Table.read(data / "sdss_galaxies.fits")
        table = table[table["Z_SPEC"] >= LEAST_Z]
        side, truth, bands, group = split(table), table["Z_SPEC"], tuple("ugriz"), np.arange(len(table))
    else:
        table = Table.read(data / "cosmos_galaxies.fits")
        side, truth, bands = cosmos.sides(table, cosmos.folds(table), None, None), table["Z"], cosmos.BANDS
        side[cosmos.places(table) % (2 * cosmos.FOLDS) == 0] = "test"
        group = np.asarray(table["TILE"])
    flux, error = photoz_density.fluxes(table, bands, survey)
    whole = part({"flux": flux, "error": error}, np.asarray(truth, float), group, survey, bands)
    kept = part_of(side, flux, error)
    return {name: whole.take(kept == name) for name in ("valid", "test")}


def part_of(side: np.ndarray, flux: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the sides of the rows that `part` keeps."""
    there = np.isfinite(flux) & np.isfinite(error) & (error > 0)
    return np.asarray(side).astype(str)[there.sum(axis=1) >= 2]


def mocks(rows: int) -> dict[str, Part]:
    """Return the validation and the test rows of the mocks that the models of CSST were trained with."""
    path = csst.training(ROOT / "out" / csst.NAME, rows)
    with fits.open(path, memmap=True) as file:
        table = Table(file["CATALOGUE"].data)
        side = groups.sides(groups.name_hashes(np.asarray(table["GROUP"])))
        kept = np.flatnonzero(side != groups.TRAIN)
        images = np.stack([np.asarray(file[0].data[row], np.float32) for row in kept])
    flux, error = (values[kept] for values in photoz_density.fluxes(table, CSST, "csst"))
    inputs = {"flux": flux, "error": error, "image": images}
    whole = part(inputs, np.asarray(table["Z_TRUE"], float)[kept], table["GROUP"][kept], "csst", CSST)
    side = part_of(side[kept], flux, error)
    return {"valid": whole.take(side != str(groups.TEST)), "test": whole.take(side == str(groups.TEST))}


def seen(held: Part, inputs: tuple[str, ...]) -> Sample:
    """Return what a network sees of some rows."""
    names = [name for kind in inputs for name in (("flux", "error") if kind == "flux" else (kind,))]
    return Sample({name: held.rows.inputs[name] for name in names}, held.rows.truth)


def network(answerer: Answerer) -> torch.nn.Module:
    """Return the network of a model, without what shows its last hidden layer."""
    module = answerer.inference.module
    return module.module if isinstance(module, Joined) else module


def looks(answerer: Answerer, tempered: Tempering, held: Part) -> dict[str, dict[str, np.ndarray]]:
    """Return answers before and after, of the rows as they are and without each band."""
    rows, bands = seen(held, answerer.card.inputs), answerer.card.bands
    found = {}
    for number, name in enumerate(("", *bands)):
        gone = torch.zeros(len(rows), len(bands), dtype=torch.bool)
        gone[:, number - 1] |= number > 0
        inputs = without(rows.inputs, gone) if number else rows.inputs
        lacks = missing(inputs)
        raw = forward(network(answerer), inputs)
        there = ((~lacks).sum(dim=1) >= 2).numpy()
        temperatures = tempered.temperatures(answerer.posterior.log_widths(raw), lacks)
        look = {"truth": rows.truth[:, 0].double().numpy(), "magnitude": held.magnitude, "lacks": lacks.any(1).numpy()}
        for when, own in (("before", None), ("after", temperatures)):
            values, _ = answerer.posterior.summarise(raw, False, own)
            look |= {f"{when} {column}": value.astype(float) for column, value in values.items()}
        found[f"without {name}" if name else "as they are"] = {key: value[there] for key, value in look.items()}
    return found


def coverages(look: Mapping[str, np.ndarray], when: str) -> dict[str, list[tuple[float, int]]]:
    """Return coverage and rows in bins of as many rows, by width, magnitude and z_phot."""
    low, middle, high = (look[f"{when} Z_PHOT{end}"] for end in ("_LO", "", "_HI"))
    inside = (low <= look["truth"]) & (look["truth"] <= high)
    found = {}
    for name, values in (("width", high - low), ("magnitude", look["magnitude"]), ("z_phot", middle)):
        parts = np.array_split(np.argsort(values, kind="stable")[: np.isfinite(values).sum()], BINS)
        found[name] = [(float(inside[rows].mean()), len(rows)) for rows in parts]
    return found


def off(coverage: float, rows: int) -> bool:
    """Return whether a bin is neither in the asked range nor within two standard errors of 0.68."""
    near = abs(coverage - metrics.NOMINAL) <= 2 * metrics.coverage_error(rows)
    return not (near or ASKED[0] <= coverage <= ASKED[1])


def tell(title: str, found: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Print the tables of a model."""
    whole = found["as they are"]
    print(f"\n{title}: {len(whole['truth'])} test rows; 68 % coverage in {BINS} bins of as many rows, before and after")
    total: dict[str, list[bool]] = {"before": [], "after": []}
    square: dict[tuple[str, bool], list[float]] = {(when, part): [] for when in total for part in (True, False)}
    for name, look in found.items():
        cells = {when: coverages(look, when) for when in total}
        for by in cells["after"]:
            line = f"  {name:12s} {by:10s}"
            for when, marks in total.items():
                marks += [off(*cell) for cell in cells[when][by]]
                away = [(share - metrics.NOMINAL) / metrics.coverage_error(rows) for share, rows in cells[when][by]]
                square[when, name == "as they are"] += np.square(away).tolist()
                line += "  " + " ".join(f"{cell[0]:.3f}{'*' if off(*cell) else ' '}" for cell in cells[when][by])
            print(f"{line} +- {metrics.coverage_error(cells['after'][by][0][1]):.3f}")
    print("  bins off:", ", ".join(f"{when} {sum(marks)} of {len(marks)}" for when, marks in total.items()))
    print("  mean square of a bin's distance from 0.68 in standard errors, where chance alone makes 1:", "; ".join(
        f"{when} {np.mean(square[when, True]):.2f} as they are, {np.mean(square[when, False]):.2f} without a band"
        for when in total
    ))  # fmt: skip
    for when in total:
        z, truth = whole[f"{when} Z_PHOT"], whole["truth"]
        inside = (whole[f"{when} Z_PHOT_LO"] <= truth) & (truth <= whole[f"{when} Z_PHOT_HI"])
        lacks = whole["lacks"]
        own = f"; {lacks.sum()} rows that lack a band by themselves {inside[lacks].mean():.3f}" if lacks.any() else ""
        print(
            f"  {when}: sigma_NMAD {metrics.sigma_nmad(z, truth):.5f}, outliers "
            f"{100 * metrics.outlier_fraction(z, truth):.2f} %, bias {metrics.bias(z, truth):+.5f}, "
            f"coverage {inside.mean():.3f}{own}"
        )


def calibrated(path: Path, held: Part) -> tuple[model.Model, Answerer, Tempering]:
    """Return a model, itself ready to answer, and the temperatures by width that some rows ask for."""
    whole = model.read(path)
    answerer = Answerer(tasks.load("photoz"), whole, "cpu")
    tempered = calibration.tempering(network(answerer), answerer.posterior, seen(held, whole.card.inputs))
    if tempered is None:
        raise SystemExit(f"{path}: too few rows to calibrate with")
    return whole, answerer, tempered


def crossfit(data: Path) -> None:
    """Print the tables of COSMOS of all folds together."""
    table = Table.read(data / "cosmos_galaxies.fits")
    table.meta.clear()
    out = ROOT / "out" / cosmos.NAME
    out.mkdir(parents=True, exist_ok=True)
    flux, error = photoz_density.fluxes(table.copy(), cosmos.BANDS, "cosmos")
    whole = part({"flux": flux, "error": error}, np.asarray(table["Z"], float), table["TILE"], "cosmos", cosmos.BANDS)
    begin, fold, parts = cosmos.pretrained(out), cosmos.folds(table), []
    for k in range(cosmos.FOLDS):
        side = cosmos.sides(table, fold, k, None)
        path, side = cosmos.trained(table, side, f"pre_all_fold{k}", out, begin), part_of(side, flux, error)
        _, answerer, tempered = calibrated(path, whole.take(side == "valid"))
        parts.append(looks(answerer, tempered, whole.take(side == "test")))
    joined = {
        name: {key: np.concatenate([found[name][key] for found in parts]) for key in look}
        for name, look in parts[0].items()
    }
    tell(f"{cosmos.NAME}, {cosmos.FOLDS} folds", joined)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--models", default=",".join(MODELS), help="some of them, by commas")
    known = csst.ROWS["hybrid"]
    parser.add_argument("--rows", type=int, default=known, help="of the mocks of CSST, which all three models know")
    parser.add_argument("--folds", action="store_true", help="also COSMOS by folds, whose networks are trained first")
    parser.add_argument("--install", action="store_true")
    args = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    photoz_density.OUT.mkdir(parents=True, exist_ok=True)
    wanted = [name for name in args.models.split(",") if name]
    for survey, names in itertools.groupby(wanted, key=lambda name: name.split("-")[1]):
        rows = mocks(args.rows) if survey == "csst" else galaxies(survey, args.data)
        for name in names:
            whole, answerer, tempered = calibrated(model.locate(name), rows["valid"])
            tell(f"{name}, calibrated on {len(rows['valid'].rows)} rows", looks(answerer, tempered, rows["test"]))
            if args.install:
                known = seen(rows["test"], whole.card.inputs)
                judged = calibration.judged(network(answerer), answerer.posterior, known, tempered)
                scores = modelscores.of(answerer.posterior, judged, known.truth.double().numpy(), rows["test"].group)
                kept = {key: value for key, value in whole.card.scores.items() if key == "out_of_fold"}
                card = dataclasses.replace(whole.card, scores={**scores, **kept})
                found = model.seal(card, {**whole.tensors, **tempered.tensors()})
                path = OUT / f"{name}.safetensors"
                path.write_bytes(model.encode(found))
                install(path, name, found.card.sha256)
                print(f"  installed, sha256 {found.card.sha256[:16]}")
    if args.folds:
        crossfit(args.data)


if __name__ == "__main__":
    main()
