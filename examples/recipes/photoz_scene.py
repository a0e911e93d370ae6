"""See that a simulated field, cut into stamps, gets the redshifts that its galaxies get elsewhere.

    python examples/recipes/photoz_scene.py [--model NAME|FILE] [--side N] [--seed N]

A field is made with `mock --scene`, cut at the detections by `cutout` and answered. Then the same stamps are sliced
from the images' arrays by hand and answered: the redshifts must agree to 1e-6. Last, `mock --all` with the same seed
draws the same galaxies alone on their stamps under other noise: where they are isolated in the field, the two answers
may differ as their errors say. Everything is written into out/.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from running import ROOT, skycnn

from skycnn.schema import Flag

SIDE = 32


def sliced(field: Path, bands: list[str], table: Table) -> np.ndarray:
    """Return stamps (n, band, y, x) cut from the images' arrays by the rule of stamps; NaN outside."""
    shape = (len(table), len(bands), SIDE, SIDE)
    stamps = np.full(shape, np.nan, ">f4")
    for b, band in enumerate(bands):
        image = fits.getdata(field / f"scene_{band}.fits")
        wide = np.full([size + 2 * SIDE for size in image.shape], np.nan, ">f4")
        wide[SIDE:-SIDE, SIDE:-SIDE] = image
        for row, (x, y) in enumerate(zip(table["X_IMAGE"] - 1, table["Y_IMAGE"] - 1, strict=True)):
            x0, y0 = (int(np.floor(place - (SIDE - 1) / 2 + 0.5)) + SIDE for place in (x, y))
            stamps[row, b] = wide[y0 : y0 + SIDE, x0 : x0 + SIDE]
    return stamps


def answers(path: Path, model: str) -> Table:
    """Return the table of a stamp file with the redshifts of its stamps."""
    skycnn("predict", path, "--task", "photoz", "--model", model, "-q", "--overwrite")
    return Table.read(path, hdu="CATALOGUE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="photoz-csst-hybrid")
    parser.add_argument("--side", type=int, default=6000, help="pixels along an edge of the field")
    parser.add_argument("--seed", type=int, default=77)
    args = parser.parse_args()
    out = ROOT / "out" / "photoz-scene"
    out.mkdir(parents=True, exist_ok=True)
    field, cut, alone, byhand = (out / name for name in ("field", "cut.fits", "alone.fits", "byhand.fits"))
    common = ["--task", "photoz", "--survey", "csst", "--seed", args.seed, "--overwrite", "-q"]
    skycnn("mock", *common, "--scene", f"{args.side},{args.side}", "--out", field)
    bands = json.loads(skycnn("models", args.model, "--json"))["bands"]
    images = [word for band in bands for word in ("--images", f"{band}={field / f'scene_{band}.fits'}")]
    skycnn("cutout", field / "scene_cat.fits", *images, "--size", SIDE, "--out", cut, "--overwrite", "-q")
    seen = answers(cut, args.model)
    with fits.open(cut) as file:
        file[0].data = sliced(field, bands, seen)
        same = np.array_equal(file[0].data, fits.getdata(cut), equal_nan=True)
        file.writeto(byhand, overwrite=True)
    other = answers(byhand, args.model)
    apart = np.nanmax(np.abs(seen["Z_PHOT"] - other["Z_PHOT"]))
    answered = np.isfinite(seen["Z_PHOT"])
    print(f"{len(seen)} detections, {answered.sum()} answered; stamps {'equal' if same else 'NOT equal'} bit for bit")
    print(f"largest difference of redshifts, cutout against slices: {apart:.1e} (<= 1e-6 asked)")
    drawn = fits.getheader(field / f"scene_{bands[0]}.fits")["NDRAWN"]
    skycnn("mock", *common, "--all", "-n", drawn, "--out", alone)
    single = answers(alone, args.model)
    rows = {int(group): row for row, group in enumerate(single["GROUP"])}
    clean = seen[answered & seen["ISOLATED"].astype(bool) & (seen["FLAG"] & int(Flag.EDGE | Flag.NAN_PIXELS) == 0)]
    twin = single[[rows[int(group)] for group in clean["GROUP"]]]
    error = np.hypot(*((table["Z_PHOT_HI"] - table["Z_PHOT_LO"]) / 2 for table in (clean, twin)))
    pull = (clean["Z_PHOT"] - twin["Z_PHOT"]) / error
    low, middle, high = np.nanpercentile(pull, [16, 50, 84])
    print(f"{len(clean)} isolated ones under two noises: median pull {middle:+.3f} (within 0.05 asked),")
    print(f"spread {(high - low) / 2:.3f} by the 68 % interval (0.9 to 1.1 asked)")
    bright = (np.asarray(clean["FLUX_I"] / clean["FLUXERR_I"]) > 10) & np.isfinite(pull)
    low, middle, high = np.percentile(pull[bright], [16, 50, 84])
    print(f"of them {bright.sum()} at S/N > 10 in i: median {middle:+.3f}, spread {(high - low) / 2:.3f}")


if __name__ == "__main__":
    main()
