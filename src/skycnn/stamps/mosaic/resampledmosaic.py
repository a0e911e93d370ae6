"""ResampledMosaic: a mosaic with all bands resampled to one pixel grid, or to a given pixel scale."""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.images.binning import LEAST, coarser
from skycnn.images.pixelunit import multiply
from skycnn.images.positions.positions import Positions
from skycnn.images.resample import COVERED, resample
from skycnn.stamps.mosaic import gridcheck
from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.mosaic.layer import LayerImage
from skycnn.stamps.mosaic.losses import Losses
from skycnn.stamps.mosaic.mosaic import Mosaic, grouped, rests
from skycnn.stamps.mosaic.placement import Placement
from skycnn.stamps.stamps import corner

Array = NDArray[Any]

SHARED = 1e-3
"""Largest shift, in pixels, between two grids that count as one."""


class ResampledMosaic(Mosaic):
    """Images of a sky area, resampled to the pixel grid of the first band that shows the row.

    A band already on that grid is cut as it is. Resampling conserves flux and correlates the noise of neighbouring
    pixels.

    Parameters
    ----------
    footprints, positions, settings
        As of `Mosaic`.
    """

    resampled = True

    def __init__(self, footprints: Mapping[str, Footprints], positions: Positions, **settings: Any) -> None:
        super().__init__(footprints, positions, **settings)
        self.step = 1.0

    @classmethod
    def of(cls, mosaic: Mosaic) -> Self:
        """Return the resampled images of another mosaic; files are shared."""
        resampled = cls.__new__(cls)
        resampled.__dict__.update(mosaic.__dict__, step=1.0)
        return resampled

    def binned(self, times: int) -> Self:
        """Return the same images in pixels as large as ``times`` by ``times`` of the first band's."""
        return self if times == 1 else self.rescaled(times * gridcheck.scale(self.layers[self.bands[0]].footprints), "")

    def rescaled(self, scale: float, owner: str) -> Self:
        """Return the same images in pixels of another scale, objects exactly at the centre; files are shared."""
        mosaic = copy(self)
        mosaic.step, mosaic.pixel_scale = scale / gridcheck.scale(self.layers[self.bands[0]].footprints), scale
        return mosaic

    def place(self, positions: tuple[Array, Array], side: int) -> dict[str, Placement]:
        """Return where positions lie in the images of each band; see `Mosaic.place`."""
        placed = {}
        for band, place in super().place(positions, side).items():
            wider = side * (self.pixel_scale or 1) / gridcheck.scale(self.layers[band].footprints)
            wide = int(np.ceil(np.sqrt(2) * wider)) + 2  # at any rotation
            placed[band] = super().place(positions, wide)[band] if wide > side else place
        return placed

    def _groups(self, places: Mapping[str, Placement], band: str) -> Iterator[tuple[Array, Any]]:
        """Yield rows with one image and one reference image, and the function that fills their stamps."""
        if band not in places:
            return
        place = places[band]
        for number, first in enumerate(self.bands):
            taken = np.zeros(len(place.image), bool)
            for earlier in self.bands[:number]:
                taken |= places[earlier].image >= 0
            reference = places[first]
            shared = np.where(taken | (reference.image < 0), -1, place.image)
            for some in grouped(shared):
                for part in grouped(reference.image[some]):
                    yield from self._pair(band, place, first, reference, some[part])

    def _pair(
        self, band: str, place: Placement, first: str, reference: Placement, rows: Array
    ) -> Iterator[tuple[Array, Any]]:
        shift = np.stack([place.x[rows] - reference.x[rows], place.y[rows] - reference.y[rows]], axis=1)
        near = (np.abs(shift - np.round(shift)) < SHARED).all(axis=1)
        near &= self.step == 1 and (band == first or self._same_grid(band, place, first, reference, int(rows[0])))
        for group, plain in ((rows[near], True), (rows[~near], False)):
            if not group.size:
                continue
            placed, about = place.take(group), reference.take(group)

            def cut(
                side: int, out: Array, placed: Placement = placed, about: Placement = about, plain: bool = plain
            ) -> tuple[Array, Array, Array]:
                if plain:
                    x, y = (b + np.round(a - b) for a, b in ((placed.x, about.x), (placed.y, about.y)))
                    outside, broken = self.layers[band].cut(replace(placed, x=x, y=y), side, out)
                    return outside, broken, rests(about, side)
                return self._resampled(band, placed, first, about, side, out)

            yield group, cut

    def _same_grid(self, band: str, place: Placement, first: str, reference: Placement, row: int) -> bool:
        """Whether two images have one grid, compared at the image's centre: a stamp depends on its row alone."""
        footprints = self.layers[first].footprints
        height, width = footprints.images[int(reference.image[row])].shape
        wcs = footprints.wcs(int(reference.image[row])), self.layers[band].footprints.wcs(int(place.image[row]))
        compared = gridcheck.relative(*wcs, (width - 1) / 2, (height - 1) / 2)
        if compared is None:
            return False
        scale, rotation, parity = compared
        return abs(scale - 1) < 1e-5 and abs(np.radians(rotation)) < 1e-5 and parity > 0

    def _resampled(
        self, band: str, place: Placement, first: str, about: Placement, side: int, out: Array
    ) -> tuple[Array, Array, Array]:
        layer, image = self.layers[band], int(place.image[0])
        if self.step == 1:
            corners = corner(about.x, side).astype(np.float64), corner(about.y, side).astype(np.float64)
            left = rests(about, side)
        else:
            half = self.step * (side - 1) / 2
            corners, left = (about.x - half, about.y - half), np.zeros((len(out), 2))
        source, reference = layer.footprints.wcs(image), self.layers[first].footprints.wcs(int(about.image[0]))
        losses, broken = Losses.none(len(out)), np.zeros(len(out), bool)
        least = LEAST if coarser(self.step, 1) else COVERED
        for k in range(len(out)):
            pixels, one = LayerImage(layer, image, losses.take(np.array([k]))), slice(k, k + 1)
            ox, oy = corners[0][one], corners[1][one]
            broken[one] = resample(pixels, source, reference, ox, oy, self.step, side, out[one], least)
        layer.count(losses)
        if layer.surface_brightness(image):
            multiply(out, (source.grid.scale / (self.step * reference.grid.scale)) ** 2)
        ends = [
            (ox + dx, oy + dy) for ox, oy in [corners] for dx in (0, self.step * side) for dy in (0, self.step * side)
        ]
        height, width = layer.footprints.images[image].shape
        over = np.zeros(len(out), bool)
        for x, y in ends:
            u, v = source.to_pixel(*reference.to_sky(x, y))
            over |= ~((u > 0) & (u < width - 1) & (v > 0) & (v < height - 1))
        outside = np.where(over, np.isnan(out).sum(axis=(1, 2)), 0)
        return outside, broken, left

    def facts(self) -> dict[str, Any]:
        """Return names, sizes and times of the images, hashed by band, and the pixel scale after resampling."""
        return {**super().facts(), "resample": self.pixel_scale if self.step != 1 else True}
