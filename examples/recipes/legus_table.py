"""A LEGUS table as a FITS catalogue, with truths for `score`; and how far answers are from its ages.

    python examples/recipes/legus_table.py CATALOGUE.fits     prints the scatter, once `predict` has answered

The catalogue has all columns of the table, under the names below, as the survey writes them: magnitudes in Vega's
system, of which 44.444, 66.666 and 99.999 are none. Clusters of class 1 and 2 have truths, in the units of the task
`starcluster`; objects of class 4, which are none, CLUSTER_TRUE = 0 alone; classes 0, not looked at, and 3, doubtful,
have no truth. LEGUS reddens by the law of starbursts (Calzetti et al. 2000), so that A_V = 4.05 E(B-V).
"""

import argparse
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from astropy.io import fits

PER_BAND = ("F275W", "F336W", "F435W", "F555W", "F814W")
FITTED = {"AGE": "yr", "MASS": "solMass", "EBV": "mag"}
UNITS = (
    {"ID": "", "X": "pixel", "Y": "pixel", "RA": "deg", "DEC": "deg"}
    | {f"{word}_{band}": "mag" for band in PER_BAND for word in ("MAG", "MAGERR")}
    | {"CI": "mag"}
    | {f"{word}{end}": unit for word, unit in FITTED.items() for end in ("", "_MAX", "_MIN")}
    | {f"RESIDUAL_{band}": "" for band in PER_BAND}
    | {"CHI2_REDUCED": "", "Q": "", "NFILTERS": "", "CLASS_MODE": "", "CLASS_MEAN": ""}
)
"""The columns in the table's order, and their units."""

INTEGERS = ("ID", "NFILTERS", "CLASS_MODE")
NOTHING = 40.0
"""Magnitudes from here on mark that there is none."""

R_V = 4.05
"""A_V / E(B-V) of the law of starbursts."""

YOUNGEST = 6.6
"""Log age that the task's answers begin with; LEGUS has younger ones."""

AGES, MASSES = (6.0, 6.6, 7.0, 7.5, 8.0, 9.0, 10.2), (2.0, 3.5, 4.0, 4.5, 6.5)
"""Edges of the bins in log age and log mass that the scatter is told in."""

NEAR = 0.1
"""arcsec within which a row's X, Y and RA, DEC must agree; the table rounds degrees to 0.036 arcsec."""


def read(path):
    """Return the table's columns by name, float64."""
    table = np.loadtxt(path, delimiter=",", ndmin=2)
    if table.shape[1] != len(UNITS):
        raise SystemExit(f"{path} has {table.shape[1]} columns; a LEGUS table of five filters has {len(UNITS)}")
    return dict(zip(UNITS, table.T, strict=True))


def truths(table, radius):
    """Return the columns of truths, by the half-light radius (n,), arcsec, that clusters are drawn with."""
    real, false = np.isin(table["CLASS_MODE"], (1, 2)), table["CLASS_MODE"] == 4
    fitted = real & (table["NFILTERS"] >= 4) & (table["AGE"] > 0) & (table["MASS"] > 0)
    values = {
        "LOG_AGE_TRUE": (np.log10(np.maximum(table["AGE"], 1)), "log(yr)"),
        "A_V_TRUE": (R_V * table["EBV"], "mag"),
        "LOG_MASS_TRUE": (np.log10(np.maximum(table["MASS"], 1)), "log(solMass)"),
        "R_H_TRUE": (radius, "arcsec"),
    }
    columns = {
        name: (np.where(real if name == "R_H_TRUE" else fitted, value, np.nan), unit)
        for name, (value, unit) in values.items()
    }
    return columns | {"CLUSTER_TRUE": (np.where(real, 1.0, np.where(false, 0.0, np.nan)), "")}


def write(path, table, radius, frame):
    """Write the catalogue: the table, the images' number of each row (n,), and the truths."""
    columns = [
        fits.Column(name, "J" if name in INTEGERS else "D", unit=unit or None, array=table[name])
        for name, unit in UNITS.items()
    ]
    columns.append(fits.Column("FRAME", "J", array=frame))
    columns += [fits.Column(name, "E", unit=unit or None, array=value) for name, (value, unit) in
                truths(table, radius).items()]  # fmt: skip
    unit = fits.BinTableHDU.from_columns(columns, name="LEGUS")
    unit.header["RADESYS"] = "ICRS"
    unit.header.add_comment("A_V_TRUE = 4.05 EBV, by the law of starbursts that the survey reddens by;")
    unit.header.add_comment("R_H_TRUE is that of the clusters on the images, by CI: no measurement of the survey's.")
    unit.writeto(path, overwrite=True)


@dataclass(frozen=True)
class Frame:
    """One pixel grid of the table's X and Y.

    Parameters
    ----------
    rows : array
        Whose X and Y are of it.
    pole : array (2,)
        RA and DEC of its tangent point, degrees.
    plane : array (3, 2)
        (1, x, y) @ plane is the place on the tangent plane, arcsec; x and y from 1.
    """

    rows: np.ndarray
    pole: np.ndarray
    plane: np.ndarray

    @property
    def scale(self):
        """Arcsec a pixel."""
        return float(np.sqrt(abs(np.linalg.det(self.plane[1:]))))

    def pixels(self, east, north):
        """Return x and y (n, 2), from 1, of RA and DEC."""
        return (tangent(east, north, self.pole) - self.plane[0]) @ np.linalg.inv(self.plane[1:])

    def cards(self, corner=(1, 1)):
        """Return the cards of the projection, where pixel (1, 1) of the image is the corner of this grid."""
        centre = -self.plane[0] @ np.linalg.inv(self.plane[1:])
        matrix = self.plane[1:].T / 3600
        cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CUNIT1": "deg", "CUNIT2": "deg", "RADESYS": "ICRS"}
        for i in (0, 1):
            cards |= {f"CRPIX{i + 1}": float(centre[i] - corner[i] + 1), f"CRVAL{i + 1}": float(self.pole[i])}
            cards |= {f"CD{i + 1}_{j + 1}": float(matrix[i, j]) for j in (0, 1)}
        return cards


def tangent(east, north, pole):
    """Return places (n, 2) on the plane that touches the sky at the pole, arcsec to the east and north."""
    a, d, a0, d0 = (np.deg2rad(value) for value in (east, north, *pole))
    depth = np.sin(d0) * np.sin(d) + np.cos(d0) * np.cos(d) * np.cos(a - a0)
    xi = np.cos(d) * np.sin(a - a0) / depth
    eta = (np.cos(d0) * np.sin(d) - np.sin(d0) * np.cos(d) * np.cos(a - a0)) / depth
    return np.rad2deg(np.stack([xi, eta], axis=-1)) * 3600


def frames(table):
    """Return the pixel grids that X and Y are of, those with most rows first.

    A table of several pointings has X and Y on the grid of each: those are rows whose X, Y and RA, DEC agree by one
    projection.
    """
    place = np.stack([np.ones_like(table["X"]), table["X"], table["Y"]], axis=1)
    left, found, random = np.arange(len(place)), [], np.random.default_rng(1)
    while len(left):
        if len(left) < 3:
            raise SystemExit(f"X, Y and RA, DEC of object {table['ID'][left[0]]:.0f} agree with those of no others")
        pole = np.array([table["RA"][left].mean(), table["DEC"][left].mean()])
        sky = tangent(table["RA"], table["DEC"], pole)
        best = left[:0]
        for _ in range(60):
            some, near = random.choice(left, 3, replace=False), 1.0
            for _ in range(4):
                plane = np.linalg.lstsq(place[some], sky[some])[0]
                some, near = left[np.hypot(*(place[left] @ plane - sky[left]).T) < near], max(near / 2, NEAR)
                if len(some) < 3:
                    break
            best = max(best, some, key=len)
        if len(best) < 3:
            raise SystemExit(f"X, Y and RA, DEC of {len(left)} objects agree by no projection")
        found.append(Frame(best, pole, np.linalg.lstsq(place[best], sky[best])[0]))
        left = np.setdiff1d(left, best)
    return found


def spread(difference):
    """Return half of the range from 16 to 84 %, and 1.48 times the median deviation from the median."""
    low, middle, high = np.percentile(difference, [16, 50, 84])
    return (high - low) / 2, 1.48 * np.median(np.abs(difference - middle))


def scatter(path, answer="LOG_AGE", resamples=1000):
    """Print how far answers are from the survey's ages, for class 1 and 2; return the scatter of all."""
    with fits.open(path) as file:
        rows = next(unit.data for unit in file if isinstance(unit, fits.BinTableHDU) and answer in unit.columns.names)
    known = np.isfinite(rows["LOG_AGE_TRUE"]) & np.isfinite(rows[answer])
    rows, random = rows[known], np.random.default_rng(1)
    difference = np.asarray(rows[answer], np.float64) - rows["LOG_AGE_TRUE"]
    print(f"{answer} - LOG_AGE_TRUE of {len(rows)} clusters of class 1 and 2, dex; asked: 0.35 at most")
    for label, some in (("all", difference), (f"from {YOUNGEST} on", difference[rows["LOG_AGE_TRUE"] >= YOUNGEST])):
        half, deviation = spread(some)
        drawn = [spread(random.choice(some, len(some)))[0] for _ in range(resamples)]
        low, high = np.percentile(drawn, [2.5, 97.5])
        print(f"{label}, n {len(some)}: half of 16-84% {half:.3f} [{low:.3f}, {high:.3f}], 1.48 MAD {deviation:.3f}, "
              f"median {np.median(some):+.3f}")  # fmt: skip
    print(f"{'':22}{'n':>5} {'half of 16-84%':>15} {'1.48 MAD':>9} {'median':>7}")
    for name, edges in (("LOG_AGE_TRUE", AGES), ("LOG_MASS_TRUE", MASSES)):
        for least, most in pairwise(edges):
            here = difference[(rows[name] >= least) & (rows[name] < most)]
            label = f"{name[:-5]} {least:.1f} to {most:.1f}"
            if len(here) < 3:
                print(f"{label:22}{len(here):5}")
                continue
            half, deviation = spread(here)
            print(f"{label:22}{len(here):5} {half:15.3f} {deviation:9.3f} {np.median(here):+7.3f}")
    return spread(difference)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", metavar="CATALOGUE.fits")
    scatter(parser.parse_args().path)
