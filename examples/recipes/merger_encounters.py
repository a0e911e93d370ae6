"""Draw the two classic encounters of Toomre & Toomre 1972 with the project's own dynamics, and count their tails.

    python examples/recipes/merger_encounters.py [--out out/merger/encounters.png]

M51: a companion of a quarter of the mass passes a disc that spins with it; stars make a bridge to the companion and a
tail on the far side. The Antennae: two equal discs that both spin with their passage; each throws out a tail. Beside
them the Antennae with both discs spinning the other way: fans, no tails. Printed are the shares of stars beyond 15 kpc
of both galaxies (tails), and between them (bridge).
"""

import argparse
from pathlib import Path

import numpy as np

from skycnn.simulate import orbit
from skycnn.simulate.encounter import Encounter, integrate
from skycnn.simulate.halos import Halos

STARS, SCALE = 6000, 2.5
"""Of each disc; scale length, kpc."""
TIMES = (-100, 0, 100, 200, 300)
"""Myr since the closest approach."""
CLASSICS = {
    "M51": {"mass": 0.25, "pericentre": 12.0, "spins": (1, 1), "tilts": (15.0, 60.0)},
    "Antennae": {"mass": 1.0, "pericentre": 12.0, "spins": (1, 1), "tilts": (15.0, 15.0)},
    "spins reversed": {"mass": 1.0, "pericentre": 12.0, "spins": (-1, -1), "tilts": (15.0, 15.0)},
}
"""Mass of the second galaxy, pericentre of the parabola, kpc, sense of the spins, and tilts of the discs, deg."""


def disc(rng: np.random.Generator, halo: Halos, spin: int, tilt: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a cool disc (n, 3) and its velocities."""
    r, angle = rng.gamma(2.0, SCALE, STARS).clip(max=5 * SCALE), rng.uniform(0, 2 * np.pi, STARS)
    place = np.stack([r * np.cos(angle), r * np.sin(angle), 0.2 * rng.standard_normal(STARS)], 1)
    speed = halo.circular(r)
    velocity = spin * speed[:, None] * np.stack([-np.sin(angle), np.cos(angle), 0 * angle], 1)
    c, s = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return place @ turn.T, (velocity + 0.01 * rng.standard_normal((STARS, 3))) @ turn.T


def fly(mass: float, pericentre: float, spins: tuple[int, int], tilts: tuple[float, float]) -> list[tuple]:
    """Return the galaxies' centres (2, 3) and the stars (2, n, 3) at the times."""
    rng, size = np.random.default_rng(1), np.array([1.0, mass ** (1 / 3)])
    pair = Halos.of(200 * size, 60 * size, np.ones(2))
    way = orbit.follow(pair, 100.0, 1.0, pericentre)
    begin = way.closest - 150
    whole = np.pad(way.place[begin : begin + 152 + TIMES[-1]], ((0, 0), (0, 0), (0, 1)))
    apart = whole[:, 1] - whole[:, 0]
    sense = int(np.sign(np.cross(apart[0], apart[1])[2]))
    parts = [
        disc(rng, Halos.of(200 * k, 60 * k, 1.0), sense * spin, tilt)
        for k, spin, tilt in zip(size, spins, tilts, strict=True)
    ]
    place = np.concatenate([part[0] + whole[0, k] for k, part in enumerate(parts)])
    speed = np.concatenate([part[1] + whole[1, k] - whole[0, k] for k, part in enumerate(parts)])
    steps = np.array(TIMES) + 150
    seen = integrate([Encounter(pair, whole, place, speed, steps)])[0]
    return [(whole[step], stars.reshape(2, STARS, 3)) for step, stars in zip(steps, seen, strict=True)]


def shares(centres: np.ndarray, stars: np.ndarray) -> tuple[float, float]:
    """Return which share of the stars is beyond 15 kpc of both galaxies, and which of these lies between them."""
    away = np.linalg.norm(stars[:, :, None] - centres, axis=-1).min(axis=-1).ravel()
    along, place = centres[1] - centres[0], stars.reshape(-1, 3) - centres[0]
    part = place @ along / (along @ along)
    off = np.linalg.norm(place - part[:, None] * along, axis=1)
    between = (part > 0.2) & (part < 0.8) & (off < 8) & (away > 6)
    return float(np.mean((away > 15) & ~between)), float(np.mean(between))


def main() -> None:
    from matplotlib.figure import Figure

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="out/merger/encounters.png")
    path = Path(parser.parse_args().out)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(3 * len(TIMES), 3 * len(CLASSICS)), layout="constrained")
    axes = figure.subplots(len(CLASSICS), len(TIMES))
    for line, (name, classic) in zip(axes, CLASSICS.items(), strict=True):
        for axis, time, (centres, stars) in zip(line, TIMES, fly(**classic), strict=True):
            for some, colour in zip(stars, ("#0072b2", "#d55e00"), strict=True):
                axis.plot(*some[:, :2].T, ",", color=colour, alpha=0.6)
            axis.plot(*centres[:, :2].T, "k+")
            axis.set(xlim=(-60, 60), ylim=(-60, 60), aspect="equal", title=f"{name}, {time} Myr", xticks=[], yticks=[])
            tails, bridge = shares(centres, stars)
            print(f"{name:15s} {time:5d} Myr: tails {100 * tails:5.1f} %, bridge {100 * bridge:5.1f} % of the stars")
    figure.savefig(path, dpi=100)
    print(path)


if __name__ == "__main__":
    main()
