"""LEGUS clusters: mocks of the ages, masses and E(B-V) of NGC 628's clusters, beside their magnitudes.

    python examples/recipes/legus_clusters.py legus_ngc628.csv [--draws 20]

LEGUS (Adamo et al. 2017, ApJ 841, 131) reddens its models by the law of starbursts, and takes 9.9 Mpc. Its F435W and
F814W are those of ACS, whose Vega magnitudes are here taken for those of WFC3's F438W and F814W. One offset common to
all bands is between its models and PARSEC; what is left of each band's median is printed, and of each bin of age.
"""

import argparse
from itertools import pairwise

import numpy as np

from skycnn.simulate import draws, isochrones
from skycnn.simulate.absorption import calzetti
from skycnn.simulate.imf import IMF
from skycnn.simulate.ssp import SSP

BANDS, MAGNITUDES = ("F336W", "F438W", "F814W"), [7, 9, 13]
PIVOT = np.array([3355.0, 4328.0, 8045.0])  # Angstrom; F435W and F814W of ACS
AGE, MASS, REDDENING, FILTERS, CLASS = 16, 19, 22, 32, 33
MODULUS = 29.98
NOTHING = 40.0  # 44.444, 66.666 and 99.999 mark magnitudes that are none
BINS = (6.6, 7.0, 7.3, 7.7, 8.0, 8.3, 8.7, 10.1)


def clusters(path):
    """Return magnitudes (n, band), log ages, masses and E(B-V) of clusters of class 1 and 2 that PARSEC has ages of."""
    table = np.loadtxt(path, delimiter=",")
    seen = (table[:, MAGNITUDES] < NOTHING).all(axis=1) & np.isin(table[:, CLASS], (1, 2)) & (table[:, FILTERS] >= 4)
    table = table[seen & (table[:, AGE] > 0) & (table[:, MASS] > 0)]
    age = np.log10(table[:, AGE])
    here = (age >= BINS[0] - 0.01) & (age <= BINS[-1])
    return table[here][:, MAGNITUDES], np.maximum(age[here], BINS[0]), table[here][:, MASS], table[here][:, REDDENING]


def mocked(log_age, mass, reddening, count, seed=1):
    """Return magnitudes (count, n, band) of drawn clusters."""
    table, imf, known = isochrones.load().of(BANDS), IMF.of(), {}
    found = np.empty((count, len(log_age), len(BANDS)))
    for i, (age, whole) in enumerate(zip(log_age.tolist(), mass.tolist(), strict=True)):
        population = known.setdefault(age, SSP(table.at(age), imf))
        random = draws.generator(seed, i, "legus")
        for k in range(count):
            stars, faint = population.drawn(whole, random)
            light = population.isochrone.luminosity(stars).sum(axis=0) + faint * population.faint
            found[k, i] = -2.5 * np.log10(light) + MODULUS + calzetti(PIVOT) * reddening[i]
    return found


def compared(path, count):
    """Return the offset, the medians left (band,), those of the bins, and scatters of LEGUS and of mocks (band,)."""
    magnitude, age, mass, reddening = clusters(path)
    mocks = mocked(age, mass, reddening, count)
    left = magnitude - mocks
    offset = float(np.median(left))
    medians = np.median(left, axis=(0, 1)) - offset
    bins = []
    for low, high in pairwise(BINS):
        here = (age >= low) & (age < high)
        bins.append((low, high, int(here.sum()), np.median(left[:, here], axis=(0, 1)) - offset))
    typical = np.median(mocks, axis=0)
    spread = [1.48 * np.median(np.abs(part - np.median(part, axis=0)), axis=0) for part in
              (magnitude - typical, (mocks - typical).reshape(-1, len(BANDS)))]  # fmt: skip
    return offset, medians, bins, spread


def main(path, count):
    offset, medians, bins, (real, mock) = compared(path, count)
    print(f"{sum(n for *_, n, _ in bins)} clusters of class 1 and 2, {count} draws each; offset {offset:+.3f} mag")
    print(" " * 22, *(f"{band:>7}" for band in BANDS))
    print("median left           ", *(f"{value:+7.3f}" for value in medians))
    for low, high, n, left in bins:
        print(f"log age {low:4.1f}-{high:4.1f} n {n:3}", *(f"{value:+7.3f}" for value in left))
    print("scatter of LEGUS      ", *(f"{value:7.3f}" for value in real))
    print("scatter of the mocks  ", *(f"{value:7.3f}" for value in mock))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path")
    parser.add_argument("--draws", type=int, default=20)
    main(*vars(parser.parse_args()).values())
