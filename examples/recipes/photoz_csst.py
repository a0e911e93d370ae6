"""Make the three models of CSST that ship: mocks, networks of fluxes, of stamps and of both, the paper's table.

    python examples/recipes/photoz_csst.py [--rows N] [--install] [--judge-only]

Zhou et al. 2022, MNRAS 512, 4593, on mocks of our own: N galaxies to train, validate and test with, groups 8:1:1, all
three networks on the same rows; then 10,000 others of another seed, which no choice looks at, for the table. Beside the
networks stand the classical methods, a template fit with the mocks' own spectra, and controls that must come out null.
Everything is written into out/, which git ignores; what is there already is not made again, and a training that was
stopped goes on. --install puts the models and their sums into the package.
"""

import argparse
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from photoz_sdss_flux import ROOT, install, skycnn

from skycnn import metrics

HERE = Path(__file__).parent
NAME = "photoz-csst"
ROWS, TESTS, CONTROLS = 100_000, 10_000, 6000
EPOCHS = {"image": 24}
"""Of so many galaxies; fewer would be looked at more often."""
SEED = {"train": 1, "test": 2, "control": 3}
NETWORKS = ("flux", "image", "hybrid")
PAPER = {"flux": (0.023, 0.0143), "image": (0.025, 0.0121), "hybrid": (0.020, 0.0090)}
"""sigma_NMAD and outliers of Zhou et al. 2022, table 2."""
TASK = ("--task", "photoz")
ABSENT = ("NUV", "u", "y")
"""Bands that surveys from the ground have badly or not at all."""
ANSWERS = {"FLUX": "Z_FLUX", "IMAGE": "Z_IMAGE", "HYBRID": "Z_PHOT", "TEMPLATE FIT": "Z_TEMPLATE"}
MAGNITUDES = (18.0, 21.0, 22.0, 22.5, 23.0, 23.5, 24.0, 25.5)
RATIOS = (10, 15, 20, 30)
"""Signal to noise in the better of g and i."""
MASK = 12
"""Pixels about the centre that a masked object loses; what is left of a stamp is sky."""
NOTE = (
    "Mocks of the CSST wide survey made by skycnn mock (selection paper: measured SNR > 10 in g or i), no sky. No real "
    "CSST data exist: these scores are scores on mocks."
)


@contextmanager
def made(path: Path) -> Iterator[Path]:
    """Yield a name to write to, which becomes ``path`` when all went well."""
    draft = path.with_name(f"draft_{path.name}")
    draft.unlink(missing_ok=True)
    yield draft
    draft.rename(path)


def mocks(out: Path, kind: str, rows: int) -> Path:
    """Return stamps with truth and fluxes."""
    path = out / f"{kind}.fits"
    if not path.exists():
        words = ["--survey", "csst", "-n", rows, "--seed", SEED[kind], "--selection", "paper"]
        skycnn("mock", *TASK, *words, "--out", path)
    return path


def known_of(stamps: Path, out: Path) -> Path:
    """Return the catalogue of the stamps to train with, for the classical methods."""
    path = out / "known.fits"
    if not path.exists():
        with fits.open(stamps, memmap=True) as file, made(path) as draft:
            table = Table(file["CATALOGUE"].data)
            table["GROUP"] = -1 - table["GROUP"]  # candidates of one number are other galaxies under another seed
            table.write(draft)
    return path


def trained(out: Path, stamps: Path, network: str, threads: int) -> Path:
    """Return a trained network; a hybrid joins the two that were trained before it."""
    model = out / f"{NAME}-{network}.safetensors"
    if not model.exists():
        words = [*TASK, "--survey", "csst", "--truth", "Z_TRUE", "--group", "GROUP", "--network", network, "--seed", 1]
        if network == "hybrid":
            words += [word for own in NETWORKS[:2] for word in ("--init", out / f"{NAME}-{own}.safetensors")]
        if network in EPOCHS:
            words += ["--epochs", EPOCHS[network]]
        card = ["--note", NOTE, "--licence", "BSD-3-Clause", "--device", "cpu", "--threads", threads]
        print(skycnn("train", stamps, *words, *card, "--resume", "--out", model))
    return model


def answered(out: Path, stamps: Path, model: Path, name: str, *words: object) -> Path:
    """Return the table of a stamp file with a model's answers."""
    path = out / f"{name}.fits"
    if not path.exists():
        with made(path) as draft:
            common = [*TASK, "--model", model, "--table-only", "--out", draft, "-q"]
            skycnn("predict", stamps, *common, *words)
    return path


def judge(path: Path, title: str, *words: object) -> dict[str, dict[str, float]]:
    """Print the scores of a table's answers, beside others on the same rows; return them by name."""
    common = [*TASK, "--truth", "Z_TRUE", "--group", "GROUP", "--survey", "csst"]
    found = json.loads(skycnn("score", path, *common, *words, "--json", "-q"))
    print(f"\n{title}: {found['rows']} galaxies (95 % intervals by bootstrap over parents)")
    for entry in found["entries"]:
        scores = {key: part for key, part in entry["scores"].items() if part["value"] is not None}
        print(f"{entry['name']:12s}", *(
            f"{key} {part['value']:.5f}" + (f" [{part['low']:.5f}, {part['high']:.5f}]" if "low" in part else "")
            for key, part in scores.items()
        ))  # fmt: skip
        less = {key: part for key, part in (entry["difference"] or {}).items() if part["value"] is not None}
        if less:
            print(f"{'':12s} answers less it:", *(
                f"{key} {less[key]['value']:+.5f} [{less[key]['low']:+.5f}, {less[key]['high']:+.5f}]"
                for key in ("sigma_nmad", "outliers", "crps") if key in less
            ))  # fmt: skip
    return {entry["name"]: {key: part["value"] for key, part in entry["scores"].items()} for entry in found["entries"]}


def beside(out: Path, test: Path, parts: dict[str, Path]) -> Path:
    """Return the hybrid's answers with those of the others, and of the template fit, in columns Z_<NETWORK>."""
    path, fit = out / "beside.fits", out / "template.fits"
    if not fit.exists():
        with made(fit) as draft:
            subprocess.run([sys.executable, str(HERE / "template_fit.py"), str(test), str(draft)], check=True)
    if not path.exists():
        table = Table.read(parts["hybrid"])
        for name in ("flux", "image"):
            table[f"Z_{name.upper()}"] = Table.read(parts[name])["Z_PHOT"]
        table["Z_TEMPLATE"] = Table.read(fit)["Z_TEMPLATE"]
        with made(path) as draft:
            table.write(draft)
    return path


def by_brightness(path: Path) -> None:
    """Print the scores by true I magnitude and by measured SNR: what noise leaves to be known."""
    table = Table.read(path)
    snr = np.maximum(*(table[f"FLUX_{band}"] / table[f"FLUXERR_{band}"] for band in "GI"))
    parts = {
        f"I {low:g} to {high:g}": (table["MAG_I_TRUE"] >= low) & (table["MAG_I_TRUE"] < high)
        for low, high in itertools.pairwise(MAGNITUDES)
    } | {f"SNR > {least}": snr > least for least in RATIOS}
    print("\nsigma_NMAD and outliers of", *(name.lower() for name in ANSWERS))
    for name, which in parts.items():
        here = table[which]
        scores = (
            (metrics.sigma_nmad(here[column], here["Z_TRUE"]), metrics.outlier_fraction(here[column], here["Z_TRUE"]))
            for column in ANSWERS.values()
        )
        told = "   ".join(f"{scatter:.4f} {100 * share:5.2f} %" for scatter, share in scores)
        print(f"{name:12s} {len(here):5d} galaxies: {told}")


def changed(out: Path, stamps: Path, name: str) -> Path:
    """Return the stamps with redshifts shuffled, or masked by sky of their own border, or without some bands."""
    path, rng = out / f"{name}.fits", np.random.default_rng(1)
    if path.exists():
        return path
    with fits.open(stamps, memmap=False) as file, made(path) as draft:
        images, table = file[0].data, file["CATALOGUE"].data
        if name == "shuffled":
            table["Z_TRUE"] = rng.permutation(table["Z_TRUE"])
        elif name == "griz":
            for band in ABSENT:
                images[:, file[0].header["BANDS"].split().index(band)] = table[f"FLUX_{band.upper()}"] = np.nan
        else:
            place = np.arange(images.shape[-1]) - (images.shape[-1] - 1) / 2
            inner = np.hypot(place, place[:, None]) < MASK
            chosen = rng.integers(np.count_nonzero(~inner), size=(len(images), 1, np.count_nonzero(inner)))
            images[..., inner] = np.take_along_axis(images[..., ~inner], chosen, axis=2)
        file.writeto(draft)
    return path


def control(out: Path, test: Path, known: Path) -> None:
    """Print scores that must be the median's: of networks that learned shuffled redshifts, and of masked galaxies."""
    rivals = ["--train", known, "--baselines", "median"]
    shuffled = changed(out, mocks(out, "control", CONTROLS), "shuffled")
    for network in ("flux", "image"):
        model = out / f"shuffled_{network}.safetensors"
        if not model.exists():
            words = [*TASK, "--survey", "csst", "--truth", "Z_TRUE", "--group", "GROUP", "--network", network]
            skycnn("train", shuffled, *words, "--members", 1, "--epochs", 6, "--resume", "-q", "--out", model)
        found = answered(out, test, model, f"test_shuffled_{network}")
        judge(found, f"Control, {network} trained on shuffled redshifts", *rivals)
    masked = changed(out, mocks(out, "control", CONTROLS), "masked")
    found = answered(out, masked, out / f"{NAME}-image.safetensors", "masked_image")
    judge(found, "Control, masked galaxies", *rivals)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--judge-only", action="store_true", help="the models are in out/ already")
    args = parser.parse_args()
    out = ROOT / "out" / NAME
    out.mkdir(parents=True, exist_ok=True)
    stamps, test = mocks(out, "train", args.rows), mocks(out, "test", TESTS)
    if args.judge_only:
        models = {network: out / f"{NAME}-{network}.safetensors" for network in NETWORKS}
    else:
        models = {network: trained(out, stamps, network, args.threads) for network in NETWORKS}
    if args.install:
        for model in models.values():
            install(model, model.stem, json.loads(skycnn("models", model, "--json"))["sha256"])
    known = known_of(stamps, out)
    parts = {network: answered(out, test, model, f"test_{network}", "--pdf") for network, model in models.items()}
    found = {network: judge(path, f"Network {network}", "--baselines", "none") for network, path in parts.items()}
    rivals = ["--train", known, "--baselines", "all"]
    others = [word for name in ("Z_FLUX", "Z_IMAGE", "Z_TEMPLATE") for word in ("--baseline", name)]
    judge(beside(out, test, parts), "Network hybrid beside the others", *others, *rivals)
    by_brightness(out / "beside.fits")
    fewer = changed(out, test, "griz")
    for network, model in models.items():
        path = answered(out, fewer, model, f"griz_{network}")
        judge(path, f"Network {network} without {' '.join(ABSENT)}", "--baselines", "none")
    control(out, test, known)
    print("\nnetwork   sigma_NMAD  outliers   Zhou et al. 2022")
    for network, (scatter, share) in PAPER.items():
        mine = next(iter(found[network].values()))
        print(f"{network:9s} {mine['sigma_nmad']:.4f}      {100 * mine['outliers']:5.2f} %   "
              f"{scatter:.3f}  {100 * share:.2f} %")  # fmt: skip


if __name__ == "__main__":
    main()
