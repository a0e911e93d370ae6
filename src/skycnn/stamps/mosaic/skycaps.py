"""Caps: circles on the sky, one around each image, and which positions lie near which."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.images.positions.frames import vectors

Array = NDArray[Any]

FEW = 16
"""Up to so many caps all pairs are compared; for more, trees find the near ones."""
WIDE = 30.0
"""Degrees: caps of a larger radius are compared with every position."""
_SLACK = 1e-6  # degrees, for rounding at the edge of a cap


class Caps:
    """Caps of the sky.

    Parameters
    ----------
    lon, lat : array (cap,)
        Centres, degrees.
    radius : array (cap,)
        Degrees, up to 180.
    """

    def __init__(self, lon: Array, lat: Array, radius: Array) -> None:
        self.centres, self.radius = _points(lon, lat), radius
        few = len(radius) <= FEW
        self._each = np.arange(len(radius)) if few else np.flatnonzero(radius > WIDE)
        self._trees = [] if few else _trees(self.centres, radius)

    def near(self, lon: Array, lat: Array, margin: Array | float = 0.0) -> tuple[Array, Array]:
        """Return the pairs of position and cap near each other.

        Parameters
        ----------
        lon, lat : array (n,)
            Degrees; finite.
        margin : float or array (cap,)
            Degrees beyond a cap that still count.

        Returns
        -------
        row, cap : arrays (pair,)
            Indices, int64, sorted by cap, then row. A pair depends on nothing but its two members.
        """
        points = _points(lon, lat)
        chord = 2 * np.sin(np.deg2rad(np.minimum(self.radius + margin + _SLACK, 180.0)) / 2)
        rows: list[Array] = [np.zeros(0, np.int64)]
        caps: list[Array] = [np.zeros(0, np.int64)]
        for one in self._each:
            rows.append(np.flatnonzero(_distance2(points, self.centres[one]) <= chord[one] ** 2))
            caps.append(np.full(len(rows[-1]), one))
        if self._trees and len(points):
            pairs = self._by_tree(points, chord)
            rows.append(pairs[0])
            caps.append(pairs[1])
        row, cap = np.concatenate(rows), np.concatenate(caps)
        order = np.argsort(cap * np.int64(max(1, len(points))) + row)
        return row[order], cap[order]

    def _by_tree(self, points: Array, chord: Array) -> tuple[Array, Array]:
        """Return the pairs of points and caps in trees."""
        from scipy.spatial import cKDTree

        tree = cKDTree(points, balanced_tree=False, compact_nodes=False)
        rows, caps = [], []
        for some, centres in self._trees:
            largest = float(chord[some].max()) * (1 + 1e-12)
            pairs = centres.sparse_distance_matrix(tree, largest, output_type="ndarray")
            row, cap = pairs["j"].astype(np.int64), some[pairs["i"]]
            near = pairs["v"] <= chord[cap]
            rows.append(row[near])
            caps.append(cap[near])
        return np.concatenate(rows), np.concatenate(caps)


def _trees(centres: Array, radius: Array) -> list[tuple[Array, Any]]:
    """Return trees of caps of similar size: a search in a tree has one radius."""
    from scipy.spatial import cKDTree

    size = np.floor(np.log2(np.maximum(radius, 1e-6)))
    groups = [np.flatnonzero((size == one) & (radius <= WIDE)) for one in np.unique(size)]
    return [(some, cKDTree(centres[some])) for some in groups if some.size]


def _points(lon: Array, lat: Array) -> Array:
    return np.ascontiguousarray(vectors(lon, lat).T)


def _distance2(points: Array, centre: Array) -> Array:
    """Return squared chords (n,); the rounding of a matrix product would depend on the number of rows."""
    x, y, z = (points[:, axis] - centre[axis] for axis in range(3))
    result: Array = x * x + y * y + z * z
    return result
