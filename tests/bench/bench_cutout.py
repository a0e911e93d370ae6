"""`cutout` of 64x64 stamps against a bare loop of slices and the field's cutters; memory over 40 GB of images.

Start-up is measured by a run over one row and taken off; of the rounds the median counts, the first one, which warms
the page cache, does not. Every output is read back and compared with slices of the image bit for bit.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import skyimages
from astropy.io import fits
from report import Line, line, table

SIDE = 64
BASE = """
from pathlib import Path
import skycnn.verbs.cutout
lines = Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon")))
"""


def cutout(cat: Path, images: dict[str, str], out: Path, side: int = SIDE, watch: bool = False) -> tuple[float, float]:
    """Run ``skycnn cutout``; return seconds, and MB of peak anonymous memory if watched."""
    out.unlink(missing_ok=True)
    words = [f"--images={band}={files}" for band, files in images.items()]
    started = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "skycnn", "cutout", str(cat), *words, "--size", str(side), "--out", str(out), "-q"]
    )
    peak = 0.0
    while watch and child.poll() is None:
        try:
            status = Path(f"/proc/{child.pid}/status").read_text()
        except OSError:
            break
        found = [text for text in status.splitlines() if text.startswith("RssAnon")]
        peak = max([peak, *(int(text.split()[1]) / 1024 for text in found)])
        time.sleep(0.02)
    code = child.wait()
    assert code == 0, code
    return time.perf_counter() - started, peak


def bare(tile: Path, xy: np.ndarray, like: Path, target: Path) -> float:
    """Slice a mapped image row by row, write as many bytes as the file ``like`` has, sync; return seconds."""
    started = time.perf_counter()
    with fits.open(tile, memmap=True) as file:
        start = file[0].fileinfo()["datLoc"]
        shape = file[0].shape
    pixels = np.memmap(tile, ">f4", "r", start, shape)
    with open(target, "wb") as file:
        block = np.empty((min(len(xy), 512), SIDE, SIDE), ">f4")
        places = skyimages.corners(xy, SIDE).tolist()
        for first in range(0, len(xy), len(block)):
            part = places[first : first + len(block)]
            for stamp, (x0, y0) in zip(block, part, strict=False):
                stamp[...] = pixels[y0 : y0 + SIDE, x0 : x0 + SIDE]
            file.write(block[: len(part)])
        file.write(bytes(max(0, like.stat().st_size - file.tell())))
        file.flush()
        os.fsync(file.fileno())
    seconds = time.perf_counter() - started
    target.unlink()
    return seconds


def sections(packed: Path, xy: np.ndarray) -> float:
    """Cut from a compressed image by astropy's ``.section``; return seconds a stamp."""
    started = time.perf_counter()
    with fits.open(packed) as file:
        for x0, y0 in skyimages.corners(xy, SIDE):
            file[1].section[y0 : y0 + SIDE, x0 : x0 + SIDE]
    return (time.perf_counter() - started) / len(xy)


def check(out: Path, wanted: np.ndarray, bands: int = 1) -> None:
    """See that the stamps of a file are those wanted, in every band."""
    with fits.open(out, memmap=True) as file:
        assert file[0].shape == (len(wanted), bands, *wanted.shape[1:]), file[0].shape
        for band in range(bands):
            assert np.array_equal(file[0].data[:, band], wanted, equal_nan=True), band


def rounds(runs: int, *parts: Callable[[], float]) -> list[tuple[float, ...]]:
    """Return the seconds of the parts, run one after another, in each round but the first."""
    return [tuple(part() for part in parts) for _ in range(runs + 1)][1:]


class Bench:
    """A folder with one tile, its catalogues, and what was measured of them."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked, self.folder, self.runs = asked, asked.folder, asked.runs
        self.tile, self.out, self.other = (self.folder / name for name in ("tile.fits", "out.fits", "other.bin"))
        skyimages.image(self.tile, asked.tile)
        self.xy = skyimages.places(asked.rows, asked.tile, 40, 1)
        self.sky = np.array(skyimages.wcs(asked.tile).all_pix2world(self.xy, 0))
        self.cat, self.first = self.folder / "cat.fits", self.folder / "first.fits"
        skyimages.catalogue(self.cat, self.sky)
        skyimages.catalogue(self.first, self.sky[:1])
        self.wanted = skyimages.slices(fits.getdata(self.tile), self.xy, SIDE)
        self.net = 0.0

    def ours(self, images: dict[str, str], cat: Path | None = None) -> Callable[[], float]:
        """Return a run that takes its own start-up off."""

        def seconds() -> float:
            start = cutout(self.first, images, self.out)[0]
            return cutout(cat or self.cat, images, self.out)[0] - start

        return seconds

    def one_tile(self) -> Iterator[Line]:
        """One plain tile, beside the bare loop."""
        images = {"r": str(self.tile)}
        cutout(self.cat, images, self.out)
        like = self.folder / "like.fits"
        self.out.rename(like)
        both = rounds(self.runs, self.ours(images), lambda: bare(self.tile, self.xy, like, self.other))
        like.unlink()
        check(self.out, self.wanted)
        self.net = statistics.median(ours for ours, _ in both)
        ratio = statistics.median(theirs / ours for ours, theirs in both)
        detail = (
            f"{self.net:.2f} s ({len(self.xy) / self.net:,.0f} rows/s) / {statistics.median(b for _, b in both):.2f} s"
        )
        yield line(f"bare slices / cutout, {len(self.xy):,} rows", ">= 0.5", f"{ratio:.2f}", ratio >= 0.5, detail)

    def peers(self) -> Iterator[Line]:
        """The field's cutters on the same tile, in their own environment."""
        for peer, name, rows, least in (
            ("cutana", "Cutana to Zarr", len(self.xy), 10),
            ("astrocut", "astrocut in memory", min(self.asked.few, len(self.xy)), 40),
        ):
            label = f"cutout / {name}, rows/s"
            python = self.asked.peers
            if python is None or subprocess.run([python, "-c", f"import {peer}"], capture_output=True).returncode:
                why = "run make bench-cutout" if python is None else f"{peer} cannot be had here"
                yield label, f">= {least}", "-", "skipped", why
                continue
            found = rounds(self.runs, lambda p=peer: self.peer(p, 1), lambda p=peer, n=rows: self.peer(p, n))
            theirs = rows / statistics.median(whole - start for start, whole in found)
            ours = len(self.xy) / self.net
            detail = f"{ours:,.0f} rows/s / {theirs:,.0f} rows/s"
            yield line(label, f">= {least}", f"{ours / theirs:.1f}", ours >= least * theirs, detail)

    def peer(self, name: str, rows: int) -> float:
        """Run a peer over the first rows, see that its stamps are slices of the tile, return its seconds."""
        folder = self.folder / "peer"
        folder.mkdir()
        expected = np.concatenate([self.sky, skyimages.corners(self.xy, SIDE)], axis=1)[:rows]
        np.save(folder / "positions.npy", expected)
        script = Path(__file__).with_name("peers.py")
        words = [
            self.asked.peers,
            str(script),
            name,
            str(self.tile.absolute()),
            str(folder / "positions.npy"),
            str(folder),
        ]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        told = json.loads(done.stdout.splitlines()[-1])
        shutil.rmtree(folder)
        assert (told["stamps"], told["right"]) == (rows, rows), told
        return float(told["seconds"])

    def rice(self) -> Iterator[Line]:
        """The tile compressed by rows, beside astropy's sections of it."""
        packed = self.folder / "tile.fits.fz"
        skyimages.rice(self.tile, packed)
        few = self.xy[: self.asked.few // 5]
        both = rounds(self.runs, self.ours({"r": str(packed)}), lambda: sections(packed, few))
        check(self.out, skyimages.slices(fits.getdata(packed, 1), self.xy, SIDE))
        packed.unlink()
        rate = len(self.xy) / statistics.median(ours for ours, _ in both)
        ratio = statistics.median(len(self.xy) * theirs / ours for ours, theirs in both)
        detail = f"{rate:,.0f} rows/s / {1 / statistics.median(theirs for _, theirs in both):,.0f} rows/s"
        yield line("cutout / astropy .section, RICE rows", ">= 20", f"{ratio:.0f}", ratio >= 20, detail)
        yield line("rows/s on RICE rows", ">= 2500", f"{rate:,.0f}", rate >= 2500)

    def three_bands(self) -> Iterator[Line]:
        """Three bands against one, by pixels."""
        one = {"r": str(self.tile)}
        others = [self.folder / f"tile_{band}.fits" for band in "gi"]
        for path in others:
            shutil.copyfile(self.tile, path)
        three = {"g": str(others[0]), **one, "i": str(others[1])}
        both = rounds(self.runs, self.ours(one), self.ours(three))
        check(self.out, self.wanted, 3)
        for path in others:
            path.unlink()
        ratio = statistics.median(3 * a / b for a, b in both)
        detail = " / ".join(f"{statistics.median(seconds):.2f} s" for seconds in zip(*both, strict=True))
        yield line("pixel rate, three bands / one", ">= 0.8", f"{ratio:.2f}", ratio >= 0.8, detail)

    def many_tiles(self) -> Iterator[Line]:
        """Many small tiles against the one, the same number of rows."""
        folder, small, each = self.folder / "tiles", self.asked.small, self.asked.each
        folder.mkdir()
        skies, wanted = [], []
        for k in range(self.asked.tiles):
            place = (140 + 0.1 * (k % 40), -2 + 0.1 * (k // 40))
            path = folder / f"t{k:04d}.fits"
            skyimages.image(path, small, place, seed=k)
            xy = skyimages.places(each, small, 0, 1000 + k)
            skies.append(skyimages.wcs(small, *place).all_pix2world(xy, 0))
            wanted.append(skyimages.slices(fits.getdata(path), xy, SIDE))
        order = np.random.default_rng(0).permutation(self.asked.tiles * each)
        many, same = self.folder / "many.fits", self.folder / "same.fits"
        skyimages.catalogue(many, np.concatenate(skies)[order])
        xy = skyimages.places(len(order), self.asked.tile, 40, 2)
        skyimages.catalogue(same, np.array(skyimages.wcs(self.asked.tile).all_pix2world(xy, 0)))
        one, tiles = {"r": str(self.tile)}, {"r": str(folder / "*.fits")}
        both = rounds(
            self.runs,
            self.ours(one, same),
            lambda: cutout(many, tiles, self.out)[0] - cutout(self.first, one, self.other)[0],
        )
        check(self.out, np.concatenate(wanted)[order])
        self.other.unlink()
        shutil.rmtree(folder)
        ratio = statistics.median(a / b for a, b in both)
        label = f"rate, {self.asked.tiles:,} tiles x {each} rows / one tile"
        detail = " / ".join(f"{statistics.median(seconds):.2f} s" for seconds in zip(*both, strict=True))
        yield line(label, ">= 0.5", f"{ratio:.2f}", ratio >= 0.5, detail)

    def memory(self) -> Iterator[Line]:
        """Anonymous memory over sparse images."""
        folder, side, rows = self.folder / "sparse", self.asked.tile, self.asked.million
        folder.mkdir()
        parts = []
        for k in range(100):
            place = (140 + 0.6 * (k % 10), -3 + 0.6 * (k // 10))
            skyimages.image(folder / f"s{k:03d}.fits", side, place, seed=None)
            xy = skyimages.places(rows // 100, side, 0, k)
            parts.append(skyimages.wcs(side, *place).all_pix2world(xy, 0))
        cat = self.folder / "million.fits"
        skyimages.catalogue(cat, np.random.default_rng(0).permutation(np.concatenate(parts)))
        base = subprocess.run([sys.executable, "-c", BASE], check=True, capture_output=True, text=True).stdout
        seconds, peak = cutout(cat, {"r": str(folder / "*.fits")}, self.out, 16, watch=True)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e9
        shutil.rmtree(folder)
        label = f"anonymous memory, {rows:.0e} rows, {size:.0f} GB of images"
        used = peak - float(base)
        yield line(label, "<= 300 MB", f"{used:.0f} MB", used <= 300, f"beyond imports; {seconds:.0f} s, --size 16")


def main() -> None:
    """Print ratios, rates and memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--tile", type=int, default=10_000, help="pixels along an edge")
    parser.add_argument("--few", type=int, default=1000, help="rows for the slowest peers")
    parser.add_argument("--tiles", type=int, default=1000)
    parser.add_argument("--small", type=int, default=1000, help="pixels along an edge of the many tiles")
    parser.add_argument("--each", type=int, default=100, help="rows on each of them")
    parser.add_argument("--million", type=int, default=1_000_000, help="rows of the run whose memory is watched")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peers", help="the Python that has the peers")
    parser.add_argument("--only", nargs="*", help="names of the parts to run")
    parser.add_argument("--folder", type=Path, default=Path("out/bench"))
    asked = parser.parse_args()
    asked.folder = asked.folder.absolute()
    asked.folder.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS", "2")
    bench = Bench(asked)
    rows = []
    for name in ("one_tile", "peers", "rice", "three_bands", "many_tiles", "memory"):
        if not asked.only or name in asked.only:
            rows += getattr(bench, name)()
    shutil.rmtree(asked.folder)
    table(rows)


if __name__ == "__main__":
    main()
