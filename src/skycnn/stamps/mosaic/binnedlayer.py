"""BinnedLayer: stamps of coarse pixels from one band's images, read piece by piece: never whole in fine pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.images.binning import beyond, binned
from skycnn.images.pixelunit import multiply
from skycnn.stamps.mosaic.layer import Layer
from skycnn.stamps.mosaic.losses import Losses
from skycnn.stamps.mosaic.placement import SHARED, Placement
from skycnn.stamps.stamps import corner

Array = NDArray[Any]

PIECE = 512
"""Pixels of the images along a piece's edge: 1 MB stays in a processor's cache, twice as fast as a stamp in one go."""

PIECES = 8
"""Read at once: images of several rows at the same height are then decoded once."""

SHIFT = 0.05
"""Coarse pixels by which the grid of a neighbour that fills a stamp may be off: frames of one survey, each with a WCS
of its own, are seldom nearer than a fraction of their pixels."""


def cut(layer: Layer, place: Placement, side: int, times: int, out: Array) -> tuple[Array, Array]:
    """Fill stamps of coarse pixels about rows placed in one image.

    Parameters
    ----------
    layer : Layer
    place : Placement
        Of n rows.
    side : int
        Coarse pixels along an edge.
    times : int
        Pixels of the images along the edge of one.
    out : array (n, side, side)
        float32; NaN where undefined.

    Returns
    -------
    outside : array (n,)
        Coarse pixels of each stamp on no image, or on it by less than `binning.LEAST`.
    broken : array (n,)
        Stamps with pixels that could not be read.
    """
    n, step = len(place), max(1, min(side, PIECE // times))
    starts = np.unique(np.minimum(np.arange(0, side, step), side - step))
    ys, xs, rows = (grid.ravel() for grid in np.meshgrid(starts, starts, np.arange(n), indexing="ij"))
    x0, y0 = (corner(where, side * times)[rows] + at * times for where, at in ((place.x, xs), (place.y, ys)))
    order, wide = np.lexsort((x0, y0)), step * times
    losses, broken, off = Losses.none(n), np.zeros(n, bool), np.zeros((n, side, side), bool)
    fine = np.empty((PIECES, wide, wide), np.float32)
    for first in range(0, len(order), PIECES):
        some = order[first : first + PIECES]
        row, part, outside = rows[some], fine[: len(some)], np.zeros((len(some), wide, wide), bool)
        half = (wide - 1) / 2
        pieces = Placement(place.image[row], x0[some] + half, y0[some] + half, place.on[row])
        missing, bad = layer.cut(pieces, wide, part, losses.belonging(row), outside, max(SHARED, SHIFT * times))
        broken[row] |= bad
        there = np.flatnonzero(missing < wide * wide)
        light, gone = np.full((2, len(some), step, step), np.nan, np.float32)
        gone[missing == 0], gone[missing == wide * wide] = 0, 1
        edge = np.flatnonzero((missing > 0) & (missing < wide * wide))
        gone[edge] = beyond(outside[edge], times)
        light[there] = binned(part if len(there) == len(some) else part[there], times)
        for k, piece in enumerate(some):
            box = row[k], slice(ys[piece], ys[piece] + step), slice(xs[piece], xs[piece] + step)
            out[box], off[box] = light[k], gone[k] > 0
    layer.count(losses)
    if n and layer.surface_brightness(int(place.image[0])):
        multiply(out, 1 / times**2)
    return off.sum(axis=(1, 2)), broken
