"""Make the three models of CSST that ship: mocks, networks of fluxes, of stamps and of both, three selections to judge.

    python examples/recipes/photoz_csst.py [--share X] [--install] [--judge-only] [--difficulty]

Zhou et al. 2022, MNRAS 512, 4593, on mocks of our own. The networks are trained on galaxies of every noise between that
of the `matched` mocks and that of the survey's depths, groups 8:1:1, that of fluxes on more of them, and judged on
10,000 galaxies of another seed of each selection, which no choice looks at: `paper` (SNR > 10 in g or i, noise of the
depths), `parent24` (I < 24 besides, noise counted) and `matched` (the same, the noise such that a forest is as good as
others publish for the paper's mocks). Beside the networks stand the best classical methods, trained on mocks of the
very selection, a template fit with the mocks' own spectra, and controls that must come out null. Everything is written
into out/, which git ignores; what is there already is not made again, and a training that was stopped goes on.
--install puts the models and their sums into the package, --judge-only judges those in out/ or else those that ship,
and --difficulty prints the scatter of a forest at several factors of the noise, by which the one in the survey's file
was chosen. That forest is scikit-learn's as it stands, of magnitudes and colours, as others' is; the one among the
classical methods is better.
"""

import argparse
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import extinction_notes
import numpy as np
from astropy.io import fits
from astropy.table import Table
from photoz_sdss_flux import tell
from running import ROOT, install, latest, skycnn

from skycnn import baselines, metrics
from skycnn.network import model
from skycnn.simulate.census import NumberCounts
from skycnn.simulate.population import Population

HERE = Path(__file__).parent
NAME = "photoz-csst"
ROWS = {"flux": 200_000, "image": 110_000, "hybrid": 110_000}
"""Galaxies that each network is trained with; the fewer are among the more."""
TESTS, CONTROLS = 10_000, 6000
KNOWN = {"rivals": 100_000, "forest": 40_000}
"""Galaxies of the same selection that the classical methods learn from, and the forest that difficulty is told by."""
SELECTIONS = ("paper", "parent24", "matched")
TRAINING = {
    "deep": (0.55, ("--selection", "parent24", "--noise", "counted:0.45-1.3", "--seed", 1)),
    "wide": (0.45, ("--selection", "paper", "--noise", "depth:0.7-1.4", "--seed", 4)),
}
"""Parts of the galaxies to train with: their share, and how they are made; each galaxy has a noise of its own."""
APART = 100_000_000
"""What is added to the groups of the second part: under another seed they are other galaxies."""
EPOCHS = {"image": 22}
"""Of so many galaxies; fewer would be looked at more often."""
TEST, CONTROL, RIVALS = 2, 3, 5
"""Seeds."""
NETWORKS = ("flux", "image", "hybrid")
PAPER = {"flux": (0.023, 0.0143), "image": (0.025, 0.0121), "hybrid": (0.020, 0.0090)}
"""sigma_NMAD and outliers of Zhou et al. 2022, table 2."""
TASK = ("--task", "photoz")
FLUXES = ("NUV", "U", "G", "R", "I", "Z", "Y")
ABSENT = ("NUV", "u", "y")
"""Bands that surveys from the ground have badly or not at all."""
ANSWERS = {"FLUX": "Z_FLUX", "IMAGE": "Z_IMAGE", "HYBRID": "Z_PHOT", "TEMPLATE FIT": "Z_TEMPLATE"}
MAGNITUDES = (18.0, 21.0, 22.0, 22.5, 23.0, 23.5, 24.0, 25.5)
RATIOS = (10, 15, 20, 30)
"""Signal to noise in the better of g and i."""
FACTORS = (0.5, 0.57, 0.65)
MASK = 12
"""Pixels about the centre that a masked object loses; what is left of a stamp is sky."""
NOTE = (
    "Mocks of the CSST wide survey made by skycnn mock: noise from that of the survey's depths to half of what its "
    "sky, dark current and reading add, another for each galaxy; measured SNR > 10 in g or i. No real CSST data exist: "
    f"these scores are scores on mocks. {extinction_notes.CSST}"
)


@contextmanager
def made(path: Path) -> Iterator[Path]:
    """Yield a name to write to, which becomes ``path`` when all went well."""
    draft = path.with_name(f"draft_{path.name}")
    draft.unlink(missing_ok=True)
    yield draft
    draft.rename(path)


def mocks(out: Path, name: str, rows: int, *words: object) -> Path:
    """Return stamps with truth and fluxes, or fluxes alone."""
    path = out / f"{name}.fits"
    if not path.exists():
        skycnn("mock", *TASK, "--survey", "csst", "-n", rows, *words, "-q", "--out", path)
    return path


def training(out: Path, rows: int) -> Path:
    """Return the stamps to train with, all parts in one file."""
    path = out / f"train_{rows}.fits"
    if path.exists():
        return path
    sizes = {name: round(share * rows) for name, (share, _) in TRAINING.items()}
    parts = [mocks(out, f"{name}_{size}", size, *TRAINING[name][1]) for name, size in sizes.items()]
    files = [fits.open(part, memmap=True) for part in parts]
    tables = [np.array(file["CATALOGUE"].data) for file in files]
    for number, table in enumerate(tables):
        table["GROUP"] += number * APART
    columns = files[0]["CATALOGUE"].header
    images = np.concatenate([file[0].data for file in files])
    with made(path) as draft:
        stamps = fits.PrimaryHDU(images, files[0][0].header)
        fits.HDUList([stamps, fits.BinTableHDU(np.concatenate(tables), columns)]).writeto(draft)
    return path


def test(out: Path, selection: str) -> Path:
    """Return the stamps of a selection to judge with."""
    return mocks(out, f"test_{selection}", TESTS, "--selection", selection, "--seed", TEST)


def known(out: Path, selection: str) -> Path:
    """Return the catalogue of fluxes that the classical methods learn a selection from."""
    words = ("--selection", selection, "--seed", RIVALS, "--fluxes-only")
    return mocks(out, f"known_{selection}", KNOWN["rivals"], *words)


def trained(out: Path, stamps: Path, network: str, threads: int) -> Path:
    """Return a trained network; a hybrid joins the two that were trained before it."""
    path = out / f"{NAME}-{network}.safetensors"
    if not path.exists():
        words = [*TASK, "--survey", "csst", "--truth", "Z_TRUE", "--group", "GROUP", "--network", network, "--seed", 1]
        if network == "hybrid":
            words += [word for own in NETWORKS[:2] for word in ("--init", out / f"{NAME}-{own}.safetensors")]
        if network in EPOCHS:
            words += ["--epochs", EPOCHS[network]]
        card = ["--note", NOTE, "--licence", "BSD-3-Clause", "--device", "cpu", "--threads", threads]
        card += ["--dereddened", "yes"]
        print(skycnn("train", stamps, *words, *card, "--resume", "--out", path))
    return path


def answered(out: Path, stamps: Path, network: Path, name: str, *words: object) -> Path:
    """Return the table of a stamp file with a model's answers."""
    path = out / f"{name}.fits"
    if not path.exists():
        with made(path) as draft:
            common = [*TASK, "--model", network, "--table-only", "--out", draft, "-q"]
            skycnn("predict", stamps, *common, *words)
    return path


def judge(path: Path, title: str, *words: object) -> dict[str, dict[str, float]]:
    """Print the scores of a table's answers, beside others on the same rows; return them by name."""
    common = [*TASK, "--truth", "Z_TRUE", "--group", "GROUP", "--survey", "csst"]
    found = json.loads(skycnn("score", path, *common, *words, "--json", "-q"))
    tell(found, title)
    return {entry["name"]: {key: part["value"] for key, part in entry["scores"].items()} for entry in found["entries"]}


def beside(out: Path, stamps: Path, parts: dict[str, Path], selection: str) -> Path:
    """Return the hybrid's answers with those of the others, and of the template fit, in columns Z_<NETWORK>."""
    path, fit = out / f"beside_{selection}.fits", out / f"template_{selection}.fits"
    if not fit.exists():
        with made(fit) as draft:
            words = [sys.executable, HERE / "template_fit.py", stamps, draft, "--selection", selection]
            subprocess.run([str(word) for word in words], check=True)
    if not path.exists():
        table = Table.read(parts["hybrid"])
        for name in ("flux", "image"):
            theirs = Table.read(parts[name])
            for end in ("", "_LO", "_HI", "_PDF"):
                table[f"Z_{name.upper()}{end}"] = theirs[f"Z_PHOT{end}"]
            bins = theirs.meta[f"TCOMM{theirs.colnames.index('Z_PHOT_PDF') + 1}"]
            table.meta[f"TCOMM{len(table.colnames)}"] = bins  # or its distribution would be guessed from the interval
        table["Z_TEMPLATE"] = Table.read(fit)["Z_TEMPLATE"]
        with made(path) as draft:
            table.write(draft)
    return path


def brightness(table: Table) -> np.ndarray:
    """Return the measured signal to noise in the better of g and i."""
    ratio: np.ndarray = np.maximum(*(table[f"FLUX_{band}"] / table[f"FLUXERR_{band}"] for band in "GI"))
    return ratio


def by_brightness(path: Path) -> None:
    """Print the scores by true I magnitude and by measured SNR: what noise leaves to be known."""
    table = Table.read(path)
    snr = brightness(table)
    parts = {
        f"I {low:g} to {high:g}": (table["MAG_I_TRUE"] >= low) & (table["MAG_I_TRUE"] < high)
        for low, high in itertools.pairwise(MAGNITUDES)
    } | {f"SNR > {least}": snr > least for least in RATIOS}
    print("\nsigma_NMAD and outliers of", *(name.lower() for name in ANSWERS))
    for name, which in parts.items():
        here = table[which]
        if len(here) < 100:
            continue
        scores = (
            (metrics.sigma_nmad(here[column], here["Z_TRUE"]), metrics.outlier_fraction(here[column], here["Z_TRUE"]))
            for column in ANSWERS.values()
        )
        told = "   ".join(f"{scatter:.4f} {100 * share:5.2f} %" for scatter, share in scores)
        print(f"{name:12s} {len(here):5d} galaxies: {told}")


def describe(stamps: Path, selection: str) -> str:
    """Return what the galaxies of a selection are: their signal to noise, redshifts and number on the sky."""
    with fits.open(stamps, memmap=True) as file:
        header, table = file["CATALOGUE"].header, Table(file["CATALOGUE"].data)
    snr, z = brightness(table), np.asarray(table["Z_TRUE"], float)
    counts: NumberCounts = Population.load().census
    density = counts.count(selection) * len(table) / header["NDRAWN"]
    return (
        f"n {len(table)}, noise {header['NOISE']}, SNR median {np.median(snr):.1f}, {100 * np.mean(snr < 20):.0f} % at "
        f"10 to 20, z median {np.median(z):.2f}, mean {z.mean():.2f}, {density:.1f} a square arcmin"
    )


def difficulty(out: Path) -> None:
    """Print the scatter of a forest of 100 trees on 40,000 training fluxes, by the factor on the counted noise."""
    from sklearn.ensemble import RandomForestRegressor

    for factor in FACTORS:
        level = ["--selection", "parent24", "--noise", f"counted:{factor}", "--fluxes-only"]
        sides = [mocks(out, f"forest_{factor}_{seed}", rows, *level, "--seed", seed)
                 for rows, seed in ((KNOWN["forest"], RIVALS), (TESTS, CONTROL))]  # fmt: skip
        learned, asked = (Table.read(path, hdu=1) for path in sides)
        softening = np.stack([np.median(learned[f"FLUXERR_{band}"]) for band in FLUXES])
        plain, own = RandomForestRegressor(100, random_state=0, n_jobs=1), baselines.build("forest")
        truth, asks = (np.asarray(table["Z_TRUE"], float) for table in (learned, asked))
        plain.fit(colours(learned, softening), truth)
        own.fit(fluxes(learned), truth)
        answers = {"plain": plain.predict(colours(asked, softening)), "our own": own.answer(fluxes(asked)).value}
        print(f"noise counted:{factor}: median SNR {np.median(brightness(asked)):.1f};", "; ".join(
            f"{name} forest sigma_NMAD {metrics.sigma_nmad(value, asks):.4f}, "
            f"outliers {100 * metrics.outlier_fraction(value, asks):.2f} %" for name, value in answers.items()
        ), flush=True)  # fmt: skip


def fluxes(table: Table) -> dict[str, np.ndarray]:
    """Return what the classical methods see of a table."""
    columns = {"flux": "FLUX", "error": "FLUXERR"}
    return {key: np.stack([table[f"{kind}_{band}"] for band in FLUXES], 1) for key, kind in columns.items()}


def colours(table: Table, softening: np.ndarray) -> np.ndarray:
    """Return asinh magnitudes and adjacent colours, all that a plain forest is given."""
    flux = np.stack([table[f"FLUX_{band}"] for band in FLUXES], 1).astype(float)
    magnitude = -2.5 / np.log(10) * (np.arcsinh(flux / 2 / softening) + np.log(softening))
    return np.hstack([magnitude, magnitude[:, :-1] - magnitude[:, 1:]])


def changed(out: Path, stamps: Path, name: str) -> Path:
    """Return stamps with redshifts shuffled, or masked by sky of their own border, or without some bands."""
    path, rng = out / f"{name}.fits", np.random.default_rng(1)
    if path.exists():
        return path
    with fits.open(stamps, memmap=False) as file, made(path) as draft:
        images, table = file[0].data, file["CATALOGUE"].data
        if name == "shuffled":
            table["Z_TRUE"] = rng.permutation(table["Z_TRUE"])
        elif name.startswith("griz"):
            for band in ABSENT:
                images[:, file[0].header["BANDS"].split().index(band)] = table[f"FLUX_{band.upper()}"] = np.nan
        else:
            place = np.arange(images.shape[-1]) - (images.shape[-1] - 1) / 2
            inner = np.hypot(place, place[:, None]) < MASK
            chosen = rng.integers(np.count_nonzero(~inner), size=(len(images), 1, np.count_nonzero(inner)))
            images[..., inner] = np.take_along_axis(images[..., ~inner], chosen, axis=2)
        file.writeto(draft)
    return path


def control(out: Path) -> None:
    """Print scores that must be the median's: of networks that learned shuffled redshifts, and of masked galaxies."""
    rivals = ["--train", known(out, "paper"), "--baselines", "median"]
    some = mocks(out, "control", CONTROLS, "--selection", "paper", "--seed", CONTROL)
    shuffled = changed(out, some, "shuffled")
    for network in ("flux", "image"):
        learned = out / f"shuffled_{network}.safetensors"
        if not learned.exists():
            words = [*TASK, "--survey", "csst", "--truth", "Z_TRUE", "--group", "GROUP", "--network", network]
            skycnn("train", shuffled, *words, "--members", 1, "--epochs", 6, "--resume", "-q", "--out", learned)
        found = answered(out, test(out, "paper"), learned, f"test_shuffled_{network}")
        judge(found, f"Control, {network} trained on shuffled redshifts", *rivals)
    masked = changed(out, some, "masked")
    found = answered(out, masked, latest(out, f"{NAME}-image"), "masked_image")
    judge(found, "Control, masked galaxies", *rivals)


def tables(out: Path, models: dict[str, Path], selection: str) -> tuple[list[str], dict[str, str]]:
    """Print all scores of a selection; return the lines of the last table, and what the networks' cards say of it."""
    stamps = test(out, selection)
    about = describe(stamps, selection)
    print(f"\n=== {selection}: {about}")
    parts = {name: answered(out, stamps, path, f"{selection}_{name}", "--pdf") for name, path in models.items()}
    found = {name: judge(path, f"Network {name}", "--baselines", "none") for name, path in parts.items()}
    rivals = ["--train", known(out, selection), "--baselines", "all"]
    others = [word for name in ("Z_FLUX", "Z_IMAGE", "Z_TEMPLATE") for word in ("--baseline", name)]
    table = beside(out, stamps, parts, selection)
    all_of_them = judge(table, "Network hybrid beside the others", *others, *rivals)
    by_brightness(table)
    fewer = changed(out, stamps, f"griz_{selection}")
    for name, path in models.items():
        bare = answered(out, fewer, path, f"{selection}_griz_{name}")
        judge(bare, f"Network {name} without {' '.join(ABSENT)}", "--baselines", "none")
    lines = [f"{selection}: {about}"]
    for name, scores in (*((name, next(iter(found[name].values()))) for name in NETWORKS), *all_of_them.items()):
        if name not in ("Z_FLUX", "Z_IMAGE", "answers"):
            paper = f"   {PAPER[name][0]:.3f}  {100 * PAPER[name][1]:.2f} %" if name in PAPER else ""
            lines.append(f"  {name:12s} {scores['sigma_nmad']:.4f}  {100 * scores['outliers']:5.2f} %{paper}")
    said = {name: next(iter(found[name].values())) for name in NETWORKS}
    return lines, {
        name: f"{selection} {scores['sigma_nmad']:.4f}, {100 * scores['outliers']:.2f} %"
        for name, scores in said.items()
    }


def listed(path: Path, said: list[str]) -> Path:
    """Write the scores of all selections into a model's card."""
    whole = model.read(path)
    note = f"{NOTE} sigma_NMAD and outliers of {TESTS:,} unseen mocks of each selection: {'; '.join(said)}."
    card = replace(whole.card, sample={**whole.card.sample, "note": note})
    path.write_bytes(model.encode(model.seal(card, whole.tensors)))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="of the galaxies to train with")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--judge-only", action="store_true", help="the models in out/, else those that ship")
    parser.add_argument("--difficulty", action="store_true", help="print what the factor on the noise does, no more")
    args = parser.parse_args()
    out = ROOT / "out" / NAME
    out.mkdir(parents=True, exist_ok=True)
    if args.difficulty:
        difficulty(out)
        return
    if args.judge_only:
        models = {network: latest(out, f"{NAME}-{network}") for network in NETWORKS}
    else:
        models = {}
        for network in NETWORKS:
            stamps = training(out, round(args.share * ROWS[network]))
            models[network] = trained(out, stamps, network, args.threads)
    found = [tables(out, models, selection) for selection in SELECTIONS]
    lines = [line for part, _ in found for line in part]
    if args.install:
        for name, path in models.items():
            made = listed(path, [said[name] for _, said in found])
            install(made, made.stem, model.read_card(made).sha256)
    control(out)
    print(
        "\nsigma_NMAD and outliers; behind the networks those of Zhou et al. 2022, on mocks of their own",
        *lines,
        sep="\n",
    )


if __name__ == "__main__":
    main()
