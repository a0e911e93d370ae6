"""The population of galaxies: fitted to zCOSMOS galaxies, written to src/skycnn/populations/field.npz, and compared.

    python examples/recipes/cosmos_population.py            (some 5 minutes; --check only compares what ships)

Every galaxy of the training tiles is fitted at its true redshift by a mixture of the library's spectra with dust and
lines. Markov chains give one sample of each galaxy's parameters, a Gaussian mixture is fitted to these given redshift
and luminosity, it is the prior of the next chains, and so on: stochastic expectation-maximisation (Celeux & Diebolt
1985). Zero points, scatter beyond the quoted errors and its correlation among bands are found with it. What ships are
means and covariances of 12 components and curves, no galaxy. Every fourth tile is never seen; the tables are about it.
"""

import argparse
import warnings
import zlib
from pathlib import Path

import numpy as np
from astropy.io import fits
from scipy.stats import ks_2samp

from skycnn import survey
from skycnn.baselines import Forest
from skycnn.simulate import census, fluxtable, seds
from skycnn.simulate.observation import LEVELS, ZERO_POINT
from skycnn.simulate.population import Population, luminosity

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
TARGET = ROOT / "src" / "skycnn" / "populations" / "field.npz"
BANDS = ("NUV", "U", "B", "G", "V", "R", "I", "Z", "J", "K")
# Corrections that Ilbert et al. 2009 (ApJ 690, 1236) and others found against templates: where the offsets start from.
PUBLISHED = np.array([0, 0.2, -0.14, 0.14, 0, 0, 0, 0, 0.15, 0])
NODES = np.array([17.8, 19.1, 20.1, 20.9, 21.5, 22.0, 22.35, 22.65])  # I, of offsets, scatter and lost light
COMPONENTS, STEPS, MOVES = 16, 60, 25
ROBUST = 5.0  # degrees of freedom of the residuals in the fit
LEAST = 0.005  # scatter of a band beyond its quoted errors
# The chains cannot tell all noise from diversity, and the mixture holds part of it: with the scatter as fitted, colours
# at a redshift scatter 1.3 times as much as the real ones. This share of it makes a forest as good as on the sky.
HONESTY = 0.48
OF_SCATTER = np.array([*[HONESTY] * 8, 0.9, 0.9])  # J and K, from other telescopes, scatter as fitted, nearly
OFFSETS = 4  # rounds in which the middle of the mocks' colours is brought to that of the training tiles
MIDDLE = (40, 50, 60)  # percentiles whose mean is the middle
RNG = np.random.default_rng(5)


def held_out(tiles):
    """Return whether each row's tile is one of the quarter that the fit never sees."""
    return np.array([zlib.crc32(str(int(tile)).encode()) % 4 == 0 for tile in tiles])


def read():
    """Return the shared sample: redshift, I, fluxes, errors and whether its tile is held out."""
    if not DATA.exists():
        raise SystemExit(f"There is no {DATA}, the folder of real galaxies that the population is fitted to")
    table = fits.getdata(DATA / "cosmos_galaxies.fits")
    mag, err = (np.stack([table[kind + b].astype(float) for b in BANDS], 1) for kind in ("MAG_", "ERR_"))
    flux = 10 ** (-0.4 * (mag - ZERO_POINT))
    held = held_out(table["TILE"])
    good = (table["Z"] > 0.01) & (np.isfinite(flux).sum(1) > 5)
    z, i, tile = (table[name].astype(float)[good] for name in ("Z", "ACS_F814W", "TILE"))
    return {
        "z": z,
        "i": i,
        "flux": flux[good],
        "error": (flux * err * np.log(10) / 2.5)[good],
        "held": held[good],
        "tile": tile,
    }


def templates(name, bands, z):
    """Return the library's fluxes (n, spectrum, band) at redshifts, and what E(B-V) of 1 takes of their logarithms."""
    table, none = fluxtable.of_survey(survey.load(name), bands), np.zeros(len(z))
    plain = table(z, none)
    return plain, np.log(np.maximum(plain, 1e-30) / np.maximum(table(z, none + 0.2), 1e-32)) / 0.2


class Model:
    """Fluxes of n galaxies as a function of their parameters: logits of the spectra, log lines, log E(B-V)."""

    def __init__(self, z, i):
        self.plain, self.dust = templates("cosmos", BANDS, z)
        self.spectra, self.total = self.plain.shape[1] - 1, 10 ** (-0.4 * (i - ZERO_POINT))

    def __call__(self, theta):
        """Return fluxes (n, band), microjansky."""
        weight = np.exp(theta[:, : self.spectra] - theta[:, : self.spectra].max(1, keepdims=True))
        weight = np.column_stack([weight / weight.sum(1, keepdims=True), np.exp(theta[:, self.spectra])])
        ebv = np.minimum(np.exp(theta[:, -1]), 2).astype("f4")[:, None]
        flux = np.zeros_like(self.plain[:, 0])
        for k in range(self.spectra + 1):
            flux += weight[:, k, None].astype("f4") * self.plain[:, k] * np.exp(-ebv * self.dust[:, k])
        flux = flux.astype(float)
        return np.maximum(flux[:, :-1] / flux[:, -1:] * self.total[:, None], 1e-9)


def fit(data):
    """Return mixture, offsets, scatter, its correlation, lost light and predicted fluxes of the training galaxies."""
    from sklearn.mixture import GaussianMixture

    z, i, flux, error = (data[name][~data["held"]] for name in ("z", "i", "flux", "error"))
    n, seen = len(z), np.isfinite(flux) & np.isfinite(error)
    flux, error = np.where(seen, flux, 1), np.where(seen, error, 1)
    model, y = Model(z, i), luminosity(i, z)
    middle = np.r_[np.zeros(model.spectra), -0.5, -2.3]
    spread = np.r_[np.ones(model.spectra), 0.4, 0.4]
    theta = middle + 0.3 * RNG.normal(size=(n, len(middle)))
    share = np.stack([np.interp(i, NODES, row) for row in np.eye(len(NODES))], 1)  # (n, node)
    offset, scatter = np.tile(PUBLISHED[:, None], len(NODES)), np.full((len(BANDS), len(NODES)), 0.05)
    correlation, calm, scale, mixture = np.eye(len(BANDS)), np.ones((n, len(BANDS))), np.full(n, 0.6), None
    level = np.nanmedian(np.where(seen, flux / model(theta), np.nan), 1)
    for step in range(STEPS):
        off = 10 ** (-0.4 * share @ offset.T)
        expected = np.maximum(model(theta) * off * level[:, None], 1e-7)
        sigma = np.where(seen, np.hypot(error / expected, share @ scatter.T) / np.sqrt(calm), 1e3)
        inverse = np.linalg.inv(sigma[:, :, None] * correlation * sigma[:, None, :])
        observed = np.where(seen, flux / expected, 1)

        def likelihood(theta, off=off, expected=expected, inverse=inverse, observed=observed):
            m = model(theta) * off / expected
            im = np.einsum("nij,nj->ni", inverse, m)
            mm = (im * m).sum(1)
            amplitude = (im * observed).sum(1) / mm  # free, for light is lost in all bands alike
            r = observed - amplitude[:, None] * m
            return -0.5 * np.einsum("ni,nij,nj->n", r, inverse, r) - 0.5 * np.log(mm), amplitude, m

        if mixture is None:
            chosen = None
            precision = np.tile(np.diag(1 / spread**2), (n, 1, 1))
        else:
            chance = mixture.predict_proba(np.hstack([y, theta])).cumsum(1)
            chosen = (chance > RNG.random((n, 1))).argmax(1)
            precision = mixture.precisions_[:, 2:, 2:][chosen]

        def prior(theta, chosen=chosen, mixture=mixture):
            if mixture is None:
                return -0.5 * (((theta - middle) / spread) ** 2).sum(1)
            away = np.hstack([y, theta]) - mixture.means_[chosen]
            return -0.5 * (np.einsum("ni,nij->nj", away, mixture.precisions_cholesky_[chosen]) ** 2).sum(1)

        here, amplitude, m = likelihood(theta)
        slope = np.empty((n, theta.shape[1], len(BANDS)))
        for k in range(theta.shape[1]):
            near = theta.copy()
            near[:, k] += 0.02
            slope[:, k] = (model(near) * off / expected - m) / 0.02 * amplitude[:, None]
        si = np.einsum("nib,nbc->nic", slope, inverse)
        m = m * amplitude[:, None]
        along = np.einsum("nic,nc->ni", si, m)
        curve = np.einsum("nic,njc->nij", si, slope) + precision
        curve -= along[:, :, None] * along[:, None] / np.einsum("nb,nbc,nc->n", m, inverse, m)[:, None, None]
        covariance = np.linalg.inv(curve + 1e-4 * np.eye(theta.shape[1]))
        factor = np.linalg.cholesky((covariance + covariance.transpose(0, 2, 1)) / 2)
        here = here + prior(theta)
        for _ in range(MOVES):  # random walks, steps scaled to accept a quarter (Roberts et al. 1997)
            jump = np.einsum("nij,nj->ni", factor, RNG.normal(size=theta.shape))
            new = theta + scale[:, None] * 2.4 / np.sqrt(theta.shape[1]) * jump
            there = likelihood(new)[0] + prior(new)
            taken = np.log(RNG.random(n)) < there - here
            theta[taken], here[taken] = new[taken], there[taken]
            scale = np.clip(scale * np.exp(0.1 * (taken - 0.25)), 0.05, 2)
        _, level, _ = likelihood(theta)
        expected = model(theta) * off * level[:, None]
        residual = np.where(seen, flux / expected - 1, np.nan)
        quoted = error / expected
        clear = seen & (quoted < 0.15)
        pull = np.nan_to_num(residual / np.hypot(quoted, share @ scatter.T))
        calm = np.where(seen, RNG.gamma((ROBUST + 1) / 2, 2 / (ROBUST + pull**2)), 1)
        for b in range(len(BANDS)):
            for k in range(len(NODES)):
                rows = clear[:, b] & (share[:, k] > 0.25)
                if rows.sum() < 15:
                    continue
                near, r = share[rows, k], residual[rows, b]
                offset[b, k] -= 2.5 * np.log10(1 + np.median(r)) * 0.5
                power = (near * calm[rows, b] * (r - np.median(r)) ** 2).sum() - (near * quoted[rows, b] ** 2).sum()
                scatter[b, k] = np.sqrt(0.7 * scatter[b, k] ** 2 + 0.3 * max(power / near.sum(), LEAST**2))
        offset = settled(offset, share)
        if step >= 10:
            correlation = correlated(np.where(clear, pull * np.sqrt(calm), np.nan), correlation)
        if step >= 5:
            start = {} if mixture is None else {"means_init": mixture.means_, "weights_init": mixture.weights_}
            if mixture is not None:
                start["precisions_init"] = mixture.precisions_
            mixture = GaussianMixture(COMPONENTS, reg_covar=5e-4, max_iter=15, random_state=1, **start)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it has not converged: the next step goes on
                mixture.fit(np.hstack([y, theta]))
        if step % 10 == 9:
            print(f"step {step + 1:3}  log likelihood {here.mean():.2f}  offsets", (share @ offset.T).mean(0).round(2))
    lost = -2.5 * np.log10(level)
    return mixture, offset, scatter, correlation, lost, expected


def settled(offset, share):
    """Return offsets whose means are drawn to the published ones, and V, R, Z together to none, for dust is free."""
    mean = (share @ offset.T).mean(0)
    slope = 0.97 * (offset - mean[:, None])
    slope -= slope[[4, 5, 7]].mean(0)
    mean = PUBLISHED + 0.85 * (mean - PUBLISHED)
    return slope + (mean - mean[4:8].mean())[:, None]


def correlated(pull, before):
    """Return the correlation of standardised residuals among bands, joined with what it was before."""
    found = np.ma.corrcoef(np.ma.masked_invalid(np.clip(pull, -4, 4)), rowvar=False).data
    values, vectors = np.linalg.eigh(0.7 * before + 0.3 * found)
    whole = (vectors * np.maximum(values, 0.02)) @ vectors.T
    unit = np.sqrt(np.diag(whole))
    return whole / unit / unit[:, None]


def success(data):
    """Return log of sample over population at nodes in I and log(1 + z), both smoothed."""
    i, x = data["i"][~data["held"]], np.log1p(data["z"][~data["held"]])
    nodes = np.arange(15.75, 24.01, 0.25), np.arange(0.01, 1.05, 0.02)
    near = [
        np.exp(-0.5 * ((node[:, None] - at) / s) ** 2) for node, at, s in zip(nodes, (i, x), (0.2, 0.02), strict=True)
    ]
    density = near[0] @ near[1].T
    fine = np.arange(0.005, np.log(5), 0.005)
    there = np.stack([np.interp(nodes[1], fine, row) for row in census.expected(nodes[0], fine)])
    ratio = (density + 1e-9 * density.max()) / (there + 1e-3 * there.max(1, keepdims=True))
    return *nodes, np.maximum(np.log(ratio / ratio.max()), -25)


def habits(data, expected):
    """Return quoted errors by magnitude, their spread, and the share of missing values, at nodes in each band."""
    flux, error = data["flux"][~data["held"]], data["error"][~data["held"]]
    place, parts = ZERO_POINT - 2.5 * np.log10(expected), np.array([0, 4, 12, 25, 42, 60, 78, 93, 100])
    found = np.zeros((4, len(BANDS), len(parts) - 1))
    for b in range(len(BANDS)):
        seen = np.isfinite(flux[:, b])
        edges = np.percentile(place[:, b], parts)
        for k in range(len(parts) - 1):
            rows = (place[:, b] >= edges[k]) & (place[:, b] <= edges[k + 1])
            middle = np.median(place[rows, b])
            log = np.log10(error[rows & seen, b])
            line = np.polyfit(place[rows & seen, b] - middle, log, 1)
            rest = log - np.polyval(line, place[rows & seen, b] - middle)
            spread = np.subtract(*np.percentile(rest, [84, 16])) / 2
            found[:, b, k] = middle, line[1] + np.median(rest), spread, 1 - seen[rows].mean()
    return found


def lost_light(i, lost):
    """Return quantiles of lost light at the nodes in I."""
    levels = 100 * np.clip(LEVELS, 0.005, 0.995)
    count = [max(150, min(700, int((np.abs(i - node) < 0.25).sum()))) for node in NODES]
    return [np.percentile(lost[np.argsort(np.abs(i - node))[:c]], levels) for node, c in zip(NODES, count, strict=True)]


def calibrated(data, kept):
    """Return offsets with which the mocks' median colours are those of the training tiles, at every node in I."""
    i, flux = data["i"][~data["held"]], data["flux"][~data["held"]]
    for _ in range(OFFSETS):
        write(kept)
        mock, seen, _ = mocks(60_000, 11)
        for k, node in enumerate(NODES):
            real, ours = (
                np.nanpercentile(np.diff(mags(f[np.argsort(np.abs(m - node))[:count]]), axis=1), MIDDLE, axis=0).mean(0)
                for m, f, count in ((i, flux, 500), (mock["MAG_I"], seen, 4000))
            )
            wrong = np.concatenate([[0], np.cumsum(real - ours)])  # of each band against the first
            kept["cosmos_offset"][:, k] += wrong - wrong[[4, 5, 7]].mean()
    return kept


def mags(flux):
    return ZERO_POINT - 2.5 * np.log10(flux)


def write(kept):
    half = ("success_log",)
    np.savez_compressed(
        TARGET, **{k: v if v.dtype.kind == "U" else v.astype("f2" if k in half else "f4") for k, v in kept.items()}
    )
    Population.load.cache_clear()


def mocks(n, seed):
    population, cosmos = Population.load(), survey.load("cosmos")
    galaxies = population.draw(cosmos, BANDS, seed, np.arange(n), "cosmos")
    return galaxies.truth, *population.observe(cosmos, BANDS, galaxies, seed)


def distance(a, b):
    """Return the Kolmogorov-Smirnov distance of what is finite."""
    return ks_2samp(a[np.isfinite(a)], b[np.isfinite(b)]).statistic


def check(data, forest=True):
    """Print the tables: mocks against tiles that the fit never saw, beside the training tiles against the same."""
    held = data["held"]
    truth, flux, error = mocks(40_000, 7)
    real, ours = mags(data["flux"]), mags(flux)
    rows = [("z", truth["Z"], data["z"], 0.09), ("I", truth["MAG_I"], data["i"], 0.05)]
    rows += [
        (f"{BANDS[b]}-{BANDS[b + 1]}", ours[:, b] - ours[:, b + 1], real[:, b] - real[:, b + 1], 0.08)
        for b in range(len(BANDS) - 1)
    ]
    print("Kolmogorov-Smirnov distance to held-out tiles\n         mock   training  asked")
    for name, a, b, asked in rows:
        print(f"{name:8}{distance(a, b[held]):6.3f}  {distance(b[~held], b[held]):6.3f}    {asked:.2f}")
    shapes = fits.getdata(DATA / "galaxies" / "real_galaxy_23.5_500_fits.fits")
    everything = Population.load().draw(survey.load("cosmos"), [], 7, np.arange(400_000), "all").truth
    like = (everything["MAG_I"] < 23.5) & (everything["MAG_I"] > 18)
    for name, a, b, asked in (
        ("R_E", everything["R_E"], shapes["sersicfit"][:, 1] * 0.03, "0.10"),
        ("q", everything["AXIS_RATIO"], shapes["sersicfit"][:, 3], ""),
        ("I<23.5", everything["MAG_I"], shapes["mag_auto"], ""),
        ("z|I<23.5", everything["Z"], shapes["zphot"], ""),
    ):
        print(f"{name:8}{distance(a[like], b.astype(float)):6.3f}  (500 fits)  {asked}")
    print("log10 galaxies a magnitude and square degree, drawn and published (Weaver et al. 2022)")
    whole = Population.load().draw(survey.load("csst"), [], 1, np.arange(400_000), "all").truth["MAG_I"]
    area = len(whole) / Population.load().density() / 3600
    for k, published in enumerate(census.COUNTS[6:15]):
        low = 22 + 0.5 * k
        drawn = np.log10(((whole > low) & (whole <= low + 0.5)).sum() / area / 0.5)
        print(f"I {low + 0.25:.2f}  {drawn:.2f}  {published:.2f}")
    faint()
    if forest:
        use = [BANDS.index(b) for b in ("NUV", "U", "B", "V", "G", "R", "I", "Z", "J")]
        n = len(data["z"])
        tiles = np.array([zlib.crc32(f"fold {int(tile)}".encode()) % 5 for tile in data["tile"]])
        print("forest, five folds:  sigma_NMAD  outliers %")
        print("real    ", *score(data["flux"][:, use], data["error"][:, use], data["z"], tiles))
        for k in range(3):
            part = slice(k * n, (k + 1) * n)
            print("mock    ", *score(flux[part][:, use], error[part][:, use], truth["Z"][part], np.arange(n) % 5))


def faint():
    """Print median colours and redshifts of faint galaxies beside 100 real ones with photometry of HSC."""
    edges = {"g": (4020, 5440), "r": (5430, 6940), "i": (6990, 8490), "z": (8550, 9310), "y": (9380, 10650)}
    none = dict.fromkeys(edges, 1.0)
    low, high = ({band: float(edge[k]) for band, edge in edges.items()} for k in (0, 1))  # Kawanomoto et al. 2018
    hsc = survey.Survey("hsc", "HSC", tuple(edges), 0.17, none, none, none, none, low=low, high=high)
    drawn = Population.load().draw(hsc, hsc.bands, 3, np.arange(200_000), "all")
    mock = mags(np.maximum(drawn.light.flux.sum(1), 1e-9))
    folder, name = DATA / "galaxies", "real_galaxy_catalog_26_extension_example"
    i, table = fits.getdata(folder / f"{name}.fits")["MAG"], fits.getdata(folder / f"{name}_fits.fits")
    real = np.stack([table[f"HSC_{band}"].astype(float) for band in edges], 1)
    print("median g-r r-i i-z z-y and z: mocks, real")
    for bright, limit in ((22, 24.3), (24.3, 25.2), (25.2, 26)):
        for m, at, z in ((mock, drawn.truth["MAG_I"], drawn.truth["Z"]), (real, i, table["ZPHOT"])):
            rows = (at > bright) & (at <= limit)
            colours = " ".join(f"{x:.2f}" for x in np.median(-np.diff(m[rows], axis=1), 0))
            print(f"I {bright}-{limit} {colours}  {np.median(z[rows]):.2f}")


def score(flux, error, z, fold):
    answer = np.empty(len(z))
    for k in range(5):
        forest = Forest()
        rest, own = ({"flux": flux[rows], "error": error[rows]} for rows in (fold != k, fold == k))
        forest.fit(rest, z[fold != k])
        answer[fold == k] = forest.answer(own).value
    away = answer - z
    nmad = 1.48 * np.median(np.abs(away - np.median(away)) / (1 + z))
    return f"{nmad:10.4f}", f"{100 * np.mean(np.abs(away) / (1 + z) > 0.15):9.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare what ships with the sky")
    only_check = parser.parse_args().check
    data = read()
    if not only_check:
        mixture, offset, scatter, correlation, lost, expected = fit(data)
        magnitude, log_distance, log_success = success(data)
        place, quoted, spread, missing = habits(data, expected)
        kept = {
            "weight": mixture.weights_,
            "mean": mixture.means_,
            "covariance": mixture.covariances_,
            "success_magnitude": magnitude,
            "success_distance": log_distance,
            "success_log": log_success,
            "cosmos_bands": np.array(BANDS),
            "cosmos_total": NODES,
            "cosmos_offset": offset,
            "cosmos_scatter": OF_SCATTER[:, None] * scatter,
            "cosmos_honesty": np.array(HONESTY),
            "cosmos_correlation": correlation,
            "cosmos_lost": np.array(lost_light(data["i"][~data["held"]], lost)),
            "cosmos_magnitude": place,
            "cosmos_error": quoted,
            "cosmos_spread": spread,
            "cosmos_missing": missing,
        }
        kept = calibrated(data, kept)
        write(kept)
        print(f"{TARGET.name}: {TARGET.stat().st_size / 1000:.0f} kB, spectra", *seds.load().names)
        print("offsets at I = 21.5", *(f"{b} {x:.2f}" for b, x in zip(BANDS, kept["cosmos_offset"][:, 4], strict=True)))
        print(
            "scatter at I = 21.5", *(f"{b} {x:.3f}" for b, x in zip(BANDS, kept["cosmos_scatter"][:, 4], strict=True))
        )
    check(data)


if __name__ == "__main__":
    main()
