"""Orbit: how two galaxies move about each other, braked by the dark matter they pass through, until they are one.

Each is a rigid halo; between them acts the force of both halos' softenings and radii together, at large distances that
of two points. Chandrasekhar's friction (1943, ApJ 97, 255; in isothermal halos Binney & Tremaine 2008, eq. 8.7) brakes
the mass of each that lies within their separation in the other's density. Restricted codes follow real pairs with it
(Wallin et al. 2016, MNRAS 459, 720).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate.halos import GRAVITY, Halos

Array = NDArray[Any]

STEP = 1.0
"""Myr."""

COULOMB = 2.4
"""ln Lambda, chosen: a parabolic pair of equals that passes at 10 kpc is then one 0.4 Gyr later. Simulated pairs take
0.6 to 1.1 Gyr at z = 0 (Lotz et al. 2008, MNRAS 391, 1137), and all times are a third of that at z = 2."""

ONE = 2.0
"""kpc; galaxies are one once their centres stay closer."""

LONGEST = 2500
"""Steps that an orbit is followed for, unless the galaxies are one by then."""

AFTER = 1100
"""Steps kept after the galaxies became one."""


@dataclass(frozen=True)
class Orbit:
    """The way of two galaxies, in their plane and about their centre of mass.

    Parameters
    ----------
    place : array (steps, 2, 2)
        x and y of both galaxies, every `STEP`, kpc.
    closest : int
        The step of the first closest approach.
    coalescence : int or None
        The step from which on the galaxies are one; None where that did not happen.
    pericentre : float
        Separation at the first closest approach, kpc.
    """

    place: Array
    closest: int
    coalescence: int | None
    pericentre: float


def follow(pair: Halos, apart: float, swiftness: float, pericentre: float) -> Orbit:
    """Return the orbit of two galaxies.

    Parameters
    ----------
    pair : Halos
        Two.
    apart : float
        Their separation at first, when they approach, kpc.
    swiftness : float
        Their relative speed then, in units of that of escape: 1 is a parabola.
    pericentre : float
        Of the orbit without friction, kpc, less than ``apart``.

    Raises
    ------
    ValueError
        When no orbit of that energy passes at the pericentre.
    """
    both = pair.mass.sum()
    soft, radius = float(np.hypot(*pair.softening)), float(np.hypot(*pair.radius) / math.sqrt(2))
    joint = Halos(both, np.array(radius), np.array(soft))
    deep = [float(joint.potential(np.array(r))) for r in (apart, pericentre)]
    energy = (swiftness**2 - 1) * -deep[0]
    turn = pericentre * math.sqrt(2 * (energy - deep[1]))  # angular momentum
    across, speed = turn / apart, swiftness * math.sqrt(-2 * deep[0])
    if across >= speed:
        raise ValueError(f"no orbit from {apart:g} kpc passes at {pericentre:g} kpc with {swiftness:g} of escape")
    track = _integrate(pair, (float(both) * GRAVITY, soft, radius), (apart, -math.sqrt(speed**2 - across**2), across))
    away = np.hypot(track[:, 0], track[:, 1])
    closest = int(np.argmax((away[1:-1] <= away[:-2]) & (away[1:-1] < away[2:]))) + 1
    wide = np.flatnonzero(away >= ONE)[-1] + 1
    shares = pair.mass[::-1] / both * [-1, 1]  # of the separation, as seen from the centre of mass
    place = track[:, None, :] * shares[:, None]
    return Orbit(place, closest, int(wide) if wide < len(away) else None, float(away[closest]))


def _integrate(pair: Halos, joint: tuple[float, float, float], start: tuple[float, float, float]) -> Array:
    """Return the separation (steps, 2) by leapfrog; plain numbers are faster here than arrays."""
    (gravity, soft, radius), (x, vx, vy), y = joint, start, 0.0
    drag, flat = _friction(pair), math.sqrt(gravity / radius)
    soft2, track, end = soft * soft, [(x, y)], 0

    def pulled(x: float, y: float, vx: float, vy: float) -> tuple[float, float]:
        r2 = x * x + y * y
        s2 = r2 + soft2
        pull = gravity / (s2 * (math.sqrt(s2) + radius))
        v = math.sqrt(vx * vx + vy * vy)
        swift = v / flat
        if swift > 1e-3:
            heat = (math.erf(swift) - 2 / math.sqrt(math.pi) * swift * math.exp(-swift * swift)) / v**3
        else:
            heat = 4 / (3 * math.sqrt(math.pi)) / flat**3
        brake = drag(math.sqrt(r2)) * heat
        return -pull * x - brake * vx, -pull * y - brake * vy

    ax, ay = pulled(x, y, vx, vy)
    while len(track) < (end or LONGEST):
        vx, vy = vx + ax * STEP / 2, vy + ay * STEP / 2
        x, y = x + vx * STEP, y + vy * STEP
        ax, ay = pulled(x, y, vx, vy)
        vx, vy = vx + ax * STEP / 2, vy + ay * STEP / 2
        track.append((x, y))
        # One for good: they have not the speed to part again.
        if not end and x * x + y * y < ONE * ONE / 16 and vx * vx + vy * vy < flat * flat / 16:
            end = len(track) + AFTER
    return np.array(track)


def _friction(pair: Halos) -> Callable[[float], float]:
    """Return ``4 pi G^2 ln Lambda (m2 rho1 + m1 rho2)`` at a separation; of both galaxies it brakes their motion."""
    grid = np.geomspace(0.05, 400.0, 400)
    parts = [Halos(*(value[k] for value in (pair.mass, pair.radius, pair.softening))) for k in (0, 1)]
    one, other = parts
    whole = one.enclosed(grid) * other.density(grid) + other.enclosed(grid) * one.density(grid)
    table: list[float] = (4 * math.pi * GRAVITY**2 * COULOMB * whole).tolist()
    low, step, last = math.log(grid[0]), math.log(grid[1] / grid[0]), len(table) - 2

    def at(r: float) -> float:
        place = (math.log(r) - low) / step if r > grid[0] else 0.0
        k = min(int(place), last)
        return table[k] + (place - k) * (table[k + 1] - table[k]) if place <= last + 1 else table[-1]

    return at
