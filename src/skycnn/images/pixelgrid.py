"""PixelGrid: scale, rotation and parity of an image's pixels at one position, and the comparison of two."""

from dataclasses import dataclass
from math import degrees
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ROTATION = degrees(0.5 / 64)
"""deg; half a pixel over the side of a 64-pixel stamp."""

SCALE = 0.01
"""Relative difference allowed between scales, or the sides of a pixel: 0.3 px at the edge of a 64-pixel stamp."""


@dataclass(frozen=True)
class PixelGrid:
    """The pixels' axes on the sky at one position.

    Parameters
    ----------
    axes : array (2, 2)
        arcsec a pixel: rows are east and north, columns a step in x and in y.
    lon, lat : float
        ICRS degrees of the position.
    """

    axes: Array
    lon: float
    lat: float

    @property
    def scale(self) -> float:
        """Arcsec a pixel: the root of a pixel's area."""
        return float(np.sqrt(abs(np.linalg.det(self.axes))))

    @property
    def parity(self) -> int:
        """-1 with east left of north, as on the sky; +1 mirrored."""
        return 1 if np.linalg.det(self.axes) > 0 else -1

    @property
    def rotation(self) -> float:
        """Degrees in (-180, 180] of +y from north through east, without parity and skew."""
        return _turn(self.axes @ np.diag([self.parity, 1]))

    @property
    def aspect(self) -> float:
        """Longest by shortest side of a pixel, 1 or more; skew counts."""
        longest, shortest = np.linalg.svd(self.axes, compute_uv=False)
        return float(longest / shortest) if shortest > 0 else float("inf")

    def towards(self, other: "PixelGrid") -> Array:
        """Return these axes moved to the position of ``other`` by parallel transport along the great circle.

        The direction of north depends on the position, strongly so near a pole; transported axes do not.
        """
        start, end = tangent(self.lon, self.lat), tangent(other.lon, other.lat)
        a, b = start[2], end[2]
        # Rodrigues' rotation from one position to the other
        cross, cosine = np.cross(a, b), float(a @ b)
        if cosine < -0.999999:  # antipodes: no unique great circle
            return self.axes
        skew = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
        carry = np.eye(3) + skew + skew @ skew / (1 + cosine)
        axes: Array = end[:2] @ carry @ start[:2].T @ self.axes
        return axes


def differs(a: PixelGrid, b: PixelGrid, scale: float = SCALE, rotation: float = ROTATION) -> str | None:
    """Return how two grids differ, with both values; None where they do not.

    Parameters
    ----------
    a, b : PixelGrid
        The grid in question and the reference.
    scale : float
        Relative difference allowed between scales and shapes of pixels.
    rotation : float
        deg.

    Examples
    --------
    >>> north = np.array([[-1.0, 0.0], [0.0, 1.0]])
    >>> differs(PixelGrid(0.262 * north, 10, 0), PixelGrid(0.396 * north, 10, 0))
    'scale 0.262 arcsec against 0.396'
    """
    carried = PixelGrid(a.towards(b), b.lon, b.lat)
    if abs(carried.scale / b.scale - 1) > scale:
        return f"scale {a.scale:.4g} arcsec against {b.scale:.4g}"
    if carried.parity != b.parity:
        names = {-1: "as seen on the sky", 1: "mirrored"}
        return f"parity {carried.parity:+d} ({names[carried.parity]}) against {b.parity:+d} ({names[b.parity]})"
    between = np.linalg.solve(b.axes, carried.axes)
    if abs(_turn(between)) > rotation:
        return f"rotation {carried.rotation:.2f} deg against {b.rotation:.2f}"
    longest, shortest = np.linalg.svd(between, compute_uv=False)
    if longest / shortest > 1 + scale:
        return f"pixels of aspect {carried.aspect:.3f} against {b.aspect:.3f}, or skewed otherwise"
    return None


def _turn(matrix: Array) -> float:
    """Return the angle, deg, of the rotation closest to a matrix of positive determinant."""
    return degrees(np.arctan2(matrix[0, 1] - matrix[1, 0], matrix[0, 0] + matrix[1, 1]))


def tangent(lon: float, lat: float) -> Array:
    """Return the unit vectors east, north and outwards at a position, as rows."""
    a, d = np.radians(lon), np.radians(lat)
    return np.array(
        [
            [-np.sin(a), np.cos(a), 0.0],
            [-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)],
            [np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)],
        ]
    )
