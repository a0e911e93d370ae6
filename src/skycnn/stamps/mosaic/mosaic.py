"""Mosaic: stamps cut from a survey's images, about the positions of catalogue rows."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.fits.catalogue import Catalogue
from skycnn.images.openpixels import check_unchanged
from skycnn.images.pixelunit import Conversion, Stated
from skycnn.images.positions.positions import Positions
from skycnn.schema import Flag
from skycnn.stamps.mosaic import census, gridcheck, placement
from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.mosaic.layer import Layer
from skycnn.stamps.mosaic.openimages import OpenImages
from skycnn.stamps.mosaic.placement import Placement
from skycnn.stamps.stamps import Batch, Census, Stamps, batch_rows, corner, pixel_flags, rest
from skycnn.workahead import work_ahead

Array = NDArray[Any]


class Mosaic(Stamps):
    """Images of a sky area, one or many a band, all on one pixel grid or on grids of one scale and orientation.

    Rows are visited image by image and from the bottom of each to its top, so that what lies together on the disk is
    read together; a stamp depends on its row alone.

    Parameters
    ----------
    footprints : mapping of str to Footprints
        By band.
    positions : Positions
        Where the rows are.
    side : int, optional
        Pixels along an edge, where it is given.
    threads : int
        Batches cut at the same time.
    scratch : str, optional
        Folder for what is in archives.
    """

    resampled = False

    def __init__(
        self,
        footprints: Mapping[str, Footprints],
        positions: Positions,
        *,
        side: int | None = None,
        threads: int = 1,
        scratch: str | None = None,
    ) -> None:
        self.bands, self.columns = tuple(footprints), positions.columns
        self.notes = (*positions.notes, *(note for found in footprints.values() for note in found.notes))
        self.positions, self.side, self.threads = positions, side, threads
        self.images = OpenImages(scratch)
        self.layers = {band: Layer(found, self.images) for band, found in footprints.items()}
        self.pixel_scale = gridcheck.scale(footprints[self.bands[0]]) if positions.kind == "sky" else None

    @property
    def footprints(self) -> dict[str, Footprints]:
        """The images' footprints, by band."""
        return {band: layer.footprints for band, layer in self.layers.items()}

    def batches(
        self,
        first: int,
        values: Mapping[str, Array],
        wanted: Array,
        *,
        bands: Sequence[str],
        side: int,
        dtype: str = "<f4",
    ) -> Iterator[Batch]:
        """Yield the stamps of a chunk's rows, image by image; see `Stamps.batches`."""
        positions = self.positions.of(values)
        places = self.place(positions, side)
        known = np.isfinite(positions[0]) & np.isfinite(positions[1])
        rows = _visiting_order(places, np.flatnonzero(wanted))
        size = batch_rows(len(bands), side)

        def cut(start: int) -> Batch:
            some = rows[start : start + size]
            here = {band: place.take(some) for band, place in places.items()}
            return self._cut(here, some, known[some], bands, np.dtype(dtype), side)

        yield from work_ahead(cut, range(0, len(rows), size), self.threads)

    def place(self, positions: tuple[Array, Array], side: int) -> dict[str, Placement]:
        """Return where positions (n,) lie in the images of each band, for stamps of so many of their pixels."""
        find = placement.place if self.positions.kind == "sky" else placement.place_pixels
        return {band: find(layer.footprints, *positions, side) for band, layer in self.layers.items()}

    def _cut(
        self,
        here: Mapping[str, Placement],
        rows: Array,
        known: Array,
        bands: Sequence[str],
        dtype: "np.dtype[Any]",
        side: int,
    ) -> Batch:
        """Return the stamps of some placed rows."""
        n, planes = len(rows), len(bands)
        pixels = np.empty((n, planes, side, side), dtype)
        rests = np.full((n, planes, 2), np.nan)
        outside = np.full((n, planes), side * side)
        broken = np.zeros(n, bool)
        for plane, band in enumerate(bands):
            gone = here[band].image < 0 if band in here else np.ones(n, bool)
            pixels[gone, plane] = np.nan
            for group, cut in self._groups(here, band):
                whole = group[-1] - group[0] + 1 == len(group)
                out = pixels[group[0] : group[-1] + 1, plane] if whole else np.empty((len(group), side, side), dtype)
                beyond, bad, left = cut(side, out)
                if not whole:
                    pixels[group, plane] = out
                outside[group, plane], rests[group, plane] = beyond, left
                broken[group] |= bad
        flags = pixel_flags(pixels, outside)
        flags[broken] |= Flag.UNREADABLE
        on = np.zeros(n, bool)
        for place in here.values():
            on |= place.on
        flags[known & ~on] |= Flag.OFF_IMAGE
        flags[~known] |= Flag.NO_POSITION
        return Batch(rows, pixels, rests, flags)

    def _groups(self, here: Mapping[str, Placement], band: str) -> Iterator[tuple[Array, Any]]:
        """Yield rows that one image of a band answers for, and what fills their stamps."""
        if band not in here:
            return
        for group in grouped(here[band].image):
            place = here[band].take(group)

            def cut(side: int, out: Array, place: Placement = place) -> tuple[Array, Array, Array]:
                outside, broken = self.layers[band].cut(place, side, out)
                return outside, broken, rests(place, side)

            yield group, cut

    def census(self, catalogue: Catalogue, rows: tuple[int, int], side: int) -> Census:
        """Count a catalogue's rows by image, and refuse bands that do not share a pixel grid; see `census.count`."""
        check = None
        if self.positions.kind == "sky" and not self.resampled:
            check = gridcheck.GridCheck(self.footprints)
        place = partial(self.place, side=side)
        return census.count(catalogue, rows, self.positions, place, self.footprints, check)

    def facts(self) -> dict[str, Any]:
        """Return names, sizes and times of the images, hashed by band."""
        return {"images": {band: layer.footprints.facts() for band, layer in self.layers.items()}}

    def units(self) -> Stated:
        """Return the units that the images of each band state."""
        return {band: layer.units() for band, layer in self.layers.items()}

    def converted(self, conversion: Conversion) -> Self:
        """Return the same images with pixels in the unit of a network, each by its own factor."""
        found = super().converted(conversion)
        found.layers = {band: layer.converted(conversion) for band, layer in self.layers.items()}
        return found

    def warnings(self) -> list[str]:
        """Return a line for each image that could not be read, and how many stamps miss it."""
        return [line for layer in self.layers.values() for line in layer.warnings()]

    def check_unchanged(self) -> None:
        """See that every image used is still the one whose header was read; see `Stamps.check_unchanged`."""
        for layer in self.layers.values():
            for image in sorted(layer.used):
                check_unchanged(layer.footprints.images[image])

    def close(self) -> None:
        """Close all images."""
        self.images.close()


def rests(place: Placement, side: int) -> Array:
    """Return DX and DY of placed rows, (n, 2)."""
    return np.stack([rest(where, corner(where, side), side) for where in (place.x, place.y)], axis=1)


def grouped(number: Array) -> Iterator[Array]:
    """Yield the places of each number that is not negative, in order."""
    for one in np.unique(number[number >= 0]):
        yield np.flatnonzero(number == one)


def _visiting_order(places: Mapping[str, Placement], rows: Array) -> Array:
    """Return rows by the first band's image they lie on and by y there, then by the other bands'."""
    keys: list[Array] = []
    for place in places.values():
        image, y = place.image[rows], place.y[rows]
        keys += [np.where(image < 0, np.iinfo(np.int32).max, image), np.where(image < 0, 0, y)]
    result: Array = rows[np.lexsort(keys[::-1])]
    return result
