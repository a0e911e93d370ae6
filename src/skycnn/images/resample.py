"""Resample: stamps on another pixel grid than the image's, flux conserved to rounding.

A pixel of the stamp is a quadrilateral on the image; its value is the sum over the image's pixels of value times
overlap. The overlaps are exact: by Green's theorem they are integrals along the edges, and each edge serves both pixels
beside it, so that no flux is lost or counted twice.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.images.imagewcs import ImageWcs
from skycnn.images.pixels import Pixels

Array = NDArray[Any]

NODES = 5
"""Points along a stamp's edge where the WCS is evaluated; between them it is interpolated."""

TOLERANCE = 1e-3
"""px; where the interpolation errs by more at check points, the WCS is evaluated at every corner."""

COVERED = 0.99
"""Share of a stamp's pixel that the image must cover; the rest is taken to be like it."""

TORN = 5.0
"""Diagonal of a stamp's pixel, in medians, beyond which it straddles a seam of the projection."""

FARTHEST = 1e9
"""px; beyond, a corner is on no image."""

PIECE = 1024
"""Most pixels along an edge of a piece of image, 4 MB and 25 MB at work: larger stamps are made in parts."""

LARGEST = 3000
"""Most pixels along that edge for a single pixel of the stamp."""


def resample(
    pixels: Pixels,
    source: ImageWcs,
    reference: ImageWcs,
    ox: Array,
    oy: Array,
    step: float,
    side: int,
    out: Array,
    least: float = COVERED,
) -> NDArray[np.bool_]:
    """Fill stamps on the pixel grid of another image.

    The centre of a stamp's pixel (i, j) is the pixel (ox + i * step, oy + j * step) of the reference. A stamp depends
    on its row alone.

    Parameters
    ----------
    pixels : Pixels
        The image.
    source, reference : ImageWcs
        WCS of the image and of the stamps' grid.
    ox, oy : array (n,)
        0-based, finite.
    step : float
        Size of a stamp's pixel in pixels of the reference.
    side : int
        Pixels along an edge.
    out : array (n, side, side)
        float32 of either byte order, in the image's unit per pixel of the stamp; NaN where less than ``least`` of a
        pixel has values.
    least : float
        Share of a pixel.

    Returns
    -------
    array (n,)
        Stamps with unreadable pixels, or with a pixel of more than `LARGEST` pixels along an edge.
    """
    broken = np.zeros(len(out), bool)
    for k in range(len(out)):
        first = float(ox[k]) - step / 2, float(oy[k]) - step / 2
        x, y = _corners(source, reference, first, step, side)
        valid = (np.abs(x) < FARTHEST) & (np.abs(y) < FARTHEST)
        x, y = np.where(valid, x, np.nan), np.where(valid, y, np.nan)
        size = np.hypot(x[1:, 1:] - x[:-1, :-1], y[1:, 1:] - y[:-1, :-1])
        torn = TORN * float(np.median(size[np.isfinite(size)])) if np.isfinite(size).any() else 0.0
        broken[k] = _fill(pixels, x, y, (torn, least), out[k])
    return broken


def _fill(pixels: Pixels, x: Array, y: Array, limits: tuple[float, float], out: Array) -> bool:
    """Fill the pixels (h, w) between corners (h + 1, w + 1) on the image; return whether some cannot be read."""
    out[...] = np.nan
    valid = np.isfinite(x) & np.isfinite(y)
    if not valid.any():
        return False
    low = np.floor([x[valid].min(), y[valid].min()]).astype(np.int64) - 1
    wide = int(np.ceil(max(x[valid].max() - low[0], y[valid].max() - low[1]))) + 2
    if (low > np.array(pixels.shape[::-1])).any() or (low + wide < 0).any():
        return False
    if wide > PIECE and out.size > 1:
        half = max(1, len(out) // 2), max(1, out.shape[1] // 2)
        spans = [[slice(at), slice(at, None)] for at in half]
        corners = [[slice(at + 1), slice(at, None)] for at in half]
        parts = [(i, j) for i in (0, 1) for j in (0, 1) if out[spans[0][i], spans[1][j]].size]
        found = [
            _fill(pixels, x[box := (corners[0][i], corners[1][j])], y[box], limits, out[spans[0][i], spans[1][j]])
            for i, j in parts
        ]
        return any(found)
    if wide > LARGEST:
        return True
    piece = np.empty((1, wide, wide), np.float32)
    broken = bool(pixels.cut(low[:1], low[1:], wide, piece)[0])
    out[...] = _light(piece[0], x - low[0] + 0.5, y - low[1] + 0.5, *limits)
    return broken


def _corners(
    source: ImageWcs, reference: ImageWcs, first: tuple[float, float], step: float, side: int
) -> tuple[Array, Array]:
    """Return the corners of a stamp's pixels on the image, x and y (side + 1, side + 1)."""

    def exact(at: Array) -> tuple[Array, Array]:
        x, y = np.meshgrid(first[0] + at * step, first[1] + at * step)
        u, v = source.to_pixel(*reference.to_sky(x.ravel(), y.ravel()))
        return u.reshape(x.shape), v.reshape(x.shape)

    whole = np.arange(side + 1.0)
    if side + 1 <= 2 * NODES:
        return exact(whole)
    nodes, between, to_corners, to_checks = _polynomial(side)
    values, checks = exact(nodes), exact(between)
    worst = max(float(np.abs(to_checks @ f @ to_checks.T - c).max()) for f, c in zip(values, checks, strict=True))
    if not worst <= TOLERANCE:  # also for NaN, off the image's sky
        return exact(whole)
    u, v = (to_corners @ f @ to_corners.T for f in values)
    return u, v


@lru_cache(maxsize=16)
def _polynomial(side: int) -> tuple[Array, Array, Array, Array]:
    """Return Chebyshev nodes over a stamp, check points between, and interpolation weights at corners and checks."""
    nodes = side / 2 * (1 - np.cos(np.pi * np.arange(NODES) / (NODES - 1)))
    between = (nodes[1:] + nodes[:-1]) / 2

    def weights(at: Array) -> Array:
        others = ~np.eye(NODES, dtype=bool)
        return np.stack(
            [np.prod((at[:, None] - nodes[o]) / (nodes[i] - nodes[o]), axis=1) for i, o in enumerate(others)], axis=1
        )

    return nodes, between, weights(np.arange(side + 1.0)), weights(between)


def _light(piece: Array, u: Array, v: Array, torn: float, least: float) -> Array:
    """Return the flux within each quadrilateral, (h, w), NaN where too little of it has values.

    Parameters
    ----------
    piece : array (m, m)
        Of the image; pixel (j, i) covers [i, i + 1) by [j, j + 1) in the coordinates of the corners.
    u, v : array (h + 1, w + 1)
        Corners, within the piece or NaN.
    torn : float
        Longest diagonal of a pixel of the stamp.
    least : float
        Share of a pixel that must have values.
    """
    known = np.isfinite(piece)
    where = np.isfinite(u) & np.isfinite(v)
    u, v = np.where(where, u, 0), np.where(where, v, 0)
    valid = where[:-1, :-1] & where[:-1, 1:] & where[1:, :-1] & where[1:, 1:]
    light = _within(np.where(known, piece, 0).astype(np.float64), u, v)
    du, dv = u[1:, 1:] - u[:-1, :-1], v[1:, 1:] - v[:-1, :-1]  # the diagonals' cross product is twice the area
    area = 0.5 * (du * (v[1:, :-1] - v[:-1, 1:]) - dv * (u[1:, :-1] - u[:-1, 1:]))
    valid &= np.hypot(du, dv) <= torn
    covered = area if known.all() else _within(known.astype(np.float64), u, v)
    good = valid & (np.abs(covered) > least * np.abs(area))
    part = np.where(good, np.abs(area) / np.where(good, covered, 1), np.nan)  # negative areas: mirrored images
    with np.errstate(over="ignore"):
        return (light * part).astype(np.float32)


def _within(values: Array, u: Array, v: Array) -> Array:
    """Return the integral of a piecewise constant function over each quadrilateral, negative for mirrored ones."""
    total = np.zeros((len(values), len(values) + 1))
    np.cumsum(values, axis=1, out=total[:, 1:])
    along = _edge(values, total, (u[:, :-1], v[:, :-1]), (u[:, 1:], v[:, 1:]))
    upward = _edge(values, total, (u[:-1], v[:-1]), (u[1:], v[1:]))
    return along[:-1] - along[1:] + upward[:, 1:] - upward[:, :-1]


def _edge(values: Array, total: Array, start: tuple[Array, Array], end: tuple[Array, Array]) -> Array:
    """Return the integral over v along each straight edge of the row's sum left of it.

    Between crossings of pixel borders the integrand is linear: the midpoint rule is exact.
    """
    (u0, v0), (u1, v1) = start, end
    du, dv = u1 - u0, v1 - v0
    shares = np.sort(np.concatenate([_crossings(u0, du), _crossings(v0, dv)]), axis=0)
    result, before = np.zeros(u0.shape), np.zeros(u0.shape)
    for after in (*shares, np.ones(u0.shape)):
        middle = (before + after) / 2
        u, v = u0 + middle * du, v0 + middle * dv
        i, j = u.astype(np.intp), v.astype(np.intp)
        result += (total[j, i] + values[j, i] * (u - i)) * ((after - before) * dv)
        before = after
    return result


def _crossings(start: Array, step: Array) -> Array:
    """Return the fractions of the step at which integers are crossed, (most, ...), padded with 1."""
    low, high = np.minimum(start, start + step), np.maximum(start, start + step)
    first = np.floor(low) + 1
    most = int(max(np.ceil(high - first).max(), 0))
    at = first + np.arange(most).reshape(-1, *[1] * start.ndim)
    inside = at < high
    return np.where(inside, (at - start) / np.where(inside, step, 1), 1.0)
