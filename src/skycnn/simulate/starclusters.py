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
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from skycnn.schema import Column
from skycnn.simulate import clusterview, draws, impostors
from skycnn.simulate.clusterprofile import EFF, ClusterProfile, King
from skycnn.simulate.clusterview import ClusterView
from skycnn.simulate.starfield import StarField
from skycnn.simulate.starscenes import Points, StarScenes
from skycnn.survey import Survey

Array = NDArray[Any]

AGES, EXTINCTIONS, MASSES, RADII = (6.6, 10.1), (0.0, 3.0), (3e3, 3e5), (0.04, 0.4)
"""log10 of years, A_V in mag, solar masses, r_h in arcsec."""

OLD = 9.0
"""log age from which on half of the clusters have King's profile."""

GAMMAS, CONCENTRATIONS = (2.6, 4.0), (5.0, 60.0)
"""Of EFF's profiles and of King's. Of a smaller gamma half of the light lies so far out that no image shows the radius
that holds it: in M83 such fits are left out too (Ryon et al. 2015, MNRAS 452, 525; recalled, not re-read)."""

KINDS = ("cluster", "empty", "galaxy", "star", "hole")
MIX = (0.5, 0.24, 0.11, 0.09, 0.06)
"""Which share of the rows is of each kind."""

ALIKE = 8
"""Clusters drawn for one of given fluxes."""

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


@dataclass(frozen=True)
class StarClusters:
    """What was drawn.

    Parameters
    ----------
    light : StarScenes
    truth : dict of array (n,)
        By the names of `COLUMNS`.
    surface : array (n, band)
        Surface brightness of the clusters, microjansky a pixel.
    """

    light: StarScenes
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
    view = clusterview.of(survey, tuple(bands), distance)
    drawn = [_drawn(view, mass_slope, draws.generator(seed, number, "starcluster")) for number in rows.tolist()]
    return _together(view, seed, rows, drawn)


def given(
    survey: Survey,
    bands: Sequence[str],
    seed: int,
    log_age: Array,
    a_v: Array,
    log_mass: Array,
    radius: Array,
    distance: float = 4.5,
    flux: Array | None = None,
    disc: bool = True,
) -> StarClusters:
    """Return clusters of given parameters, each (n,), in discs drawn by chance.

    Parameters
    ----------
    survey : Survey
    bands : sequence of str
    seed : int
    log_age : array
        log10 of years.
    a_v : array
        mag.
    log_mass : array
        log10 of solar masses.
    radius : array
        r_h, arcsec.
    distance : float
        Mpc.
    flux : array (n, band), optional
        That the clusters are to have, microjansky; left out, their own. Of `ALIKE` clusters the one whose colours are
        nearest is taken, and the light of each band scaled.
    disc : bool
        Whether there are discs; else clusters stand on the sky alone.
    """
    view, rows = clusterview.of(survey, tuple(bands), distance), np.arange(len(log_age))
    drawn = []
    for number, known in enumerate(
        zip(log_age.tolist(), a_v.tolist(), log_mass.tolist(), radius.tolist(), strict=True)
    ):
        random = draws.generator(seed, number, "starcluster/given")
        field = StarField.drawn(view.disc, view.law, random) if disc else None
        some = [_cluster(view, *known, random) for _ in range(1 if flux is None else ALIKE)]
        (place, light), truth = some[0] if flux is None else min(some, key=lambda one: _apart(one[0], flux[number]))
        if flux is not None:
            light = light * (flux[number] / light.sum(axis=0))
        drawn.append(((place, light), field, {**truth, "KIND": 0}))
    return _together(view, seed, rows, drawn)


def _apart(points: Points, flux: Array) -> float:
    """Return how far a cluster's colours are from those of fluxes (band,), of the bands that have some."""
    seen = flux > 0
    return float(np.log(points[1].sum(axis=0)[seen] / flux[seen]).std()) if seen.any() else 0.0


Drawn = tuple[Points, StarField | None, dict[str, float]]
"""What stands at a stamp's centre, what it stands in, and its truth."""


def _drawn(view: ClusterView, mass_slope: float, random: Generator) -> Drawn:
    kind = KINDS[min(int(np.searchsorted(np.cumsum(MIX), random.random(), side="right")), len(KINDS) - 1)]
    field = StarField.drawn(view.disc, view.law, random, hole=kind == "hole")
    truth: dict[str, float] = {"CLUSTER": 0, "R_H": np.nan}
    centre: Points = np.zeros((0, 2)), np.zeros((0, len(view.unit)))
    if kind == "cluster":
        age, depth = random.uniform(*AGES), random.uniform(*EXTINCTIONS)
        mass, radius = _power(MASSES, mass_slope, random.random()), np.exp(random.uniform(*np.log(RADII)))
        centre, truth = _cluster(view, age, depth, float(np.log10(mass)), float(radius), random)
    elif kind == "galaxy":
        centre = impostors.galaxy(view.wavelength, view.law, random)
    elif kind == "star":
        population = view.disc.populations[int(random.integers(len(view.disc.populations)))]
        centre = impostors.star(population, view.unit, view.wavelength, random)
    return centre, field, {**truth, "KIND": KINDS.index(kind)}


def _cluster(
    view: ClusterView, log_age: float, a_v: float, log_mass: float, radius: float, random: Generator
) -> tuple[Points, dict[str, float]]:
    """Return a cluster and its truth."""
    points = view.cluster(log_age, a_v, 10**log_mass, radius, _profile(log_age, random), random)
    truth = {"LOG_AGE": log_age, "A_V": a_v, "LOG_MASS": log_mass, "R_H": radius, "R_H_PC": radius * view.parsec}
    return points, {"CLUSTER": 1, **truth}


def _together(view: ClusterView, seed: int, rows: Array, drawn: Sequence[Drawn]) -> StarClusters:
    centres, fields, truths = zip(*drawn, strict=True) if drawn else ((), (), ())
    light = StarScenes(centres, fields, view.noise.sigma, seed, rows)
    found = {column.name: np.array([truth.get(column.name, np.nan) for truth in truths]) for column in COLUMNS}
    parts = [(view.surface(centre, truth["R_H"]), view.scatter(field)) for centre, field, truth in drawn]
    surface, scatter = (np.array([part[k] for part in parts]).reshape(-1, len(view.unit)) for k in (0, 1))
    found["VISIBILITY"] = _visibility(surface, scatter)
    return StarClusters(light, found, surface)


def _visibility(surface: Array, scatter: Array) -> Array:
    """Return the visibility (n,) by brightness of the cluster and scatter of its background (n, band)."""
    return np.asarray((surface / np.maximum(scatter, 1e-12)).mean(axis=1))


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
