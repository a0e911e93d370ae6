"""CurveOfGrowth: how light grows with the radius - Petrosian radius, radii of a share of the light, profile."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.shapes.centralsource import Source, places

Array = NDArray[Any]

STEP = 0.25
"""Pixels between the radii of a curve."""

CORE, PARTS = 4, 5
"""Pixels around the centre that are divided into parts, since a circle's edge cuts them, and the parts along a side."""

ETA = 0.2
"""Surface brightness at the Petrosian radius over the mean within it (Conselice 2003; Lotz et al. 2004)."""

SHORT = 1.0
"""Smallest Petrosian radius, pixels."""


@dataclass(frozen=True)
class Growth:
    """Light and pixels within radii ``STEP``, ``2 STEP``, ...

    Parameters
    ----------
    flux, area : array (radii,)
        Pixels that are not there count in neither.
    """

    flux: Array
    area: Array

    def at(self, radius: float) -> tuple[float, float]:
        """Return the flux and the area within a radius, pixels."""
        place = min(max(radius / STEP, 0.0), float(len(self.flux)))
        whole = min(int(place), len(self.flux) - 1)
        part = place - whole
        low = (self.flux[whole - 1], self.area[whole - 1]) if whole else (0.0, 0.0)
        high = self.flux[whole], self.area[whole]
        return tuple(float(a + part * (b - a)) for a, b in zip(low, high, strict=True))  # type: ignore[return-value]

    def brightness(self, inner: float, outer: float) -> float:
        """Return the mean surface brightness in an annulus, per pixel; NaN where there is no pixel."""
        (flux, area), (within, hole) = self.at(outer), self.at(inner)
        return (flux - within) / (area - hole) if area > hole else float("nan")

    def petrosian(self) -> float:
        """Return the radius where an annulus of one pixel has 0.2 of the mean within; the largest one for none."""
        half = round(0.5 / STEP)
        start = round(SHORT / STEP) - 1
        ring = np.maximum(self.area[2 * half :] - self.area[: -2 * half], 1e-6)
        mean = (self.flux[2 * half :] - self.flux[: -2 * half]) / ring
        within = self.flux[half:-half] / np.maximum(self.area[half:-half], 1e-6)
        excess = (mean - ETA * within)[start - half :]
        below = np.flatnonzero(excess <= 0)
        if not len(below):
            return STEP * len(self.flux)
        first = int(below[0])
        if first == 0:
            return SHORT
        part = excess[first - 1] / (excess[first - 1] - excess[first])
        return float(STEP * (start + first + part))

    def radius(self, share: float, within: float) -> float:
        """Return the smallest radius that holds a share of the light within another; NaN where there is no light."""
        total = self.at(within)[0]
        if not total > 0:
            return float("nan")
        first = int(np.argmax(self.flux >= share * total))
        low = self.flux[first - 1] if first else 0.0
        rise = self.flux[first] - low
        return float(STEP * (first + (share * total - low) / rise)) if rise > 0 else float("nan")


def of(source: Source, centre: tuple[float, float], axes: tuple[float, float] = (0.0, 0.0)) -> Growth:
    """Return the growth of light in ellipses about a centre.

    Parameters
    ----------
    source : Source
    centre : (float, float)
        y and x, pixels.
    axes : (float, float)
        Ellipticity 1 - b/a, and the position angle of the major axis from x towards y, radians; radii are along it.
    """
    side = len(source.pixels)
    row, column = places(side)
    number = _radii(side)
    y, x = round(centre[0]), round(centre[1])
    core = slice(max(0, y - CORE), y + CORE + 1), slice(max(0, x - CORE), x + CORE + 1)
    offset = (np.arange(PARTS, dtype=np.float32) + 0.5) / PARTS - 0.5
    fine_row = (row[core[0]] - centre[0] + offset).reshape(-1, 1)
    fine_column = (column[:, core[1]].T - centre[1] + offset).reshape(1, -1)
    coarse, fine = _bins(away(side, centre, axes), number), _bins(_away(fine_row, fine_column, axes), number)
    seen = None if source.seen is None else source.seen.astype(np.float32)
    return Growth(*(_grown(light, core, coarse, fine, number) for light in (source.pixels, seen)))


def away(side: int, centre: tuple[float, float], axes: tuple[float, float] = (0.0, 0.0)) -> Array:
    """Return how far pixels (side, side) are from a centre along the major axis; the parameters are those of `of`."""
    row, column = places(side)
    return _away(row - np.float32(centre[0]), column - np.float32(centre[1]), axes)


def _bins(distance: Array, number: int) -> Array:
    return np.minimum((distance * (1.0 / STEP)).astype(np.int64), number - 1)


def _grown(light: Array | None, core: tuple[slice, slice], coarse: Array, fine: Array, number: int) -> Array:
    """Return the light within each radius, the core's pixels shared out among their parts; None counts pixels."""
    soft, hard = _edges(number)
    middle = parts = None
    if light is not None:
        middle = light[core]
        parts = np.broadcast_to(middle[:, None, :, None], (middle.shape[0], PARTS, middle.shape[1], PARTS))
    outer = _summed(coarse, light, number) - _summed(coarse[core], middle, number)
    inner = _summed(fine, parts, number)
    result: Array = outer @ soft + inner @ hard / PARTS**2
    return result


def _summed(bins: Array, weight: Array | None, number: int) -> Array:
    return np.bincount(bins.ravel(), None if weight is None else weight.ravel(), number)


def _away(row: Array, column: Array, axes: tuple[float, float]) -> Array:
    """Return distances along the major axis."""
    if not axes[0]:
        return np.asarray(np.sqrt(row * row + column * column))
    cos, sin = np.cos(axes[1]), np.sin(axes[1])
    along, across = column * np.float32(cos) + row * np.float32(sin), row * np.float32(cos) - column * np.float32(sin)
    across = across * np.float32(1.0 / (1.0 - axes[0]))
    return np.asarray(np.sqrt(along * along + across * across))


def _radii(side: int) -> int:
    return int(np.ceil(0.75 * side / STEP))


@cache
def _edges(number: int) -> tuple[Array, Array]:
    """Return how much of a pixel, and of a small part of one, is within a radius, (bins, radii) of their distance."""
    away, radius = (np.arange(number) + 0.5)[:, None] * STEP, (np.arange(number) + 1.0)[None, :] * STEP
    kept = np.arange(number)[:, None] < number - 1  # the last bin holds all that is further out
    return tuple(np.clip((radius - away) / width + 0.5, 0, 1) * kept for width in (1.0, STEP))  # type: ignore[return-value]
