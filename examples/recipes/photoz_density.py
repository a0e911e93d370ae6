"""Put what tells rows unlike the training sample into each shipped photoz model, and print which rows it flags.

    python examples/recipes/photoz_density.py [DATA] [--models NAME ...] [--judge-only | --install]   (some 15 minutes)

DATA is the folder of the samples that the models were trained with. `skycnn train` keeps such densities in every model
it makes; this adds them to models that were trained before, or --judge-only prints what those that a model has do. Its
network stays as it is, bit for bit. --install puts the models and their sums into the package. The tables are about
rows that neither the mixtures nor their cuts have seen: test rows as they are, with bands missing, made fainter, with
other errors; and what is no galaxy of the sample. Shares are followed by twice their standard error.
"""

import argparse
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import photoz_csst as csst
from astropy.io import fits
from astropy.table import Table
from photoz_cosmos_flux import BANDS as COSMOS
from photoz_cosmos_flux import FOLDS, folds, places, sides
from photoz_sdss_flux import LEAST_Z, split
from running import ROOT, install
from unlike_stamps import Seen, Strange

from skycnn import tasks
from skycnn.files.pixelstore import PixelStore
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.source import parse
from skycnn.inputs import trainingfeed
from skycnn.network import groups, likenessfit, model
from skycnn.network.answer import Answerer
from skycnn.network.sample import Sample, sample
from skycnn.photometry.fluxes import PhotometryOptions
from skycnn.schema import Flag

DATA = ROOT.parent / "shared" / "data"
OUT = ROOT / "out" / "photoz-density"
ALIKE, STRANGERS = 1500, 400
"""Rows of another seed that are like them; and of each kind that is not."""
CSST = ("NUV", "u", "g", "r", "i", "z", "y")
MODELS = {
    "photoz-sdss-flux": tuple("ugriz"),
    "photoz-cosmos-flux": COSMOS,
    "photoz-csst-flux": CSST,
    "photoz-csst-image": CSST,
    "photoz-csst-hybrid": CSST,
}
FAINTER = (1, 2, 3, 4)
ERRORS = (0.1, 0.5, 0.7, 1.4, 2, 10)
OTHERS = {
    "quasars (0.2, 0.1, 0.1, 0.05), r = 17.5": (17.8, 17.6, 17.5, 17.4, 17.35),
    "stars (1.2, 0.45, 0.15, 0.1), r = 17.5": (19.15, 17.95, 17.5, 17.35, 17.25),
}
"""Colours u-g g-r r-i i-z, and AB magnitudes in ugriz; errors as the sample's at these magnitudes."""
MAGNITUDES = (18.0, 21.0, 22.0, 23.0, 23.5, 24.0, 26.0)
DENSITIES = ("_density.", "_stampdensity.", "_shapedensity.", "_hiddendensity.", "_hidden.")
Both = tuple[np.ndarray, np.ndarray]
Asked = Callable[[dict[str, np.ndarray]], np.ndarray]


def samples(data: Path) -> dict[str, Table]:
    """Return each survey's table with its SPLIT, as the model's recipe makes it."""
    sdss = Table.read(data / "sdss_galaxies.fits")
    sdss["SPLIT"] = "star"
    galaxy = np.asarray(sdss["Z_SPEC"]) >= LEAST_Z
    sdss["SPLIT"] = sdss["SPLIT"].astype("U5")
    sdss["SPLIT"][galaxy] = split(sdss[galaxy])
    cosmos = Table.read(data / "cosmos_galaxies.fits")
    side = sides(cosmos, folds(cosmos), None, None)
    side[places(cosmos) % (2 * FOLDS) == 0] = "test"
    cosmos["SPLIT"] = side
    return {"sdss": sdss, "cosmos": cosmos}


def mocks() -> Path:
    """Return the stamps that all models of CSST were trained with."""
    out = ROOT / "out" / csst.NAME
    out.mkdir(parents=True, exist_ok=True)
    return csst.training(out, csst.ROWS["hybrid"])


def fluxes(table: Table, bands: tuple[str, ...], survey: str) -> Both:
    """Return fluxes and errors (n, band), microjansky, as `skycnn train` reads them."""
    path = OUT / f"{survey}_table.fits"
    table.meta.clear()
    table.write(path, overwrite=True)
    with Catalogue.open(parse(str(path), "1")) as catalogue:
        photometry = trainingfeed.photometry(catalogue, PhotometryOptions(), bands=bands, survey=survey)
        parts = [photometry.fluxes(chunk) for _, chunk in catalogue.chunks(photometry.columns)]
    return np.concatenate([part.flux for part in parts]), np.concatenate([part.error for part in parts])


def whole(name: str, train: Sample, valid: Sample) -> model.Model:
    """Return a shipped model with densities of these rows."""
    before = model.read(model.locate(name))
    kept = {key: part for key, part in before.tensors.items() if not key.startswith(DENSITIES)}
    network = Answerer(tasks.load("photoz"), model.seal(before.card, kept), "cpu").inference.module
    return model.seal(before.card, kept | likenessfit.fit(network, train, valid).tensors())


def asked(found: model.Model) -> Asked:
    """Return what tells which rows (n,) a model flags as unlike its training sample."""
    answerer = Answerer(tasks.load("photoz"), found, "cpu")
    names = [key for kind in found.card.inputs for key in (("flux", "error") if kind == "flux" else (kind,))]

    def unlike(inputs: dict[str, np.ndarray]) -> np.ndarray:
        inputs = {key: np.ascontiguousarray(inputs[key], "f4") for key in names}
        there = {key: np.isfinite(part) for key, part in inputs.items()}
        shown = there["flux"] if "flux" in there else there["image"].any((2, 3))
        flags = answerer.answer(0, inputs, shown, np.zeros(len(shown), np.int32))[-1]
        return flags & Flag.UNLIKE_TRAINING != 0

    return unlike


def tell(name: str, unlike: np.ndarray) -> None:
    """Print the share of rows that are flagged."""
    share, rows = unlike.mean(), len(unlike)
    print(f"  {name:56s} {100 * share:6.2f} +- {200 * np.sqrt(share * (1 - share) / rows):.2f} % of {rows}")


def photometry(unlike: Asked, flux: np.ndarray, error: np.ndarray, bands: tuple[str, ...]) -> None:
    """Print which rows of fluxes are flagged."""
    random = np.random.default_rng(1)
    noise = error * random.normal(size=flux.shape)
    rows = {"as they are": (flux, error)}
    rows |= {f"fainter by {step} mag": (flux * 10 ** (-0.4 * step) + noise, error) for step in FAINTER}
    rows |= {"noise alone": (noise, error)}
    rows |= {f"as they are, without {band}": (_without(flux, k), error) for k, band in enumerate(bands)}
    rows |= {f"errors {times:g} times those": (flux, error * times) for times in ERRORS}
    scatter = np.exp(0.23 * random.normal(size=(len(error), 1)))
    rows |= {"errors scattered by 0.1 dex, all bands alike": (flux, error * scatter)}
    for name, (part, own) in rows.items():
        tell(name, unlike({"flux": part, "error": own}))


def _without(flux: np.ndarray, band: int) -> np.ndarray:
    return np.where(np.arange(flux.shape[1]) == band, np.nan, flux)


def of_sdss(unlike: Asked, flux: np.ndarray, error: np.ndarray, table: Table) -> None:
    """Print which rows of SDSS's two samples are flagged, real stars, and colours of stars and of quasars."""
    random, side = np.random.default_rng(2), np.asarray(table["SPLIT"]).astype(str)
    of = np.char.strip(np.asarray(table["SAMPLE"]).astype(str))
    for name in np.unique(of):
        rows = (side == "test") & (of == name)
        noise = error[rows] * random.normal(size=flux[rows].shape)
        tell(f"{name}, as they are", unlike({"flux": flux[rows], "error": error[rows]}))
        for step in FAINTER:
            fainter = flux[rows] * 10 ** (-0.4 * step) + noise
            tell(f"{name}, fainter by {step} mag", unlike({"flux": fainter, "error": error[rows]}))
    stars = side == "star"
    tell("real stars among them", unlike({"flux": flux[stars], "error": error[stars]}))
    flux, error = flux[side == "test"], error[side == "test"]
    for name, mags in OTHERS.items():
        bright = 10 ** (-0.4 * (np.array(mags) - 23.9))
        near = [np.abs(np.log(flux[:, k] / value)).argsort()[:50] for k, value in enumerate(bright)]
        typical = np.array([np.nanmedian(error[rows, k] / flux[rows, k]) for k, rows in enumerate(near)])
        drawn = bright * (1 + typical * random.normal(size=(200, 5)))
        tell(name, unlike({"flux": drawn, "error": np.tile(bright * typical, (200, 1))}))


def stamps(unlike: dict[str, Asked], strange: Strange, kinds: Iterator[tuple[str, Seen]]) -> None:
    """Print which stamps the models of stamps flag, side by side."""
    print(f"stamps, {strange.rows} of each, flagged by", *unlike, "(%)")
    for name, (pixels, flux, error) in kinds:
        inputs = {"image": pixels, "flux": flux, "error": error}
        found = [one(inputs) for one in unlike.values()]
        print(f"  {name:56s}", *(f"{100 * part.mean():7.2f}" for part in found), flush=True)
        if name == "as they are" or name.startswith("stars"):
            for rows, text in _by_magnitude(strange.truth["MAG_I"]):
                print(f"    {text:54s}", *(f"{100 * part[rows].mean():7.2f}" for part in found), f"of {rows.sum()}")


def _by_magnitude(magnitude: np.ndarray) -> Iterator[tuple[np.ndarray, str]]:
    for low, high in itertools.pairwise(MAGNITUDES):
        rows = (magnitude >= low) & (magnitude < high)
        if rows.any():
            yield rows, f"I {low:g} to {high:g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--judge-only", action="store_true", help="ask what the models in the package hold")
    choice.add_argument("--install", action="store_true")
    args = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    tables, pixels, looking = samples(args.data), {}, {}
    for name in args.models:
        survey, bands = name.split("-")[1], MODELS[name]
        if survey == "csst" and survey not in tables:
            tables[survey] = Table.read(mocks(), hdu=1)
            side = groups.sides(groups.name_hashes(np.asarray(tables[survey]["GROUP"])))
            words = {groups.TRAIN: "train", groups.TEST: "test"}
            tables[survey]["SPLIT"] = [words.get(number, "valid") for number in side.tolist()]
            pixels["image"] = fits.open(mocks(), memmap=True)[0].data
        table = tables[survey]
        flux, error = fluxes(table, bands, survey)
        side = np.asarray(table["SPLIT"]).astype(str)
        if args.judge_only:
            found = model.read(model.locate(name))
        else:
            takes = tasks.load("photoz").networks[name.split("-")[2]].inputs
            given = takes, flux, error, pixels.get("image")
            train, valid = (_sample(*given, side == word) for word in ("train", "valid"))
            found = whole(name, train, valid)
            print(f"{name}: {len(train)} rows to fit, {len(valid)} to set the cuts")
            path = OUT / f"{name}.safetensors"
            path.write_bytes(model.encode(found))
            if args.install:
                install(path, name, found.card.sha256)
        if found.card.takes_images:
            looking[name] = asked(found)
            continue
        print(f"{name}, test rows")
        photometry(asked(found), flux[side == "test"], error[side == "test"], bands)
        if survey == "sdss":
            of_sdss(asked(found), flux, error, table)
    if looking:
        alike, others = Strange(CSST, ALIKE), Strange(CSST, STRANGERS)
        stamps(looking, alike, alike.known())
        stamps(looking, others, others.others())


def _sample(
    takes: tuple[str, ...], flux: np.ndarray, error: np.ndarray, pixels: np.ndarray, rows: np.ndarray
) -> Sample:
    """Return rows as a network takes them."""
    inputs = {"flux": flux[rows].astype("f4"), "error": error[rows].astype("f4")} if "flux" in takes else {}
    if "image" in takes:
        inputs["image"] = _Stamps(pixels, np.flatnonzero(rows))
    return sample(inputs, np.zeros(rows.sum()))


class _Stamps(PixelStore):
    """Stamps of a file, whose numbers are of FITS's byte order."""

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        return super().__getitem__(rows).astype("f4")


if __name__ == "__main__":
    main()
