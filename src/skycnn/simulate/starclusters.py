"""StarClusters: star clusters in the disc of a galaxy, drawn star by star, and places where there is none.

One row in two has a cluster; the others are empty, or hold a galaxy far behind, a bright star or a hole in the dust.
Ages, A_V and radii lie evenly over their ranges, in logarithms but for A_V (Bialopetravicius et al. 2019, A&A 621,
A103); so do masses, unless another mass function is asked for.

Visibility is the mean surface brightness of a cluster, half of its light over the area within sqrt(r_h^2 + r^2), r
being the radius that holds half of a star's light, over the standard deviation of a pixel of what it lies on; of these
ratios it is the mean over the bands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from skycnn.errors import InputError
from skycnn.schema import Column
from skycnn.simulate import draws, impostors, isochrones, starfield, stargrid
from skycnn.simulate.absorption import cardelli
from skycnn.simulate.clusterlight import Cluster
from skycnn.simulate.clusterprofile import EFF, ClusterProfile, King
from skycnn.simulate.imf import IMF
from skycnn.simulate.light import Light
from skycnn.simulate.noise import Noise
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer
from skycnn.simulate.ssp import SSP
from skycnn.simulate.starfield import Disc, StarField
from skycnn.simulate.starlight import Starlight
from skycnn.survey import Survey

Array = NDArray[Any]

AGES, EXTINCTIONS, MASSES, RADII = (6.6, 10.1), (0.0, 3.0), (3e3, 3e5), (0.04, 0.4)
"""log10 of years, A_V in mag, solar masses, r_h in arcsec."""

OLD = 9.0
"""log age from which on half of the clusters have King's profile."""

GAMMAS, CONCENTRATIONS = (2.2, 4.0), (5.0, 60.0)
"""Of EFF's profiles and of King's."""

KINDS = ("cluster", "empty", "galaxy", "star", "hole")
MIX = (0.5, 0.3, 0.07, 0.08, 0.05)
"""Which share of the rows is of each kind."""

SHOWN = 64
"""Pixels along the edge of a stamp on which stars stand out or not; see `starfield.OUTLYING`."""

RAYS = 0.15
"""Share of the stamps that cosmic rays left something in."""

FAR = 8.0
"""Pixels within which a star has half of its light."""

ROW_BYTES = 1 << 17
"""Of a row's stars."""

COLUMNS = (
    Column("CLUSTER", "i4", "", "meta.code.class", "1 where there is a cluster, else 0", "I4"),
    Column("KIND", "i4", "", "meta.code.class", " ".join(f"{k} {name}" for k, name in enumerate(KINDS)), "I4"),
    Column("LOG_AGE", "f4", "", "time.age", "log10 of the cluster's age in yr", "F7.3"),
    Column("A_V", "f4", "mag", "phys.absorption", "extinction of the cluster in V", "F7.3"),
    Column("LOG_MASS", "f4", "", "phys.mass", "log10 of its stars' mass at their birth in solMass", "F7.3"),
    Column("R_H", "f4", "arcsec", "phys.angSize", "radius that holds half of its light", "F7.4"),
    Column("R_H_PC", "f4", "pc", "phys.size.radius", "radius that holds half of its light", "F7.3"),
    Column("VISIBILITY", "f4", "", "stat.snr", "its surface brightness over the scatter of a pixel about it", "F9.3"),
)

Points = tuple[Array, Array]
"""Places (k, 2), arcsec, and fluxes (k, band)."""


@dataclass(frozen=True)
class Scenes(Light):
    """What stands at the centres of stamps, and the disc about it, drawn where a stamp is.

    Parameters
    ----------
    centre : sequence of Points
        What stands there, perhaps nothing.
    fields : sequence of StarField or None
        None where a frame of the user's is what it stands on.
    sky : array (band,)
        Standard deviation of a pixel, microjansky.
    seed : int
    row : array (n,)
    """

    centre: Sequence[Points]
    fields: Sequence[StarField | None]
    sky: Array
    seed: int
    row: Array

    def take(self, rows: Array) -> "Scenes":
        """Return some objects' light."""
        places = np.arange(len(self.row))[rows].tolist()
        return replace(
            self, centre=[self.centre[k] for k in places], fields=[self.fields[k] for k in places], row=self.row[rows]
        )

    def total(self) -> Array:
        """Return the flux of what stands at the centres, float32 (n, band)."""
        sums = [flux.sum(axis=0, dtype=np.float64) for _, flux in self.centre]
        return np.array(sums, np.float32).reshape(-1, len(self.sky))

    def stamps(self, renderer: Renderer, offset: Array | None = None) -> Array:
        """Return stamps (n, band, side, side), float32."""
        n, side, scale = len(self.row), renderer.side, renderer.pixel_scale
        offset = np.zeros((n, 2)) if offset is None else offset
        grid = stargrid.of(renderer)
        stamps = np.empty((n, len(self.sky), side, side), np.float32)
        for k, (number, (place, flux), field) in enumerate(
            zip(self.row.tolist(), self.centre, self.fields, strict=True)
        ):
            random = draws.generator(self.seed, number, "starcluster/field")
            light: Any = 0.0
            if field is not None:
                around = field.stars((side / 2 + stargrid.MARGIN) * scale, random)
                light = field.light(side, scale, offset[k], random)
                place, flux = (np.concatenate(parts) for parts in zip((place, flux), around, strict=True))
                if random.random() < RAYS:
                    light = light + impostors.rays(stamps.shape[1:], self.sky, random)
            stamps[k] = grid.stamp(place / scale + offset[k], flux) + light
        return stamps

    def extent(self, faint: Array, pixel_scale: float) -> Array:
        """Return how far (n,) from a stamp's centre stars of the object lie, pixels."""
        return np.array([np.hypot(*place.T).max(initial=0.0) for place, _ in self.centre]) / pixel_scale


@dataclass(frozen=True)
class StarClusters:
    """What was drawn.

    Parameters
    ----------
    light : Scenes
    truth : dict of array (n,)
        By the names of `COLUMNS`.
    surface : array (n, band)
        Surface brightness of the clusters, microjansky a pixel.
    """

    light: Scenes
    truth: dict[str, Array]
    surface: Array

    def upon(self, background: Array) -> "StarClusters":
        """Return the clusters on frames (n, band, y, x), microjansky a pixel, without a disc of their own.

        The scatter of a pixel is 1.48 times the median deviation from the median.
        """
        middle = np.median(background, axis=(2, 3), keepdims=True)
        scatter = 1.48 * np.median(np.abs(background - middle), axis=(2, 3))
        light = replace(self.light, fields=[None] * len(self.light.row))
        return replace(self, light=light, truth={**self.truth, "VISIBILITY": _visibility(self.surface, scatter)})


def draw(
    survey: Survey,
    bands: Sequence[str],
    seed: int,
    row: ArrayLike,
    selection: str,
    distance: float = 4.5,
    mass_slope: float = 1.0,
) -> StarClusters:
    """Return rows; see `task.Mock`.

    Parameters
    ----------
    distance : float
        Mpc.
    mass_slope : float
        beta of the masses, dN/dM ~ M^-beta; 1 is evenly in log M.
    """
    rows = np.asarray(row, np.int64)
    sight = _sight(_Key(survey), tuple(bands), float(distance))
    centres, fields, truths, surfaces, scatters = [], [], [], [], []
    for number in rows.tolist():
        random = draws.generator(seed, number, "starcluster")
        kind = KINDS[min(int(np.searchsorted(np.cumsum(MIX), random.random(), side="right")), len(KINDS) - 1)]
        field = StarField.drawn(sight.disc, sight.law, random, hole=kind == "hole")
        centre, truth = sight.centre(kind, mass_slope, random)
        centres.append(centre)
        fields.append(field)
        truths.append({**truth, "KIND": KINDS.index(kind)})
        surfaces.append(sight.surface(centre, truth["R_H"]))
        scatters.append(sight.scatter(field))
    light = Scenes(centres, fields, sight.noise.sigma, seed, rows)
    found = {column.name: np.array([truth.get(column.name, np.nan) for truth in truths]) for column in COLUMNS}
    surface = np.array(surfaces).reshape(-1, len(bands))
    found["VISIBILITY"] = _visibility(surface, np.array(scatters).reshape(-1, len(bands)))
    return StarClusters(light, found, surface)


def _visibility(surface: Array, scatter: Array) -> Array:
    """Return the visibility (n,) by brightness of the cluster and scatter of its background (n, band)."""
    return np.asarray((surface / np.maximum(scatter, 1e-12)).mean(axis=1))


@dataclass(frozen=True)
class _Key:
    """A survey as what something is remembered by."""

    survey: Survey

    def __hash__(self) -> int:
        return id(self.survey)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.survey is self.survey


@dataclass(frozen=True)
class _Sight:
    """What clusters at one distance, seen by one survey, have in common.

    Parameters
    ----------
    wavelength, law, sharpness, core : array (band,)
        Angstrom; A / A_V; sum of the squares of a star's pixels, of unit flux; radius that holds half of its
        light, arcsec.
    unit : array (band,)
        Flux of a star of absolute magnitude 0, microjansky.
    noise : Noise
    disc : Disc
    pixel_scale, parsec : float
        arcsec; parsecs of an arcsec.
    """

    wavelength: Array
    law: Array
    sharpness: Array
    core: Array
    unit: Array
    noise: Noise
    disc: Disc
    pixel_scale: float
    parsec: float

    def centre(self, kind: str, mass_slope: float, random: Generator) -> tuple[Points, dict[str, float]]:
        """Return what stands at the centre of a stamp, and its truth."""
        nothing = np.zeros((0, 2)), np.zeros((0, len(self.unit)))
        known = {"CLUSTER": 0, "R_H": np.nan}
        if kind == "galaxy":
            return impostors.galaxy(self.wavelength, self.law, random), known
        if kind == "star":
            population = self.disc.populations[int(random.integers(len(self.disc.populations)))]
            return impostors.star(population, self.unit, self.wavelength, random), known
        return self._cluster(mass_slope, random) if kind == "cluster" else (nothing, known)

    def _cluster(self, mass_slope: float, random: Generator) -> tuple[Points, dict[str, float]]:
        age, depth = random.uniform(*AGES), random.uniform(*EXTINCTIONS)
        mass = _power(MASSES, mass_slope, random.random())
        radius = float(np.exp(random.uniform(*np.log(RADII))))
        population = SSP(isochrones.load().of(self.disc.bands).at(age), IMF.of())
        unit = self.unit * 10 ** (-0.4 * depth * self.law)
        cluster = Cluster.drawn(population, mass, _profile(age, random), radius, unit, random)
        truth = {
            "CLUSTER": 1,
            "LOG_AGE": age,
            "A_V": depth,
            "LOG_MASS": np.log10(mass),
            "R_H": radius,
            "R_H_PC": radius * self.parsec,
        }
        return cluster.points(), truth

    def surface(self, centre: Points, radius: float) -> Array:
        """Return a cluster's surface brightness (band,), microjansky a pixel; see above."""
        area = np.pi * (radius**2 + self.core**2) / self.pixel_scale**2
        surface: Array = centre[1].sum(axis=0) / 2 / area
        return surface

    def scatter(self, field: StarField) -> Array:
        """Return the standard deviation (band,) of a pixel of a field, with noise."""
        light = field.mass @ field.disc.smooth * self.pixel_scale**2
        photons = np.where(np.isfinite(self.noise.electrons), light / self.noise.electrons, 0.0)
        stars = field.variance(self.sharpness, (SHOWN * self.pixel_scale) ** 2, self.pixel_scale)
        return np.sqrt(self.noise.sigma**2 + photons + stars)


@lru_cache(maxsize=8)
def _sight(key: _Key, bands: tuple[str, ...], distance: float) -> _Sight:
    survey = key.survey
    for name in ("vega", "wavelength"):
        for band in bands:
            if band not in getattr(survey, name):
                raise InputError(f"survey {survey.name} does not tell '{name}' of {band}, which stars need")
    wavelength = np.array([survey.wavelength[band] for band in bands])
    psfs, noise = [psf_of(survey, band) for band in bands], Noise.counted(survey, bands)
    unit = starfield.units([survey.vega[band] for band in bands], 5 * np.log10(distance * 1e5))
    stars = [Starlight(psf, survey.pixel_scale) for psf in psfs]
    peaks = np.array([star.power(2) for star in stars])
    limit = starfield.SEEN * noise.sigma / peaks
    parsec = distance * 1e6 * np.deg2rad(1 / 3600)
    disc = starfield.disc(bands, tuple(unit.tolist()), tuple(limit.tolist()), float(parsec))
    core = np.array([_half(star) for star in stars]) * survey.pixel_scale
    return _Sight(wavelength, cardelli(wavelength), peaks, core, unit, noise, disc, survey.pixel_scale, float(parsec))


def _half(star: Starlight) -> float:
    """Return the radius that holds half of a star's light, pixels."""
    low, high = 0.0, FAR
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if star.gathered(middle)[0] > 0.5 else (middle, high)
    return high


def _power(ends: tuple[float, float], slope: float, chance: float) -> float:
    """Return a value between two ends with dN/dx ~ x^-slope, by a number uniform in [0, 1)."""
    low, high = ends
    power = 1 - slope
    if abs(power) < 1e-6:
        return float(low * (high / low) ** chance)
    return float((low**power + chance * (high**power - low**power)) ** (1 / power))


def _profile(age: float, random: Generator) -> ClusterProfile:
    """Return a cluster's profile."""
    old, gamma, log = random.uniform(
        [0, GAMMAS[0], np.log(CONCENTRATIONS[0])], [1, GAMMAS[1], np.log(CONCENTRATIONS[1])]
    )
    return King(float(np.exp(log))) if age > OLD and old < 0.5 else EFF(float(gamma))
