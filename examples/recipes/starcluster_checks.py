"""Ask of starcluster-m83-wfc3 what its test rows do not: populations that look alike, real frames, and strange rows.

    python examples/recipes/starcluster_checks.py [FRAME_BLUE FRAME_GREEN FRAME_RED] [--model FILE]

Populations that look alike: 10 Myr behind A_V 1.0 and 28 Myr behind 0.65; 220 Myr behind 1.0 and 1.26 Gyr without dust.
Of each many clusters are drawn; their mean joint posteriors, and those of a fit of aperture photometry to the same
isochrones, are drawn side by side, and how much of the one's lies upon the other's is printed.

Frames, three of one field: mocks are put upon them, scaled to the survey's own noise, and their ages judged beside
those of the synthetic disc.

How well r_h can be known: the radius that holds half of the drawn stars' light beside the profile's.

Strange rows: a saturated star, a galaxy, half a stamp off the chip, a cluster four times as near, pixels in electrons.
What each is flagged is printed.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from running import ROOT, latest, skycnn
from starcluster_m83 import NAME, OTHER, TASK, TEST, errors, half, mocks, table

from skycnn import survey
from skycnn.schema import Flag
from skycnn.simulate import impostors
from skycnn.simulate.clusterfit import ClusterFit
from skycnn.simulate.clusterview import of as view_of
from skycnn.simulate.noise import Noise
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer
from skycnn.simulate.starclusters import StarClusters, draw, given

ALIKE = (((7.0, 1.0), (7.447, 0.65)), ((8.342, 1.0), (9.1, 0.0)))
"""log age and A_V of populations that look alike."""
EACH, MASS, RADIUS = 64, 4.7, 0.12
"""Clusters of each; the log mass of all, and r_h in arcsec."""
FACTS = survey.load("m83-wfc3")
SIDE = 64


def stamps(made: StarClusters, seed: int) -> np.ndarray:
    """Return noisy stamps (n, band, y, x)."""
    renderer = Renderer([psf_of(FACTS, band) for band in FACTS.bands], FACTS.pixel_scale, SIDE)
    return Noise.counted(FACTS).add(made.light.stamps(renderer), seed, made.light.row)


def written(path: Path, images: np.ndarray, unit: str = "uJy", scale: float = FACTS.pixel_scale) -> Path:
    """Write a stamp file."""
    first = fits.PrimaryHDU(images.astype("f4"))
    first.header.update({"BANDS": " ".join(FACTS.bands), "BUNIT": unit, "PIXSCALE": scale})
    rows = fits.BinTableHDU(Table({"ID": np.arange(len(images))}), name="CATALOGUE")
    fits.HDUList([first, rows]).writeto(path, overwrite=True)
    return path


def answers(path: Path, model: Path, *words: object) -> Table:
    """Return the rows of a stamp file with the model's answers."""
    found = path.with_name(f"{path.stem}_answers.fits")
    skycnn("predict", path, *TASK, "--model", model, "-q", "--out", found, "--overwrite", *words)
    return table(found)


def joints(out: Path, model: Path) -> list[list[tuple[np.ndarray, np.ndarray]]]:
    """Return the mean probability of age and A_V by the network and by the fit, of each population of each pair."""
    fit, found = ClusterFit(FACTS, FACTS.bands, 4.5), []
    for pair, parts in enumerate(ALIKE):
        found.append([])
        for number, (age, depth) in enumerate(parts):
            same = (np.full(EACH, value) for value in (age, depth, MASS, RADIUS))
            images = stamps(given(FACTS, FACTS.bands, 10 * pair + number, *same), 10 * pair + number)
            path = written(out / f"alike_{pair}_{number}.fits", images)
            joint = np.asarray(answers(path, model, "--pdf")["LOG_AGE_JOINT_PDF"], float)
            found[-1].append((joint.mean(axis=0).sum(axis=-1), np.nanmean(fit.joint(images), axis=0).sum(axis=-1)))
    return found


def alike(out: Path, model: Path) -> None:
    """Draw the joint posteriors of populations that look alike, and print how much they share."""
    from matplotlib.figure import Figure

    found = joints(out, model)
    figure = Figure(figsize=(9, 8), layout="constrained")
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    for row, (parts, populations) in enumerate(zip(ALIKE, found, strict=True)):
        for column, title in enumerate(("network", "fit of aperture photometry")):
            axes = panels[row][column]
            for (age, depth), pair, colour in zip(parts, populations, ("#0072b2", "#d55e00"), strict=True):
                mass = pair[column]
                ages, depths = np.linspace(6.6, 10.1, len(mass) + 1), np.linspace(0, 3, mass.shape[1] + 1)
                order = np.sort(mass.ravel())[::-1]
                steps = [order[np.searchsorted(np.cumsum(order), share)] for share in (0.95, 0.68)]
                middles = (ages[1:] + ages[:-1]) / 2, (depths[1:] + depths[:-1]) / 2
                axes.contour(*middles, mass.T, levels=steps, colors=colour, linewidths=(0.8, 1.6))
                axes.plot(age, depth, "x", color=colour, markersize=9)
            shared = np.minimum(populations[0][column], populations[1][column]).sum()
            axes.set_title(f"{title}: {100 * shared:.0f} % shared", fontsize=10)
            (a, b), (c, d) = parts
            print(f"log age {a:g}, A_V {b:g} and log age {c:g}, A_V {d:g}: {title} shares {shared:.3f}")
    for axes in panels[1]:
        axes.set_xlabel("log age [yr]")
    for axes in panels[:, 0]:
        axes.set_ylabel("A_V [mag]")
    figure.savefig(out / "alike.png", dpi=120)
    print(out / "alike.png")


def radii() -> None:
    """Print how far the radius that holds half of a cluster's drawn light is from its profile's, without noise."""
    made = draw(FACTS, FACTS.bands, 2, np.arange(TEST), "all")
    which = (made.truth["VISIBILITY"] > 5) & (made.truth["LOG_AGE"] < 8)
    off = []
    for row in np.flatnonzero(which).tolist():
        place, flux = made.light.centre[row]
        order = np.argsort(np.hypot(*place.T))
        light = np.cumsum(flux[order], axis=0)
        found = [np.searchsorted(band, band[-1] / 2) for band in light.T]
        off.append(np.log10(np.hypot(*place[order][found].T) / made.truth["R_H"][row]))
    each = np.array(off)
    shown = (
        f"{band} {half(values):.3f}"
        for band, values in zip((*FACTS.bands, "mean"), (*each.T, each.mean(axis=1)), strict=True)
    )
    print(f"log r_h of the drawn light less the profile's, {len(each)} clusters:", *shown)


def frames(out: Path, model: Path, paths: list[str]) -> None:
    """Judge ages of mocks upon frames, scaled so that their noise is the survey's."""
    words = []
    for band, path, sigma in zip(FACTS.bands, paths, Noise.counted(FACTS).sigma, strict=True):
        with fits.open(path) as file:
            image = next(hdu for hdu in file if hdu.data is not None)
            scaled, header = image.data.astype("f4"), image.header
        middle = np.nanmedian(scaled)
        scatter = 1.48 * np.nanmedian(np.abs(scaled - middle))
        header["BUNIT"] = "uJy"
        scaled = (scaled - middle) * np.float32(sigma / scatter)
        fits.PrimaryHDU(scaled, header).writeto(out / f"frame_{band}.fits", overwrite=True)
        words += ["--background", f"{band}={out / f'frame_{band}.fits'}"]
    test = out / "on_frames.fits"
    skycnn("mock", *TASK, "--survey", "m83-wfc3", "-n", TEST, "--seed", 2, *words, "-q", "--out", test, "--overwrite")
    for title, path in (("the synthetic disc", mocks(out, TEST, OTHER, "test")), ("frames", test)):
        rows = answers(path, model)
        which = (np.asarray(rows["VISIBILITY_TRUE"]) > 5) & (np.asarray(rows["LOG_AGE_TRUE"]) < 8)
        found = {name: half(off) for name, off in errors(rows[which]).items()}
        print(f"upon {title}, {which.sum()} rows:", *(f"{name} {value:.3f}" for name, value in found.items()))


def strange(out: Path, model: Path) -> None:
    """Print what strange rows are flagged."""
    view = view_of(FACTS, FACTS.bands, 4.5)
    plain = given(FACTS, FACTS.bands, 5, *(np.full(EACH, value) for value in (7.5, 0.5, 4.5, 0.12)))
    usual = stamps(plain, 5)
    random = np.random.default_rng(5)
    bright = given(FACTS, FACTS.bands, 6, *(np.full(EACH, value) for value in (7.0, 0.0, 5.0, 0.04)))
    saturated = np.minimum(stamps(bright, 6) * 300, 60.0)
    galaxies = [impostors.galaxy(view.wavelength, view.law, random) for _ in range(EACH)]
    galaxy = stamps(replace(plain, light=replace(plain.light, centre=galaxies)), 7)
    edge = usual.copy()
    edge[..., SIDE // 2 + 8 :] = np.nan
    missing = usual.copy()
    missing[:, 0] = np.nan
    near = usual.repeat(4, axis=2).repeat(4, axis=3)[..., 96:160, 96:160] / 16
    for title, images in (
        ("clusters as in the mocks", usual), ("saturated stars", saturated), ("galaxies", galaxy),
        ("half off the chip", edge), ("without F336W", missing), ("four times as near", near),
        ("electrons told as microjansky", usual * 4000),
    ):  # fmt: skip
        rows = answers(written(out / "strange.fits", images), model)
        flags, p = np.asarray(rows["STARCLUSTER_FLAG"]), np.asarray(rows["P_CLUSTER"], float)
        parts = [f"{flag.name} {100 * ((flags & flag) > 0).mean():.0f} %" for flag in Flag if (flags & flag).any()]
        print(f"{title}: P_CLUSTER {np.nanmedian(p):.3f},", ", ".join(parts) or "no flag")
    for title, unit, scale in (("e-/s", "electron/s", 0.04), ("another pixel scale", "uJy", 0.1)):
        path = written(out / "strange.fits", usual, unit, scale)
        try:
            rows = answers(path, model)
            print(f"{title}: answered, flags", np.unique(np.asarray(rows["STARCLUSTER_FLAG"])))
        except Exception as error:  # the command refused; its words stand above
            print(f"{title}: refused ({type(error).__name__})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", nargs="*", help="three frames of one field, blue to red")
    parser.add_argument("--model", type=Path, help="default: the one in out/, else the one that ships")
    args = parser.parse_args()
    out = ROOT / "out" / "starcluster-m83"
    out.mkdir(parents=True, exist_ok=True)
    model = args.model or latest(out, NAME)
    radii()
    alike(out, model)
    strange(out, model)
    if args.frames:
        frames(out, model, args.frames)


if __name__ == "__main__":
    main()
