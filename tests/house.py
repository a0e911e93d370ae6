"""Print the picture of the house: lines by room, loops and upward arrows between rooms, files that three walks load.

A room is a folder or a file directly under the package. ``--src DIR`` looks at another tree, such as an earlier one's.
"""

import argparse
import ast
import os
import re
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

HERE = Path(__file__).resolve().parents[1]
LOADED = """
import atexit
import sys
listed = sys.argv.pop(1)
def tell():
    with open(listed, "w") as file:
        file.write("\\n".join(name for name, module in list(sys.modules.items()) if name.startswith("skycnn.")
                             and not (getattr(module, "__file__", None) or "__init__").endswith("__init__.py")))
atexit.register(tell)
from skycnn.cli.app import main
main()
"""
"""Runs a command line and writes the names of the modules that it loaded."""


def room(module: str) -> str:
    """Return the room of ``skycnn.ROOM...``."""
    return module.split(".")[1] if "." in module else ""


def imports(path: Path, module: str) -> Iterator[str]:
    """Yield the modules of the package that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("skycnn."))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "skycnn":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def loops(arrows: set[tuple[str, str]]) -> list[list[str]]:
    """Return the groups of rooms that reach each other."""
    rooms = sorted({end for arrow in arrows for end in arrow})
    reach = {start: {end for begin, end in arrows if begin == start} for start in rooms}
    for middle in rooms:
        for start in rooms:
            if middle in reach[start]:
                reach[start] |= reach[middle]
    groups = {tuple(other for other in rooms if other in reach[start] and start in reach[other]) for start in rooms}
    return sorted(list(group) for group in groups if group)


def floors(source: Path) -> dict[str, int]:
    """Return the floor of each room, 0 the highest, as the nearest pyproject.toml has them."""
    file = next(folder / "pyproject.toml" for folder in source.parents if (folder / "pyproject.toml").exists())
    contracts = tomllib.loads(file.read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return {name: floor for floor, names in enumerate(layers) for name in re.findall(r"\w+", names)}


def draw(source: Path) -> None:
    """Print the rooms of a source tree, and the arrows between them."""
    lengths: dict[str, list[int]] = {}
    arrows: Counter[tuple[str, str]] = Counter()
    rank = floors(source)
    for path in sorted(source.rglob("*.py")):
        module = ".".join(("skycnn", *path.relative_to(source).with_suffix("").parts))
        here = room(module)
        lengths.setdefault(here, []).append(len(path.read_text().splitlines()))
        arrows.update((here, room(name)) for name in set(imports(path, module)) if room(name) not in (here, ""))
    total = sum(map(sum, lengths.values()))
    print(f"{'room':14} {'files':>5} {'lines':>6} {'share':>6} {'median':>6} {'longest':>7}")
    for name, sizes in sorted(lengths.items(), key=lambda item: (rank.get(item[0], 99), item[0])):
        share = f"{sum(sizes) / total:.1%}"
        print(f"{name:14} {len(sizes):5} {sum(sizes):6} {share:>6} {statistics.median(sizes):6.0f} {max(sizes):7}")
    largest = max(lengths, key=lambda name: sum(lengths[name]))
    print(f"{'all':14} {sum(map(len, lengths.values())):5} {total:6}")
    print(f"\nlargest room: {largest}, {sum(lengths[largest]) / total:.1%} of all lines")
    found = loops(set(arrows))
    print(f"loops between rooms: {len(found)}", *(" <-> ".join(group) for group in found), sep="\n  ")
    upward = {arrow: n for arrow, n in arrows.items() if rank.get(arrow[1], 99) < rank.get(arrow[0], 99)}
    print(f"arrows upward: {sum(upward.values())}", *(f"{a} -> {b}: {n}" for (a, b), n in upward.items()), sep="\n  ")


class Walker:
    """Runs command lines of a source tree in a folder, and lists the files that each loads."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.folder = folder
        self._environment = os.environ | {"PYTHONPATH": str(source.parent), "OMP_NUM_THREADS": "1"}

    def run(self, *words: str) -> list[str]:
        """Run ``skycnn WORDS``; return the modules loaded, without the packages' own."""
        listed = self.folder / "loaded"
        ran = subprocess.run(
            [sys.executable, "-c", LOADED, str(listed), *words],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            sys.exit(f"skycnn {' '.join(words)}\n{ran.stderr}")
        return listed.read_text().split()

    def show(self, title: str, *words: str) -> None:
        """Print how many files of which rooms a command line loads."""
        loaded = self.run(*words)
        by_room = Counter(map(room, loaded))
        print(f"{title:22} {len(loaded):3} files:", ", ".join(f"{name} {n}" for name, n in by_room.most_common()))


def fluxes(folder: Path) -> None:
    """Write ``fluxes.fits`` with the columns of SDSS."""
    rng = np.random.default_rng(1)
    columns = [fits.Column(f"modelMag_{band}", "E", array=rng.uniform(17, 20, 8)) for band in "ugriz"]
    columns += [fits.Column(f"modelMagErr_{band}", "E", array=np.full(8, 0.05)) for band in "ugriz"]
    fits.BinTableHDU.from_columns(columns).writeto(folder / "fluxes.fits")


def images(folder: Path, bands: list[str], scale: float) -> list[str]:
    """Write ``positions.fits`` and an image a band, and return the words that name the images."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "RA---TAN", "DEC--TAN"
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = (150.0, 2.0), (100.5, 100.5), (-scale / 3600, scale / 3600)
    x, y = np.random.default_rng(2).uniform(60, 140, (2, 4))
    ra, dec = wcs.all_pix2world(x, y, 0)
    columns = [fits.Column("RA", "D", "deg", array=ra), fits.Column("DEC", "D", "deg", array=dec)]
    fits.BinTableHDU.from_columns(columns).writeto(folder / "positions.fits")
    words = []
    for i, band in enumerate(bands):
        header = wcs.to_header()
        header["BUNIT"] = "uJy"
        pixels = np.random.default_rng(i).normal(0, 0.01, (200, 200)).astype("f4")
        fits.PrimaryHDU(pixels, header).writeto(folder / f"{band}.fits")
        words += ["--images", f"{band}={band}.fits"]
    return words


def walk(source: Path) -> None:
    """Print what three walks through the house load."""
    with tempfile.TemporaryDirectory() as name:
        walker = Walker(source, Path(name))
        fluxes(walker.folder)
        walker.show("predict, fluxes", "predict", "fluxes.fits", "--task", "photoz", "--survey", "sdss")
        csst = ("--task", "photoz", "--survey", "csst")
        walker.run("mock", *csst, "-n", "300", "--seed", "1", "--out", "stamps.fits")
        header = fits.getheader(walker.folder / "stamps.fits")
        given = images(walker.folder, header["BANDS"].split(), header["PIXSCALE"])
        walker.show("predict, images", "predict", "positions.fits", *csst, *given)
        walker.show("train, stamps", "train", "stamps.fits", "--task", "photoz", "--network", "image", "--epochs", "1",
                    "--members", "1", "--out", "tiny.safetensors")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--src", type=Path, default=HERE / "src" / "skycnn", help="the package's folder")
    parser.add_argument("--no-walks", action="store_true", help="look at the sources alone")
    asked = parser.parse_args()
    draw(asked.src.resolve())
    if not asked.no_walks:
        print()
        walk(asked.src.resolve())
