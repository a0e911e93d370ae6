"""Galaxies of clusters and of the field, fitted to redMaPPer's tables of SDSS DR8, and the mocks compared with them.

    python examples/recipes/clustermass_realism.py [FOLDER] [--fit]        (half a minute; --fit a minute more)

FOLDER holds the tables (default: ../shared/data/clusters). With --fit the numbers of redsequence.py are
printed and src/skycnn/populations/clusterfield.npz is written; else what ships is compared, asked beside measured.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from astropy.table import Table
from scipy.stats import ks_2samp

from skycnn import redsequence
from skycnn.redsequence import characteristic
from skycnn.simulate import draws, fieldgalaxies, fluxtable, richness
from skycnn.survey import load

SHARED = Path(__file__).parents[3] / "shared" / "data" / "clusters"
CELLS = ("dr8_test_galaxies_0009768.fit", "dr8_test_galaxies_0010050.fit")
CELL = 3.357174580832657 / 16  # square degrees; the area of the master table, and its cells
SOFTENING = np.array([1.4e-10, 0.9e-10, 1.2e-10, 1.8e-10, 7.4e-10])  # of SDSS's asinh magnitudes
DIFFERENCE = np.eye(4, 5) - np.eye(4, 5, 1)  # colours of magnitudes
NAMES = ("u-g", "g-r", "r-i", "i-z")
PROBABLE = 0.7  # of the galaxies taken for red
FAINT_U = 0.15  # mag; where u is noisier, its noise is not normal
COPIES = 20  # mocks of each galaxy
SEED = 16


def rows(folder, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # units that FITS does not know
        return Table.read(folder / name, hdu=1)


def read(folder, name):
    """Return magnitudes, errors (n, 5) and the whole of a table."""
    table = rows(folder, name)
    return np.array(table["MAG"], float), np.array(table["MAG_ERR"], float), table


def column(table, name):
    return np.array(table[name], float)


def colour_noise(error):
    """Return covariances (n, 4, 4) of colours for errors (n, 5) of magnitudes."""
    return np.einsum("kb,nb,lb->nkl", DIFFERENCE, error**2, DIFFERENCE)


def expected_error(magnitude, error, u_g):
    """Return errors (n, 5) of the fluxes expected of u and z, from g and i; those quoted follow the noise in u and z.

    Where a colour is far from what is expected it is left out, with an error of 30 mag.
    """
    off = np.zeros_like(magnitude)
    off[:, 0], off[:, 4] = magnitude[:, 1] + u_g - magnitude[:, 0], magnitude[:, 3] - 0.33 - magnitude[:, 4]
    return np.where(np.abs(off) > (2.5, 1, 1, 1, 1.2), 30, np.minimum(error * 10 ** (0.4 * off), 1.5))


# The red sequence


def red_sample(folder):
    """Return magnitudes, errors, redshift and i of the galaxies that calibrated the red sequence."""
    magnitude, error, table = read(folder, "test_dr8_trainredseq_gals.fit")
    red = column(table, "P") > PROBABLE
    return magnitude[red], error[red], column(table, "Z")[red], column(table, "REFMAG")[red]


def design(redshift, reference):
    """Return the terms (n, 6) that redsequence.COLOUR multiplies."""
    x = (np.clip(redshift, *redsequence.FITTED) - 0.2) / 0.1
    bent = (np.clip(redshift, *redsequence.STEEPENING) - 0.15) / 0.05
    fainter = np.clip(reference - characteristic(redshift), -redsequence.MAGNITUDES, redsequence.MAGNITUDES)
    return np.stack([np.ones_like(x), x, x**2, x**3, fainter, fainter * bent], axis=1)


def fit_red(folder):
    """Fit COLOUR and SCATTER: least squares for the means, expectation and maximisation for the scatter.

    Beyond z = 0.2 galaxies whose redshift is the sequence's own join, for the means; beyond 0.3, below 0.1, and of u-g
    above 0.2, points that follow the oldest spectrum's change of colour from where galaxies end.
    """
    magnitude, error, redshift, reference = red_sample(folder)
    error = expected_error(magnitude, error, 1.95)
    error[error[:, 0] > FAINT_U, 0] = 30
    far, far_error, table = read(folder, "test_dr8_gals_with_zred.fit")
    z_far, i_far = column(table, "ZRED"), column(table, "REFMAG")
    taken = (z_far > 0.2) & (z_far < 0.3) & (column(table, "CHISQ") < 5)
    taken &= i_far < characteristic(np.maximum(z_far, 0.05)) + 1.5
    far, far_error, z_far, i_far = far[taken], far_error[taken], z_far[taken], i_far[taken]
    far_error[:, 0] = 50
    at = np.array([0.30, 0.32, 0.34, 0.36, 0.06, 0.08])
    anchor = np.array([[0.20, 0.27, 0.27, 0.27]] * 4 + [[0.12] * 4] * 2)
    grid = np.arange(0.04, 0.40, 0.02)
    old = fluxtable.of_survey(load("sdss"), list("ugriz"))(grid, np.zeros_like(grid))[:, 0, :5]
    old = -2.5 * np.log10(old.astype(float)) @ DIFFERENCE.T
    change = np.stack([np.interp(at, grid, c) - np.interp(a, grid, c) for c, a in zip(old.T, anchor.T, strict=True)], 1)
    n = len(redshift)
    terms = np.concatenate([design(redshift, reference), design(z_far, i_far), design(at, characteristic(at))])
    seen = np.concatenate([magnitude @ DIFFERENCE.T, far @ DIFFERENCE.T])
    noise = np.concatenate([colour_noise(error), colour_noise(far_error), np.zeros((len(at), 4, 4))])
    scatter, target = np.diag([0.15, 0.04, 0.02, 0.03]) ** 2, np.zeros((len(at), 4))
    for _ in range(80):
        spread = np.repeat(scatter[None], len(terms), axis=0)
        spread[-len(at) :] = np.eye(4) * 0.01**2
        weight = np.linalg.inv(spread + noise)
        normal = np.einsum("ni,nkl,nj->kilj", terms, weight, terms)
        normal[0, 5, 0, 5] += 1e6  # one slope of u-g for all redshifts
        right = np.einsum("ni,nkl,nl->ki", terms, weight, np.concatenate([seen, target]))
        found = np.linalg.solve(normal.reshape(24, 24), right.ravel()).reshape(4, 6)
        target = np.stack([design(a, characteristic(a)) @ f for a, f in zip(anchor.T, found, strict=True)], 1) + change
        gain = scatter @ weight[:n]
        mean = np.einsum("nkl,nl->nk", gain, seen[:n] - terms[:n] @ found.T)
        scatter = (mean.T @ mean + (scatter - gain @ scatter).sum(axis=0)) / n
    print(f"red galaxies: {n} of known redshift, {len(z_far)} on the sequence at z = 0.2-0.3")
    print("COLOUR =", found.round(4).tolist())
    print("SCATTER =", scatter.round(6).tolist())
    return found


def fit_blue(folder, red):
    """Fit BLUER and BLUE_SCATTER to galaxies of known redshift that are 0.15 mag bluer in g - r than red ones."""
    magnitude, error, table = read(folder, "test_dr8_trainred_gals.fit")
    redshift = column(rows(folder, "test_dr8_trainred_spec.fit"), "Z")
    reference = column(table, "REFMAG")
    off = magnitude @ DIFFERENCE.T - design(redshift, reference) @ red.T
    blue = (off[:, 1] < -0.15) & (error[:, 0] < 0.3) & (np.abs(off) < 2).all(axis=1)
    fainter = np.clip(reference - characteristic(redshift), -2, 2)[blue]
    terms = np.stack([np.ones_like(fainter), fainter], axis=1)
    found = np.linalg.lstsq(terms, off[blue], rcond=None)[0]
    scatter = np.cov((off[blue] - terms @ found).T) - colour_noise(error[blue]).mean(axis=0)
    print(f"blue galaxies: {blue.sum()}")
    print("BLUER =", found.round(3).tolist())
    print("BLUE_SCATTER =", scatter.round(5).tolist())


# The field


def field_sample(folder):
    """Return magnitudes, errors (n, 5) and i of the galaxies of both cells that have good photometry."""
    parts = [read(folder, name) for name in CELLS]
    magnitude, error = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    flags, reference = (np.concatenate([column(part[2], name) for part in parts]) for name in ("FLAGGED", "REFMAG"))
    good = (flags == 0) & (reference > 14.5) & (reference < 21) & (error[:, 3] < 0.3)
    good &= np.abs(magnitude[:, 3] - reference) < 1
    return magnitude[good], error[good], reference[good]


def fit_field(folder, components=6, starts=8):
    """Fit the mixture with each galaxy's errors taken out (Bovy, Hogg & Roweis 2011, AnApS 5, 1657); the best start."""
    magnitude, error, reference = field_sample(folder)
    error = expected_error(magnitude, error, 1.2)
    x = np.column_stack([reference, magnitude @ DIFFERENCE.T])
    noise = np.zeros((len(x), 5, 5))
    noise[:, 0, 0], noise[:, 1:, 1:] = 1e-4, colour_noise(error)
    best = max((mixture(x, noise, components, seed) for seed in range(starts)), key=lambda found: found[0])
    target = Path(__file__).parents[2] / "src" / "skycnn" / "populations" / "clusterfield.npz"
    np.savez_compressed(
        target, **dict(zip(("weight", "mean", "covariance"), (a.astype(np.float32) for a in best[1:]), strict=True))
    )
    print(f"field: {len(x)} galaxies; {target.name}: {target.stat().st_size / 1000:.1f} kB")


def mixture(x, noise, count, seed, steps=150):
    """Return the log likelihood, weights, means and covariances of a mixture of x (n, d) with noise (n, d, d)."""
    n, d = x.shape
    rng = np.random.default_rng(seed)
    mean = (x[rng.choice(n, count, replace=False)] + np.median(x, axis=0)) / 2
    covariance = np.repeat(np.diag([1.0, 0.3, 0.1, 0.02, 0.02])[None], count, axis=0)
    weight, last = np.full(count, 1 / count), -np.inf
    for _ in range(steps):
        log, at, left = np.empty((n, count)), [], []
        for k in range(count):
            inverse = np.linalg.inv(covariance[k] + noise)
            off = x - mean[k]
            log[:, k] = np.log(weight[k]) + np.linalg.slogdet(inverse)[1] / 2
            log[:, k] -= np.einsum("ni,nij,nj->n", off, inverse, off) / 2
            gain = covariance[k] @ inverse
            at.append(mean[k] + np.einsum("nij,nj->ni", gain, off))
            left.append(covariance[k] - gain @ covariance[k])
        top = log.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(log - top).sum(axis=1))
        share = np.exp(log - total[:, None])
        for k in range(count):
            part = share[:, k]
            weight[k] = part.mean()
            mean[k] = part @ at[k] / part.sum()
            off = at[k] - mean[k]
            covariance[k] = (off * part[:, None]).T @ off + np.einsum("n,nij->ij", part, left[k]) + 5e-4 * np.eye(d)
            covariance[k] /= part.sum() + 5
        if total.sum() - last < 0.05:
            break
        last = total.sum()
    return last, weight, mean, covariance


# The comparison


def line(what, asked, measured, holds):
    print(f"  {what:<58}{asked:>20}{measured:>12}  {'holds' if holds else 'FAILS'}")


def observed_colours(magnitude, error, rng):
    """Return the colours (n, 4) of SDSS's asinh magnitudes, for true magnitudes and errors of fluxes (n, 5)."""
    flux = 10 ** (-0.4 * magnitude) + error * rng.standard_normal(magnitude.shape)
    return (-2.5 / np.log(10) * (np.arcsinh(flux / (2 * SOFTENING)) + np.log(SOFTENING))) @ DIFFERENCE.T


def flux_error(magnitude, error):
    return error * np.log(10) / 2.5 * 10 ** (-0.4 * magnitude)


def local(colour, noise, redshift, reference, centre, start):
    """Return a colour at m* and a redshift, its slope with i, and its scatter beyond the noise, of galaxies near."""
    near = np.abs(redshift - centre) < 0.015
    terms = np.stack([np.ones(near.sum()), (reference - characteristic(redshift))[near], redshift[near] - centre], 1)
    seen, variance, scatter = colour[near], noise[near], start**2
    for _ in range(20):
        weight = 1 / (variance + scatter)
        found = np.linalg.solve((terms.T * weight) @ terms, terms.T @ (weight * seen))
        scatter = max(np.average((seen - terms @ found) ** 2 - variance, weights=weight**2), 1e-6)
    return found[0], found[1], np.sqrt(scatter)


def compare_red(folder):
    magnitude, error, redshift, reference = red_sample(folder)
    noise = np.einsum("nkk->nk", colour_noise(error))
    data = magnitude @ DIFFERENCE.T
    rng = draws.generator(SEED, 0, "red")
    z, i = np.tile(redshift, COPIES), np.tile(reference, COPIES)
    drawn = redsequence.draw(rng, z, i, np.zeros(len(z), bool))
    drawn = redsequence.magnitudes(np.tile(magnitude[:, 3], COPIES), drawn)
    mock = observed_colours(drawn, np.tile(flux_error(magnitude, error), (COPIES, 1)), rng)
    print(f"red sequence: {len(data)} galaxies with P > {PROBABLE}; {len(z)} mocks have their z, i and errors")
    for k, scatter_asked, allowed, values in (
        (1, 0.041, 0.02, (0.984, 1.077, 1.196)),
        (2, 0.021, 0.01, (0.416, 0.439, 0.466)),
    ):
        for centre, value in zip((0.115, 0.145, 0.18), values, strict=True):
            at, slope, scatter = local(mock[:, k], np.tile(noise[:, k], COPIES), z, i, centre, scatter_asked)
            line(f"{NAMES[k]} at z = {centre}", f"{value} +- {allowed}", f"{at:.3f}", abs(at - value) <= allowed)
            holds = abs(scatter / scatter_asked - 1) <= 0.3
            line("  scatter beyond the errors", f"{scatter_asked} +- 30 %", f"{scatter:.4f}", holds)
            if k == 1:
                line("  slope with i", "-0.032 to -0.017", f"{slope:.4f}", -0.032 <= slope <= -0.017)
    for low, high, allowed in ((0.1, 0.16, 0.08), (0.16, 0.2, 0.07)):
        here, there = (redshift > low) & (redshift < high), (z > low) & (z < high)
        for k, name in enumerate(NAMES):
            apart = ks_2samp(data[here, k], mock[there, k]).statistic
            what = f"KS of {name} at z = {low}-{high}, n = {here.sum()}"
            line(what, f"<= {allowed}", f"{apart:.3f}", apart <= allowed)


def compare_field(folder, area=40.0):
    field = fieldgalaxies.load()
    mocks = field.draw(draws.generator(SEED, 0, "field"), area)[0][:, 3]
    count = (mocks < 21).sum() / area
    print(f"field: {area:.0f} square degrees of mocks")
    line("galaxies a square degree brighter than i = 21", "4580 +- 10 %", f"{count:.0f}", abs(count / 4580 - 1) <= 0.1)
    magnitude, error, reference = field_sample(folder)
    print("  a square degree by i, the two cells of SDSS and the mocks:")
    for low, high in ((15, 16), (16, 17), (17, 18), (18, 19), (19, 20), (20, 20.5)):
        cells, drawn = (((i >= low) & (i < high)).sum() / a for i, a in ((reference, 2 * CELL), (mocks, area)))
        print(f"    {low}-{high:<5}{cells:8.0f}{drawn:8.0f}")
    rng = draws.generator(SEED, 1, "field")
    i = np.tile(reference, COPIES)
    colour = field.colours(i, rng.random(len(i)), rng.standard_normal((len(i), 4)))
    drawn = redsequence.magnitudes(np.tile(magnitude[:, 3], COPIES), colour)
    mock = observed_colours(drawn, np.tile(flux_error(magnitude, error), (COPIES, 1)), rng)
    data = magnitude @ DIFFERENCE.T
    print("  colours with the errors of the cells, medians of the cells and of mocks, and KS:")
    for low, high in ((14.5, 18.5), (18.5, 19.5), (19.5, 20.3), (20.3, 21)):
        here, there = (reference > low) & (reference < high), (i > low) & (i < high)
        print(f"    i = {low}-{high}, n = {here.sum()}:", end="")
        for k, name in enumerate(NAMES):
            apart = ks_2samp(data[here, k], mock[there, k]).statistic
            print(f"  {name} {np.median(data[here, k]):.2f} {np.median(mock[there, k]):.2f} {apart:.3f}", end="")
        print()


def compare_richness(folder, number=60000):
    table = rows(folder, "test_dr8_input_cluster_catalog.fit")
    z_real, real = column(table, "z_lambda"), column(table, "lambda")
    log_mass, redshift = richness.drawn(draws.uniform(SEED, np.arange(number), "cluster", 2))
    each = (draws.generator(SEED, row, "richness") for row in range(number))
    seen = np.array([richness.observed(rng, mass).observed for rng, mass in zip(each, log_mass.tolist(), strict=True)])
    rich = (real > richness.LEAST) & (z_real > 0.1) & (z_real < 0.3)
    print(f"richness: {rich.sum()} clusters of redMaPPer, {number} of mocks")
    for low, high, shares in ((0.1, 0.2, (0.436, 0.209)), (0.2, 0.3, (0.417, 0.189))):
        here, there = (redshift > low) & (redshift < high), rich & (z_real > low) & (z_real < high)
        for least, asked in zip((30, 40), shares, strict=True):
            share, of_table = (seen[here] > least).mean(), (real[there] > least).mean()
            what = f"N(>{least}) / N(>20) at z = {low}-{high}; of the table {of_table:.3f}"
            line(what, f"{asked} +- 20 %", f"{share:.3f}", abs(share / asked - 1) <= 0.2)
    far = [(z > 0.2).mean() / (z < 0.2).mean() for z in (redshift, z_real[rich])]
    print(f"  N(z = 0.2-0.3) / N(z = 0.1-0.2): mocks {far[0]:.2f}, table {far[1]:.2f}")
    near = 10 ** log_mass[np.abs(seen - 40) < 4]
    print(f"  mean M500c at a richness of 40: {near.mean() / 1e14:.2f}e14 solar masses (weak lensing: 1.6-1.7)")
    spread, low, high = log_mass.std(), (log_mass < 14.1).mean(), (log_mass > 14.8).mean()
    print(
        f"  log M500c: mean {log_mass.mean():.3f}, spread {spread:.3f} dex; {low:.3f} below 14.1, {high:.4f} above 14.8"
    )
    compare_act(folder, log_mass)


def compare_act(folder, log_mass):
    """Print the masses of ACT's clusters beside the mocks', as histograms alone: they carry no richness."""
    table = rows(folder, "act_E-D56.fits")
    known = column(table, "M500cCal") > 0
    near = known & (column(table, "z") < 0.35)
    act = 14 + np.log10(np.where(known, column(table, "M500cCal"), 1))
    edges = np.arange(14.0, 15.41, 0.1)
    shares = [
        100 * np.histogram(x, edges)[0] / np.count_nonzero(x > edges[0]) for x in (act[known], act[near], log_mass)
    ]
    print(f"masses: per cent by log M500c above 14.0; ACT ({known.sum()}), ACT at z < 0.35 ({near.sum()}), mocks")
    for low, *share in zip(edges, *shares, strict=False):
        print(f"    {low:.1f}-{low + 0.1:.1f}" + "".join(f"{value:8.1f}" for value in share))


def main(folder, fit):
    if fit:
        fit_blue(folder, fit_red(folder))
        fit_field(folder)
    print(f"{'':<60}{'asked':>20}{'measured':>12}")
    compare_red(folder)
    compare_field(folder)
    compare_richness(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SHARED)
    parser.add_argument("--fit", action="store_true")
    given = parser.parse_args()
    main(given.folder, given.fit)
