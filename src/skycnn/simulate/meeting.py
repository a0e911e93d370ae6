"""Meeting: two galaxies at z = 2 that pass or become one, seen at eight times.

Orbits are nearly parabolic and discs lie any way (Khochfar & Burkert 2006, A&A 445, 403); stellar mass ratios are 1 to
1/10, uniform in their logarithm (nearly that is found by Rodriguez-Gomez et al. 2015, MNRAS 449, 49). Stars form faster
at the closest approach and at coalescence, twofold to fivefold, and slower afterwards (Di Matteo et al. 2008, A&A 492,
31; Moreno et al. 2021, MNRAS 503, 3113).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from skycnn.simulate import draws, orbit
from skycnn.simulate.encounter import Encounter
from skycnn.simulate.halos import Halos
from skycnn.simulate.starsystem import YOUNG, StarSystem, turn
from skycnn.simulate.stellarlight import Stars

Array = NDArray[Any]

GROUP = 8
"""Times at which a pair is seen; it is part of what the bits are."""

REDSHIFT = 2.0
WINDOW = 250.0
"""Myr about coalescence in which a pair counts as a merger (Ciprijanovic et al. 2020)."""

PARTICLES, SECOND = 1280, 768
"""Of a galaxy, and of the second one of a pair, whether they meet or not: grains tell nothing."""

BURSTS = np.array([1.0, 2.5])
"""Light of the bursts at the closest approach and at coalescence of equals, in units of the young stars' own: median,
by chance a factor of two more or less, and less for unequal pairs."""


@dataclass(frozen=True)
class Snapshot:
    """What a row shows, before anyone looks.

    Parameters
    ----------
    kind : str
        See `mergers.KINDS`.
    stars : Stars
        About the first galaxy.
    centres : array (galaxy, 3)
        Of the galaxies, kpc, less the first one's.
    time : float
        Since coalescence, Myr; NaN where none comes.
    pericentre : float
        Separation at the first closest approach, kpc; NaN where the galaxies do not meet.
    redshift : float
        Of the second galaxy.
    """

    kind: str
    stars: Stars
    centres: Array
    time: float = np.nan
    pericentre: float = np.nan
    redshift: float = REDSHIFT


class Meeting:
    """Two galaxies that meet, and the times at which they are seen.

    Parameters
    ----------
    seed, group : int
    kind : str
        ``merger`` or ``flyby``.
    bursts : float
        Their strength, in units of `BURSTS`.
    """

    def __init__(self, seed: int, group: int, kind: str, bursts: float = 1.0) -> None:
        self.random = random = draws.generator(seed, group, "merger/pair")
        mass = any_mass(random)
        self.ratio = 10 ** -random.random()
        self.systems = [
            StarSystem.drawn(random, own, spheroid=random.random() < 0.15) for own in (mass, self.ratio * mass)
        ]
        speed = np.array([system.speed for system in self.systems])
        pair = Halos.of(speed, np.array([system.halo.radius for system in self.systems]), np.full(2, 1.0))
        self.orbit = self._orbit(pair, kind)
        self.bursts = bursts * BURSTS * 10 ** (0.3 * (np.log10(self.ratio) + random.standard_normal(2)))
        meet, become = self.orbit.closest, self.orbit.coalescence
        self.kind = kind if become is not None else "flyby"  # no orbit that merges was found: none is a merger
        if self.kind == "flyby" or become is None:
            steps = meet + random.uniform(-100, 600, GROUP)
            begin = max(meet - 150, 0)
        else:
            steps = become + np.concatenate([
                random.uniform(-WINDOW, WINDOW, GROUP - 2),
                [random.uniform(meet - 300 - become, -WINDOW), random.uniform(WINDOW, 1000)],
            ])  # fmt: skip
            begin = max(meet - 150, become - 1600, 0)
        self.steps = np.rint(steps).astype(int).clip(0, len(self.orbit.place) - 2)
        self.begin = begin
        self.owner = np.repeat([0, 1], [PARTICLES, SECOND])
        way = np.pad(self.orbit.place, ((0, 0), (0, 0), (0, 1)))
        stars = [system.stars(random, int(n)) for system, n in zip(self.systems, np.bincount(self.owner), strict=True)]
        self.population = np.concatenate([part[2] for part in stars])
        turns = [turn(random) for _ in stars]
        self.place = np.concatenate([part[0] @ own.T for part, own in zip(stars, turns, strict=True)])
        velocity = np.concatenate([part[1] @ own.T for part, own in zip(stars, turns, strict=True)])
        self.way = way
        self.order = np.argsort(self.steps, kind="stable")
        shown = np.maximum(self.steps[self.order] - begin, 0)
        drift = (way[begin + 1] - way[max(begin - 1, 0)]) / (begin + 1 - max(begin - 1, 0)) / orbit.STEP
        whole = way[begin : begin + int(shown[-1]) + 2]
        self.encounter = Encounter(
            pair, whole, self.place + way[begin][self.owner], velocity + drift[self.owner], shown
        )  # fmt: skip

    def _orbit(self, pair: Halos, kind: str) -> orbit.Orbit:
        """Return an orbit on which they merge within 2 Gyr of meeting, or never."""
        random = self.random
        for _ in range(20):
            wide, swift = random.uniform(2, 25), random.uniform(0.85, 1.0)
            if kind == "flyby":
                wide, swift = random.uniform(8, 40), random.uniform(1.3, 2.2)
            way = orbit.follow(pair, 100.0, swift, wide)
            soon = way.coalescence is not None and way.coalescence - way.closest < 2000
            if soon != (kind == "flyby"):
                return way
        return orbit.follow(pair, 100.0, 0.85, 2.0) if kind != "flyby" else orbit.follow(pair, 100.0, 2.2, 40.0)

    def snapshots(self, places: Array) -> list[Snapshot]:
        """Return what the rows show, from where the stars are at the times seen, in the order of times."""
        found: list[Snapshot | None] = [None] * GROUP
        for place, k in zip(places, self.order.tolist(), strict=True):
            found[k] = self._snapshot(place, int(self.steps[k]))
        return [snapshot for snapshot in found if snapshot is not None]

    def _snapshot(self, place: Array, step: int) -> Snapshot:
        orbit_, become = self.orbit, self.orbit.coalescence
        way = self.way[step]
        if step < self.begin:  # they have not felt one another yet
            place = self.place + way[self.owner]
        time = np.nan if become is None or self.kind == "flyby" else float(step - become)
        since = step - orbit_.closest
        strength, fading = self.bursts[0] * np.exp(-abs(since) / 80), 1.0
        kind = self.kind
        if not np.isnan(time):
            strength += self.bursts[1] * np.exp(-abs(time) / 100)
            fading = float(np.exp(-max(time - 100, 0) / 500))
            kind = "merger" if abs(time) <= WINDOW else "before" if time < 0 else "after"
        extra = burst(place, self.population, way, self.owner, strength)
        stars = Stars(self.systems, self.owner, self.population, place - way[0], extra, fading)
        return Snapshot(kind, stars, way - way[0], time, orbit_.pericentre)


def any_mass(random: Generator) -> float:
    """Return a stellar mass, 1e10 to 1.6e11 solar masses, uniform in its logarithm (assumed), in 1e10."""
    return float(10 ** (1.2 * random.random()))


def burst(place: Array, population: Array, centres: Array, owner: Array, strength: ArrayLike) -> Array:
    """Return where a burst shines (n,): among young stars, within some 1.5 kpc of their galaxy's centre."""
    away = np.linalg.norm(place - centres[owner], axis=1)
    weight = np.where(population == YOUNG, np.exp(-away / 1.5) + 1e-4, 0.0)
    whole = np.bincount(owner, weight, len(centres))
    each: Array = np.broadcast_to(strength, len(centres))[owner] * weight / np.maximum(whole, 1e-12)[owner]
    return each
