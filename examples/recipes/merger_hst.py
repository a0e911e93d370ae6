"""Make the models of mergers that ship: mocks, networks of two bands and of three, and all that is said of them.

    python examples/recipes/merger_hst.py [--rows N] [--install] [--judge-only] [--threads N]

Mocks are those of `skycnn mock --task merger`: pairs of galaxies at z = 2, labelled by the time to their coalescence,
and discs, ellipticals, chance pairs, fly-bys and the same pairs earlier and later, under the noise of the DeepMerge
images. Networks are trained on N rows, groups 8:1:1, and judged on 8,000 rows of another seed that no choice looks at.
Beside them stand forests on concentration, asymmetry, Gini and M20 and on all shapes, and controls that must come out
null. Everything is written into out/, which git ignores; what is there already is not made again, and a training that
was stopped goes on. --install puts the models and their sums into the package; --judge-only judges those in out/ or
else those that ship.
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
from skycnn.simulate.mergers import KINDS

TASK = ("--task", "merger")
ROWS, FEW, TEST = 72_000, 24_000, 8_000
"""What ships is trained on, what is compared with a control, and what all are judged on."""
SEED, OTHER = 1, 2
"""Of what is trained on and of what is judged."""
BANDS = {"hst2": "F814W,F160W", "hst3": "F814W,F160W,F356W"}
NETWORK = "residual"
LENGTH = {"residual": ("--members", 3, "--epochs", 12), "paper": ("--epochs", 20)}
"""How long networks are trained: what two cores do in an hour."""
PREVALENCE = 0.03
AGAIN, ALONE = (101, 102), ("--members", 1)
"""Seeds of networks trained alike; one network without others to learn from."""
CONTROL = (*ALONE, "--seed", 101, "--epochs", 20)
BURSTS = (0.0, 0.5, 2.0)
"""Of star formation that an encounter brings about, in units of the usual ones: their strength is assumed."""
SHUFFLES = (1, 2, 3, 4, 5)
"""Seeds of shuffled labels: what one network of them says is one draw."""
CENTRE, BORDER = 65, 5
"""Side in pixels of the square about the centre that a masked stamp loses, 104 kpc; of the border, what it gets."""
TIMES, RATIOS = (-250, -150, -50, 50, 150, 250), (0.1, 0.2, 0.4, 0.7, 1.0)
NOTE = (
    "Mocks made by skycnn mock: restricted three-body encounters at z = 2 and what looks like them, under the noise of "
    "the DeepMerge images (25 mag/arcsec2). Scores on mocks are scores on mocks; none is claimed on the real sky. For "
    "scale: on mocks of other simulations six methods have precision and recall of 70 to 80 % at 0.1 < z < 0.3, and "
    "recall falls by 20 to 40 points on another simulation; on the real sky fractions of mergers differ by a factor of "
    "ten between methods."
)


def mocks(out: Path, survey: str, rows: int, seed: int, name: str = "", *words: object) -> Path:
    """Return a file of stamps."""
    asked = [*TASK, "--survey", f"deepmerge-{survey}", "-n", rows, "--seed", seed]
    return running.mocks(out / f"{name or survey}_{seed}.fits", *asked, *words)


def trained(
    out: Path, name: str, stamps: Path, bands: str, threads: int, *words: object, network: str = NETWORK
) -> Path:
    """Return a trained network."""
    asked = [*TASK, "--bands", bands, "--network", network, "--threads", threads]
    words = (*LENGTH[network], *words)  # of an option that stands twice the last counts
    return running.trained(out / f"{name}.safetensors", stamps, NOTE, *asked, *words)


def answered(out: Path, stamps: Path, model: Path, name: str) -> Path:
    """Return a copy of a stamp file with a model's answers."""
    return running.answered(out / f"{name}.fits", stamps, model, *TASK)


def score(path: Path, *words: object) -> str:
    """Return the printed table of scores."""
    return skycnn("score", path, *TASK, "--group", "GROUP", "--prevalence", PREVALENCE, *words)


def table(path: Path) -> Table:
    """Return the answers of a file."""
    return Table.read(path, hdu="CATALOGUE")


def changed(out: Path, stamps: Path, name: str, seed: int = 1) -> Path:
    """Return stamps whose labels are shuffled, or whose centres are sky of their own borders."""
    path, rng = out / f"{name}_{seed}.fits", np.random.default_rng(seed)
    if path.exists():
        return path
    with fits.open(stamps, memmap=False) as file:
        images, rows = file[0].data, file["CATALOGUE"].data
        if name == "shuffled":
            rows["MERGER_TRUE"] = rng.permutation(rows["MERGER_TRUE"])
        else:
            low = (images.shape[-1] - CENTRE) // 2
            square = slice(low, low + CENTRE)
            sky = images[..., :BORDER, :].reshape(*images.shape[:2], -1)
            drawn = rng.integers(sky.shape[-1], size=CENTRE**2)
            images[:, :, square, square] = sky[..., drawn].reshape(*images.shape[:2], CENTRE, CENTRE)
        file.writeto(path)
    return path


def kinds(path: Path, title: str) -> None:
    """Print the share of each kind that is called a merger, completeness by time and by mass ratio."""
    rows = table(path)
    called = np.asarray(rows["P_MERGER"] >= 0.5)
    print(f"\n{title}: share called mergers")
    for number, name in enumerate(KINDS):
        here = np.asarray(rows["KIND_TRUE"] == number)
        if here.any():
            print(f"  {name:10s} {here.sum():5d} rows: {100 * called[here].mean():5.1f} %")
    old = np.asarray(rows["TIME_TRUE"] > 500)
    print(f"  remnants older than 0.5 Gyr, {old.sum()} rows: {100 * called[old].mean():.1f} %")
    merger = np.asarray(rows["MERGER_TRUE"] == 1)
    for column, edges in (("TIME_TRUE", TIMES), ("MASS_RATIO_TRUE", RATIOS)):
        values = np.asarray(rows[column])
        parts = [(a, b, merger & (values >= a) & (values < b)) for a, b in itertools.pairwise(edges)]
        print(f"  completeness by {column}:", *(f"[{a:g}, {b:g}) {100 * called[w].mean():.1f} %" for a, b, w in parts))


def false_positives(path: Path) -> tuple[float, float]:
    """Return which share of chance pairs and of discs is called a merger."""
    rows = table(path)
    called = np.asarray(rows["P_MERGER"] >= 0.5)
    pairs, discs = (np.asarray(rows["KIND_TRUE"] == KINDS.index(name)) for name in ("projection", "disc"))
    return float(called[pairs].mean()), float(called[discs].mean())


def auc(path: Path) -> float:
    """Return the area under the curve of a file's answers."""
    rows = table(path)
    return metrics.auc(np.asarray(rows["P_MERGER"], float), np.asarray(rows["MERGER_TRUE"], float))


def drawn(path: Path, found: Path) -> None:
    """Draw completeness against the time to coalescence and the mass ratio."""
    from matplotlib.figure import Figure

    rows = table(found)
    merger, called = np.asarray(rows["MERGER_TRUE"] == 1), np.asarray(rows["P_MERGER"] >= 0.5)
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    texts = ("time since coalescence [Myr]", "mass ratio")
    for axes, column, text in zip(panels, ("TIME_TRUE", "MASS_RATIO_TRUE"), texts, strict=True):
        values = np.asarray(rows[column], float)[merger]
        edges = np.quantile(values, np.linspace(0, 1, 11))
        place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, 9)
        count = np.bincount(place, minlength=10)
        share = np.bincount(place, called[merger], 10) / count
        axes.errorbar(
            (edges[1:] + edges[:-1]) / 2, share, np.sqrt(share * (1 - share) / count), fmt="o", color="#0072b2"
        )
        axes.set(xlabel=text, ylim=(0, 1))
    panels[0].set_ylabel("completeness at P > 0.5")
    figure.savefig(path, dpi=120)
    print(path)


def judge(out: Path, name: str, model: Path, survey: str, known: Path) -> Path:
    """Print all that is said of a model on stamps that no choice looked at; return its answers."""
    found = answered(out, mocks(out, survey, TEST, OTHER), model, f"test_{name}")
    print(f"\n=== {name} on deepmerge-{survey}", score(found, "--train", known), sep="\n")
    print(score(found, "--baselines", "none", "--by", "KIND_TRUE"))
    kinds(found, name)
    width = table(found)
    wide = np.asarray(width["P_MERGER_HI"] - width["P_MERGER_LO"])
    print(f"interval of 68 %: median width {np.nanmedian(wide):.3f}")
    print(score(found, "--baselines", "none", "--by", "width"))
    return found


def within(out: Path, stamps: Path, known: Path, found: Path, name: str, threads: int) -> None:
    """Print how often a network trained alike, with another seed, falls within the interval, by row and by group."""
    rows = table(found)
    inside, group = [], np.asarray(rows["GROUP"])
    for seed in AGAIN:
        again = f"{name}_again_{seed}"
        model = trained(out, again, known, BANDS[name], threads, *ALONE, "--seed", seed)
        value = np.asarray(table(answered(out, stamps, model, f"test_{again}"))["P_MERGER"])
        inside.append((value >= rows["P_MERGER_LO"]) & (value <= rows["P_MERGER_HI"]))
    share = np.mean(inside, axis=0)
    means = np.bincount(np.unique(group, return_inverse=True)[1], share) / np.unique(group, return_counts=True)[1]
    print(f"{name}, within the interval: {100 * share.mean():.1f} % of rows, {100 * means.mean():.1f} % of groups, "
          f"{len(AGAIN)} networks trained alike")  # fmt: skip


def more(two: Path, three: Path) -> None:
    """Print what a third band adds, by the same groups drawn again and again."""
    rows, truth = (table(path) for path in (two, three)), np.asarray(table(two)["MERGER_TRUE"], float)
    answers = [np.asarray(each["P_MERGER"], float) for each in rows]
    number, rng = np.unique(np.asarray(table(two)["GROUP"]), return_inverse=True)[1], np.random.default_rng(0)
    members = np.split(np.argsort(number, kind="stable"), np.cumsum(np.bincount(number))[:-1])
    gains = []
    for _ in range(300):
        again = np.concatenate([members[k] for k in rng.integers(len(members), size=len(members))])
        gains.append(np.subtract(*(metrics.auc(answer[again], truth[again]) for answer in answers[::-1])))
    gain = np.subtract(*(metrics.auc(answer, truth) for answer in answers[::-1]))
    low, high = np.quantile(gains, (0.025, 0.975))
    print(f"three bands less two, AUC: {gain:+.4f} [{low:+.4f}, {high:+.4f}]")


def controls(out: Path, test: Path, bands: str, threads: int) -> dict[str, Path]:
    """Return the answers of networks trained alone, each with one thing changed, on fewer mocks."""
    known, clean = mocks(out, "noisy", FEW, SEED, "few"), mocks(out, "pristine", FEW, SEED)
    found = {"alone": answered(out, test, trained(out, "alone", known, bands, threads, *CONTROL), "test_alone")}
    model = trained(out, "pristine", clean, bands, threads, *CONTROL)
    found["alone, no noise"] = judge(out, "pristine", model, "pristine", clean)
    published = trained(out, "paper", known, bands, threads, "--seed", 101, network="paper")
    found["paper"] = answered(out, test, published, "test_paper")
    discs = mocks(out, "noisy", FEW, SEED, "discs", "--set", "projections=no")
    model = trained(out, "no_chance_pairs", discs, bands, threads, *CONTROL)
    found["discs"] = answered(out, test, model, "test_no_chance_pairs")
    for seed in SHUFFLES:
        name = f"shuffled_model_{seed}"
        model = out / f"{name}.safetensors"
        if not model.exists():
            shuffled = changed(out, known, "shuffled", seed)
            trained(out, name, shuffled, bands, threads, *ALONE, "--seed", seed, "--epochs", 6)
            shuffled.unlink()
        found[f"shuffled labels {seed}"] = answered(out, test, model, f"test_{name}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--judge-only", action="store_true", help="the models in out/, else those that ship")
    args = parser.parse_args()
    out = ROOT / "out" / "merger-hst"
    out.mkdir(parents=True, exist_ok=True)
    known = mocks(out, "noisy", args.rows, SEED)
    models = {}
    for name, bands in BANDS.items():
        shipped = f"merger-{name}-noisy"
        models[name] = latest(out, shipped) if args.judge_only else trained(out, shipped, known, bands, args.threads)
        if args.install:
            install(models[name], shipped, json.loads(skycnn("models", models[name], "--json"))["sha256"])
    found = {name: judge(out, f"merger-{name}-noisy", model, "noisy", known) for name, model in models.items()}
    more(found["hst2"], found["hst3"])
    test = mocks(out, "noisy", TEST, OTHER)
    for name in BANDS:
        within(out, test, known, found[name], name, args.threads)
    found |= controls(out, test, BANDS["hst2"], args.threads)
    pairs_of = {"that ships": found["hst2"], "alone": found["alone"], "without chance pairs": found.pop("discs")}
    for name, path in pairs_of.items():
        pairs, discs = false_positives(path)
        print(
            f"false positives, {name}: chance pairs {100 * pairs:.1f} %, discs {100 * discs:.1f} %, {pairs / discs:.2f}"
        )
    for strength in BURSTS:
        words = ("--set", f"bursts={strength}")
        other = mocks(out, "noisy", TEST, OTHER, f"bursts_{strength}", *words)
        found[f"bursts x {strength}"] = answered(out, other, models["hst2"], f"test_bursts_{strength}")
    found["masked centre"] = answered(out, changed(out, test, "masked"), models["hst2"], "test_masked")
    drawn(out / "completeness.png", found["hst2"])
    print("\nAUC, two bands and noise unless said otherwise")
    for name, path in found.items():
        print(f"  {name:20s} {auc(path):.4f}")
    nothing = np.array([auc(path) for name, path in found.items() if name.startswith("shuffled")])
    print(f"  shuffled labels, {len(nothing)} networks: {nothing.mean():.3f} +- {nothing.std(ddof=1):.3f} each")


if __name__ == "__main__":
    main()
