"""ClusterFit: ages, extinctions, masses and radii of star clusters by a chi-square fit of their aperture photometry.

What LEGUS does (Adamo et al. 2017, ApJ 841, 131): total fluxes in the bands beside those of simple stellar populations
on a grid of age and A_V, the mass by scaling. Errors are those of the photometry, `SOFT` of each flux, and what chance
makes of the light of so few stars, whose covariance between the bands grows as the mass does: it is taken for normal.
Ages, A_V and the logarithms of mass and radius are each as likely, between the ends that those of mocks have.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.distribution import Distribution, Draws
from skycnn.features import Inputs
from skycnn.shapes import aperturelight
from skycnn.simulate.clustercolours import ClusterColours
from skycnn.simulate.clustergrowth import ClusterGrowth
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer
from skycnn.simulate.starclusters import AGES, EXTINCTIONS, MASSES, RADII
from skycnn.simulate.whitening import whitened
from skycnn.survey import Survey

Array = NDArray[Any]

ENDS = AGES, EXTINCTIONS, (math.log10(MASSES[0]), math.log10(MASSES[1]))
"""Of the grid: log10 of years, mag, log10 of solar masses."""

BINS = (20, 10, 14)
"""Of age, A_V and mass, as the published network has them, of which `joint` tells the probability."""

FINE = (3, 3, 4, 28)
"""Cells that a bin of age, of A_V and of mass has here; those of the radius."""

SOFT = 0.03
"""Of a flux: what zero points and models are off by at least."""

CHANCE = 0.03
"""Variance of the light in a band that the first look at the radius takes."""

BEYOND = 24
"""Cells of the mass beyond either end of the grid, for a mass is not known exactly."""

UNIT = 1e4
"""Solar masses that masses are told in while they are fitted."""

ABSENT = 1e20
"""Variance of a band that is not there, square microjansky."""

LOOKS, ROUNDS = 2, 2
"""How often radius and fluxes are found, each time with what chance does to the light of the likeliest model; and how
often the mass of each model, with what chance does to that of the last."""

PART = 32
"""Rows fitted at a time, which fit into a processor's cache."""

COLUMNS = ("LOG_AGE", "A_V", "LOG_MASS", "R_H", "VISIBILITY")
"""Answers, in the names of the task; of the visibility there is no distribution."""

LEVELS = 39
"""Quantiles told of each answer, at 1/40, 2/40, ..."""


@dataclass(frozen=True)
class Fitted:
    """Probabilities of n clusters.

    Parameters
    ----------
    probability : array (n, age, A_V)
        Of the cells.
    mass, width : array (n, age, A_V)
        log10 of the mass, solar, of a cell, and its standard deviation.
    radius : array (n, radius)
        Probability of the cells of the radius.
    visibility : array (n,)
    """

    probability: Array
    mass: Array
    width: Array
    radius: Array
    visibility: Array


class ClusterFit:
    """The fit of one survey's stamps; what `task.OwnBaseline` is.

    Parameters
    ----------
    survey : Survey
    bands : sequence of str
    distance : float
        Mpc.
    name : str
        What its numbers are called by.
    """

    inputs = ("image",)
    columns = COLUMNS
    note = "fitted to models of simple stellar populations; it learns from no row"

    def __init__(self, survey: Survey, bands: Sequence[str], distance: float, name: str = "gridfit") -> None:
        self.name = name
        self.edges = tuple(
            np.linspace(*ends, bins * fine + 1) for ends, bins, fine in zip(ENDS, BINS, FINE[:3], strict=True)
        )
        self.radii = np.geomspace(*RADII, FINE[3] + 1)
        age, self._extinction = (_middles(edges) for edges in self.edges[:2])
        self.colours = ClusterColours.of(survey, bands, distance, age)
        faded = 10 ** (-0.4 * self._extinction[:, None] * self.colours.dust)
        light = (UNIT * self.colours.light[:, None] * faded).reshape(-1, len(bands))
        self._light = light.T.astype(np.float32)  # (band, cell)
        scatter = np.repeat(self.colours.scatter, len(self._extinction), axis=0) / UNIT
        self._scatter = scatter.transpose(1, 2, 0).astype(np.float32)  # (band, band, cell)
        self._psfs, self._scale = tuple(psf_of(survey, band) for band in bands), survey.pixel_scale
        self._electrons = np.array([survey.electrons.get(band, np.inf) for band in bands])
        self._core = np.array([psf.fwhm / 2 for psf in self._psfs])
        self._growth = lru_cache(maxsize=4)(self._grown)

    def _grown(self, side: int) -> ClusterGrowth:
        """Return the table of models on stamps of a size."""
        return ClusterGrowth.of(Renderer(self._psfs, self._scale, side), np.sqrt(self.radii[1:] * self.radii[:-1]))

    def measure(self, inputs: Inputs) -> dict[str, Array]:
        """Return the quantiles of each answer, float32 (n,) by name, of ``image`` (n, band, y, x), microjansky a pixel.

        A row has NaN where no band shows a source.
        """
        image = inputs["image"]
        levels = np.arange(1, LEVELS + 1) / (LEVELS + 1)
        found = {self._named(column, k): np.full(len(image), np.nan, np.float32) for column, k in self._names()}
        for first in range(0, len(image), PART):
            rows = slice(first, first + PART)
            fitted = self.fit(image[rows])
            for column, edges, probability in self.marginals(fitted):
                for k, values in enumerate(quantiles(edges, probability, levels).T):
                    found[self._named(column, k)][rows] = values
            found[self._named("VISIBILITY", 0)][rows] = fitted.visibility
        return found

    def answer(self, inputs: Inputs, column: str) -> tuple[Array, Distribution | None]:
        """Return the median (n,) of one of `columns` and its distributions, of what ``measure`` returned."""
        told = [np.asarray(inputs[self._named(name, k)], np.float64) for name, k in self._names() if name == column]
        if len(told) == 1:
            return told[0], None
        draws = np.stack(told, axis=1)
        return draws[:, LEVELS // 2], Draws(draws)

    def joint(self, image: Array) -> Array:
        """Return the probability of age, A_V and mass, (n, *BINS), of stamps (n, band, y, x)."""
        parts = [self._joint(self.fit(image[first : first + PART])) for first in range(0, len(image), PART)]
        return np.concatenate(parts)

    def _joint(self, fitted: Fitted) -> Array:
        cells = np.indices(fitted.probability.shape[1:])
        which = (cells[0] // FINE[0] * BINS[1] + cells[1] // FINE[1]).ravel()
        fine = self._masses(fitted, which, BINS[0] * BINS[1])
        joint: Array = fine.reshape(len(fine), *BINS, FINE[2]).sum(axis=-1)
        return joint

    def fit(self, image: Array) -> Fitted:
        """Fit stamps (n, band, y, x), microjansky a pixel."""
        seen, growth = aperturelight.measure(image), self._growth(image.shape[-1])
        chance = np.full(image.shape[:2], CHANCE)
        for _ in range(LOOKS):
            grown = growth.fit(seen, self._electrons, chance)
            variance = grown.variance + (SOFT * grown.flux) ** 2
            found, chance = self.probability(grown.flux, variance, grown.common)
        there = np.isfinite(grown.variance).any(axis=1)
        found[0][~there] = grown.probability[~there] = np.nan
        radius = np.exp(grown.probability @ np.log(growth.radius))
        pixels = np.pi * (radius[:, None] ** 2 + self._core**2) / self._scale**2
        known = np.isfinite(grown.variance) & (seen.noise > 0)
        shown = np.where(known, grown.flux / 2 / pixels, 0) / np.where(known, seen.noise, 1)
        count = known.sum(axis=1)
        visibility = np.where(count > 0, shown.sum(axis=1) / np.maximum(count, 1), np.nan)
        return Fitted(*found, grown.probability, visibility)

    def probability(self, flux: Array, variance: Array, common: Array) -> tuple[tuple[Array, Array, Array], Array]:
        """Return the probability, mass and width of each cell, and what chance does to the light of the likeliest.

        Parameters
        ----------
        flux, variance : array (n, band)
            Infinite variance where a band is absent.
        common : array (n,)
            See `clustergrowth.Grown`.

        Returns
        -------
        tuple of array (n, age, A_V)
            As in `Fitted`.
        array (n, band)
            Variance of the light in units of itself.
        """
        seen = np.isfinite(variance)
        noise = [np.where(k, v, ABSENT).astype(np.float32)[:, None] for k, v in zip(seen.T, variance.T, strict=True)]
        light = [np.where(k, f, 0).astype(np.float32)[:, None] for k, f in zip(seen.T, flux.T, strict=True)]
        noise = [v / model**2 for v, model in zip(noise, self._light, strict=True)]
        light = [f / model for f, model in zip(light, self._light, strict=True)]  # of how many `UNIT`
        low, high = (float(10**end / UNIT) for end in self.edges[2][[0, -1]])
        weight = [1 / (v + (0.2 * f) ** 2 + 1e-12) for v, f in zip(noise, light, strict=True)]
        mass = np.clip(sum(w * f for w, f in zip(weight, light, strict=True)) / sum(weight), low, high)
        ones = [np.ones(1, np.float32)] * len(light)
        for _ in range(ROUNDS):
            each = 1 / mass
            spread = [[each * self._scatter[i, j] for j in range(i + 1)] for i in range(len(light))]
            for i, v in enumerate(noise):
                spread[i][i] += v * each**2
            sums = whitened([f * each for f in light], ones, spread)
            chance = sums.likelihood - len(light) * np.log(mass)
            place = mass * np.maximum(sums.scale, 1e-3)
            mass = np.clip(place, low, high)
        wide = 1 / np.sqrt(sums.power) / np.maximum(sums.scale, 0.05)
        chance += np.log(wide) - np.log(self._light).sum(axis=0)
        place, wide = np.log10(place * UNIT), np.sqrt(wide**2 + common.astype(np.float32)[:, None]) / np.log(10)
        inside = [_normal((end - place) / wide) for end in self.edges[2][[0, -1]].tolist()]
        likely = np.exp(chance - chance.max(axis=1, keepdims=True)) * np.maximum(inside[1] - inside[0], 1e-30)
        likely /= likely.sum(axis=1, keepdims=True)
        rows, cell = np.arange(len(flux)), likely.argmax(axis=1)
        best = np.einsum("bbn->nb", self._scatter[:, :, cell]) / mass[rows, cell][:, None]
        shape = len(flux), len(self.colours.log_age), len(self._extinction)
        return (likely.reshape(shape), place.reshape(shape), wide.reshape(shape)), best

    def _masses(self, fitted: Fitted, which: Array, count: int) -> Array:
        """Return the probability (n, count, mass) of the fine cells of the mass, of cells put together by numbers.

        A cell's mass is shared out to the two nearest; all are widened by the row's mean width.
        """
        n, edges = len(fitted.probability), self.edges[2]
        step, size = edges[1] - edges[0], len(edges) - 1 + 2 * BEYOND
        likely, place, wide = (part.reshape(n, -1) for part in (fitted.probability, fitted.mass, fitted.width))
        at = np.clip((place - edges[0]) / step - 0.5 + BEYOND, 0, size - 1.001)
        first = at.astype(np.int64)
        rest, where = at - first, (np.arange(n)[:, None] * count + which) * size + first
        held = np.bincount(where.ravel(), (likely * (1 - rest)).ravel(), n * count * size)
        held[1:] += np.bincount(where.ravel(), (likely * rest).ravel(), n * count * size)[:-1]
        mean = np.maximum((likely * wide).sum(axis=1), step / 4)
        to = np.arange(len(edges)) - (np.arange(size)[:, None] - BEYOND + 0.5)  # an edge, from a cell's middle
        kernel = np.diff(_normal(to * step / mean[:, None, None]), axis=2)
        found = held.reshape(n, count, size) @ kernel
        total = found.sum(axis=(1, 2), keepdims=True)
        masses: Array = np.divide(found, total, out=np.full_like(found, np.nan), where=total > 0)
        return masses

    def marginals(self, fitted: Fitted) -> list[tuple[str, Array, Array]]:
        """Return the edges and the probabilities (n, bins) of each answer that has them."""
        cells = fitted.probability.shape[1] * fitted.probability.shape[2]
        mass = self._masses(fitted, np.zeros(cells, np.int64), 1)[:, 0]
        ages, extinctions = (fitted.probability.sum(axis=axis) for axis in (2, 1))
        edges = (*self.edges, self.radii)
        return list(zip(COLUMNS, edges, (ages, extinctions, mass, fitted.radius), strict=False))

    def _names(self) -> list[tuple[str, int]]:
        return [(column, k) for column in COLUMNS for k in range(1 if column == "VISIBILITY" else LEVELS)]

    def _named(self, column: str, number: int) -> str:
        return f"{self.name} {column} {number}"


def _middles(edges: Array) -> Array:
    middles: Array = (edges[1:] + edges[:-1]) / 2
    return middles


def quantiles(edges: Array, probability: Array, levels: Array) -> Array:
    """Return quantiles (n, levels) of probabilities (n, bins), linear within a bin."""
    total = np.cumsum(probability, axis=1)
    with np.errstate(invalid="ignore"):
        share = np.concatenate([np.zeros((len(total), 1)), total / total[:, -1:]], axis=1)
    return np.array([np.interp(levels, row, edges) for row in share]).reshape(len(total), len(levels))


def _normal(x: Array) -> Array:
    """Return the normal distribution's integral, to 0.01, without an error function."""
    share: Array = 1 / (1 + np.exp(-1.702 * np.clip(x, -20, 20)))
    return share
