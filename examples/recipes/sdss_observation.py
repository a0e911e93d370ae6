"""The galaxies and the catalogue of SDSS: fitted, written to src/skycnn/populations/sdss.npz, and compared.

    python examples/recipes/sdss_observation.py [DATA]            (some 2 minutes; --check only compares what ships)

DATA is the table of SDSS galaxies that photoz_sdss_flux.py takes, and its split is that recipe's: everything is fitted
to training rows, and the tables that --check prints are about test rows. Main-sample (MGS) and BOSS rows have habits of
their own. Every galaxy is fitted at its true redshift by the library's spectra with dust and lines: one sample of its
parameters is taken out of draws from the Gaussian mixture, by their likelihoods, the mixture is fitted to all samples,
and so on, from COSMOS's mixture on. What ships are means and covariances of its components and curves, no galaxy.
"""

import argparse
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from astropy.table import Table
from cosmos_population import templates
from photoz_sdss_flux import DATA, LEAST_Z, split
from running import ROOT, skycnn
from scipy.ndimage import gaussian_filter
from scipy.optimize import nnls
from scipy.stats import ks_2samp

from skycnn import metrics, survey
from skycnn.baselines import Forest
from skycnn.simulate import census
from skycnn.simulate.mixture import Mixture
from skycnn.simulate.observation import LEVELS, ZERO_POINT
from skycnn.simulate.population import Population, luminosity

TARGET = ROOT / "src" / "skycnn" / "populations" / "sdss.npz"
BANDS = "ugriz"
PARTS = ("mgs", "boss")
POGSON = 2.5 / np.log(10)
I_OF_SDSS = -0.446  # times i - z, added to i, is F814W: of the library's galaxies at z < 0.8, to 0.014 mag
COMPONENTS, STEPS, DRAWS, BLOCK = 16, 12, 128, 1000
WIDER = (2.0, 2.0, 1.4, 1.4)  # factors on the mixture's covariance in the first steps: COSMOS's galaxies are others
ROBUST = 5.0  # degrees of freedom of the residuals, in the fit and in the mocks
GREY = 0.15  # freedom of a galaxy's light in all bands alike, dex of e: I is measured too
LEAST_HONEST, LEAST_SCATTER = 0.1, 0.005
NODES = {"mgs": (15.7, 16.2, 16.6, 16.9, 17.2), "boss": (17.2, 18.0, 18.7, 19.2, 19.6, 20.0, 20.4, 20.8, 21.4)}
ROUNDS, MIDDLE = 4, (40, 50, 60)  # in which the mocks' middle colours are brought to the training rows'
BIN, LEAST = 0.5, 50  # mag, rows of a bin in the table of errors
RNG = np.random.default_rng(5)


def read(path):
    """Return redshift, flux and error in microjansky, I, part and side of each galaxy."""
    table = Table.read(path)
    side = split(table)
    mag, err = (np.stack([table[f"{kind}_{b.upper()}"] for b in BANDS], 1).astype(float) for kind in ("MAG", "MAGERR"))
    flux = 10 ** (-0.4 * (mag - ZERO_POINT))
    data = {
        "z": np.asarray(table["Z_SPEC"], float),
        "mag": mag,
        "flux": flux,
        "error": flux * err / POGSON,  # of Pogson magnitudes: so read, BOSS's are the same at all magnitudes
        "i": mag[:, 3] + I_OF_SDSS * np.clip(mag[:, 3] - mag[:, 4], 0, 1),
        "part": np.array([PARTS.index(str(name).strip().lower()) for name in table["SAMPLE"]]),
        "side": side,
    }
    return taken(data, data["z"] >= LEAST_Z)


def taken(data, rows):
    return {name: values[rows] for name, values in data.items()}


class Fluxes:
    """Fluxes of galaxies at redshifts (n,) and of I (n,) as a function of draws (n, draw, parameter)."""

    def __init__(self, z, i):
        self.plain, self.dust = templates("sdss", BANDS, z)
        self.spectra, self.total = self.plain.shape[1] - 1, (10 ** (-0.4 * (i - ZERO_POINT))).astype("f4")

    def __call__(self, theta, rows):
        """Return (n, draw, band), microjansky."""
        weight = np.exp(theta[..., : self.spectra] - theta[..., : self.spectra].max(-1, keepdims=True))
        weight /= weight.sum(-1, keepdims=True)
        weight = np.concatenate([weight, np.exp(theta[..., self.spectra, None])], -1).astype("f4")
        ebv = np.minimum(np.exp(theta[..., -1, None]), 2).astype("f4")
        flux = sum(
            weight[..., k, None] * self.plain[rows, None, k] * np.exp(-ebv * self.dust[rows, None, k])
            for k in range(self.spectra + 1)
        )
        return np.maximum(flux[..., :-1] / flux[..., -1:], 1e-9) * self.total[rows, None, None]


def fit(data):
    """Return the mixture, and by part and band the offset, honesty and scatter; and expected fluxes and I."""
    from sklearn.mixture import GaussianMixture

    z, i, flux, error, part = (data[name] for name in ("z", "i", "flux", "error", "part"))
    n, model, y = len(z), Fluxes(z, i), luminosity(i, z)
    with np.load(TARGET.with_name("field.npz")) as field:
        mixture = Mixture(*(field[name].astype(float) for name in ("weight", "mean", "covariance")), 2)
    found, theta = None, None
    honesty, scatter, offset = np.array([[1.0] * 5, [0.4] * 5]), np.full((2, 5), 0.05), np.zeros((2, 5))
    expected, level = np.empty((n, 5)), np.empty(n)
    for step in range(STEPS):
        wider = np.ones_like(mixture.covariance[0])
        wider[2:, 2:] = WIDER[step] if step < len(WIDER) else 1
        wide = Mixture(mixture.weight, mixture.mean, mixture.covariance * wider, 2)
        new = np.empty((n, model.spectra + 2))
        for start in range(0, n, BLOCK):
            rows = slice(start, min(start + BLOCK, n))
            many = np.repeat(y[rows], DRAWS, 0)
            drawn = wide.draw(many, RNG.random(len(many)), RNG.normal(size=(len(many), new.shape[1])))
            drawn = drawn.reshape(-1, DRAWS, new.shape[1])
            if theta is not None:
                drawn[:, 0] = theta[rows]  # iterated resampling (Andrieu et al. 2010): a chain of each galaxy
            off = 10 ** (-0.4 * offset[part[rows]])[:, None]
            mean = model(drawn, rows) * off
            sigma = np.hypot((honesty[part[rows]] * error[rows])[:, None], scatter[part[rows]][:, None] * mean)
            grey = (mean * flux[rows, None] / sigma**2).sum(-1) / (mean**2 / sigma**2).sum(-1)
            grey = np.clip(grey, 0.5, 2)
            pull = (flux[rows, None] - grey[..., None] * mean) / sigma
            log = -(ROBUST + 1) / 2 * np.log1p(pull**2 / ROBUST).sum(-1) - np.log(sigma).sum(-1)
            log -= 0.5 * (np.log(grey) / GREY) ** 2
            chance = np.exp(log - log.max(1, keepdims=True)).cumsum(1)
            chosen = (chance < RNG.random((len(log), 1)) * chance[:, -1:]).sum(1)
            at = np.arange(len(log)), chosen
            new[rows], level[rows] = drawn[at], grey[at]
            expected[rows] = mean[at] * grey[at][:, None]
        theta = new
        for k in range(len(PARTS)):
            residual, quoted = flux / expected - 1, error / expected
            for b in range(5):
                h, s, middle = noise(residual[part == k, b], quoted[part == k, b], honest=k == 0)
                honesty[k, b] = np.sqrt((honesty[k, b] ** 2 + max(h, LEAST_HONEST) ** 2) / 2)
                scatter[k, b] = np.sqrt((scatter[k, b] ** 2 + max(s, LEAST_SCATTER) ** 2) / 2)
                offset[k, b] -= 0.5 * POGSON * np.log1p(middle)
            offset[k] -= offset[k, 2:4].mean()
        begin = {} if found is None else {"means_init": found.means_, "weights_init": found.weights_}
        if found is not None:
            begin["precisions_init"] = found.precisions_
        found = GaussianMixture(COMPONENTS, reg_covar=5e-4, max_iter=20, random_state=1, **begin)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged: the next step goes on
            found.fit(np.hstack([luminosity(i - POGSON * np.log(level), z), theta]))
        mixture = Mixture(found.weights_, found.means_, found.covariances_, 2)
        print(
            f"step {step + 1:2}  honesty", honesty.round(2).tolist(), " scatter", scatter.round(3).tolist(), flush=True
        )
    return mixture, offset, honesty, scatter, expected, i - POGSON * np.log(level)


def noise(residual, quoted, honest):
    """Return the scale of the true errors over the quoted ones, scatter beyond it, and the middle of the residuals."""
    edges = np.percentile(quoted, np.linspace(0, 100, 9))
    place = np.clip(np.searchsorted(edges, quoted, side="right") - 1, 0, 7)
    middle = np.array([np.median(residual[place == k]) for k in range(8)])
    width = np.array([np.median(np.abs(residual[place == k] - middle[k])) * 1.48 for k in range(8)]) ** 2
    told = np.array([np.median(quoted[place == k]) for k in range(8)]) ** 2
    sharp = np.median(residual[quoted < max(0.3, edges[2])])
    if honest:
        return 1.0, np.sqrt(max(np.median(width - told), 0)), sharp
    squares = nnls(np.column_stack([told, np.ones(8)]) / width[:, None], np.ones(8))[0]
    return *np.sqrt(squares), sharp


def success(i, z):
    """Return log of sample over population at nodes in I and log(1 + z), both smoothed."""
    nodes = np.arange(15.4, 23.01, 0.2), np.arange(0.004, 0.72, 0.008)
    fine = [np.linspace(node[0] - 0.5 * step, node[-1] + 0.5 * step, 4 * len(node) + 1) for node, step in zip(
        nodes, (0.2, 0.008), strict=True)]  # fmt: skip
    counts = gaussian_filter(np.histogram2d(i, np.log1p(z), fine)[0], (2.5, 2.5))
    middle = [(edge[1:] + edge[:-1]) / 2 for edge in fine]
    at = [np.clip(np.searchsorted(m, node), 1, len(m) - 1) for m, node in zip(middle, nodes, strict=True)]
    grid = np.arange(0.002, np.log(5), 0.002)
    there = np.stack([np.interp(nodes[1], grid, row) for row in census.expected(nodes[0], grid)])
    density = counts[np.ix_(*at)]
    ratio = (density + 1e-7 * density.max()) / (there + 1e-3 * there.max(1, keepdims=True))
    return *nodes, np.maximum(np.log(ratio / ratio.max()), -25)


def habits(expected, error):
    """Return quoted errors by magnitude and their spread at nodes in each band, and what the spread has in common."""
    place, parts = ZERO_POINT - 2.5 * np.log10(expected), np.array([0, 3, 10, 22, 38, 54, 70, 84, 94, 98, 100])
    found, rest = np.zeros((3, 5, len(parts) - 1)), np.zeros(error.shape)
    for b in range(5):
        edges = np.percentile(place[:, b], parts)
        for k in range(len(parts) - 1):
            rows = (place[:, b] >= edges[k]) & (place[:, b] <= edges[k + 1])
            middle, log = np.median(place[rows, b]), np.log10(error[rows, b])
            slope, level = np.polyfit(place[rows, b] - middle, log, 1)
            residual = log - level - slope * (place[rows, b] - middle)
            spread = np.subtract(*np.percentile(residual, [84, 16])) / 2
            found[:, b, k] = middle, level + np.median(residual), spread
            rest[rows, b] = (residual - np.median(residual)) / spread
    together = np.corrcoef(np.clip(rest, -3, 3), rowvar=False)
    common = np.full(5, 0.8)
    for _ in range(50):  # one factor: the correlation of two bands is the product of theirs
        others = together - np.diag(np.diag(together))
        common = np.clip(0.5 * common + 0.5 * (others @ common) / ((common**2).sum() - common**2), 0, 0.99)
    return *found, common


def calibrated(kept, data):
    """Return offsets with which the mocks' middle colours are those of the training rows, at every node in I."""
    for _ in range(ROUNDS):
        write(kept)
        truth, seen, _, part = mocks(120_000, 11)
        for number, name in enumerate(PARTS):
            real, ours = data["part"] == number, part == number
            for k, node in enumerate(NODES[name]):
                middle = [
                    np.nanpercentile(np.diff(nearest(i, mags(flux), node, count), axis=1), MIDDLE, axis=0).mean(0)
                    for i, flux, count in (
                        (data["i"][real], data["flux"][real], 400),
                        (truth["MAG_I"][ours], seen[ours], 3000),
                    )
                ]
                wrong = np.concatenate([[0], np.cumsum(middle[0] - middle[1])])
                kept[f"{name}_offset"][:, k] += 0.8 * (wrong - wrong[2:4].mean())
    return kept


def nearest(i, values, node, count):
    return values[np.argsort(np.abs(i - node))[:count]]


def mags(flux):
    return ZERO_POINT - 2.5 * np.log10(flux)


def write(kept):
    half = ("success_log",)
    np.savez_compressed(
        TARGET, **{k: v if v.dtype.kind in "Ub" else v.astype("f2" if k in half else "f4") for k, v in kept.items()}
    )
    Population.load.cache_clear()


def mocks(n, seed):
    """Return truth, fluxes, errors and part of mocks."""
    population, sdss = Population.load(), survey.load("sdss")
    galaxies = population.draw(sdss, BANDS, seed, np.arange(n), "sdss")
    part = population.observations["sdss"].part(galaxies.truth["MAG_I"], seed, galaxies.row)
    return galaxies.truth, *population.observe(sdss, BANDS, galaxies, seed), part


def made(n, *words):
    """Return redshift, fluxes and errors of what ``skycnn mock`` writes of SDSS."""
    with TemporaryDirectory() as folder:
        line = ["mock", "--task", "photoz", "--survey", "sdss", "-n", str(n), "--seed", "7", "-q"]
        skycnn(*line, *words, "--out", f"{folder}/mocks.fits")
        table = Table.read(f"{folder}/mocks.fits", hdu="CATALOGUE" if not words else 1)
    flux, error = (np.stack([table[f"{kind}_{b.upper()}"] for b in BANDS], 1) for kind in ("FLUX", "FLUXERR"))
    return np.asarray(table["Z_TRUE"], float), flux.astype(float), error.astype(float)


def check(data, forest, stamps):
    """Print the tables: mocks against test rows, beside the training rows against the same."""
    test, train = (taken(data, data["side"] == side) for side in ("test", "train"))
    z, flux, error = made(60_000, "--fluxes-only")
    print("Kolmogorov-Smirnov distance to test rows\n         mock   training")
    mag = mags(flux)
    columns = [("z", z, "z", None), ("i", mag[:, 3], "mag", 3)]
    columns += [(f"{BANDS[b]}-{BANDS[b + 1]}", mag[:, b] - mag[:, b + 1], "mag", (b, b + 1)) for b in range(4)]
    for name, ours, key, b in columns:
        real, known = (
            part[key] if b is None else part[key][:, b] if isinstance(b, int) else -np.diff(part[key][:, b])[:, 0]
            for part in (test, train)
        )
        print(f"{name:8}{ks_2samp(ours, real).statistic:6.3f}  {ks_2samp(known, real).statistic:6.3f}")
    if forest:
        forests(train, test, z, flux, error)
    ratios("median FLUXERR of mocks over that of test rows", flux, error, test)
    ratios("of these, FLUXERR / FLUX", flux, error, test, relative=True)
    if stamps:
        _, flux, error = made(stamps)
        ratios(f"the same of {stamps} stamps, measured in apertures", flux, error, test)
        ratios("of these, FLUXERR / FLUX", flux, error, test, relative=True)
    groups(data)
    depth(data)


def forests(train, test, z, flux, error):
    """Print the scores of forests that learn from training rows and from mocks, as many, on test rows and on mocks."""
    n, m = len(train["z"]), len(test["z"])
    whole = np.flatnonzero(np.isfinite(flux).all(1))
    drawn = {"z": z[whole], "flux": flux[whole], "error": error[whole]}
    known = {"rows": train, "mocks": taken(drawn, slice(0, n))}
    asked = {"rows": test, "mocks": taken(drawn, slice(n, n + m))}
    print("forest of, on:   sigma_NMAD  outliers %")
    for one, two in (("rows", "rows"), ("mocks", "mocks"), ("mocks", "rows")):
        forest = Forest()
        forest.fit({name: known[one][name] for name in ("flux", "error")}, known[one]["z"])
        true = asked[two]["z"]
        value = forest.answer({name: asked[two][name] for name in ("flux", "error")}).value
        scores = metrics.sigma_nmad(value, true), 100 * metrics.outlier_fraction(value, true)
        print(f"{one:6} {two:8}{scores[0]:12.4f}{scores[1]:10.2f}")


def ratios(title, flux, error, test, relative=False):
    """Print ratios of median errors at equal i, bin by bin, and how many are within 15 %."""
    ours, real = ((e / f if relative else e) for e, f in ((error, flux), (test["error"], test["flux"])))
    print(f"{title}\ni           mocks  rows  " + "     ".join(BANDS))
    within, bins, at = 0, 0, mags(np.where(flux[:, 3] > 0, flux[:, 3], np.nan))
    for low in np.arange(15, 23, BIN):
        a, b = ((i >= low) & (i < low + BIN) for i in (at, test["mag"][:, 3]))
        if min(a.sum(), b.sum()) < LEAST:
            continue
        ratio = np.nanmedian(ours[a], 0) / np.median(real[b], 0)
        within, bins = within + np.sum(np.abs(ratio - 1) <= 0.15), bins + 5
        print(f"{low:.1f}-{low + BIN:.1f}  {a.sum():6} {b.sum():5}  " + "  ".join(f"{x:.2f}" for x in ratio))
    print(f"within 0.85 to 1.15: {within} of {bins}")


def groups(data):
    """Print how many different errors a part has: BOSS's rows share them."""
    for k, name in enumerate(PARTS):
        error = data["error"][data["part"] == k]
        found, count = np.unique(np.round(error, 2), axis=0, return_counts=True)
        print(f"{name}: {len(error)} rows have {len(found)} sets of errors in ugriz, one of them {count.max()} rows")


def depth(data):
    """Print the errors in units of a star's at the survey's depth: those of MGS without the galaxy's own photons."""
    sdss = survey.load("sdss")
    star = np.array([10 ** (0.4 * (ZERO_POINT - sdss.depth[b])) / 5 for b in BANDS])
    gain = np.array([sdss.electrons[b] for b in BANDS])
    main = (data["part"] == 0) & (data["mag"][:, 2] > 17)
    sky = np.sqrt(np.maximum(data["error"][main] ** 2 - data["flux"][main] / gain, 0)) / star
    small = np.argsort(sky[:, 1:4].sum(1))[: len(sky) // 10]
    print("error over a star's at the depth\n" + 24 * " " + "     ".join(BANDS))
    for name, ratio in (
        ("MGS, r > 17", sky),
        ("its smallest tenth", sky[small]),
        ("BOSS", data["error"][data["part"] == 1] / star),
    ):
        print(f"{name:22}" + "  ".join(f"{x:.2f}" for x in np.median(ratio, 0)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--check", action="store_true", help="only compare what ships with the sky")
    parser.add_argument("--no-forest", action="store_true", help="leave the forests out, which take a minute")
    parser.add_argument("--stamps", type=int, default=0, metavar="N", help="measure so many stamps besides")
    args = parser.parse_args()
    data = read(args.data)
    if not args.check:
        known = taken(data, (data["side"] == "train") & (data["z"] > 0.0101))
        mixture, offset, honesty, scatter, expected, i = fit(known)
        kept = {"weight": mixture.weight, "mean": mixture.mean, "covariance": mixture.covariance}
        kept.update(zip(("success_magnitude", "success_distance", "success_log"), success(i, known["z"]), strict=True))
        edges = np.arange(15.4, 19.01, 0.2)
        near = np.exp(-0.5 * ((i - edges[:, None]) / 0.1) ** 2)
        share = (near * (known["part"] == 0)).sum(1) / near.sum(1)
        kept.update(part_magnitude=edges, part_share=np.stack([share, 1 - share]))
        for k, name in enumerate(PARTS):
            rows, nodes = known["part"] == k, np.array(NODES[name])
            place, quoted, spread, common = habits(expected[rows], known["error"][rows])
            kept |= {
                f"{name}_bands": np.array(list(BANDS)),
                f"{name}_total": nodes,
                f"{name}_offset": np.tile(offset[k][:, None], len(nodes)),
                f"{name}_scatter": np.tile(scatter[k][:, None], len(nodes)),
                f"{name}_honesty": honesty[k],
                f"{name}_correlation": np.eye(5),
                f"{name}_lost": np.zeros((len(nodes), len(LEVELS))),
                f"{name}_magnitude": place,
                f"{name}_error": quoted,
                f"{name}_spread": spread,
                f"{name}_missing": np.zeros_like(place),
                f"{name}_common": common,
                f"{name}_freedom": np.array(ROBUST),
                f"{name}_positive": np.array(True),
            }
        known["i"] = i
        write(calibrated(kept, known))
        print(f"{TARGET.name}: {TARGET.stat().st_size / 1000:.0f} kB")
    check(data, not args.no_forest, args.stamps)


if __name__ == "__main__":
    main()
