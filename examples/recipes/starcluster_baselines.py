"""What classical methods make of star clusters: a grid fit, a network and trees on aperture photometry, and the floor.

    python examples/recipes/starcluster_baselines.py TEST --train TRAIN [--rows N]

TEST and TRAIN are stamps of ``skycnn mock --task starcluster`` of different seeds. The figure is half of the 16-84 %
range of the errors, with the interval that holds it in 95 % of 1000 bootstrap resamples, of clusters of visibility
above 5 and younger than 100 Myr. The network (scikit-learn's MLPRegressor, three of them, their mean) and the boosted
trees learn from all clusters of TRAIN, four fifths of them where the network stops by the last; its width and decay are
chosen on these. The floor: the same fit, and trees, given magnitudes of the drawn stars without noise, whose radius
nobody is told.
"""

import argparse

import numpy as np
from astropy.io import fits

from skycnn import baselines, metrics, survey
from skycnn.bootstrap import Resampling, bootstrap, interval
from skycnn.shapes.aperturefeatures import ApertureFeatures
from skycnn.simulate.clusterfit import ClusterFit, Fitted, quantiles

COLUMNS = ("LOG_AGE", "A_V", "LOG_MASS", "LOG_R_H")
VISIBLE, YOUNG = 5.0, 8.0
WIDTHS, DECAYS, MEMBERS = ((128, 128), (256, 256)), (1e-4, 1e-2), 3
BLOCK = 1024


def clusters(path, rows):
    """Return truths of the clusters of a file by column, fluxes (n, band), and what yields their stamps."""
    with fits.open(path) as file:
        table, bands = file[1].data[:rows], survey.load(file[0].header["SURVEY"]).bands
        here = np.flatnonzero(table["CLUSTER_TRUE"] == 1)
        truth = {name: np.asarray(table[f"{name}_TRUE"][here], np.float64) for name in (*COLUMNS[:3], "VISIBILITY")}
        truth["LOG_R_H"] = np.log10(np.asarray(table["R_H_TRUE"][here], np.float64))
        flux = np.stack([table[f"FLUX_{band}_TRUE"][here] for band in bands], axis=1).astype(np.float64)

    def stamps():
        with fits.open(path, memmap=True) as file:
            for first in range(0, len(here), BLOCK):
                yield np.array([file[0].data[k] for k in here[first : first + BLOCK]], np.float32)

    return truth, flux, stamps


def measured(measure, stamps):
    """Return what is measured of all stamps, by name."""
    parts = [measure({"image": part}) for part in stamps()]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def floor_of(fit, flux):
    """Return the grid fit's answers (n, 3) to fluxes without noise."""
    found = []
    for first in range(0, len(flux), 64):
        some = flux[first : first + 64]
        parts, _ = fit.probability(some, (0.01 * some) ** 2, np.zeros(len(some)))
        whole = Fitted(*parts, np.ones((len(some), len(fit.radii) - 1)), np.zeros(len(some)))
        told = [quantiles(edges, chance, np.array([0.5])) for _, edges, chance in fit.marginals(whole)[:3]]
        found.append(np.concatenate(told, axis=1))
    return np.concatenate(found)


def trees(train, truth, test):
    """Return boosted trees' answers (m, column) for a table (m, feature)."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    kind = {"loss": "absolute_error", "max_iter": 500, "learning_rate": 0.05, "max_features": 0.5, "random_state": 0}
    return np.stack(
        [
            HistGradientBoostingRegressor(early_stopping=False, **kind).fit(train, column).predict(test)
            for column in truth.T
        ],
        axis=1,
    )


def network(train, truth, test):
    """Return the mean answers (m, column) of networks on a table (m, feature), and which settings were chosen."""
    from sklearn.neural_network import MLPRegressor
    from sklearn.preprocessing import QuantileTransformer

    scale = QuantileTransformer(output_distribution="normal", n_quantiles=500, random_state=0)
    seen, asked = (np.nan_to_num(part) for part in (scale.fit_transform(train), scale.transform(test)))
    middle, width = truth.mean(axis=0), truth.std(axis=0)
    aim, held = (truth - middle) / width, np.arange(len(truth)) % 5 == 0

    def learned(size, decay, seed):
        plan = {"early_stopping": True, "n_iter_no_change": 15, "max_iter": 200, "random_state": seed}
        one = MLPRegressor(hidden_layer_sizes=size, alpha=decay, **plan)
        return one.fit(seen[~held], aim[~held])

    best, chosen = np.inf, None
    for size in WIDTHS:
        for decay in DECAYS:
            loss = np.abs(learned(size, decay, 0).predict(seen[held]) - aim[held]).mean()
            if loss < best:
                best, chosen = loss, (size, decay)
    return np.mean([learned(*chosen, seed).predict(asked) for seed in range(MEMBERS)], axis=0) * width + middle, chosen


def told(name, answers, truth):
    """Print half of the 16-84 % range of the errors in each column."""
    cells = []
    for k, column in enumerate(COLUMNS):
        if k >= answers.shape[1]:
            cells.append(f"{'-':>22}")
            continue
        value, true = answers[:, k], truth[column]
        drawn = bootstrap(
            lambda rows, value=value, true=true: np.array([metrics.half_width(value[rows], true[rows])]),
            Resampling(len(value), None, 1000),
        )
        found = interval(metrics.half_width(value, true), drawn[:, 0])
        cells.append(f"{found.value:8.3f} [{found.low:.3f}, {found.high:.3f}]")
    print(f"{name:34}", *cells, flush=True)


def judged(test, train=None, rows=None):
    """Print all figures; return the answers (n, column) by method, and the truths."""
    truth, flux, stamps = clusters(test, rows)
    fit, answers = fit_of(test), {}
    here = (truth["VISIBILITY"] > VISIBLE) & (truth["LOG_AGE"] < YOUNG)
    seen = {name: values[here] for name, values in truth.items()}

    def add(name, values):
        answers[name] = values
        told(name, values, seen)

    print(f"{here.sum()} clusters of visibility above {VISIBLE:g}, log age below {YOUNG:g}")
    print(f"{'half of 16-84%':34}", *(f"{column:>22}" for column in COLUMNS))
    add("floor: fit of true magnitudes", floor_of(fit, flux[here]))
    held = measured(fit.measure, stamps)
    found = {column: fit.answer(held, column)[0][here] for column in (*COLUMNS[:3], "R_H")}
    add("grid fit", np.stack([*(found[column] for column in COLUMNS[:3]), np.log10(found["R_H"])], axis=1))
    if train is not None and baselines.available("boosting"):
        known, known_flux, known_stamps = clusters(train, rows)
        aim = np.stack([known[column] for column in COLUMNS], axis=1)
        magnitude, dark = (-2.5 * np.log10(part) for part in (known_flux, flux[here]))
        add("floor: trees on true magnitudes", trees(_colours(magnitude), aim[:, :3], _colours(dark)))
        inputs, asked = (measured(ApertureFeatures.measure, part) for part in (known_stamps, stamps))
        features = ApertureFeatures(inputs)
        table, wanted = features.table(inputs), features.table(asked)[here]
        values, (size, decay) = network(table, aim, wanted)
        add(f"network {'x'.join(map(str, size))}, decay {decay:g}", values)
        add("boosted trees", trees(table, aim, wanted))
        print(f"network and trees learned from the apertures of {len(aim)} clusters")
    return answers, seen


def _colours(magnitude):
    return np.concatenate([magnitude, -np.diff(magnitude, axis=1), magnitude[:, :1] - magnitude[:, -1:]], axis=1)


def fit_of(path):
    """Return the grid fit for the survey, the bands and the distance of a file of mocks."""
    import json

    header = fits.getheader(path)
    seen = survey.load(header["SURVEY"])
    return ClusterFit(seen, seen.bands, json.loads(header.get("OPTIONS", "{}")).get("distance", 4.5))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("test")
    parser.add_argument("--train")
    parser.add_argument("--rows", type=int, help="of each file; left out, all")
    args = parser.parse_args()
    judged(args.test, args.train, args.rows)
