"""GridCheck: whether the bands' images have pixels of the same scale, rotation and parity."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.images.imagewcs import ImageWcs
from skycnn.images.pixelgrid import differs
from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.mosaic.placement import Placement

Array = NDArray[Any]

STEP = 16.0
"""Pixels over which grids are compared."""
SCALE = 0.01
"""Scales that differ by less are the same: two thirds of a pixel over a 64-pixel stamp."""
ROTATION = 0.5
"""Degrees: half a pixel over the same stamp."""
HINT = "--resample brings the bands to one pixel grid."


def scale(footprints: Footprints) -> float:
    """Return the pixel scale of a band's first image, arcsec."""
    return float(footprints.wcs(0).grid.scale)


class GridCheck:
    """Compares pixel grids pair by pair, each pair once.

    Parameters
    ----------
    footprints : mapping of str to Footprints
        By band; the first is the reference.
    """

    def __init__(self, footprints: Mapping[str, Footprints]) -> None:
        self.footprints = footprints
        self.bands = tuple(footprints)
        self.scale = scale(footprints[self.bands[0]])
        self._seen: set[tuple[str, int, str, int]] = set()

    def check(self, places: Mapping[str, Placement]) -> None:
        """Check the images of all bands on which the rows are placed.

        Raises
        ------
        InputError
            With the values of both images, where grids differ.
        """
        for band in self.bands:
            for image in np.unique(places[band].image):
                if image >= 0:
                    self._check_scale(band, int(image))
        for number, band in enumerate(self.bands[1:], 1):
            for other in self.bands[:number]:
                self._check_pairs(places, other, band)

    def _check_scale(self, band: str, image: int) -> None:
        if (band, image, "", 0) in self._seen:
            return
        self._seen.add((band, image, "", 0))
        footprints = self.footprints[band]
        pixel = footprints.wcs(image).grid.scale
        if abs(pixel / self.scale - 1) > SCALE:
            first = self.footprints[self.bands[0]].images[0].label
            label = footprints.images[image].label
            what = f"{label} has pixels of {pixel:.4g} arcsec, {first} of {self.scale:.4g} arcsec"
            raise InputError(what, hint=HINT)

    def _check_pairs(self, places: Mapping[str, Placement], first: str, second: str) -> None:
        a, b = places[first], places[second]
        both = np.flatnonzero((a.image >= 0) & (b.image >= 0))
        if not both.size:
            return
        pairs = np.stack([a.image[both], b.image[both]], axis=1)
        _, where = np.unique(pairs, axis=0, return_index=True)
        for row in both[where]:
            key = (first, int(a.image[row]), second, int(b.image[row]))
            if key not in self._seen:
                self._seen.add(key)
                places_there = [(float(place.x[row]), float(place.y[row])) for place in (a, b)]
                self._check_pair(key, *places_there)

    def _check_pair(
        self, key: tuple[str, int, str, int], here: tuple[float, float], there: tuple[float, float]
    ) -> None:
        first, second = self.footprints[key[0]], self.footprints[key[2]]
        compared = relative(first.wcs(key[1]), second.wcs(key[3]), *here)
        if compared is None:
            return
        _, rotation, parity = compared
        labels = second.images[key[3]].label, first.images[key[1]].label
        grids = second.wcs(key[3]).grid, first.wcs(key[1]).grid
        if parity < 0:
            raise InputError(
                f"{labels[0]} shows the sky mirrored against {labels[1]}: parity {grids[0].parity:+d} against "
                f"{grids[1].parity:+d}",
                hint=HINT,
            )
        if abs(rotation) > ROTATION:
            raise InputError(
                f"{labels[0]} is rotated by {abs(rotation):.2f} deg against {labels[1]}: "
                f"{grids[0].rotation:.2f} deg against {grids[1].rotation:.2f} deg from north",
                hint=HINT,
            )
        at = first.wcs(key[1]).grid_at(*here), second.wcs(key[3]).grid_at(*there)
        difference = differs(at[1], at[0], SCALE, ROTATION) if at[0] is not None and at[1] is not None else None
        if difference is not None:
            raise InputError(f"{labels[0]} shows the sky otherwise than {labels[1]}: {difference}", hint=HINT)


def relative(first: ImageWcs, second: ImageWcs, x: float, y: float) -> tuple[float, float, int] | None:
    """Return scale, rotation (deg) and parity of the second image's pixels relative to the first's, at a pixel of it.

    None where the second image's projection does not reach there.
    """
    xs, ys = np.array([x, x + STEP, x]), np.array([y, y, y + STEP])
    u, v = second.to_pixel(*first.to_sky(xs, ys))
    if not (np.isfinite(u).all() and np.isfinite(v).all()):
        return None
    a, b, c, d = (float(n) / STEP for n in (u[1] - u[0], u[2] - u[0], v[1] - v[0], v[2] - v[0]))
    determinant = a * d - b * c
    if determinant == 0:
        return None
    return math.sqrt(abs(determinant)), math.degrees(math.atan2(c - b, a + d)), 1 if determinant > 0 else -1
