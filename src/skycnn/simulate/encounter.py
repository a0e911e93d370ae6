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
    """Stars in motion: arrays (axis, encounter, star), worked in place, for that is what the time goes into.

    Velocities are those of half a step before the places.
    """

    def __init__(self, encounters: Sequence[Encounter]) -> None:
        steps = max(len(entry.way) for entry in encounters)
        way = [np.pad(entry.way, ((0, steps - len(entry.way)), (0, 0), (0, 0)), "edge") for entry in encounters]
        # (step, galaxy, axis, encounter, 1)
        self._way = torch.from_numpy(np.stack(way).transpose(1, 2, 3, 0)[..., None].astype(np.float32).copy())
        self._whole = [
            torch.from_numpy(
                np.stack([getattr(entry, name) for entry in encounters]).transpose(2, 0, 1).astype(np.float32)
            )
            for name in ("place", "velocity")
        ]
        self._whole = [axes.contiguous() for axes in self._whole]
        self._spare = torch.empty((5, *self._whole[0].shape[1:]))
        self._halos = [
            torch.from_numpy(np.stack([getattr(entry.pair, name) for entry in encounters], 1)[..., None]).float()
            for name in ("mass", "radius", "softening")
        ]
        self._take(len(encounters))
        self._kick(0, -STEP / 2)

    def places(self, lane: int) -> torch.Tensor:
        """Return the places (n, 3) of an encounter's stars."""
        return self._whole[0][:, lane].T.contiguous()

    def go(self, lanes: int, step: int) -> None:
        """Take the first encounters from one step to the next."""
        if not lanes:
            return
        if lanes != self._lanes:
            self._take(lanes)
        self._kick(step, STEP)
        self._x.add_(self._v, alpha=STEP)

    def _take(self, lanes: int) -> None:
        """Look at the first encounters alone; views are made once, for they cost as much as what is done with them."""
        self._lanes = lanes
        self._x, self._v = (axes[:, :lanes] for axes in self._whole)
        mass, radius, soft = (value[:, :lanes] for value in self._halos)
        self._fields = list(zip(GRAVITY * mass, radius, soft**2, strict=True))
        self._away, self._pull, self._s = self._spare[:3, :lanes], self._spare[3, :lanes], self._spare[4, :lanes]
        self._squared = [self._away[axis] for axis in range(3)]
        self._here = self._way[:, :, :, :lanes]

    def _kick(self, step: int, time: float) -> None:
        away, pull, s = self._away, self._pull, self._s
        first, second, third = self._squared
        for centre, (gravity, radius, soft2) in zip(self._here[step], self._fields, strict=True):
            torch.sub(self._x, centre, out=away)
            torch.addcmul(soft2, first, first, out=pull)
            pull.addcmul_(second, second).addcmul_(third, third)
            torch.sqrt(pull, out=s)
            pull.mul_(s.add_(radius))
            torch.div(gravity, pull, out=pull)
            self._v.addcmul_(away, pull, value=-time)
