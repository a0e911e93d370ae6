"""BinnedMosaic: a mosaic on its images' own pixels, or on coarse ones of K x K of them."""

from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.images import binning
from skycnn.stamps.mosaic import binnedlayer
from skycnn.stamps.mosaic.mosaic import Mosaic, grouped, rests
from skycnn.stamps.mosaic.placement import Placement
from skycnn.stamps.mosaic.resampledmosaic import ResampledMosaic
from skycnn.stamps.stamps import Stamps

Array = NDArray[Any]


class BinnedMosaic(Mosaic):
    """Images of a sky area, whose pixels may be binned K x K, their light kept.

    A coarse pixel's centre is that of its block, and the object's place in the stamp is known as exactly as in fine
    pixels. K is 1 until `binned` or `rescaled` makes it larger.
    """

    times = 1

    def binned(self, times: int) -> Self:
        """Return the same images in blocks of ``times`` by ``times`` pixels; files are shared."""
        mosaic = copy(self)
        mosaic.times = times
        if self.pixel_scale is not None:
            mosaic.pixel_scale = self.pixel_scale * times / self.times
        return mosaic

    def rescaled(self, scale: float, owner: str) -> Stamps:
        """Return the same images in pixels of ``scale`` arcsec, where that is coarse: binned, else resampled.

        Raises
        ------
        InputError
            When it is not.
        """
        fine = (self.pixel_scale or np.nan) / self.times
        if not binning.coarser(scale, fine):
            return super().rescaled(scale, owner)
        times = binning.ratio(scale, fine)
        how = f"{times} x {times} pixels of the images are one" if times else "the images are resampled"
        mosaic: Mosaic = self.binned(times) if times else ResampledMosaic.of(self).rescaled(scale, owner)
        mosaic.notes = (*self.notes, f"{owner} takes pixels of {scale:.4g} arcsec: {how}, keeping the flux")
        return mosaic

    def place(self, positions: tuple[Array, Array], side: int) -> dict[str, Placement]:
        """Return where positions lie in the images of each band; ``side`` in coarse pixels."""
        return super().place(positions, side * self.times)

    def _groups(self, places: Mapping[str, Placement], band: str) -> Iterator[tuple[Array, Any]]:
        """Yield rows cut from one image of a band, and the function that fills their stamps."""
        if self.times == 1 or band not in places:
            yield from super()._groups(places, band)
            return
        for group in grouped(places[band].image):
            taken = places[band].take(group)

            def cut(side: int, out: Array, place: Placement = taken) -> tuple[Array, Array, Array]:
                outside, broken = binnedlayer.cut(self.layers[band], place, side, self.times, out)
                return outside, broken, rests(place, side * self.times) / self.times

            yield group, cut

    def facts(self) -> dict[str, Any]:
        """Return names, sizes and times of the images, hashed by band, and how many pixels are one."""
        return {**super().facts(), **({"bin": self.times} if self.times > 1 else {})}
