"""Star isochrones: writes src/skycnn/populations/isochrones.npz from uwastro465isos (PyPI, BSD-3).

Unpack its wheel into a folder and name it, and where the colour terms are to be fitted anew, a table of synthetic
photometry with the columns UB BV VI F336W_U F438W_B F814W_I:

    python examples/recipes/star_isochrones.py FOLDER [--terms TABLE.ecsv]
"""

import argparse
from pathlib import Path

import numpy as np

METALLICITY = 0.0  # [M/H]
COLUMNS = ("MH", "logAge", "Mini", "label", "Umag", "Bmag", "Vmag", "Imag")
# Nodes of each stage of PARSEC: 0 and 1 are taken together, then subgiants, red giants and the evolved among the
# massive, three of burning helium in the core, and both asymptotic giant branches; what comes after is dark.
NODES = {1: 72, 2: 12, 3: 48, 4: 20, 5: 12, 6: 16, 7: 28, 8: 28}
# WFC3 less Johnson, Vega, piecewise linear in a colour: where it bends, and the values there. Fitted to synthetic
# photometry of 108 stars of Pickles 1998, PASP 110, 863, over the throughputs of WFC3/UVIS; beyond the ends constant.
BENDS = {
    "F336W-U, U-B below 0": (-1.1, -0.7, -0.3, 0.0),
    "F336W-U, B-V above 0": (0.0, 0.3, 0.6, 1.0, 1.4, 1.7),
    "F438W-B, B-V": (-0.3, 0.0, 0.4, 0.8, 1.2, 1.6),
    "F814W-I, V-I": (-0.3, 0.5, 1.5, 2.5, 3.3, 4.2),
}
TERMS = {
    "F336W": (-0.463, -0.312, -0.031, -0.030, 0.109, -0.054, 0.083, 0.326, 0.308),
    "F438W": (0.041, 0.004, 0.022, 0.049, 0.099, 0.196),
    "F814W": (0.004, 0.011, 0.017, 0.026, -0.031, -0.259),
}


def hats(colour, bends):
    """Return the weights (n, bend) of the values at the bends."""
    return np.stack([np.interp(colour, bends, one) for one in np.eye(len(bends))], axis=1)


def designs(ub, bv, vi):
    """Return what multiplies the values of TERMS, by band: of F336W those of both colours, one behind the other."""
    hot, cool, blue, red = (
        hats(colour, bends)
        for colour, bends in zip((np.minimum(ub, 0), np.maximum(bv, 0), bv, vi), BENDS.values(), strict=True)
    )
    return {"F336W": np.concatenate([hot, cool[:, 1:]], axis=1), "F438W": blue, "F814W": red}


def fitted(table):
    """Return the values at the bends, by least squares that give far outliers little weight."""
    found = {}
    for band, design in designs(*(np.asarray(table[key]) for key in ("UB", "BV", "VI"))).items():
        target = np.asarray(table[f"{band}_{ {'F336W': 'U', 'F438W': 'B', 'F814W': 'I'}[band] }"])
        weight = np.ones(len(target))
        for _ in range(30):
            values = np.linalg.lstsq(design * weight[:, None], target * weight, rcond=None)[0]
            left = target - design @ values
            scatter = 1.48 * np.median(np.abs(left))
            weight = 1 / np.sqrt(1 + (left / (2 * scatter)) ** 2)
        print(f"{band}: scatter {scatter:.3f} mag, of hot stars {left[np.asarray(table['BV']) < 0].std():.3f}")
        found[band] = values
    return found


def read(folder):
    """Return the isochrones of the metallicity, (row, column of COLUMNS)."""
    lines = next(folder.rglob("isochrones_ubvrijhk.dat")).read_text().splitlines()
    names = next(line for line in lines if "Mini" in line.split()).lstrip("#").split()
    rows = np.loadtxt(
        [line for line in lines if line.strip()[:1].isdigit()], usecols=[names.index(name) for name in COLUMNS]
    )
    return rows[(rows[:, 0] == METALLICITY) & (rows[:, COLUMNS.index("label")] <= max(NODES))]


def resampled(mass, stage, magnitude):
    """Return one isochrone's edges of stages (stage + 1,), and nodes: shares of their stage's masses, and magnitudes.

    Nodes lie at even steps along the line of masses and magnitudes; a stage that an age lacks is a point.
    """
    share, light, edges = [], [], [mass[0]]
    for number, count in NODES.items():
        here = np.flatnonzero(stage == number)
        if len(here) and number > 1:
            here = np.append(here[0] - 1, here)
        if len(here) < 2:
            share.append(np.zeros(count))
            light.append(np.repeat(light[-1][-1:], count, axis=0))
            edges.append(edges[-1])
            continue
        m, mag = mass[here], magnitude[here]
        # Most of the light is that of stars about to leave the main sequence.
        across = 4 * np.log(m / m[0]) + 40 * (m / m[-1]) ** 3 if number == 1 else 3 * (m - m[0]) / max(np.ptp(m), 1e-12)
        steps = np.sqrt(np.diff(across) ** 2 + (np.diff(mag, axis=0).clip(-1, 1) ** 2).sum(axis=1))
        along = np.concatenate([[0], np.cumsum(np.maximum(steps, 1e-9))])
        at = np.linspace(0, along[-1], count)
        edges.append(m[-1])
        share.append((np.interp(at, along, m) - edges[-2]) / max(m[-1] - edges[-2], 1e-12))
        light.append(np.stack([np.interp(at, along, one) for one in mag.T], axis=1))
    return np.array(edges), np.concatenate(share).clip(0, 1), np.concatenate(light)


def main(folder, table):
    terms = fitted(table) if table is not None else {band: np.array(values) for band, values in TERMS.items()}
    for band, values in terms.items():
        print(f'    "{band}": ({", ".join(f"{value:.3f}" for value in values)}),')
    _, log_age, mass, label, *johnson = read(folder).T
    u, b, v, i = johnson
    design = designs(u - b, b - v, v - i)
    magnitude = np.stack([m + design[band] @ terms[band] for band, m in zip(terms, (u, b, i), strict=True)], axis=1)
    ages = np.unique(np.round(log_age, 2))
    edges, share, light = [], [], []
    for age in ages:
        here = np.flatnonzero(np.round(log_age, 2) == age)
        m = np.maximum.accumulate(mass[here])  # seven digits make a few of neighbours change places
        stage = np.maximum.accumulate(np.maximum(label[here], 1))
        for kept, part in zip((edges, share, light), resampled(m, stage, magnitude[here]), strict=True):
            kept.append(part)
    whole = np.round(np.array(light) * 1000).clip(-32767, 32767).astype(np.int16)
    target = Path(__file__).parents[2] / "src" / "skycnn" / "populations" / "isochrones.npz"
    np.savez_compressed(
        target,
        log_age=ages,
        bands=np.array(list(terms)),
        nodes=np.array(list(NODES.values())),
        edges=np.array(edges),
        share=np.round(np.array(share) * 65535).astype(np.uint16),
        magnitude=np.diff(whole, axis=1, prepend=0).astype(np.int16).transpose(2, 1, 0),
    )
    print(f"{target.name}: {len(ages)} ages, {whole.shape[1]} nodes, {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--terms")
    given = parser.parse_args()
    if given.terms:
        from astropy.table import Table

    main(given.folder, Table.read(given.terms) if given.terms else None)
