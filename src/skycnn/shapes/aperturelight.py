"""ApertureLight: the light of stamps in circles about their source, the sky taken off, and its error.

A circle takes the exact share of each pixel that lies in it, so that nothing depends on where in a pixel a source is.
Sky and errors are those of the stamp's own border.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.shapes.centralsource import frame

Array = NDArray[Any]

RADII = (1.0, 2.0, 3.0, 4.0, 6.0, 10.0)
"""Of the circles, pixels."""

WINDOW = 2.0
"""Standard deviation of the Gaussian by which pixels count for a centre, pixels."""

REACH, STEPS = 1.5, 4
"""How far a centre may lie from the stamp's, pixels, and how often it is moved."""

BESIDE = 24
"""Circles along the border, at most, whose scatter tells the error of one."""

PART = 64
"""Stamps measured at a time, which fit into a processor's cache."""

NORMAL = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


@dataclass(frozen=True)
class Apertures:
    """What circles hold, in the unit of the stamps; NaN where a band or a pixel of a circle is absent.

    Parameters
    ----------
    flux, error : array (n, band, radius)
    sky, noise : array (n, band)
        Median of the border's pixels, and their standard deviation by the median absolute one.
    centre : array (n, 2)
        x and y, pixels from the stamp's centre.
    """

    flux: Array
    error: Array
    sky: Array
    noise: Array
    centre: Array


def measure(stamps: Array, centre: Array | None = None) -> Apertures:
    """Return the light in circles of `RADII` about the source in the middle of stamps.

    Parameters
    ----------
    stamps : array (n, band, y, x)
        The sky as it is; NaN where there is no pixel.
    centre : array (n, 2), optional
        Of the source, x and y, pixels from the stamp's centre; left out, it is looked for within `REACH`.
    """
    n, bands = stamps.shape[:2]
    flux, error = (np.full((n, bands, len(RADII)), np.nan) for _ in range(2))
    sky, noise = (np.full((n, bands), np.nan) for _ in range(2))
    found = Apertures(flux, error, sky, noise, np.zeros((n, 2)))
    for first in range(0, n, PART):
        rows = slice(first, first + PART)
        part = np.asarray(stamps[rows], np.float32)
        pixels, found.sky[rows], found.noise[rows] = _without_sky(part)
        found.centre[rows] = _centre(pixels, found.noise[rows]) if centre is None else centre[rows]
        found.flux[rows] = _sums(pixels, found.centre[rows])
        found.error[rows] = _errors(pixels, found.noise[rows])
    found.flux[np.isnan(found.error)] = np.nan
    return found


def overlap(x: Array, y: Array, radius: float) -> Array:
    """Return the area of each pixel that lies in a circle about 0, (n, l, k).

    Parameters
    ----------
    x, y : array (n, k + 1), (n, l + 1)
        Edges of the pixels.
    radius : float
        In their unit.
    """
    x, y = np.clip(x, -radius, radius), np.clip(y, -radius, radius)

    def under(t: Array) -> Array:
        """Return the area under the circle between 0 and t."""
        area: Array = (t * np.sqrt(np.maximum(radius**2 - t**2, 0)) + radius**2 * np.arcsin(t / radius)) / 2
        return area

    away, high = np.abs(x)[:, None, :], np.abs(y)[:, :, None]
    end = np.sqrt(np.maximum(radius**2 - high**2, 0))  # where the circle comes down to this height
    corner = np.where(end < away, high * end + under(np.abs(x))[:, None, :] - under(end), high * away)
    corner *= np.sign(x)[:, None, :] * np.sign(y)[:, :, None]
    area: Array = np.diff(np.diff(corner, axis=1), axis=2)
    return area


def _without_sky(stamps: Array) -> tuple[Array, Array, Array]:
    """Return stamps without their sky, the sky and its noise (n, band)."""
    edge = stamps.reshape(*stamps.shape[:2], -1)[..., frame(stamps.shape[-1])]
    if np.isfinite(edge).all():
        sky = np.median(edge, axis=-1)
        noise = NORMAL * np.median(np.abs(edge - sky[..., None]), axis=-1)
    else:
        sky = _median(edge)
        noise = NORMAL * _median(np.abs(edge - sky[..., None]))
    return stamps - sky[..., None, None], sky, noise


def _median(values: Array) -> Array:
    """Return the median of the finite values along the last axis, NaN where there is none."""
    ordered = np.sort(values, axis=-1)  # NaN last
    count = np.isfinite(values).sum(axis=-1)
    low, high = np.maximum((count - 1) // 2, 0), np.maximum(count // 2, 0)
    ends = [np.take_along_axis(ordered, place[..., None], -1)[..., 0] for place in (low, high)]
    return np.where(count > 0, (ends[0] + ends[1]) / 2, np.nan)


def _centre(pixels: Array, noise: Array) -> Array:
    """Return x and y (n, 2) of a source from the stamp's centre: the centroid within a Gaussian window about itself."""
    side = pixels.shape[-1]
    place = np.arange(side) - (side - 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = np.nan_to_num(pixels / noise[..., None, None], nan=0.0, posinf=0.0, neginf=0.0).sum(axis=1)
    if not noise.any():
        seen = np.nan_to_num(pixels).sum(axis=1)
    centre = np.zeros((len(pixels), 2))
    for _ in range(STEPS):
        x, y = (place - centre[:, axis, None] for axis in (0, 1))
        across, down = (np.exp(-((away / WINDOW) ** 2) / 2) for away in (x, y))
        rows = np.einsum("nyx,nx->ny", seen, across), np.einsum("nyx,nx->ny", seen, across * x)
        total = (rows[0] * down).sum(axis=1)
        moved = np.stack([(rows[1] * down).sum(axis=1), (rows[0] * down * y).sum(axis=1)], axis=1)
        step = np.divide(2 * moved, total[:, None], out=np.zeros_like(moved), where=total[:, None] > 0)
        centre = np.clip(centre + step, -REACH, REACH)
    return centre


def _sums(pixels: Array, centre: Array) -> Array:
    """Return the light (n, band, radius) in circles about centres (n, 2)."""
    side = pixels.shape[-1]
    reach = int(np.ceil(max(RADII) + REACH + 0.5))
    first, last = max(0, side // 2 - reach), min(side, side - side // 2 + reach)
    core = pixels[..., first:last, first:last]
    edge = np.arange(first, last + 1) - side / 2
    x, y = (edge - centre[:, axis, None] for axis in (0, 1))
    there = np.isfinite(core)
    whole = bool(there.all())
    light = core if whole else np.where(there, core, 0)
    found = np.empty((*pixels.shape[:2], len(RADII)))
    for k, radius in enumerate(RADII):
        share = overlap(x, y, radius).astype(np.float32)
        found[..., k] = np.einsum("nbyx,nyx->nb", light, share)
        if not whole:
            gone = np.einsum("nbyx,nyx->nb", ~there, share) > 1e-3
            found[..., k][gone] = np.nan
    return found


@cache
def _border(side: int, radius: float) -> Array:
    """Return the shares of pixels (circle, side x side), float32, of circles along the border."""
    half = max(side / 2 - radius - 0.5, 0.0)
    count = int(np.clip(8 * half // (2 * radius), 4, BESIDE))
    along = (np.arange(count) + 0.5) / count * 4
    turn, t = along.astype(int), 2 * (along % 1) - 1
    one = np.ones(count)
    x = half * np.choose(turn, [t, one, -t, -one])
    y = half * np.choose(turn, [-one, t, one, -t])
    edge = np.arange(side + 1) - side / 2
    return overlap(edge - x[:, None], edge - y[:, None], radius).reshape(count, -1).astype(np.float32)


def _errors(pixels: Array, noise: Array) -> Array:
    """Return the error (n, band, radius) of the light in a circle: the scatter of such circles along the border.

    Where few tell too small a one, it is that of as many independent pixels.
    """
    n, bands, side, _ = pixels.shape
    flat = np.nan_to_num(pixels.reshape(n * bands, -1))
    found = np.empty((n, bands, len(RADII)))
    for k, radius in enumerate(RADII):
        sums = (flat @ _border(side, radius).T).reshape(n, bands, -1)
        scatter = NORMAL * np.median(np.abs(sums), axis=-1)
        found[..., k] = np.maximum(scatter, noise * np.sqrt(np.pi) * radius)
    found[np.isnan(noise)] = np.nan
    return found
