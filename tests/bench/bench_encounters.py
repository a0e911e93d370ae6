"""Encounters of two galaxies, each integrated and shown at seven times in two bands, 75x75 pixels, two threads."""

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from report import line, table

from skycnn import survey
from skycnn.simulate import draws, orbit
from skycnn.simulate.encounter import integrate
from skycnn.simulate.meeting import Meeting
from skycnn.simulate.mergers import SET, seen
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer
from skycnn.simulate.tracers import Tracers

BANDS, SIDE, TIMES, THREADS = ("F814W", "F160W"), 75, 7, 2
A_MINUTE = 1000


def shown(facts: survey.Survey, renderer: Renderer, first: int) -> int:
    """Return how many stamps a set of encounters gives, all of them made."""
    pairs = [Meeting(1, first + k, "merger") for k in range(SET)]
    count = 0
    for number, (pair, places) in enumerate(zip(pairs, integrate([pair.encounter for pair in pairs]), strict=True)):
        rows = np.arange(TIMES) + 8 * (first + number)
        parts = [
            seen(snapshot, facts, BANDS, draws.generator(1, int(row), "view"))
            for snapshot, row in zip(pair.snapshots(places)[:TIMES], rows, strict=True)
        ]
        start = np.concatenate([[0], np.cumsum([len(part[0]) for part in parts])])
        place, flux, blur = (np.concatenate([part[k] for part in parts]) for k in range(3))
        count += len(Tracers(place, flux, blur, start, 1, rows).stamps(renderer))
    return count


def main() -> None:
    """Print encounters a minute."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", type=int, default=6)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    facts = survey.load("deepmerge-noisy")
    renderer = Renderer([psf_of(facts, band) for band in BANDS], facts.pixel_scale, SIDE)
    rates = []
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(asked.runs + 1):  # the first one warms up
            started = time.perf_counter()
            stamps = sum(pool.map(lambda k: shown(facts, renderer, k * SET), range(asked.sets)))
            rates.append(60 * stamps / TIMES / (time.perf_counter() - started))
    rate = statistics.median(rates[1:])
    what = f"encounters at {TIMES} times in two bands a minute, steps of {orbit.STEP:g} Myr"
    table([line(what, f">= {A_MINUTE}", f"{rate:.0f}", rate >= A_MINUTE)])


if __name__ == "__main__":
    main()
