"""StellarLight: what the particles of galaxies shine with in a survey's bands, behind the galaxies' dust.

Each population has a spectrum of the library that ships (see `seds`): old stars and bulges one of a galaxy that has
stopped forming stars, young ones one of stars of 25 Myr. Dust lies as the young stars do, and each particle has a part
of the column between itself and us, by chance; it dims by the law of Calzetti et al. (2000). A share of the young light
comes from clumps (Guo et al. 2015, ApJ 800, 39: 10 to 50 % of rest-frame ultraviolet light at z = 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from skycnn.cosmology import distance_modulus
from skycnn.schema import AB_ZERO_POINT
from skycnn.simulate import absorption, seds
from skycnn.simulate.bandpass import told_pivot
from skycnn.simulate.starsystem import BULGE, OLD, YOUNG, StarSystem
from skycnn.survey import Survey

Array = NDArray[Any]

SPECTRA = {OLD: "kcorrect-3", YOUNG: "ssp_25Myr_z008", BULGE: "kcorrect-3"}

SUN = 4.81
"""Absolute AB magnitude of the sun in V (Willmer 2018, ApJS 236, 47)."""

VISUAL = 5500.0
"""Angstrom; where luminosities and optical depths are told."""

CELL = 1.6
"""kpc; the side of the cells that dust and stars are counted in: a pixel of 0.1875 arcsec at z = 2."""

SHARPEST, WIDEST = 0.2, 1.8
"""kpc; scatter of the stars of a cloud: of a clump or where clouds are dense, and where they are alone."""


@dataclass(frozen=True)
class Stars:
    """Particles of some galaxies, as they are seen from one side.

    Parameters
    ----------
    systems : sequence of StarSystem
        The galaxies.
    owner : array (n,)
        Number of each particle's galaxy.
    kind : array (n,)
        Its population, `starsystem.OLD` and on.
    place : array (n, 3)
        kpc; the third axis is the line of sight.
    burst : array (n,)
        Light that young stars have more, in units of all young light of their galaxy; 0 for others.
    fading : float
        Factor on the young light.
    """

    systems: Sequence[StarSystem]
    owner: Array
    kind: Array
    place: Array
    burst: Array
    fading: float = 1.0

    def of(self, number: int) -> "Stars":
        """Return one galaxy's particles."""
        here = self.owner == number
        parts = (0 * self.owner[here], self.kind[here], self.place[here], self.burst[here])
        return Stars([self.systems[number]], *parts, self.fading)

    def luminosity(self, random: Generator) -> tuple[Array, Array]:
        """Return the light of each particle at 5500 Angstrom, 1e10 solar, and which are clumps, bool (n,)."""
        light, clump = np.zeros(len(self.kind)), np.zeros(len(self.kind), bool)
        for number, system in enumerate(self.systems):
            for population, whole in enumerate(system.luminosity):
                here = np.flatnonzero((self.owner == number) & (self.kind == population))
                if not len(here):
                    continue
                light[here] = whole / len(here)
                if population == YOUNG:
                    share, some = random.uniform(0.1, 0.5), min(int(random.integers(3, 13)), len(here))
                    bright = random.choice(here, some, replace=False)
                    weight = random.exponential(size=some)
                    light[here] *= 1 - share
                    light[bright] += share * whole * weight / weight.sum()
                    clump[bright] = True
                    light[here] = self.fading * light[here] + whole * self.burst[here]
        return light, clump

    def counted(self) -> tuple[Array, Array, int]:
        """Return each particle's cell on the sky, how many share it, and how many cells there are."""
        cell = np.floor(self.place[:, :2] / CELL).astype(np.int64)
        cell -= cell.min(axis=0)
        across = int(cell[:, 0].max()) + 1
        flat = cell[:, 1] * across + cell[:, 0]
        count = np.bincount(flat)
        return flat, count[flat], len(count)

    def depth(self, random: Generator, cells: Array, size: int) -> Array:
        """Return the optical depth (n,) at 5500 Angstrom before each particle."""
        dust = np.zeros(len(self.kind))
        for number, system in enumerate(self.systems):
            here = (self.owner == number) & (self.kind == YOUNG)
            scale = (1.3 * system.disc if system.bulge < 1 else system.bulge_radius) / 1.678
            dust[here] = system.dust * 2 * np.pi * scale**2 / max(int(here.sum()), 1)
        column = np.bincount(cells, dust, size) / CELL**2
        before: Array = column[cells] * random.random(len(cells))
        return before

    def seen(self, random: Generator, survey: Survey, bands: Sequence[str], redshift: float) -> tuple[Array, Array]:
        """Return each particle's flux (n, band), microjansky, and its cloud's scatter (n,), kpc."""
        bright, clump = self.luminosity(random)
        cells, count, size = self.counted()
        depth = self.depth(random, cells, size)
        spectra, law = _spectra(tuple(told_pivot(survey, band) for band in bands), redshift)
        far = float(distance_modulus(np.array(redshift)))
        unit = 10 ** (-0.4 * (SUN - 25 + far - 2.5 * np.log10(1 + redshift) - AB_ZERO_POINT))
        flux = unit * bright[:, None] * spectra[self.kind] * np.exp(-depth[:, None] * law)
        blur = np.where(clump, SHARPEST, (CELL / np.sqrt(count)).clip(SHARPEST, WIDEST))
        return flux.astype(np.float32), blur


@lru_cache(maxsize=256)
def _spectra(wavelengths: tuple[float, ...], redshift: float) -> tuple[Array, Array]:
    """Return f_nu of the populations (3, band), 1 at 5500 Angstrom, and the dust's law (band,), 1 there too."""
    library, rest = seds.load(), np.array(wavelengths) / (1 + redshift)
    rows = [library.flux[library.names.index(SPECTRA[kind])] for kind in (OLD, YOUNG, BULGE)]
    light = np.stack([np.interp(np.log(rest), np.log(library.wavelength), row) for row in rows])
    return light, absorption.calzetti(rest) / absorption.calzetti(np.array([VISUAL]))
