"""ResampledMosaic: a mosaic whose bands are brought to one pixel grid, or to a given pixel scale."""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.images.positions.positions import Positions
from skycnn.images.resample import resample
from skycnn.stamps.mosaic import gridcheck
from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.mosaic.layer import LayerImage
from skycnn.stamps.mosaic.mosaic import Mosaic, grouped, rests
from skycnn.stamps.mosaic.placement import Placement
from skycnn.stamps.stamps import corner

Array = NDArray[Any]

SHARED = 1e-3
"""Pixels by which two grids may be apart and still be one; over a stamp their mapping must not turn by more either."""


class ResampledMosaic(Mosaic):
    """Images of a sky area, brought to the pixel grid of each row's first band that has it.

    A band that is on that grid already is cut as it is. Resampling conserves flux and correlates the noise of
    neighbouring pixels.

    Parameters
    ----------
    footprints, positions, settings
        As of `Mosaic`.
    """

    resampled = True

    def __init__(self, footprints: Mapping[str, Footprints], positions: Positions, **settings: Any) -> None:
        super().__init__(footprints, positions, **settings)
        self.step = 1.0

    def rescaled(self, scale: float, owner: str) -> Self:
        """Return the same images, files and all, in pixels of another scale; the object is at a stamp's very centre."""
        found = copy(self)
        found.step, found.pixel_scale = scale / gridcheck.scale(self.layers[self.bands[0]].footprints), scale
        return found

    def place(self, positions: tuple[Array, Array], side: int) -> dict[str, Placement]:
        """Return where positions lie in the images of each band; see `Mosaic.place`."""
        placed = {}
        for band, found in super().place(positions, side).items():
            wider = side * (self.pixel_scale or 1) / gridcheck.scale(self.layers[band].footprints)
            wide = int(np.ceil(np.sqrt(2) * wider)) + 2  # whatever the rotation
            placed[band] = super().place(positions, wide)[band] if wide > side else found
        return placed

    def _groups(self, here: Mapping[str, Placement], band: str) -> Iterator[tuple[Array, Any]]:
        """Yield rows that share a band's image and a reference image, and what fills their stamps."""
        if band not in here:
            return
        own = here[band]
        for number, first in enumerate(self.bands):
            taken = np.zeros(len(own.image), bool)
            for earlier in self.bands[:number]:
                taken |= here[earlier].image >= 0
            reference = here[first]
            shared = np.where(taken | (reference.image < 0), -1, own.image)
            for some in grouped(shared):
                for part in grouped(reference.image[some]):
                    yield from self._pair(band, own, first, reference, some[part])

    def _pair(
        self, band: str, own: Placement, first: str, reference: Placement, rows: Array
    ) -> Iterator[tuple[Array, Any]]:
        shift = np.stack([own.x[rows] - reference.x[rows], own.y[rows] - reference.y[rows]], axis=1)
        near = (np.abs(shift - np.round(shift)) < SHARED).all(axis=1)
        near &= self.step == 1 and (band == first or self._same_grid(band, own, first, reference, int(rows[0])))
        for group, as_it_is in ((rows[near], True), (rows[~near], False)):
            if not group.size:
                continue
            place, about = own.take(group), reference.take(group)

            def cut(
                side: int, out: Array, place: Placement = place, about: Placement = about, plain: bool = as_it_is
            ) -> tuple[Array, Array, Array]:
                if plain:
                    x, y = (there + np.round(mine - there) for mine, there in ((place.x, about.x), (place.y, about.y)))
                    outside, broken = self.layers[band].cut(replace(place, x=x, y=y), side, out)
                    return outside, broken, rests(about, side)
                return self._resampled(band, place, first, about, side, out)

            yield group, cut

    def _same_grid(self, band: str, own: Placement, first: str, reference: Placement, row: int) -> bool:
        """Return whether two images have one grid, by their middles, so that no row's answer depends on others."""
        footprints = self.layers[first].footprints
        height, width = footprints.images[int(reference.image[row])].shape
        wcs = footprints.wcs(int(reference.image[row])), self.layers[band].footprints.wcs(int(own.image[row]))
        found = gridcheck.relative(*wcs, (width - 1) / 2, (height - 1) / 2)
        if found is None:
            return False
        scale, rotation, parity = found
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
        broken = resample(LayerImage(layer, image), source, reference, *corners, self.step, side, out)
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
        """Return names, sizes and times of the images, hashed by band, and the pixel scale they are brought to."""
        return {**super().facts(), "resample": self.pixel_scale if self.step != 1 else True}
