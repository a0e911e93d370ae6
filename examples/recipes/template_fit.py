"""Fit the spectra that mocks are made of to mocks: redshifts as well as the fluxes can tell, beside the networks'.

    python examples/recipes/template_fit.py STAMPS OUT [--survey csst] [--selection paper] [--library N] [--seed N]

The grid is a draw of the population itself: N galaxies of the selection with all their spectra, dust, lines, redshifts
and magnitudes, as often as the sky has them, which is the prior; another seed than the mocks', and no noise. Each is
compared with a galaxy's fluxes at an amplitude of its own, near 1. The answer is Bayes': the median of the redshifts,
each weighed by its likelihood. OUT is the table of STAMPS with Z_TEMPLATE and the ends of its 68 % interval, for
``skycnn score OUT --baseline Z_TEMPLATE``.
"""

import argparse

import numpy as np
import torch
from astropy.io import fits
from astropy.table import Table

from skycnn import survey as surveys
from skycnn.simulate.mocks import Mocks
from skycnn.simulate.noiselevel import NoiseLevel
from skycnn.simulate.recipe import Recipe
from skycnn.tasks import photoz

AMPLITUDE = 0.1
"""Scatter of the amplitude about 1: the distance in brightness at which the library's galaxies are alike."""
SOFT = 0.02
"""Relative error that fluxes have at least, that of colours between the library's galaxies."""
BLOCK, PART = 16384, 256
LEVELS = (0.16, 0.5, 0.84)


def library(
    survey: surveys.Survey, bands: tuple[str, ...], count: int, seed: int, selection: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return noiseless aperture fluxes (n, band) and redshifts of galaxies that a survey may see, by redshift."""
    mock, flux, redshift = photoz.mock(), [], []
    level = NoiseLevel.of(mock.noises.get(selection, survey.noise), survey)
    photometry = Mocks(Recipe(survey, bands, seed, selection, mock.draw, noise=level)).photometry
    cut = mock.cuts[selection]
    judged = [bands.index(band) for band in cut.bands]
    block = 0
    while sum(map(len, redshift)) < count:
        galaxies = mock.draw(survey, bands, seed, block * BLOCK + np.arange(BLOCK), selection)
        seen = galaxies.light.expected(photometry)
        kept = (seen.flux[:, judged] > 0.6 * cut.above * seen.error[:, judged]).any(axis=1)
        flux.append(seen.flux[kept])
        redshift.append(galaxies.truth["Z"][kept])
        block += 1
    order = np.argsort(np.concatenate(redshift), kind="stable")
    return np.concatenate(flux)[order], np.concatenate(redshift)[order]


def fitted(flux: np.ndarray, error: np.ndarray, model: np.ndarray, redshift: np.ndarray) -> np.ndarray:
    """Return 16th, 50th and 84th percentiles (n, 3) of the redshift, given fluxes and errors (n, band)."""
    models, squares = (torch.from_numpy(np.ascontiguousarray(part.T, np.float32)) for part in (model, model**2))
    found = []
    for first in range(0, len(flux), PART):
        seen = torch.from_numpy(flux[first : first + PART].astype(np.float32))
        weight = 1 / (torch.from_numpy(error[first : first + PART].astype(np.float32)) ** 2 + (SOFT * seen) ** 2)
        cross, power = (weight * seen) @ models, weight @ squares
        about = AMPLITUDE**-2
        amplitude = (cross + about) / (power + about)
        chance = cross.mul_(amplitude).mul_(2).sub_(power.mul_(amplitude**2)).sub_(about * (amplitude - 1) ** 2)
        total = torch.softmax(chance / 2, 1).double().cumsum(1)
        place = torch.searchsorted(total, torch.tensor(LEVELS).double().expand(len(total), 3).contiguous())
        found.append(redshift[place.clamp_(max=len(redshift) - 1).numpy()])
    return np.concatenate(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stamps")
    parser.add_argument("out")
    parser.add_argument("--survey", default="csst")
    parser.add_argument("--selection", default="paper")
    parser.add_argument("--library", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=1_000_003)
    args = parser.parse_args()
    with fits.open(args.stamps, memmap=True) as file:
        bands, table = tuple(file[0].header["BANDS"].split()), Table(file["CATALOGUE"].data)
    survey = surveys.load(args.survey)
    model, redshift = library(survey, bands, args.library, args.seed, args.selection)
    flux, error = (np.column_stack([table[f"{stem}_{band.upper()}"] for band in bands]) for stem in ("FLUX", "FLUXERR"))
    answer = fitted(flux, error, model, redshift)
    for name, values in zip(("Z_TEMPLATE_LO", "Z_TEMPLATE", "Z_TEMPLATE_HI"), answer.T, strict=True):
        table[name] = values.astype(np.float32)
    table.write(args.out, overwrite=True)
    away = (table["Z_TEMPLATE"] - table["Z_TRUE"]) / (1 + table["Z_TRUE"])
    inside = np.mean((answer[:, 0] <= table["Z_TRUE"]) & (table["Z_TRUE"] <= answer[:, 2]))
    print(
        f"template fit: {len(redshift)} models of the population, amplitudes within {AMPLITUDE}, of {len(table)} rows:"
    )
    print(f"sigma_nmad {1.48 * np.median(np.abs(away - np.median(away))):.5f}", end=" ")
    print(f"outliers {np.mean(np.abs(away) > 0.15):.5f} 68 % coverage {inside:.3f}")


if __name__ == "__main__":
    main()
