"""Isochrones: what stars of one age shine with, by the mass they were born with.

The table is PARSEC's of solar metallicity (Bressan et al. 2012, MNRAS 427, 127) in Vega magnitudes of WFC3; its source
stands in ``populations/README.txt``. Masses are float64: a giant's differ by less than float32 can tell. Every age has
the same nodes, so many a stage of a star's life, and between two ages a node's mass and magnitudes are interpolated:
stars at one stage of their lives are compared, not stars of one mass.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError

Array = NDArray[Any]

STEP = 1e-3
"""mag; of the magnitudes as they are kept."""


@dataclass(frozen=True)
class Isochrone:
    """Stars of one age.

    Parameters
    ----------
    mass : array (node,)
        At birth, solar, float64, never falling. Heavier stars have died, lighter ones are taken for the lightest.
    magnitude : array (node, band)
        Absolute, Vega.
    """

    mass: Array
    magnitude: Array

    def luminosity(self, mass: Array) -> Array:
        """Return 10^(-0.4 M) (n, band) of stars by their masses at birth (n,); 0 of those that have died."""
        after = np.searchsorted(self.mass, mass, side="right")
        alive = after < len(self.mass)
        before = np.clip(after - 1, 0, len(self.mass) - 2)
        low, wide = self._steps[0][before], self._steps[1][before]
        share = np.clip((mass - low) / wide, 0, 1)[:, None]
        magnitude = self.magnitude[before] * (1 - share) + self.magnitude[before + 1] * share
        shining: Array = np.exp(magnitude * (-0.4 * np.log(10))) * alive[:, None]
        return shining

    @property
    def _steps(self) -> tuple[Array, Array]:
        """Return where each step begins, and its width."""
        return self.mass[:-1], np.maximum(np.diff(self.mass), 1e-12)


@dataclass(frozen=True)
class Isochrones:
    """Stars of many ages.

    Parameters
    ----------
    bands : tuple of str
    log_age : array (age,)
        log10 of years, rising.
    mass : array (age, node)
    magnitude : array (age, node, band)
    """

    bands: tuple[str, ...]
    log_age: Array
    mass: Array
    magnitude: Array

    def of(self, bands: Sequence[str]) -> "Isochrones":
        """Return those of some bands.

        Raises
        ------
        InputError
            When there is no such band.
        """
        for band in bands:
            if band not in self.bands:
                raise InputError(f"no isochrone has the band {band}", expected=" ".join(self.bands))
        places = [self.bands.index(band) for band in bands]
        return Isochrones(tuple(bands), self.log_age, self.mass, self.magnitude[:, :, places])

    def at(self, log_age: float) -> Isochrone:
        """Return the isochrone of an age.

        Raises
        ------
        InputError
            When the table does not reach it.
        """
        first, last = float(self.log_age[0]), float(self.log_age[-1])
        if not first <= log_age <= last:
            raise InputError("no isochrone is of that age", value=log_age, expected=f"log age {first:g} to {last:g}")
        after = min(max(int(np.searchsorted(self.log_age, log_age)), 1), len(self.log_age) - 1)
        share = (log_age - self.log_age[after - 1]) / (self.log_age[after] - self.log_age[after - 1])
        mass = np.exp((1 - share) * np.log(self.mass[after - 1]) + share * np.log(self.mass[after]))
        magnitude = (1 - share) * self.magnitude[after - 1] + share * self.magnitude[after]
        return Isochrone(np.maximum.accumulate(mass), magnitude)


@lru_cache(maxsize=1)
def load() -> Isochrones:
    """Return the table that ships."""
    with files("skycnn").joinpath("populations", "isochrones.npz").open("rb") as stream, np.load(stream) as kept:
        edges, stage = kept["edges"], np.repeat(np.arange(len(kept["nodes"])), kept["nodes"])
        low, high = edges[:, :-1][:, stage], edges[:, 1:][:, stage]
        mass = low + (high - low) * (kept["share"] / 65535.0)
        magnitude = STEP * np.cumsum(kept["magnitude"], axis=1, dtype=np.int16).astype(np.float64)
        bands = tuple(str(band) for band in kept["bands"])
        return Isochrones(bands, kept["log_age"], mass, np.ascontiguousarray(magnitude.transpose(2, 1, 0)))
