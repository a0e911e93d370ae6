"""Try what clustermass-sdss must stand: another sky, other physics, no light between galaxies, nothing to see, maps.

    python examples/recipes/clustermass_checks.py [CHECK...]

CHECKs are sky, bands, field, controls, physics, icl, maps, classifier; left out, all of them. Mocks and model are
those of clustermass_sdss.py; where there is no model in out/, that which ships is taken. ``field`` takes the frames of
NGC 6976 in examples/. ``physics`` and ``icl`` train: the first tunes on 100 labels of other physics, the second goes
on with mocks whose intracluster light knows nothing of the mass.
"""

import argparse
import itertools
from dataclasses import replace
from pathlib import Path

import clustermass_curve as curves
import clustermass_sdss as sdss
import numpy as np
import torch
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from clustermass_curve import Rows
from clustermass_sdss import COLUMN, EPOCHS, KNOWN, LABELLED, NAME, OTHER, SEED, TEST
from running import ROOT, latest, skycnn
from scipy.stats import spearmanr

from skycnn import metrics, survey, tasks
from skycnn.network import model as models
from skycnn.network.answer import Answerer
from skycnn.network.explainer import Explainer
from skycnn.schema import Flag
from skycnn.simulate.mocks import Mocks
from skycnn.simulate.recipe import Recipe

FEW = 100
"""Labels of the other physics."""
MAPPED = 200
"""Clusters whose maps are looked at."""
CENTRE = 5.0
"""Pixels about the brightest galaxy that are its own."""
BRIGHT = 1.0
"""Light of members and between them that counts as there, in units of a pixel's noise in r."""


def recipe() -> Recipe:
    """Return the recipe of the mocks that are judged on."""
    made = tasks.load("clustermass").mock()
    bands = tuple("ugriz")
    return Recipe(
        survey.load("sdss"), bands, OTHER, "all", made.draw, side=made.side, binning=made.binning, measured=False
    )


def noise(test: Rows) -> np.ndarray:
    """Return the noise of a stamp's pixel (band,), microjansky."""
    return recipe().noise_of_pixels().sigma


def sky(out: Path, model: Path, test: Rows) -> None:
    """Print how far a residual sky moves the answers: in units of a pixel's noise, and of what mocks have."""
    plain = sdss.answered(model, test)[:, 0]
    for times in (0.4, 0.8, 1.0, 2.0):
        level = (times * noise(test)).astype(np.float32)[:, None, None]
        for sign in (1, -1):
            moved = sdss.answered(model, test, change=lambda image, level=sign * level: image + level)[:, 0] - plain
            print(f"sky off by {sign * times:+.1f} of a pixel's noise in all bands: median {np.median(moved):+.4f}, "
                  f"of 95 % below {np.quantile(np.abs(moved), 0.95):.4f} dex")  # fmt: skip


def bands(out: Path, model: Path, test: Rows) -> None:
    """Print how wide and how right answers are without each band, without redshift and without richness."""

    def width(found: np.ndarray) -> float:
        return float(np.median(found[:, 2] - found[:, 1]) / 2)

    whole = sdss.answered(model, test)
    print(f"all there: half of 68 % {width(whole):.3f}")
    lacks = [(band, lambda image, k=k: _blank(image, k), ()) for k, band in enumerate("ugriz")]
    lacks += [("u and z", lambda image: _blank(_blank(image, 0), 4), ())]
    lacks += [(name, lambda image: image, (name,)) for name in ("redshift", "richness")]
    for name, change, without in lacks:
        found = sdss.answered(model, test, *without, change=change)
        inside = ((test.truth >= found[:, 1]) & (test.truth <= found[:, 2])).mean()
        print(f"without {name}: half of 68 % {width(found):.3f}, {inside:.3f} hold the truth, "
              f"error {np.abs(found[:, 0] - test.truth).mean():.4f}")  # fmt: skip


def field(out: Path, model: Path, test: Rows) -> None:
    """Print what is said of NGC 6976, of which three bands and a part of the stamp are there."""
    frames = ROOT / "examples"
    with fits.open(frames / "ngc6976_r.fits") as file:
        header = next(unit.header for unit in file if unit.header.get("NAXIS") == 2)
    place = WCS(header).pixel_to_world(header["NAXIS1"] / 2, header["NAXIS2"] / 2)
    asked = Table({"RA": [place.ra.deg] * 3, "DEC": [place.dec.deg] * 3, "Z": [0.02, np.nan, 0.2]})
    asked.write(out / "field.fits", overwrite=True)
    images = [word for band in "gri" for word in ("--images", f"{band}={frames / f'ngc6976_{band}.fits'}")]
    skycnn("predict", out / "field.fits", "--task", "clustermass", "--model", model, "-q", *images)
    found = Table.read(out / "field.fits")
    low, high = np.quantile(test.truth, (0.16, 0.84))
    print(f"the prior: half of 68 % {(high - low) / 2:.3f}")
    own = {flag.bit: flag.name for flag in tasks.load("clustermass").flags}
    for row in found:
        names = [flag.name for flag in Flag if row["CLUSTERMASS_FLAG"] & flag]
        names += [name for bit, name in own.items() if row["CLUSTERMASS_FLAG"] & bit]
        print(f"redshift {row['Z']}: {row[COLUMN]:.2f}, half of 68 % "
              f"{(row[f'{COLUMN}_HI'] - row[f'{COLUMN}_LO']) / 2:.3f}, {' '.join(names)}")  # fmt: skip


def _blank(image: np.ndarray, band: int) -> np.ndarray:
    found = image.copy()
    found[:, band] = np.nan
    return found


def controls(out: Path, model: Path, test: Rows) -> None:
    """Print what is left without a cluster, and what is learned from labels of other rows."""
    flat = metrics.constant_mae(test.truth, test.truth)
    print(f"a constant: error {flat:.4f}")
    sigma, random = noise(test)[:, None, None], np.random.default_rng(1)

    def dark(image: np.ndarray) -> np.ndarray:
        return (sigma * random.standard_normal(image.shape)).astype(np.float32)

    side = 128
    place = np.arange(side) - (side - 1) / 2
    middle = np.hypot(place, place[:, None]) < 0.75 * side / 2

    def masked(image: np.ndarray) -> np.ndarray:
        return np.where(middle, np.nan, image).astype(np.float32)

    for title, change, without in (
        ("sky alone, redshift told", dark, ("richness",)),
        ("sky alone, nothing told", dark, ("richness", "redshift")),
        ("centre masked out to three quarters", masked, ("richness",)),
    ):
        found = sdss.answered(model, test, *without, change=change)
        value = found[:, 0]
        print(f"{title}: rank correlation with the truth {spearmanr(value, test.truth).statistic:+.3f}, median "
              f"{np.median(value):.3f}, half of 68 % {np.median(found[:, 2] - found[:, 1]) / 2:.3f}, "
              f"{_unlike(model, test, change, without):.3f} flagged UNLIKE_TRAINING")  # fmt: skip
    train = labelled(out, SEED, "labelled")
    shuffled = replace(train, label=np.random.default_rng(2).permutation(train.label))
    ask = sdss.network(out, "shuffled", "mass", "--epochs", sdss.SCRATCH)
    value = ask(shuffled, test)
    print(f"labels shuffled: rank correlation {spearmanr(value, test.truth).statistic:+.3f}, error "
          f"{np.abs(value - test.truth).mean():.4f}")  # fmt: skip


def _unlike(model: Path, test: Rows, change: sdss.Change, without: tuple[str, ...]) -> float:
    """Return the share of rows that are flagged as unlike the training sample."""
    flag = sdss.answered(model, test, *without, change=change, names=("CLUSTERMASS_FLAG",))
    return float((flag & Flag.UNLIKE_TRAINING != 0).mean())


def labelled(out: Path, seed: int, name: str, *words: object, rows: int = KNOWN, labels: int = LABELLED) -> Rows:
    """Return the labelled rows of a file of mocks."""
    known = curves.read([sdss.mocks(out, rows, seed, name, "--set", f"labelled={labels}", *words)])
    return known.take(np.flatnonzero(np.isfinite(known.label)))


def physics(out: Path, model: Path, test: Rows) -> None:
    """Print errors under other physics: untuned, tuned on `FEW` labels, and of the usual physics beside."""
    words = ("--set", "nuisances=other")
    train = labelled(out, 5, "labelled_other", *words, rows=FEW, labels=FEW)
    other = curves.read([sdss.mocks(out, TEST, 6, "test_other", *words)])
    tuned = sdss.network(out, "mass", "mass", begin=model)(train, other)
    found = {f"tuned on {FEW} labels": tuned, "untuned": sdss.answered(model, other)[:, 0],
             **{name: curves.BASELINES[name](train, other) for name in ("richness", "ridge apertures")}}  # fmt: skip
    sdss.compare("other physics", found, other)
    home = np.abs(sdss.answered(model, test)[:, 0] - test.truth).mean()
    for name, value in found.items():
        print(f"{name}: x {np.abs(value - other.truth).mean() / home:.3f} of the error in its own physics, {home:.4f}")


def icl(out: Path, model: Path, test: Rows) -> None:
    """Print the same comparison where intracluster light knows nothing of the mass, and what the observables can."""
    words = ("--set", "icl=uninformative")
    broad = sdss.mocks(out, sdss.ROWS // 2, 7, "broad_icl", "--set", "nuisances=broad", *words)
    begin = sdss.trained(out, f"{NAME}_icl", broad, "mass", 1, "--init", model,
                         "--truth", f"{COLUMN}_TRUE", "--epochs", EPOCHS // 2)  # fmt: skip
    train = labelled(out, 8, "labelled_icl", *words, rows=LABELLED)
    other = curves.read([sdss.mocks(out, TEST, 9, "test_icl", *words)])
    own = sdss.network(out, "mass_icl", "mass", begin=begin)(train, other)
    names = ("constant", "richness", "ridge apertures", "ridge diffuse", "forest diffuse")
    sdss.compare("uninformative light", {"mass": own, **{n: curves.BASELINES[n](train, other) for n in names}}, other)
    usual = labelled(out, SEED, "labelled")
    for title, known, judged in (("usual", usual, test), ("uninformative", train, other)):
        bound(title, known, judged)


def bound(title: str, train: Rows, test: Rows) -> None:
    """Print the error of a ridge on what no image tells without noise, over that of the richness."""
    tables = []
    for rows in (train, test):
        with fits.open(rows.path[0], memmap=True) as file:
            table = file["CATALOGUE"].data[rows.number]
            z = np.asarray(table["REDSHIFT_TRUE"], float)
            far = 5 * np.log10(z) + 3.5 * z  # takes distance and dimming off, all but a smooth rest
            columns = [np.log10(rows.inputs["richness"]), table["CENTRAL_TRUE"] - far, table["DIFFUSE_TRUE"] - far,
                       np.log10(table["CONCENTRATION_TRUE"]), z, z**2]  # fmt: skip
            tables.append(np.column_stack([np.ones(len(z)), *(np.asarray(one, float) for one in columns)]))
    weight = np.linalg.lstsq(tables[0], train.label, rcond=None)[0]
    ours, theirs = tables[1] @ weight, curves.BASELINES["richness"](train, test)
    parts = [f"{name} {np.abs(ours - true).mean() / np.abs(theirs - true).mean():.3f}"
             for name, true in (("labels", test.label), ("truth", test.truth))]  # fmt: skip
    print(
        f"{title}: richness, brightest galaxy, intracluster light and concentration without noise, over richness:",
        *parts,
    )


def maps(out: Path, model: Path, test: Rows) -> None:
    """Print how much of the maps lies on the cluster, and whether they say what the brightest galaxy is worth."""
    task, whole = tasks.load("clustermass"), models.read(model)
    answerer, rows = Answerer(task, whole, "cpu"), np.arange(MAPPED)
    parts = {name: _part(out, test, name, rows) for name in ("central", "members", "diffuse")}
    sigma, moved = noise(test)[2], []
    for row in rows.tolist():
        given = _inputs(test, row)
        bare = {**given, "image": given["image"] - parts["central"][row][None]}
        moved.append(_value(answerer, given) - _value(answerer, bare))
    print(f"brightest galaxy taken out of {MAPPED} stamps: median change {np.median(moved):+.3f} dex")
    for method, baseline in itertools.product(("joint", "ig"), ("blurred", "smooth", "zero")):
        explainer = Explainer(task, whole, "cpu", method=method, baseline=baseline)
        shares, areas, told, near = [], [], [], []
        for row in rows.tolist():
            found = explainer.attribute(row, _inputs(test, row)).maps["image"][0]
            found = found if found.ndim == 2 else found.sum(0)
            cluster = sum(part[row][2] for part in parts.values())
            own, galaxy = cluster > BRIGHT * sigma, parts["central"][row][2]
            shares.append(np.abs(found)[own].sum() / np.abs(found).sum())
            areas.append(own.mean())
            told.append(found[(galaxy > cluster / 2) & own].sum())
            y, x = np.indices(own.shape) - np.reshape(np.unravel_index(galaxy.argmax(), own.shape), (2, 1, 1))
            near.append(found[np.hypot(y, x) < CENTRE].sum())
        share, area = np.mean(shares), np.mean(areas)
        print(f"{method}, against {baseline}: weight on members and the light between them {share:.3f}, on {area:.3f} "
              f"of the area, x {share / area:.2f}")  # fmt: skip
        for title, one in (
            ("where the galaxy is most of the cluster's light", told),
            (f"within {CENTRE:g} pixels", near),
        ):
            print(f"  rank correlation of that change with the map {title}: {spearmanr(one, moved).statistic:.3f}")


def _value(answerer: Answerer, given: dict[str, np.ndarray]) -> float:
    return float(answerer.answer(0, given, np.ones((1, 5), bool), np.zeros(1, np.int32))[0][0])


def _inputs(test: Rows, row: int) -> dict[str, np.ndarray]:
    with fits.open(test.path[row], memmap=True) as file:
        image = np.asarray(file[0].data[row : row + 1], np.float32)
    return {
        "image": image,
        **{n: np.asarray(test.inputs[n][row : row + 1], np.float32) for n in ("redshift", "richness")},
    }


def _part(out: Path, test: Rows, name: str, rows: np.ndarray) -> np.ndarray:
    """Return the light (row, band, y, x) of a part of clusters alone, without noise: of all less all without it."""
    made = Mocks(recipe())
    drawn = [made.recipe.draw(made.recipe.survey, tuple("ugriz"), OTHER, rows, "all", without=part)
             for part in ("nothing", name)]  # fmt: skip
    images = [one.light.stamps(made.renderer, made.offset(rows)) for one in drawn]
    return images[0] - images[1]


def classifier(out: Path, model: Path, test: Rows) -> None:
    """Print what tells the band of a stamp: one number, and the published network."""
    with fits.open(test.path[0], memmap=True) as file:
        image = np.asarray(file[0].data[:500], np.float32)
    scatter = np.log(np.median(np.abs(image - np.median(image, axis=(2, 3), keepdims=True)), axis=(2, 3)))
    half = len(scatter) // 2
    middle = np.median(scatter[:half], axis=0)
    called = np.abs(scatter[half:, :, None] - middle).argmin(axis=2)
    print(f"the band by the scatter of a stamp's pixels alone: {(called == np.arange(5)).mean():.3f} right")
    levels = (image - np.median(image, axis=(2, 3), keepdims=True)) / np.exp(scatter)[..., None, None]
    bright = np.log(np.quantile(levels, 0.999, axis=(2, 3)))
    middle = np.median(bright[:half], axis=0)
    called = np.abs(bright[half:, :, None] - middle).argmin(axis=2)
    print(f"by the brightest thousandth of the pixels over that scatter: {(called == np.arange(5)).mean():.3f} right")


CHECKS = {check.__name__: check for check in (sky, bands, field, controls, physics, icl, maps, classifier)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="*", help=f"of {', '.join(CHECKS)}")
    args = parser.parse_args()
    out = ROOT / "out" / NAME
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    test = curves.read([sdss.mocks(out, TEST, OTHER, "test")])
    for name in args.checks or CHECKS:
        print(f"\n=== {name}")
        CHECKS[name](out, latest(out, NAME), test)


if __name__ == "__main__":
    main()
