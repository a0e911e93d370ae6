"""StarSystem: a galaxy at z = 2 as stars in a rigid halo: a disc, another of young stars, and a bulge.

Sizes are those of galaxies at 1.75 < z < 2.25 (van der Wel et al. 2014, ApJ 788, 28, recalled): half-light radii of
4.0 kpc (M / 5e10)^0.22 for discs, scatter 0.18 dex, and 1.05 kpc (M / 5e10)^0.76 for spheroids, scatter 0.12 dex.
Stars circle with 200 km/s (M / 3e10)^0.25 (assumed; the relation of Tully & Fisher), and discs are thick: their speeds
scatter by 0.1 to 0.3 of it (Wisnioski et al. 2015, ApJ 799, 209). Units are those of `halos`; light is told in 1e10
solar luminosities.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from skycnn.simulate.halos import Halos

Array = NDArray[Any]

OLD, YOUNG, BULGE = 0, 1, 2
"""Populations."""

SOFTENING = 1.0
"""Of all halos, kpc."""

WIDE = 60.0
"""Radius of the halo whose stars circle with 200 km/s, kpc; others' grow with the speed."""

SHARES = (0.35, 0.45, 0.2)
"""Of a galaxy's particles, by population; what they shine with is another matter."""

ARMS = 2
"""Spiral arms."""

CUT = (0.85, 1.392)
"""Share of the mass of Hernquist's profile that is kept, and the half-light radius of that in units of its scale."""


@dataclass(frozen=True)
class StarSystem:
    """A galaxy.

    Parameters
    ----------
    mass : float
        Of stars, 1e10 solar masses.
    bulge : float
        Its share of that.
    disc, bulge_radius : float
        Half-light radii, kpc.
    youth : float
        Light of the young stars at rest-frame 5500 Angstrom, over that of the others.
    warmth : float
        Scatter of the disc's speeds, over the circular one.
    arms : float
        How far stars are drawn to two spiral arms, rad.
    winding : float
        Of the arms, the tangent of their pitch angle.
    dust : float
        Optical depth at 5500 Angstrom through the disc's centre, face on.
    """

    mass: float
    bulge: float
    disc: float
    bulge_radius: float
    youth: float
    warmth: float
    arms: float
    winding: float
    dust: float

    @classmethod
    def drawn(cls, random: Generator, mass: float, *, spheroid: bool = False) -> "StarSystem":
        """Return a galaxy of some mass of stars, the rest by chance."""
        normal, uniform = random.standard_normal(5), random.random(5)
        bulge = 1.0 if spheroid else 0.5 * uniform[0] ** 1.5
        size, small = 4.0 * (mass / 5) ** 0.22 * 10 ** (0.18 * normal[0]), 10 ** (0.12 * normal[1])
        return cls(
            mass=mass,
            bulge=bulge,
            disc=size,
            bulge_radius=max(1.05 * (max(bulge, 0.1) * mass / 5) ** 0.76 * small, 0.3),
            youth=0.03 * 10 ** (0.3 * normal[2]) if spheroid else 10 ** (0.4 * normal[2]),
            warmth=0.1 + 0.2 * uniform[1],
            arms=0.0 if spheroid else 0.9 * uniform[2],
            winding=0.2 + 0.4 * uniform[3],
            dust=(0.1 if spheroid else 1.0) * 0.7 * 10 ** (0.3 * normal[3]),
        )

    @property
    def speed(self) -> float:
        """At which its stars circle, km/s."""
        return float(200 * (self.mass / 3) ** 0.25)

    @property
    def halo(self) -> Halos:
        """What its stars feel."""
        return Halos.of(np.array(self.speed), np.array(WIDE * self.speed / 200), np.array(SOFTENING))

    @property
    def luminosity(self) -> Array:
        """Of its populations at rest-frame 5500 Angstrom, 1e10 solar; old stars shine with one sun a solar mass."""
        old = self.mass * np.array([1 - self.bulge, 0.0, self.bulge])
        bright: Array = old + self.mass * self.youth * np.array([0.0, 1.0, 0.0])
        return bright

    def stars(self, random: Generator, count: int) -> tuple[Array, Array, Array]:
        """Return so many stars: places (n, 3), velocities (n, 3), populations (n,); the disc spins about z.

        All stars of a galaxy without a disc are the bulge's.
        """
        shares = np.array(SHARES if self.bulge < 1 else (0.0, 0.1, 0.9))
        edges = np.round(np.cumsum(shares) * count).astype(int)
        kind = np.searchsorted(edges, np.arange(count), side="right")
        place, velocity = np.empty((count, 3)), np.empty((count, 3))
        for population, wide in ((OLD, 1.0), (YOUNG, 1.3)):
            here = kind == population
            # A spheroid's few young stars are where the others are.
            scale = (wide * self.disc if self.bulge < 1 else self.bulge_radius) / 1.678
            place[here], velocity[here] = self._disc(random, int(here.sum()), scale)
        here = kind == BULGE
        place[here], velocity[here] = self._spheroid(random, int(here.sum()))
        return place, velocity, kind

    def _disc(self, random: Generator, n: int, scale: float) -> tuple[Array, Array]:
        """Return an exponential disc of a scale length, kpc."""
        r = random.gamma(2.0, scale, n).clip(max=6 * scale)
        angle = random.uniform(0, 2 * np.pi, n)
        crest = ARMS * angle - ARMS * np.log(np.maximum(r, 0.3)) / self.winding
        angle = angle - self.arms / ARMS * np.sin(crest) * np.minimum(r / scale, 1)
        high = 0.15 * scale * random.standard_normal(n)
        out = np.stack([np.cos(angle), np.sin(angle), 0 * r], 1)
        around = np.stack([-np.sin(angle), np.cos(angle), 0 * r], 1)
        halo = self.halo
        away = np.hypot(r, high)
        fast, turn = halo.circular(away), np.sqrt(halo.pull(away))
        stir = self.warmth * fast[:, None] * random.standard_normal((n, 2))
        up = np.array([0.0, 0.0, 1.0])
        velocity = (fast + 0.7 * stir[:, 0])[:, None] * around + stir[:, 1:] * out
        rise = (0.15 * scale * turn * random.standard_normal(n))[:, None] * up
        return r[:, None] * out + high[:, None] * up, velocity + rise

    def _spheroid(self, random: Generator, n: int) -> tuple[Array, Array]:
        """Return a spheroid of Hernquist's profile (1990, ApJ 356, 359), speeds alike in all directions."""
        part = np.sqrt(random.uniform(0, CUT[0], n))
        r = self.bulge_radius / CUT[1] * part / (1 - part)
        place = r[:, None] * directions(random, n)
        scatter = np.maximum(self.halo.circular(r), 0.3 * self.halo.circular(np.array(2 * SOFTENING))) / np.sqrt(3)
        return place, scatter[:, None] * random.standard_normal((n, 3))


def directions(random: Generator, n: int) -> Array:
    """Return unit vectors (n, 3), any direction as likely as another."""
    normal = random.standard_normal((n, 3))
    units: Array = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    return units


def turn(random: Generator) -> Array:
    """Return a rotation (3, 3), any as likely as another."""
    q, r = np.linalg.qr(random.standard_normal((3, 3)))
    whole: Array = q * np.sign(np.diag(r))
    return whole if np.linalg.det(whole) > 0 else -whole
