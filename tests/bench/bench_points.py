"""Stamps of galaxies of 100,000 stars: two bands of CSST, 75x75 pixels, two threads, beside an exact sum of PSFs."""

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from report import line, table

from skycnn import survey
from skycnn.simulate.components import Components
from skycnn.simulate.optics import psf_of
from skycnn.simulate.points import Points
from skycnn.simulate.render import Renderer

BANDS, SIDE, STARS, THREADS, BLOCK = ("g", "i"), 75, 100_000, 2, 4
EXACT = 300
"""Stars whose exact sum is compared with."""
A_MINUTE, APART = 1000, 0.01


def galaxies(count: int, stars: int) -> Points:
    """Return galaxies whose stars lie all over the stamp."""
    rng = np.random.default_rng(0)
    places = [rng.normal(0, 1.0, (stars, 2)) for _ in range(count)]
    return Points.of(places, [rng.lognormal(0, 1, (stars, len(BANDS))) for _ in range(count)])


def apart(renderer: Renderer) -> tuple[float, float]:
    """Return how far a stamp is from the exact sum, over its brightest pixel, and how many times longer that takes."""
    light = galaxies(1, EXACT)
    one = np.ones((1, EXACT))
    exact = Components(light.flux[None], 0 * one, one, one, 0 * one, light.place[None])
    started = time.perf_counter()
    theirs = exact.stamps(renderer)
    took = time.perf_counter() - started
    started = time.perf_counter()
    ours = light.stamps(renderer)
    return float(np.abs(ours - theirs).max() / theirs.max()), took / (time.perf_counter() - started)


def main() -> None:
    """Print galaxies a minute, and how far from exact they are."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--galaxies", type=int, default=40)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    facts = survey.load("csst")
    renderer = Renderer([psf_of(facts, band) for band in BANDS], facts.pixel_scale, SIDE)
    light, rates = galaxies(asked.galaxies, STARS), []
    parts = [light.take(np.arange(at, min(at + BLOCK, asked.galaxies))) for at in range(0, asked.galaxies, BLOCK)]
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(asked.runs + 1):  # the first one warms up
            started = time.perf_counter()
            list(pool.map(lambda part: part.stamps(renderer), parts))
            rates.append(60 * asked.galaxies / (time.perf_counter() - started))
    rate, (error, longer) = statistics.median(rates[1:]), apart(renderer)
    table(
        [
            line("galaxies of 100,000 stars a minute", f">= {A_MINUTE}", f"{rate:.0f}", rate >= A_MINUTE),
            line("apart from the exact sum", f"<= {APART}", f"{error:.4f}", error <= APART, f"{longer:.0f} x its time"),
        ]
    )


if __name__ == "__main__":
    main()
