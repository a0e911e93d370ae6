"""Make starcluster-m83-wfc3, the model that ships: mocks, network, and all that is said of it.

    python examples/recipes/starcluster_m83.py [--rows N] [--install] [--judge-only] [--judge-seed N]

Mocks are those of `skycnn mock --task starcluster`: clusters drawn star by star in a disc of stars and dust at 4.5 Mpc,
and places where there is none, seen by WFC3. The network is trained on N rows and judged on 8,000 of another seed: as
they are drawn, masses evenly in their logarithm, and with a mass function of M^-2. Beside it stand a fit of aperture
photometry to the same isochrones, and what learns from the same photometry (starcluster_baselines.py). A second network
sees each band's light times a factor, 15 % of scatter, for images whose calibration is not known. Everything is written
into out/, which git ignores; what is there already is not made again, and a training that was stopped goes on.
--install puts the model and its sums into the package; --judge-only judges that in out/ or else the one that ships.
"""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
import running
from astropy.io import fits
from astropy.table import Table
from running import ROOT, install, latest, skycnn

from skycnn import metrics
from skycnn.simulate.starclusters import KINDS
from skycnn.tasks import starcluster

TASK = ("--task", "starcluster")
NAME = "starcluster-m83-wfc3"
ROWS, TEST = 100_000, 8_000
"""What ships is trained on, and what all are judged on."""
SEED, OTHER = 1, 2
"""Of what is trained on and of what is judged."""
NETWORK, JITTERED = "fast", "jittered"
EPOCHS = 10
"""What a core does in half an hour."""
GAIN = 1.3
"""A band that is brighter or fainter by this factor than it should be."""
YOUNG, SEEN = 8.0, 5.0
"""log age below which, and visibility above which, clusters are judged as the published ones are."""
FAINT = (1.0, 2.0)
"""Visibility of those that are hard to find."""
ANSWERS = ("LOG_AGE", "A_V", "LOG_MASS", "R_H", "VISIBILITY")
EDGES = (6.6, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5, 10.1)
"""Bins of log age."""
DRAWS = 500
"""Samples drawn again, of which intervals are made."""
NOTE = (
    "Mocks made by skycnn mock: PARSEC isochrones of solar metallicity, Kroupa's mass function sampled star by star, "
    "EFF and King profiles, dust of the Milky Way's law, a disc of stars and dust, WFC3 at 0.04 arcsec, 4.5 Mpc; ages, "
    "A_V, log masses and log radii evenly over their ranges, half of the rows without a cluster: that is the prior of "
    "every answer. Scores on mocks are scores on mocks."
)


def mocks(out: Path, rows: int, seed: int, name: str, *words: object) -> Path:
    """Return a file of stamps."""
    asked = [*TASK, "--survey", "m83-wfc3", "-n", rows, "--seed", seed]
    return running.mocks(out / f"{name}_{seed}.fits", *asked, *words)


def trained(out: Path, name: str, stamps: Path, network: str, threads: int, *words: object) -> Path:
    """Return a trained network."""
    asked = [*TASK, "--network", network, "--threads", threads, "--epochs", EPOCHS, *words]
    return running.trained(out / f"{name}.safetensors", stamps, NOTE, *asked)


def answered(out: Path, stamps: Path, model: Path, name: str, *words: object) -> Path:
    """Return a copy of a stamp file with a model's answers."""
    return running.answered(out / f"{name}.fits", stamps, model, *TASK, *words)


def table(path: Path) -> Table:
    """Return the answers of a file."""
    return Table.read(path, hdu="CATALOGUE")


def changed(out: Path, stamps: Path, name: str, band: int, factor: float) -> Path:
    """Return stamps of which one band's light is times a factor, NaN for a band that is not there."""
    path = out / f"{name}.fits"
    if not path.exists():
        with fits.open(stamps, memmap=False) as file:
            file[0].data[:, band] *= np.float32(factor)
            file.writeto(path)
    return path


def errors(rows: Table) -> dict[str, np.ndarray]:
    """Return answers less truths of rows, of R_H and VISIBILITY in log10."""
    found = {}
    for name in ANSWERS:
        value, truth = (np.asarray(rows[column], float) for column in (name, f"{name}_TRUE"))
        logarithmic = name in ("R_H", "VISIBILITY")
        found[name] = np.log10(value / truth) if logarithmic else value - truth
    return found


def half(values: np.ndarray) -> float:
    """Return half of the range from the 16th to the 84th percentile."""
    return float(np.diff(np.nanquantile(values, (0.16, 0.84)))[0] / 2)


def judged(rows: Table) -> np.ndarray:
    """Return which rows are judged: clusters that are seen and young."""
    return (np.asarray(rows["VISIBILITY_TRUE"]) > SEEN) & (np.asarray(rows["LOG_AGE_TRUE"]) < YOUNG)


def widths(path: Path, title: str, which: np.ndarray | None = None) -> dict[str, float]:
    """Print half of the 16-84 % range of the errors, with intervals by rows drawn again; return the ranges."""
    rows = table(path)
    which = judged(rows) if which is None else which
    random, found = np.random.default_rng(1), {}
    print(f"{title}: {which.sum()} rows, half of the range of 68 %, bias")
    for name, off in errors(rows[which]).items():
        again = [half(random.choice(off, len(off))) for _ in range(DRAWS)]
        low, high = np.quantile(again, (0.025, 0.975))
        found[name] = half(off)
        log = "log " if name in ("R_H", "VISIBILITY") else ""
        print(f"  {log + name:15s} {found[name]:.3f} [{low:.3f}, {high:.3f}]  {np.nanmedian(off):+.3f}")
    return found


def coverage(path: Path) -> None:
    """Print how often truths lie within their interval of 68 %, and in the joint region of 68 %."""
    rows = table(path)
    cluster = np.asarray(rows["CLUSTER_TRUE"] == 1)
    for title, which in ((f"visibility > {SEEN:g}", np.asarray(rows["VISIBILITY_TRUE"]) > SEEN), ("all", cluster)):
        parts = []
        for name in ANSWERS:
            low, high, truth = (np.asarray(rows[f"{name}{end}"])[which] for end in ("_LO", "_HI", "_TRUE"))
            parts.append(f"{name} {((truth >= low) & (truth <= high)).mean():.3f}")
        print(f"coverage, clusters with {title}, {which.sum()} rows:", *parts)
        if "LOG_AGE_JOINT_PDF" in rows.colnames:
            print(f"  of the joint region of 68 %: {(levels(rows[which]) < 0.68).mean():.3f}")


def levels(rows: Table) -> np.ndarray:
    """Return the probability of all bins of age, A_V and mass that are more probable than the truth's."""
    joint = np.asarray(rows["LOG_AGE_JOINT_PDF"], float)
    shape = joint.shape[1:]
    ends = [(axis.low, axis.high) for axis in (starcluster.AGES, starcluster.EXTINCTIONS, starcluster.MASSES)]
    index = [
        np.clip(((np.asarray(rows[f"{name}_TRUE"]) - low) / (high - low) * bins).astype(int), 0, bins - 1)
        for name, (low, high), bins in zip(ANSWERS, ends, shape, strict=False)
    ]
    mass = joint.reshape(len(rows), -1)
    there = mass[np.arange(len(rows)), np.ravel_multi_index(index, shape)][:, None]
    return (mass * ((mass > there) + 0.5 * (mass == there))).sum(axis=1)


def found_out(path: Path) -> None:
    """Print how clusters are told from what is none: by visibility, and from each kind of impostor."""
    rows = table(path)
    p, kind = np.asarray(rows["P_CLUSTER"], float), np.asarray(rows["KIND_TRUE"])
    seen, empty = np.asarray(rows["VISIBILITY_TRUE"]), kind == KINDS.index("empty")
    limit, radius = np.quantile(p[empty], 0.99), np.asarray(rows["R_H_TRUE"])
    faint = (seen >= FAINT[0]) & (seen < FAINT[1])
    for low, high in itertools.pairwise((0.04, 0.1, 0.2, 0.4)):
        here = faint & (radius >= low) & (radius < high)
        area = metrics.auc(p[here | empty], here[here | empty].astype(float))
        share = (p[here] > limit).mean()
        print(
            f"  r_h {low:g}-{high:g} arcsec, {here.sum()} of visibility 1-2: AUC {area:.4f}, completeness {share:.3f}"
        )
    for low, high in (FAINT, (2.0, 5.0), (5.0, np.inf)):
        here = (seen >= low) & (seen < high)
        area = metrics.auc(p[here | empty], here[here | empty].astype(float))
        print(f"visibility {low:g}-{high:g}, {here.sum()} clusters: AUC {area:.4f} against {empty.sum()} empty places, "
              f"completeness {(p[here] > limit).mean():.3f} at 1 % false positives")  # fmt: skip
    cluster = seen > SEEN
    for name in ("galaxy", "star", "hole"):
        false = kind == KINDS.index(name)
        area = metrics.auc(p[cluster | false], cluster[cluster | false].astype(float))
        called = 100 * (p[false] > 0.5).mean()
        print(f"against {false.sum()} of kind {name}: AUC {area:.4f}, {called:.1f} % called clusters")


def crowded(path: Path) -> None:
    """Print how many faint clusters are found by how crowded the disc is, as the scatter of a stamp's pixels tells."""
    with fits.open(path, memmap=True) as file:
        rows, images = file["CATALOGUE"].data, file[0].data
        seen, empty = rows["VISIBILITY_TRUE"], rows["KIND_TRUE"] == KINDS.index("empty")
        limit = np.quantile(rows["P_CLUSTER"][empty], 0.99)
        parts = [np.flatnonzero(which) for which in (empty, (seen >= FAINT[0]) & (seen < FAINT[1]))]
        planes = [np.array([images[row, 1] for row in part], np.float32) for part in parts]
        scatters = [np.median(np.abs(one - np.median(one, axis=(1, 2), keepdims=True)), axis=(1, 2)) for one in planes]
        called = [rows["P_CLUSTER"][part] > limit for part in parts]
    edge = np.quantile(scatters[0], 0.6)
    for title, within in (("emptiest three fifths", np.less), ("most crowded two fifths", np.greater_equal)):
        here = [within(scatter, edge) for scatter in scatters]
        shares = [one[which].mean() for one, which in zip(called, here, strict=True)]
        print(f"the {title} of the disc, {here[1].sum()} of visibility {FAINT[0]:g}-{FAINT[1]:g}: "
              f"completeness {shares[1]:.3f}, false positives {shares[0]:.4f}")  # fmt: skip


def by_age(path: Path) -> None:
    """Print the range of log age's errors, and its bias, in bins of age."""
    rows = table(path)
    seen, age = np.asarray(rows["VISIBILITY_TRUE"]) > SEEN, np.asarray(rows["LOG_AGE_TRUE"])
    off = errors(rows)["LOG_AGE"]
    for low, high in itertools.pairwise(EDGES):
        here = seen & (age >= low) & (age < high)
        print(f"  log age {low:g}-{high:g}, {here.sum()} rows: {half(off[here]):.3f}, bias {np.median(off[here]):+.3f}")


def gains(out: Path, test: Path, answers: Path, name: str, model: Path) -> None:
    """Print what a band that is too bright or too faint does to the ages."""
    which, plain = judged(table(test)), np.asarray(table(answers)["LOG_AGE"], float)
    for band, (title, factor) in itertools.product(range(3), (("up", GAIN), ("down", 1 / GAIN))):
        other = changed(out, test, f"{test.stem}_{band}_{title}", band, factor)
        rows = table(answered(out, other, model, f"{answers.stem}_{band}_{title}"))
        moved = (np.asarray(rows["LOG_AGE"], float) - plain)[which]
        print(f"{name}, band {band} x {factor:.2f}: log age moves by {np.median(moved):+.3f}, "
              f"of 68 % by {np.quantile(np.abs(moved), 0.68):.3f} or less")  # fmt: skip


def missing(out: Path, test: Path, model: Path) -> None:
    """Print how wide and how right answers are without each band."""
    for band, name in enumerate(("F336W", "F438W", "F814W")):
        bare = changed(out, test, f"{test.stem}_without_{name}", band, np.nan)
        path = answered(out, bare, model, f"{bare.stem}_answers")
        print(f"\nwithout {name}")
        coverage(path)
        widths(path, f"without {name}")


def judge(out: Path, model: Path, seed: int) -> None:
    """Print all that is said of the model on mocks of a seed that it was not trained on."""
    test = mocks(out, TEST, seed, "test")
    found = answered(out, test, model, f"{test.stem}_{NAME}", "--pdf")
    print(f"\n=== {NAME}", skycnn("score", found, *TASK, "--baselines", "none"), sep="\n")
    widths(found, "masses evenly in log M")
    steep = mocks(out, TEST, seed, "steep", "--set", "mass_slope=2")
    widths(answered(out, steep, model, f"{steep.stem}_{NAME}"), "dN/dM ~ M^-2")
    by_age(found)
    coverage(found)
    found_out(found)
    crowded(found)
    gains(out, test, found, NAME, model)
    missing(out, test, model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--judge-seed", type=int, default=OTHER, help="of the mocks that all are judged on")
    parser.add_argument(
        "--judge-only", action="store_true", help="trains none: the model in out/, else the one that ships"
    )
    args = parser.parse_args()
    out = ROOT / "out" / "starcluster-m83"
    out.mkdir(parents=True, exist_ok=True)
    if args.judge_only:
        judge(out, latest(out, NAME), args.judge_seed)
        return
    known = mocks(out, args.rows, SEED, "known")
    model = trained(out, NAME, known, NETWORK, args.threads)
    if args.install:
        install(model, NAME, json.loads(skycnn("models", model, "--json"))["sha256"])
    judge(out, model, args.judge_seed)
    jittered, test = trained(out, JITTERED, known, JITTERED, args.threads), mocks(out, TEST, args.judge_seed, "test")
    found = answered(out, test, jittered, f"{test.stem}_{JITTERED}")
    widths(found, "trained under a gain of 15 %")
    gains(out, test, found, JITTERED, jittered)


if __name__ == "__main__":
    main()
