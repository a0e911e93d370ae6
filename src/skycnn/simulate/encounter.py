"""Encounter: stars as massless particles in the fields of two galaxies that move, many encounters at once.

The restricted three-body problem of Toomre & Toomre (1972, ApJ 178, 623): stars feel both galaxies and not each other;
how the galaxies move, `orbit` tells. Leapfrog, one step of `orbit.STEP`; with steps of 4 Myr the energy of a star near
a centre would not be kept. Units are those of `halos`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skycnn.simulate.halos import GRAVITY, Halos
from skycnn.simulate.orbit import STEP

Array = NDArray[Any]


@dataclass(frozen=True)
class Encounter:
    """Stars, galaxies and times of one encounter.

    Parameters
    ----------
    pair : Halos
        Two.
    way : array (steps, 2, 3)
        Of both galaxies, a place every step, kpc.
    place, velocity : array (n, 3)
        Of the stars at the first step, kpc and kpc/Myr.
    shown : array (k,)
        Steps at which the stars are looked at, in order, each less than ``steps``.
    """

    pair: Halos
    way: Array
    place: Array
    velocity: Array
    shown: Array


def integrate(encounters: Sequence[Encounter]) -> list[Array]:
    """Return where the stars are at the times to be looked at, of each encounter (k, n, 3), float32, kpc.

    All have the same number n of stars. Those that end first stand last, and are left out once they have ended.
    """
    if not encounters:
        return []
    lasts = np.array([int(entry.shown[-1]) for entry in encounters])
    order = np.argsort(-lasts, kind="stable")
    chosen = [encounters[k] for k in order]
    flight = _Flight(chosen)
    seen: list[list[torch.Tensor]] = [[] for _ in chosen]
    wanted: dict[int, list[int]] = {}
    for lane, entry in enumerate(chosen):
        for step in entry.shown.tolist():
            wanted.setdefault(step, []).append(lane)
    left = lasts[order]
    for step in range(int(left[0]) + 1):
        for lane in wanted.get(step, ()):
            seen[lane].append(flight.places(lane))
        flight.go(int(np.count_nonzero(left > step)), step)
    found = {int(k): torch.stack(parts).numpy() for k, parts in zip(order, seen, strict=True)}
    return [found[k] for k in range(len(encounters))]


class _Flight:
    """Stars in motion: for each axis an array (encounter, star), worked in place, for that is what the time goes into.

    Velocities are those of half a step before the places.
    """

    def __init__(self, encounters: Sequence[Encounter]) -> None:
        steps = max(len(entry.way) for entry in encounters)
        way = [np.pad(entry.way, ((0, steps - len(entry.way)), (0, 0), (0, 0)), "edge") for entry in encounters]
        # (step, galaxy, axis, encounter, 1)
        self._way = torch.from_numpy(np.stack(way).transpose(1, 2, 3, 0)[..., None].astype(np.float32).copy())
        place, velocity = (
            np.stack([getattr(entry, name) for entry in encounters]).transpose(2, 0, 1).astype(np.float32)
            for name in ("place", "velocity")
        )
        self._x, self._v = ([torch.from_numpy(axis.copy()) for axis in whole] for whole in (place, velocity))
        mass, radius, soft = (
            torch.from_numpy(np.stack([getattr(entry.pair, name) for entry in encounters], 1)[..., None]).float()
            for name in ("mass", "radius", "softening")
        )
        self._gravity, self._radius, self._soft2 = GRAVITY * mass, radius, soft**2
        self._spare = [torch.empty_like(self._x[0]) for _ in range(5)]
        self._kick(len(encounters), 0, -STEP / 2)

    def places(self, lane: int) -> torch.Tensor:
        """Return the places (n, 3) of an encounter's stars."""
        return torch.stack([axis[lane] for axis in self._x], dim=1)

    def go(self, lanes: int, step: int) -> None:
        """Take the first encounters from one step to the next."""
        if lanes:
            self._kick(lanes, step, STEP)
            for x, v in zip(self._x, self._v, strict=True):
                x[:lanes].add_(v[:lanes], alpha=STEP)

    def _kick(self, lanes: int, step: int, time: float) -> None:
        *away, pull, s = (entry[:lanes] for entry in self._spare)
        for galaxy in (0, 1):
            for x, d, centre in zip(self._x, away, self._way[step, galaxy, :, :lanes], strict=True):
                torch.sub(x[:lanes], centre, out=d)
            torch.addcmul(self._soft2[galaxy, :lanes], away[0], away[0], out=pull)
            pull.addcmul_(away[1], away[1]).addcmul_(away[2], away[2])
            torch.sqrt(pull, out=s)
            s.add_(self._radius[galaxy, :lanes])
            pull.mul_(s)
            torch.div(self._gravity[galaxy, :lanes], pull, out=pull)
            for v, d in zip(self._v, away, strict=True):
                v[:lanes].addcmul_(d, pull, value=-time)
