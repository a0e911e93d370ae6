"""RowCut: one row's stamp in one band, cut from the row's image."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.images.binning import LEAST, beyond, binned, coarser
from skycnn.images.imageheader import ImageHeader
from skycnn.images.imagewcs import ImageWcs
from skycnn.images.openpixels import open_pixels
from skycnn.images.pixelgrid import SCALE, differs
from skycnn.images.resample import COVERED, resample
from skycnn.stamps.stamps import corner, covered, rest

Array = NDArray[Any]

FAR = 1e9
"""Pixels; beyond any image, within int64."""


@dataclass(frozen=True)
class Place:
    """Where a row's object lies in its image.

    Parameters
    ----------
    header : ImageHeader
        The image.
    x, y : float
        0-based pixels; NaN where the WCS does not reach the object.
    wcs : ImageWcs or None
        None where the position is not from a WCS.
    """

    header: ImageHeader
    x: float
    y: float
    wcs: ImageWcs | None = None

    @property
    def known(self) -> bool:
        """Whether the position is finite."""
        return bool(np.isfinite([self.x, self.y]).all())

    @property
    def on(self) -> bool:
        """Whether the position lies on the image."""
        ny, nx = self.header.shape
        return -0.5 <= self.x < nx - 0.5 and -0.5 <= self.y < ny - 0.5


@dataclass(frozen=True)
class RowStamp:
    """The outcome of cutting one stamp.

    Parameters
    ----------
    outside : int
        Pixels outside the image.
    broken : bool
        Whether pixels could not be read.
    dx, dy : float
        Position less the stamp's centre.
    area : float
        Of a pixel, in pixels of the image.
    """

    outside: int
    broken: bool
    dx: float
    dy: float
    area: float = 1.0


def locate(header: ImageHeader, position: tuple[float, float] | None, *, in_pixels: bool = False) -> Place:
    """Return the position of an object in its image.

    Parameters
    ----------
    header : ImageHeader
        The image.
    position : tuple of float or None
        ICRS degrees, or 0-based pixels. The image's centre for None, and for sky positions without a WCS.
    in_pixels : bool
        Whether ``position`` is in pixels.

    Raises
    ------
    InputError
        When the WCS is invalid.
    """
    if position is not None and in_pixels:
        return Place(header, *position)
    ny, nx = header.shape
    if position is None or not has_wcs(header):
        return Place(header, (nx - 1) / 2, (ny - 1) / 2)
    wcs = ImageWcs(header.text, header.shape, header.label)
    x, y = wcs.to_pixel(np.array([position[0]]), np.array([position[1]]))
    return Place(header, float(x[0]), float(y[0]), wcs)


def has_wcs(header: ImageHeader) -> bool:
    """Whether a header has a WCS."""
    return bool(str(header.header.get("CTYPE1") or "").strip())


def mismatch(place: Place, first: Place, scale: float | None) -> str | None:
    """Return how an image's grid differs from the first band's, or from ``scale`` (arcsec); None if it does not."""
    if place.wcs is None or not place.known:
        return None
    grid = place.wcs.grid_at(place.x, place.y) or place.wcs.grid
    if scale is not None and abs(grid.scale / scale - 1) > SCALE:
        return f"scale {grid.scale:.4g} arcsec against {scale:.4g}"
    if first.wcs is None or first is place or not first.known:
        return None
    return differs(grid, first.wcs.grid_at(first.x, first.y) or first.wcs.grid)


def cut(place: Place, side: int, out: Array) -> RowStamp:
    """Fill a stamp (side, side) without resampling."""
    if not place.known:
        out[...] = np.nan
        return RowStamp(side * side, False, np.nan, np.nan)
    ny, nx = place.header.shape
    where = np.clip([place.x, place.y], -FAR, FAR)
    x0, y0 = corner(where, side)
    with open_pixels(place.header) as pixels:
        broken = bool(pixels.cut(np.array([x0]), np.array([y0]), side, out[None])[0])
    inside = int(covered(x0, nx, side) * covered(y0, ny, side))
    dx, dy = rest(where, np.array([x0, y0]), side)
    return RowStamp(side * side - inside, broken, float(dx), float(dy))


def cut_binned(place: Place, times: int, side: int, out: Array) -> RowStamp:
    """Fill a stamp (side, side) of which each pixel is the light of ``times`` x ``times`` of the image."""
    wide = side * times
    fine = np.empty((wide, wide), np.float32)
    found = cut(place, wide, fine)
    out[...] = binned(fine[None], times)[0]
    where = found.dx / times, found.dy / times
    if not found.outside:
        return RowStamp(0, found.broken, *where, times**2)
    on = np.zeros((1, wide, wide), bool)
    if place.known:
        first = corner(np.clip([place.x, place.y], -FAR, FAR), wide)
        ends = np.clip(-first, 0, wide), np.clip(np.array(place.header.shape[::-1]) - first, 0, wide)
        on[:, ends[0][1] : ends[1][1], ends[0][0] : ends[1][0]] = True
    outside = int(np.count_nonzero(beyond(~on, times)))
    return RowStamp(outside, found.broken, *where, times**2)


def cut_resampled(place: Place, first: Place, scale: float | None, side: int, out: Array) -> RowStamp:
    """Fill a stamp (side, side) resampled to the pixel grid of the first band, or to ``scale`` arcsec."""
    if place.wcs is None or first.wcs is None or not (place.known and first.known):
        return cut(place, side, out)
    step = scale / first.wcs.grid.scale if scale else 1.0
    step = 1.0 if abs(step - 1) <= SCALE else step
    if step == 1 and (place is first or mismatch(place, first, None) is None):
        return cut(place, side, out)
    where = np.array([first.x, first.y])
    half = (side - 1) / 2
    origin = corner(where, side).astype(np.float64) if step == 1 else where - half * step
    with open_pixels(place.header) as pixels:
        least = LEAST if coarser(step, 1) else COVERED
        begin = origin[:1], origin[1:]
        broken = bool(resample(pixels, place.wcs, first.wcs, *begin, step, side, out[None], least)[0])
    dx, dy = (where - origin) / step - half
    # NaN counts as outside where the stamp reaches over the image's edge
    ends = np.array([-0.5, side - 0.5]) * step
    x, y = (grid.ravel() for grid in np.meshgrid(origin[0] + ends, origin[1] + ends))
    u, v = place.wcs.to_pixel(*first.wcs.to_sky(x, y))
    ny, nx = place.header.shape
    over = not ((u >= -0.5) & (u <= nx - 0.5) & (v >= -0.5) & (v <= ny - 0.5)).all()
    area = (step * first.wcs.grid.scale / place.wcs.grid.scale) ** 2
    return RowStamp(int(np.isnan(out).sum()) if over else 0, broken, float(dx), float(dy), area)
