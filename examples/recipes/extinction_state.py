"""Are the samples corrected for Galactic extinction? Print the evidence, and write the state into the models' cards.

    python examples/recipes/extinction_state.py [DATA] [--install]

DATA holds sdss_galaxies.fits, cosmos_galaxies.fits and clusters/, tables of redMaPPer (Rykoff et al. 2014, ApJ 785,
104), whose SDSS magnitudes are corrected. What is decided stands in extinction_notes.py, which the recipes that train
read. --install writes it into the cards of the models that ship, whose weights stay as they are, bit for bit.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import extinction_notes
import numpy as np
from astropy.table import Table
from photoz_cosmos_flux import BANDS as COSMOS
from photoz_sdss_flux import LEAST_Z
from running import ROOT, install, skycnn

from skycnn import survey
from skycnn.network import model

DATA = ROOT.parent / "shared" / "data"
OUT = ROOT / "out" / "extinction-state"
NOTES = {
    "photoz-sdss-flux": extinction_notes.SDSS,
    "photoz-cosmos-flux": extinction_notes.COSMOS,
    **{f"photoz-csst-{kind}": extinction_notes.CSST for kind in ("flux", "image", "hybrid")},
}
FORMER = "; Galactic extinction undocumented"
"""What the card of an earlier model said."""
CUT = 17.77
"""r of the main galaxy sample, Petrosian and corrected: Strauss et al. 2002, AJ 124, 1810."""
SKY = 0.03, 0.6
"""E(B-V) over SDSS's spectroscopic footprint as a lognormal: median and spread of its logarithm (recalled)."""
FIELD = 0.02
"""E(B-V) of the COSMOS field: Scoville et al. 2007, ApJS 172, 1 (recalled)."""
REDDENINGS = (FIELD, 0.1)
DRAWS = 200


def magnitudes(table: Table) -> np.ndarray:
    """Return u g r i z (n, 5)."""
    return np.stack([np.asarray(table[f"MAG_{band}"], float) for band in "UGRIZ"], 1)


def redmapper(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return redshifts (n,) and corrected magnitudes (n, 5) of galaxies in redMaPPer's training clusters."""
    table = Table.read(data / "clusters" / "test_dr8_trainred_gals.fit", 1)
    known = Table.read(data / "clusters" / "test_dr8_trainred_spec.fit", 1)
    order, truth = np.argsort(np.asarray(table["RA"])), np.argsort(np.asarray(known["RA"]))
    same = np.abs(np.asarray(table["RA"])[order] - np.asarray(known["RA"])[truth]) < 1e-3
    return np.asarray(known["Z"], float)[truth][same], np.asarray(table["MAG"], float)[order][same]


def red_sequence(z: np.ndarray, mags: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Return g - r of the red sequence at the middle redshift and r = 17.2, and its standard error."""
    inside = (z > low) & (z < high)
    z, mags = z[inside] - (low + high) / 2, mags[inside]
    terms, colour = np.stack([np.ones_like(z), z, mags[:, 2] - 17.2], 1), mags[:, 1] - mags[:, 2]
    counts, edges = np.histogram(colour - 2.5 * z, np.arange(0.5, 1.7, 0.04))
    on = np.abs(colour - 2.5 * z - edges[counts.argmax()] - 0.02) < 0.1
    for _ in range(10):
        found, *_ = np.linalg.lstsq(terms[on], colour[on], rcond=None)
        on = np.abs(colour - terms @ found) < 0.08
    spread = np.std(colour[on] - terms[on] @ found)
    return float(found[0]), float(spread * np.sqrt(np.linalg.inv(terms[on].T @ terms[on])[0, 0]))


def sdss(data: Path) -> None:
    """Print what SDSS's galaxies tell."""
    table = Table.read(data / "sdss_galaxies.fits")
    table = table[table["Z_SPEC"] >= LEAST_Z]
    sample, z, mags = np.char.strip(table["SAMPLE"].astype(str)), np.asarray(table["Z_SPEC"], float), magnitudes(table)
    main, boss, random = sample == "MGS", sample == "BOSS", np.random.default_rng(1)
    r, dimming = mags[main, 2], survey.load("sdss").extinction["r"]
    reddened = [r + dimming * random.lognormal(np.log(SKY[0]), SKY[1], len(r)) for _ in range(DRAWS)]
    print(f"MGS, {len(r)} galaxies; the survey took those with r < {CUT}, Petrosian, corrected")
    for limit in (CUT, 17.85):
        more = np.mean([np.sum(part > limit) for part in reddened])
        print(
            f"  fainter than r = {limit}: {np.sum(r > limit)}; were SDSS's extinction in their magnitudes: {more:.0f}"
        )
    clusters = redmapper(data)
    print("g - r of the red sequence; extinction adds 0.03 to 0.04. redMaPPer's are corrected, and in clusters")
    for low, high in ((0.10, 0.12), (0.12, 0.14), (0.14, 0.16), (0.16, 0.18), (0.18, 0.20)):
        parts = {"MGS": (z[main], mags[main]), "redMaPPer": clusters, "BOSS": (z[boss], mags[boss])}
        each = {name: red_sequence(*values, low, high) for name, values in parts.items()}
        print(
            f"  z {low:.2f}-{high:.2f} ",
            *(f"{name} {value:.3f} +- {error:.3f}" for name, (value, error) in each.items()),
        )
    print("BOSS: its magnitudes are no model magnitudes of SDSS's images, as these colours show")
    i, depth = mags[boss, 3], (mags[:, 2] - mags[:, 3] - (mags[:, 1] - mags[:, 2]) / 8)[boss]
    far = (z[boss] > 0.43) & (z[boss] < 0.7)
    print(f"  CMASS took i < 19.9 and d_perp > 0.55: at z 0.43-0.7 {100 * np.mean(i[far] > 19.9):.0f} % are fainter, "
          f"{100 * np.mean(depth[far] < 0.55):.0f} % below: no cut tells the state")  # fmt: skip


def shifted(path: Path, name: str, bands: tuple[str, ...], reddening: float) -> np.ndarray:
    """Return Z_PHOT of the galaxies of a table with extinction put into their magnitudes."""
    table, law = Table.read(path), survey.load(name.split("-")[1]).extinction
    for band in bands:
        table[f"MAG_{band.upper()}"] += np.float32(law[band] * reddening)
    table.meta.clear()
    target = OUT / f"{name}.fits"
    table.write(target, overwrite=True)
    skycnn("predict", target, "--task", "photoz", "--model", name, "-q", "--threads", 1)
    return np.ma.filled(Table.read(target)["Z_PHOT"].astype(float), np.nan)


def shifts(data: Path) -> None:
    """Print by how much a wrong state moves the answers of the models that ship."""
    for name, bands in {"photoz-sdss-flux": tuple("ugriz"), "photoz-cosmos-flux": COSMOS}.items():
        path = data / f"{name.split('-')[1]}_galaxies.fits"
        plain = shifted(path, name, bands, 0.0)
        for reddening in REDDENINGS:
            moved = (shifted(path, name, bands, reddening) - plain) / (1 + plain)
            known = moved[np.isfinite(moved)]
            low, middle, high = np.percentile(known, (16, 50, 84))
            print(f"{name}: E(B-V) = {reddening} put in moves dz / (1 + z) by {middle:+.4f} "
                  f"(16-84 %: {low:+.4f} to {high:+.4f}; {len(known)} galaxies)")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--install", action="store_true")
    args = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    sdss(args.data)
    shifts(args.data)
    for name, note in NOTES.items():
        print(f"{name}: dereddened yes. {note}")
        if args.install:
            before = model.read(model.locate(name))
            said = str(before.card.sample.get("note", "")).replace(FORMER, "")
            sample = {**before.card.sample, "note": said if note in said else f"{said} {note}"}
            card = replace(before.card, dereddened="yes", sample=sample)
            whole = model.seal(card, before.tensors)
            path = OUT / f"{name}.safetensors"
            path.write_bytes(model.encode(whole))
            install(path, name, whole.card.sha256)


if __name__ == "__main__":
    main()
