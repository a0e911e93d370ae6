"""Placement: the image that shows a position most centrally, and the pixel there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.stamps import corner

Array = NDArray[Any]

BLOCK = 1 << 17
"""Rows placed at once."""
PAIRS = 1 << 19
"""About how many pairs of a row and an image near it are in memory at once; 100 bytes each or more."""
TIE = 1e-6
"""Pixels, the precision of a WCS: of images as central as each other to this, the first is taken."""
SHARED = 1e-3
"""Pixels: images share a grid where their pixel centres coincide to this."""
_SAMPLE = 512
_FAR = 1e9  # pixels; beyond any image, and within integers


@dataclass(frozen=True)
class Placement:
    """Where rows lie in the images of a band.

    Parameters
    ----------
    image : array (n,)
        Index of the image, int32; -1 where the stamp has no pixel of any.
    x, y : arrays (n,)
        0-based pixels of that image, float64; NaN without one.
    on : array (n,)
        Whether the position lies on the image, bool.
    """

    image: Array
    x: Array
    y: Array
    on: Array

    def take(self, rows: Array) -> Self:
        """Return the placement of some rows."""
        return type(self)(self.image[rows], self.x[rows], self.y[rows], self.on[rows])

    def __len__(self) -> int:
        return len(self.image)


class Filler(NamedTuple):
    """A neighbour that continues a row's stamp: its pixel (x + dx, y + dy) is pixel (x, y) of the row's image."""

    row: int
    image: int
    dx: int
    dy: int


def place(footprints: Footprints, lon: Array, lat: Array, side: int) -> Placement:
    """Return the image of each position, and the pixel there.

    Of several images, that whose nearest edge is farthest, of ties (`TIE`) the first. A position off all images takes
    the nearest image that its stamp reaches. A row's placement depends on no other row.

    Parameters
    ----------
    footprints : Footprints
        The images of a band.
    lon, lat : arrays (n,)
        ICRS degrees; rows that are not finite get no image.
    side : int
        Pixels along a stamp's edge.
    """
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    result = _unplaced(len(lon))
    margin = _margin(footprints, side)
    finite = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    for start in range(0, len(finite), BLOCK):
        for rows in _divided(footprints, lon, lat, finite[start : start + BLOCK], margin):
            _place_some(footprints, (lon, lat), rows, margin, side, result)
    return result


def place_pixels(footprints: Footprints, x: Array, y: Array, side: int) -> Placement:
    """Return the placement of positions in 0-based pixels of a band's only image; see `place`."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    result = _unplaced(len(x))
    rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    pairs = (np.arange(len(rows)), np.zeros(len(rows), np.int64), x[rows], y[rows])
    _choose(rows, pairs, footprints.shapes, side, result)
    return result


def fillers(
    footprints: Footprints, placement: Placement, rows: Array, side: int, tolerance: float = SHARED
) -> list[Filler]:
    """Return the images that continue stamps beyond their image's edge.

    They share its pixel grid: through both WCS, the stamp's four corners and its position differ by the same whole
    numbers of pixels, to ``tolerance``.

    Parameters
    ----------
    footprints : Footprints
        The images of a band.
    placement : Placement
        Of n rows.
    rows : array (m,)
        The rows; stamps within their image have none.
    side : int
        Pixels along a stamp's edge.
    tolerance : float
        Pixels.

    Returns
    -------
    list of Filler
        By row; for each, images that show the object more centrally first.
    """
    if not footprints.sky or len(footprints.images) < 2:
        return []
    rows = np.asarray(rows, np.int64)
    rows = rows[placement.image[rows] >= 0]
    main, x, y = placement.image[rows], placement.x[rows], placement.y[rows]
    x0, y0, ends = corner(x, side), corner(y, side), footprints.shapes[main]
    beyond = (x0 < 0) | (y0 < 0) | (x0 + side > ends[:, 1]) | (y0 + side > ends[:, 0])
    rows, main, x, y, x0, y0 = (values[beyond] for values in (rows, main, x, y, x0, y0))
    px = np.column_stack([x0, x0 + side - 1, x0, x0 + side - 1, x])
    py = np.column_stack([y0, y0, y0 + side - 1, y0 + side - 1, y])
    lon, lat = np.full(px.shape, np.nan), np.full(px.shape, np.nan)
    for image, group in _groups(main):
        places = footprints.wcs(image).to_sky(px[group].ravel(), py[group].ravel())
        lon[group], lat[group] = (values.reshape(-1, 5) for values in places)
    known = np.flatnonzero(np.isfinite(lon).all(axis=1))
    near, other = footprints.candidates(lon[known, 4], lat[known, 4], _margin(footprints, side))
    pair = known[near]
    pair, other = pair[other != main[pair]], other[other != main[pair]]
    dx, dy, shared = _offsets(footprints, (lon[pair], lat[pair]), (px[pair], py[pair]), other, tolerance)
    shape = footprints.shapes[other]
    shared &= _reaches(x0[pair] + dx, y0[pair] + dy, shape, side)
    depth = _depth(x[pair] + dx, y[pair] + dy, shape)
    order = np.lexsort((other, -depth, pair))
    order = order[shared[order]]
    table = np.column_stack([rows[pair], other, dx, dy])[order]
    return [Filler(*entry) for entry in table.tolist()]


def _offsets(
    footprints: Footprints, sky: tuple[Array, Array], pixels: tuple[Array, Array], other: Array, tolerance: float
) -> tuple[Array, Array, Array]:
    """Return the offsets between the pixels of two images, int64 (pair,), and whether they share a grid."""
    steps = np.zeros((2, len(other)), np.int64)
    shared = np.zeros(len(other), bool)
    for image, group in _groups(other):
        other_pixels = footprints.wcs(image).to_pixel(sky[0][group].ravel(), sky[1][group].ravel())
        apart = np.stack(other_pixels).reshape(2, -1, 5) - np.stack([pixels[0][group], pixels[1][group]])
        valid = np.isfinite(apart).all(axis=(0, 2)) & (abs(apart) < _FAR).all(axis=(0, 2))
        whole = np.round(np.where(valid[:, None], apart, 0).mean(axis=2))
        shared[group] = valid & (abs(apart - whole[:, :, None]) <= tolerance).all(axis=(0, 2))
        steps[:, group] = whole
    return steps[0], steps[1], shared


def _unplaced(rows: int) -> Placement:
    x, y = np.full((2, rows), np.nan)
    return Placement(np.full(rows, -1, np.int32), x, y, np.zeros(rows, bool))


def _margin(footprints: Footprints, side: int) -> Array:
    """Return how far outside an image's cap a position may be for its stamp to reach the image, degrees; doubled."""
    result: Array = 2 * np.sqrt(0.5) * (side + 2) * footprints.scales / 3600
    return result


def _divided(footprints: Footprints, lon: Array, lat: Array, rows: Array, margin: Array) -> Iterator[Array]:
    """Yield parts of the rows with about `PAIRS` images near them."""
    sample = rows[:: -(-len(rows) // _SAMPLE)]
    near, _ = footprints.candidates(lon[sample], lat[sample], margin)
    size = int(max(_SAMPLE, PAIRS / max(1.0, len(near) / len(sample))))
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _groups(image: Array) -> Iterator[tuple[int, Array]]:
    """Yield each image and the indices where it occurs."""
    order = np.argsort(image, kind="stable")
    starts = np.flatnonzero(np.diff(image[order], prepend=-1))
    for group in np.split(order, starts[1:]) if len(order) else ():
        yield int(image[group[0]]), group


def _place_some(
    footprints: Footprints, sky: tuple[Array, Array], rows: Array, margin: Array, side: int, result: Placement
) -> None:
    lon, lat = (values[rows] for values in sky)
    near, image = footprints.candidates(lon, lat, margin)
    x, y = np.empty((2, len(near)))
    for one, group in _groups(image):
        x[group], y[group] = footprints.wcs(one).to_pixel(lon[near[group]], lat[near[group]])
    _choose(rows, (near, image, x, y), footprints.shapes, side, result)


def _choose(rows: Array, pairs: tuple[Array, Array, Array, Array], shapes: Array, side: int, result: Placement) -> None:
    """Set the most central image of each row in ``result``.

    Parameters
    ----------
    rows : array (m,)
        Indices in ``result``.
    pairs : arrays (pair,)
        Index in ``rows``, image, x and y in it.
    """
    near, image, x, y = pairs
    valid = (abs(x) < _FAR) & (abs(y) < _FAR)  # not where NaN
    near, image, x, y = near[valid], image[valid], x[valid], y[valid]
    shape = shapes[image]
    valid = _reaches(corner(x, side), corner(y, side), shape, side)
    near, image, x, y, shape = near[valid], image[valid], x[valid], y[valid], shape[valid]
    on = (x >= -0.5) & (y >= -0.5) & (x < shape[:, 1] - 0.5) & (y < shape[:, 0] - 0.5)
    depth = _depth(x, y, shape) - ~on  # images that show the position come first
    deepest = np.full(len(rows), -np.inf)
    np.maximum.at(deepest, near, depth)
    best = depth >= deepest[near] - TIE
    first = np.full(len(rows), len(shapes))
    np.minimum.at(first, near[best], image[best])
    chosen = np.flatnonzero(image == first[near])
    target = rows[near[chosen]]
    result.image[target], result.on[target] = image[chosen], on[chosen]
    result.x[target], result.y[target] = x[chosen], y[chosen]


def _depth(x: Array, y: Array, shape: Array) -> Array:
    """Return the distance of positions to the nearest edge, pixels; negative outside."""
    result: Array = np.minimum.reduce([x + 0.5, y + 0.5, shape[:, 1] - 0.5 - x, shape[:, 0] - 0.5 - y])
    return result


def _reaches(x0: Array, y0: Array, shape: Array, side: int) -> Array:
    """Return which stamps, by their first pixels, have any pixel of an image, bool (n,)."""
    result: Array = (x0 < shape[:, 1]) & (y0 < shape[:, 0]) & (x0 + side > 0) & (y0 + side > 0)
    return result
