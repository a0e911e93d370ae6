"""Stamps of galaxies beside GalSim: 64x64 pixels, one band, Sersic through Moffat, two threads to each."""

import argparse
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec

import numpy as np
import torch
from report import line, table

from skycnn.simulate import psf, sersic
from skycnn.simulate.components import Components
from skycnn.simulate.render import Renderer

SIDE, SCALE, FWHM, BETA, THREADS = 64, 0.2, 0.7, 3.5, 2
GRID = np.arange(0.5, 6.01, 0.5)  # of n, where GalSim need not make a table for each galaxy


def galaxies(count: int, on_grid: bool) -> tuple[Components, np.ndarray]:
    """Return galaxies and where they lie."""
    rng = np.random.default_rng(0)
    index = rng.choice(GRID, count) if on_grid else rng.uniform(*sersic.INDEX, count)
    radius = np.exp(rng.uniform(np.log(0.1), np.log(2.0), count))
    columns = (radius, index, rng.uniform(0.2, 1, count), rng.uniform(0, 180, count))
    return Components(np.ones((count, 1, 1)), *(column[:, None] for column in columns)), rng.uniform(
        -0.5, 0.5, (count, 2)
    )


def galsims(light: Components, offset: np.ndarray) -> np.ndarray:
    """Return GalSim's stamps, with its own settings."""
    import galsim

    seen = galsim.Moffat(beta=BETA, fwhm=FWHM)
    drawn = np.empty((len(offset), SIDE, SIDE), np.float32)
    for row, place in enumerate(offset):
        radius, n, q, angle = (float(v[row, 0]) for v in (light.radius, light.index, light.ratio, light.angle))
        galaxy = galsim.Sersic(n, half_light_radius=radius * q**0.5).shear(q=q, beta=angle * galsim.degrees)
        image = galsim.Convolve(galaxy, seen).drawImage(nx=SIDE, ny=SIDE, scale=SCALE, offset=tuple(place))
        drawn[row] = image.array
    return drawn


def theirs(pool: ProcessPoolExecutor, light: Components, offset: np.ndarray) -> tuple[float, np.ndarray]:
    """Return seconds that GalSim takes in two processes, for it has no threads, and its stamps."""
    halves = np.array_split(np.arange(len(offset)), THREADS)
    columns = (light.flux, light.radius, light.index, light.ratio, light.angle)
    parts = [Components(*(column[half] for column in columns)) for half in halves]
    started = time.perf_counter()
    stamps = np.concatenate(list(pool.map(galsims, parts, [offset[half] for half in halves])))
    return time.perf_counter() - started, stamps


def ours(renderer: Renderer, light: Components, offset: np.ndarray) -> tuple[float, np.ndarray]:
    """Return our seconds and stamps."""
    started = time.perf_counter()
    stamps = light.stamps(renderer, offset)[:, 0]
    return time.perf_counter() - started, stamps


def main() -> None:
    """Print the ratios of stamps a second."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stamps", type=int, default=4000, help="of ours; GalSim draws a twentieth of them")
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    if find_spec("galsim") is None:
        print("no GalSim to be had: nothing to compare with")
        return
    torch.set_num_threads(THREADS)
    renderer = Renderer([psf.Moffat.of_fwhm(FWHM, BETA)], SCALE, SIDE)
    rows = []
    with ProcessPoolExecutor(THREADS) as pool:
        for on_grid, bound in ((False, 60), (True, 6)):
            light, offset = galaxies(asked.stamps, on_grid)
            few = max(40, asked.stamps // 20)
            ratios, mine, peers, apart = [], [], [], 0.0
            for run in range(asked.runs + 1):  # the first one warms up
                seconds, stamps = ours(renderer, light, offset)
                mine.append(asked.stamps / seconds)
                # Other galaxies each time, for GalSim remembers the tables of the last hundred n.
                chosen = np.arange(run * few, (run + 1) * few) % asked.stamps
                part = Components(*(column[chosen] for column in list(vars(light).values())[:5]))
                seconds, drawn = theirs(pool, part, offset[chosen])
                peers.append(few / seconds)
                ratios.append(mine[-1] / peers[-1])
                if not run:
                    peak = drawn.max(axis=(1, 2), keepdims=True)
                    apart = float(np.median(np.abs(stamps[:few] - drawn) / peak))
            ratio = statistics.median(ratios[1:])
            detail = (
                f"{statistics.median(mine[1:]):.0f} / {statistics.median(peers[1:]):.0f} stamps/s; {apart:.1e} apart"
            )
            label = f"render / GalSim, n {'on a grid' if on_grid else 'continuous'}"
            rows.append(line(label, f">= {bound}", f"{ratio:.1f}", ratio >= bound, detail))
    table(rows)


if __name__ == "__main__":
    main()
