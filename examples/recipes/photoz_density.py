"""Put the density of its training sample into each shipped model of fluxes, and print which rows it calls unlike.

    python examples/recipes/photoz_density.py [DATA] [--install]      (some 3 minutes)

DATA is the folder of the samples that the models were trained with. `skycnn train` keeps such a density in every model
of fluxes it makes; this adds it to models that were trained before. Their networks stay as they are, bit for bit.
--install puts the models and their sums into the package. The table is about test rows, which neither the mixture nor
its cut has seen: as they are; made fainter, the errors kept; noise alone; and colours of quasars and stars.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from astropy.table import Table
from photoz_cosmos_flux import BANDS as COSMOS
from photoz_cosmos_flux import FOLDS, folds, places, sides
from photoz_sdss_flux import LEAST_Z, ROOT, install, skycnn, split

from skycnn.fits.catalogue import Catalogue
from skycnn.fits.source import parse
from skycnn.inputs import trainingfeed
from skycnn.network import model
from skycnn.network.density import Density
from skycnn.photometry.fluxes import PhotometryOptions

DATA = ROOT.parent / "shared" / "data"
OUT = ROOT / "out" / "photoz-density"
MOCKS = 20_000
MODELS = {
    "photoz-sdss-flux": tuple("ugriz"),
    "photoz-cosmos-flux": COSMOS,
    "photoz-csst-flux": ("NUV", "u", "g", "r", "i", "z", "y"),
    "photoz-csst-hybrid": ("NUV", "u", "g", "r", "i", "z", "y"),
}
FAINTER = (1, 2, 3, 4)
OTHERS = {
    "quasars (0.2, 0.1, 0.1, 0.05), r = 17.5": (17.8, 17.6, 17.5, 17.4, 17.35),
    "stars (1.2, 0.45, 0.15, 0.1), r = 17.5": (19.15, 17.95, 17.5, 17.35, 17.25),
}
"""Colours u-g g-r r-i i-z, and AB magnitudes in ugriz; errors as the sample's at these magnitudes."""


def samples(data: Path) -> dict[str, Table]:
    """Return each survey's table with its SPLIT, as the model's recipe makes it."""
    sdss = Table.read(data / "sdss_galaxies.fits")
    sdss = sdss[sdss["Z_SPEC"] >= LEAST_Z]
    sdss["SPLIT"] = split(sdss)
    cosmos = Table.read(data / "cosmos_galaxies.fits")
    side = sides(cosmos, folds(cosmos), None, None)
    side[places(cosmos) % (2 * FOLDS) == 0] = "test"
    cosmos["SPLIT"] = side
    stamps = OUT / "csst.fits"
    if not stamps.exists():
        words = ["--survey", "csst", "--selection", "paper", "-n", MOCKS, "--seed", 1, "-q"]
        skycnn("mock", "--task", "photoz", *words, "--out", stamps)
    csst = Table.read(stamps, hdu=1)
    csst["SPLIT"] = np.array(["train"] * 8 + ["valid", "test"])[np.asarray(csst["GROUP"]) % 10]
    return {"sdss": sdss, "cosmos": cosmos, "csst": csst}


def fluxes(table: Table, bands: tuple[str, ...], survey: str) -> tuple[np.ndarray, np.ndarray]:
    """Return fluxes and errors (n, band), microjansky, as `skycnn train` reads them."""
    path = OUT / f"{survey}_table.fits"
    table.meta.clear()
    table.write(path, overwrite=True)
    with Catalogue.open(parse(str(path), "1")) as catalogue:
        photometry = trainingfeed.photometry(catalogue, PhotometryOptions(), bands=bands, survey=survey)
        parts = [photometry.fluxes(chunk) for _, chunk in catalogue.chunks(photometry.columns)]
    return np.concatenate([part.flux for part in parts]), np.concatenate([part.error for part in parts])


def unlike(density: Density, flux: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return which rows are unlike the sample of a density."""
    return density.unlike(torch.from_numpy(flux.astype("f4")), torch.from_numpy(error.astype("f4"))).numpy()


def tell(density: Density, flux: np.ndarray, error: np.ndarray, survey: str) -> None:
    """Print the share of rows that are called unlike."""
    random = np.random.default_rng(1)
    noise = error * random.normal(size=flux.shape)
    rows = {"as they are": flux}
    rows |= {f"fainter by {step} mag": flux * 10 ** (-0.4 * step) + noise for step in FAINTER}
    rows |= {"noise alone": noise}
    print(f"  {'rows':42s} unlike, of {len(flux)}")
    for name, part in rows.items():
        print(f"  {name:42s} {100 * unlike(density, part, error).mean():6.2f} %")
    bands = np.arange(flux.shape[1])
    worst = max(unlike(density, np.where(bands == k, np.nan, flux), error).mean() for k in bands)
    print(f"  {'as they are, one band missing: the worst':42s} {100 * worst:6.2f} %")
    if survey == "sdss":
        for name, mags in OTHERS.items():
            bright = 10 ** (-0.4 * (np.array(mags) - 23.9))
            near = [np.abs(np.log(flux[:, k] / value)).argsort()[:50] for k, value in enumerate(bright)]
            typical = np.array([np.nanmedian(error[rows, k] / flux[rows, k]) for k, rows in enumerate(near)])
            drawn = bright * (1 + typical * random.normal(size=(200, 5)))
            share = unlike(density, drawn, np.tile(bright * typical, (200, 1))).mean()
            print(f"  {name:42s} {100 * share:6.2f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--install", action="store_true")
    args = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    tables = samples(args.data)
    for name, bands in MODELS.items():
        survey = name.split("-")[1]
        table = tables[survey]
        flux, error = fluxes(table, bands, survey)
        side = np.asarray(table["SPLIT"]).astype(str)
        train, valid, test = ((flux[side == word], error[side == word]) for word in ("train", "valid", "test"))
        density = Density.fit(train, valid)
        print(f"{name}: {len(train[0])} rows to fit, {len(valid[0])} to set the cuts")
        tell(density, *test, survey)
        if args.install:
            before = model.read(model.locate(name))
            whole = model.seal(before.card, {**before.tensors, **density.tensors()})
            path = OUT / f"{name}.safetensors"
            path.write_bytes(model.encode(whole))
            install(path, name, whole.card.sha256)


if __name__ == "__main__":
    main()
